"""Print results on stdout: a module for each command with a long result."""
