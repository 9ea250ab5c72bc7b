"""A module for each command: read options, call a stage, show its result, return an exit code.

A command imports its stage when it is called, so that --help is quick.
"""
