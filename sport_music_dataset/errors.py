"""The errors that sportgen raises, each with the exit code of the command line.

    SportgenError            1   base of all errors below
    ├── SettingError         2   a setting or option is refused (also a ValueError)
    ├── SourceError          1   the source folder, a file in it or its metadata cannot be used
    ├── ReleaseError         1   a release is missing, incomplete, outdated or not ours
    │   └── ConflictError    1   somebody else decided meanwhile (`release.review`)
    ├── ModelError           1   a codec or tokenizer cannot be loaded or does not fit
    │   └── OutOfReachError  1   it is not in the cache, nor can it be fetched (`pretrained`)
    ├── MachineError         1   this machine or a worker cannot do the work
    │   └── MachineFault     1   it failed at reading one file (`reasons`)
    ├── HubError             1   the Hub refused a request or could not be reached
    │   └── NoAnswerError    1   no token, or no network (`storage.hub_client`)
    └── StoreError           1   an object store refused a request or could not be reached

Every message is one line: it names the place of the fault and the remedy.
"""


def counted(number: int, noun: str) -> str:
    """A number with its noun, as messages have them: `1 track`, `2 tracks`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


class SportgenError(Exception):
    """Base of all errors that sportgen raises on purpose.

    `options` are those with which the same command would work, as typed; empty where none would.
    `when` says when to give them.
    """

    exit_code = 1

    def __init__(self, *args: object, options: str = "", when: str = "for instance") -> None:
        super().__init__(*args)
        self.options, self.when = options, when


class SettingError(SportgenError, ValueError):
    """A setting has a value that cannot work; the message quotes the value."""

    exit_code = 2


class SourceError(SportgenError):
    """The source folder, one of its files or its metadata cannot be used."""


class ReleaseError(SportgenError):
    """A release is missing, incomplete, outdated, or not made by sportgen."""


class ModelError(SportgenError):
    """A codec or tokenizer cannot be loaded, or does not fit the release."""


class MachineError(SportgenError):
    """This machine or a worker cannot do the work; most often it lacks a library or a version."""


class HubError(SportgenError):
    """The Hub refused a request or could not be reached."""


class StoreError(SportgenError):
    """An object store (s3://, gs://) refused a request or could not be reached."""
