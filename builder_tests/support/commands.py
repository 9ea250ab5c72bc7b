"""Commands in this process: short settings, and errors in one line."""

import pytest

from sport_music_dataset.cli import main

SHORT = ("--chunk-seconds", "2", "--overlap-seconds", "0.8", "--splits", "train=0.7,test=0.3")


def fails(capsys: pytest.CaptureFixture[str], code: int, *arguments: object) -> str:
    """The one error line of a command that must fail with `code` and print no result."""
    assert main([str(argument) for argument in arguments]) == code
    captured = capsys.readouterr()
    errors = [line for line in captured.err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1 and captured.out == "" and "Traceback" not in captured.err
    return errors[0]
