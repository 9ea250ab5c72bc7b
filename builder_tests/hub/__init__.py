"""The parts of `builder_tests.local_hub`: history and store, core (dispatch, rights), routes."""
