"""What can go wrong, and with which exit code the command line says so.

    SportgenError            1   everything below; catch this one
    ├── SettingError         2   a setting or option is refused (also a ValueError)
    ├── SourceError          1   the source folder, a file in it or its metadata cannot be used
    ├── ReleaseError         1   a release folder is missing, foreign, incomplete or stale
    ├── ModelError           1   a codec or tokenizer cannot be loaded or does not fit
    ├── MachineError         1   a library that this needs is missing from the system
    └── HubError             1   the Hub refused, or could not be reached

Every message is one line that names the place and the remedy.
"""


class SportgenError(Exception):
    """Base of all errors that sportgen raises on purpose."""

    exit_code = 1


class SettingError(SportgenError, ValueError):
    """A setting has a value that cannot work; the message echoes it."""

    exit_code = 2


class SourceError(SportgenError):
    """The source folder, one of its files or its metadata cannot be used."""


class ReleaseError(SportgenError):
    """A release folder is missing, foreign, incomplete or stale."""


class ModelError(SportgenError):
    """A codec or tokenizer cannot be loaded, or does not fit the release."""


class MachineError(SportgenError):
    """A library that this needs is missing from the system."""


class HubError(SportgenError):
    """The Hub refused a request or could not be reached."""
