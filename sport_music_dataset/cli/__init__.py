"""The command `sportgen`: read options, call a stage, print its result or its error.

Results go to stdout, progress and hints to stderr. Exit codes: 0 done, 1 a known error, 2 wrong
usage, 130 interrupted. Each command imports the stage that it needs, so that --help is quick.
"""

import atexit
import gc
import os
import sys
from functools import partial

__all__ = ["main"]

INTERRUPTED = 130
_ERRORS = 4
_OBJECTS_BETWEEN_COLLECTIONS = 200_000


def main(argv: list[str] | None = None) -> int:
    """Run `sportgen` and return its exit code; every exception becomes one line on stderr."""
    from ..outside.interrupts import keep_imports_whole
    from .streams import safe_streams

    if argv is None:
        keep_imports_whole()
        # What imports make stays: looking through it again and again takes an eighth of a run, and
        # so does freeing it one by one at the end.
        gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
        atexit.register(gc.freeze)
    _mend_endpoint()
    arguments = sys.argv[1:] if argv is None else argv
    step = partial(_run, arguments)
    with safe_streams():
        # While one error is reported, others may come: Ctrl-C, or no memory for the report.
        for _ in range(_ERRORS):
            try:
                return step()
            except (Exception, KeyboardInterrupt) as error:
                step = partial(_report, error, arguments)
        print("error: memory is full; run it again with more", file=sys.stderr)
    return 1


def _mend_endpoint() -> None:
    """Take blanks off HF_ENDPOINT, and an empty one away: importing the Hub's client reads it."""
    endpoint = os.environ.get("HF_ENDPOINT")
    if endpoint is not None and not endpoint.strip():
        del os.environ["HF_ENDPOINT"]
    elif endpoint is not None and endpoint != endpoint.strip():
        os.environ["HF_ENDPOINT"] = endpoint.strip()


def _run(arguments: list[str]) -> int:
    # Imported here: worker processes import this module, as their parent did, but need no command.
    from .app import app

    code = app(args=arguments, prog_name="sportgen", standalone_mode=False)
    # Typer itself turns Ctrl-C into this code, without a message.
    if code == INTERRUPTED:
        raise KeyboardInterrupt
    # Here, because at the end of the interpreter nobody can report a full disk.
    sys.stdout.flush()
    return code if isinstance(code, int) else 0


def _report(error: BaseException, arguments: list[str]) -> int:
    from .faults import report

    trace = "--debug" in arguments or os.environ.get("SPORTGEN_DEBUG") == "1"
    return report(error, arguments, trace)
