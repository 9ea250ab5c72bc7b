"""The command `sportgen`: options in, stages called, results and errors out.

Results go to stdout, progress and hints to stderr. Exit codes: 0 done, 1 a known error, 2 usage,
130 interrupted. Stages are imported by the command that needs them, so that --help is quick.
"""

import sys

__all__ = ["main"]

_INTERRUPTED = 130


def main(argv: list[str] | None = None) -> int:
    """Run `sportgen` and return its exit code."""
    # Worker processes import what started their parent, and would import all of this with it.
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
        # Whoever read our output has closed it: not our error, and no place to report one.
        sys.stderr.close()
        return 1
    # Typer turns Ctrl-C into this code by itself, and says nothing.
    if code == _INTERRUPTED:
        console.fail("interrupted; the same command goes on from here")
    return code if isinstance(code, int) else 0
