"""The commands, a module each: options in, a stage called, its result shown, an exit code out.

A stage is imported by the command that needs it, when it is called, so that --help is quick.
"""
