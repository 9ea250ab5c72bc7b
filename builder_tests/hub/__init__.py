"""The parts of `builder_tests.hub.local_hub`: history and store, core (dispatch, rights), routes."""
