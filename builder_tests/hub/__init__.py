"""The parts of `builder_tests.local_hub`: store (history), core (dispatch, rights), routes."""
