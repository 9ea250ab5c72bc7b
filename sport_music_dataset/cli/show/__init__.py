"""Results as stdout shows them: a module for each command that has much to show."""
