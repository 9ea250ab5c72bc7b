"""The command `sportgen`: read options, call a stage, print its result or its error.

Results go to stdout, progress and hints to stderr. Exit codes: 0 done, 1 a known error, 2 wrong
usage, 130 interrupted. Each command imports the stage that it needs, so that --help is quick.
"""

import sys

__all__ = ["main"]

_INTERRUPTED = 130


def main(argv: list[str] | None = None) -> int:
    """Run `sportgen` and return its exit code."""
    # Imported here: worker processes import this module, as their parent did, but need no command.
    import typer
    from typer.exceptions import TyperException

    from ..errors import SportgenError
    from . import console
    from .app import app

    try:
        code = app(args=argv, prog_name="sportgen", standalone_mode=False)
    except SportgenError as error:
        console.fail(str(error))
        return error.exit_code
    except TyperException as error:
        console.fail(error.format_message())
        console.hint("sportgen --help, or sportgen COMMAND --help, lists what there is")
        return error.exit_code
    except (KeyboardInterrupt, typer.Abort):
        code = _INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has closed it: not our error, and there is nowhere to report one.
        sys.stderr.close()
        return 1
    # Typer itself turns Ctrl-C into this code, without a message.
    if code == _INTERRUPTED:
        console.fail("interrupted; the same command goes on from here")
    return code if isinstance(code, int) else 0
