"""Any exception as the one line that a user reads: the place of the fault, and the remedy."""

import errno
import re
import shlex
import signal
import traceback
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, requires
from itertools import combinations, pairwise
from os.path import lexists
from pathlib import Path
from types import TracebackType

from .. import extras
from ..errors import SettingError, SportgenError
from ..outside.records import said_plainly
from ..outside.redact import redact
from . import INTERRUPTED, console
from .streams import STDOUT

_MOST_LETTERS = 300
_MOST_BLANKS = 6
# How an error names a setting, as Python's callers know it: `min_fit='x'`.
_SETTING = re.compile(r"([a-z_]+)=(True)?")
_PACKAGE = __name__.partition(".")[0]

_MEMORY = "memory is full; run it again with --num-proc 1, or with more memory"
_PROXY = "mend or unset ALL_PROXY, HTTP_PROXY and HTTPS_PROXY; for socks5: pip install socksio"
_ADDRESSES = "look at --endpoint, HF_ENDPOINT and the proxies"
_NO_MEMORY = r"start new thread|[Cc]an(no|')t allocate memory|out of memory|failed to map segment"
_AGAIN = "run the same command again"
_PARQUET = "a Parquet file is damaged or of another kind; `sportgen verify` names a release's"

# Package and name of a class of exceptions, a text in its message, and the remedy; the first row
# that fits counts. By their names, because no library is imported to report an error.
_REMEDIES = (
    ("builtins.Exception", r"SOCKS|proxy (URL|scheme)|Proxy protocol", _PROXY),
    ("builtins.ValueError", r"Port (could not be cast|out of range)", _ADDRESSES),
    ("builtins.MemoryError", "", _MEMORY),
    ("torch.OutOfMemoryError", "", "the GPU's memory is full; run it again with --device cpu"),
    ("duckdb.OutOfMemoryException", "", "the query needs more memory than there is; ask for less"),
    ("builtins.Exception", _NO_MEMORY, _MEMORY),
    ("builtins.RecursionError", "", "a file is nested too deeply; look at the YAML, JSON or audio"),
    ("pyarrow.ArrowException", "", _PARQUET),
    ("yaml.YAMLError", "", "this is no valid YAML; mend it at that line"),
    ("json.JSONDecodeError", "", "a file that should be JSON is damaged; make it anew"),
    ("builtins.UnicodeError", "", "a text or a name is not UTF-8; write it anew as UTF-8"),
    ("huggingface_hub.OfflineModeIsEnabled", "", "HF_HUB_OFFLINE is set; unset it"),
    ("huggingface_hub.LocalTokenNotFoundError", "", "run `hf auth login`, or set HF_TOKEN"),
    ("huggingface_hub.HfHubHTTPError", "", f"look at the name and the token, then {_AGAIN}"),
    ("huggingface_hub.HFValidationError", "", "write it as ORG/NAME"),
    ("httpx2.InvalidURL", "", _ADDRESSES),
    ("httpx2.HTTPError", "", f"see whether the network works, then {_AGAIN}"),
    ("duckdb.Error", "", "look at the query of --sql"),
    ("ray.RayError", "", f"`ray status` says more; {_AGAIN}, which goes on"),
    ("filelock.Timeout", "", "another sportgen works there; wait for it"),
    ("pebble.ProcessExpired", "", f"a worker process has ended; {_AGAIN} with --num-proc 1"),
    ("builtins.ConnectionError", "", f"a connection broke; {_AGAIN}"),
    ("builtins.EOFError", "", f"a process or a file ended early; {_AGAIN}"),
)

_BY_ERRNO = {
    errno.ENOSPC: f"free some room on that disk, then {_AGAIN}, which goes on",
    errno.EDQUOT: f"your quota there is used up: free some room, then {_AGAIN}, which goes on",
    errno.EFBIG: "that disk or a limit (ulimit -f) takes no larger file; take another, or raise it",
    errno.EROFS: "it cannot be written to; take a folder on another disk",
    errno.EACCES: "give your user the right to it (chmod, chown), or take another place",
    errno.EPERM: "give your user the right to it (chmod, chown), or take another place",
    errno.ENAMETOOLONG: "take a shorter name",
    errno.ELOOP: "its links lead in a circle; remove one of them",
    errno.EMFILE: "raise the limit of open files (ulimit -n), or run it with --num-proc 1",
    errno.ENFILE: "raise the system's limit of open files, or run it with --num-proc 1",
    errno.ENOTDIR: "a part of this path is a file; take another path",
    errno.EISDIR: "this is a folder; name a file",
    errno.EEXIST: "something is there already; take another name, or remove it",
    errno.ENOTEMPTY: "something is there already; take another name, or remove it",
    errno.ENOENT: "look at the path, and see that nothing removes files while this runs",
    errno.EIO: "the disk or its connection has failed; see the system's log",
    errno.ESTALE: f"the share was taken away meanwhile; mount it, then {_AGAIN}",
    errno.EINVAL: "that disk does not take this name or this kind of access; take another place",
    errno.EADDRINUSE: "another program has this port; take another --port",
    errno.ENOMEM: _MEMORY,
    errno.EAGAIN: "no more processes can be started; raise `ulimit -u`, or use --num-proc 1",
}

# Where a package on PyPI has another name than the module.
_PACKAGES = {"PIL": "pillow", "yaml": "pyyaml", "chromaprint": "pyacoustid"}


def report(error: BaseException, arguments: Sequence[str], trace: bool) -> int:
    """Print an error of a command in one line on stderr, after its traceback if asked for.

    A second line has the command with options that would work, if some are known. Returns the exit
    code.
    """
    if trace:
        for text in redact("".join(traceback.format_exception(error))).splitlines():
            console.hint(text)
    names = _names(error)
    if any(_names(one) & {"builtins.KeyboardInterrupt", "typer.Abort"} for one in _chain(error)):
        # From here on, Ctrl-C ends the process as it ends any: nothing is left to tidy up.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        console.fail("interrupted; the same command goes on from here")
        return INTERRUPTED
    if isinstance(error, BrokenPipeError) and error.filename == STDOUT:
        # The reader of our output has closed it, and knows.
        return 1
    if "typer.TyperException" in names:
        said = error.format_message()  # type: ignore[attr-defined]  # by its name
        console.fail(redact(said_plainly(said)))
        if path := _unquoted(arguments):
            console.hint(f"a path with blanks needs quotes: {shlex.quote(path)}")
        else:
            console.hint("sportgen --help, or sportgen COMMAND --help, lists what there is")
    else:
        console.fail(redact(_said(error) if isinstance(error, SportgenError) else line(error)))
    if isinstance(error, SportgenError) and error.options:
        words = _with(arguments, shlex.split(error.options))
        console.hint(redact(f"{error.when}: sportgen {shlex.join(words)}"))
    return int(getattr(error, "exit_code", 1))


def _unquoted(arguments: Sequence[str]) -> str:
    """The path that arguments are together, where somebody forgot its quotes; empty if none."""
    spans = combinations(range(len(arguments) + 1), 2)
    texts = (
        " ".join(arguments[begin:end]) for begin, end in spans if 1 < end - begin <= _MOST_BLANKS
    )
    return next((text for text in texts if lexists(text)), "")


def _said(error: SportgenError) -> str:
    """The message of an error, with the option for the setting that it begins with."""
    setting = _SETTING.match(str(error)) if isinstance(error, SettingError) else None
    if not setting:
        return str(error)
    option, rest = setting[1].replace("_", "-"), str(error)[setting.end() :]
    return f"--{option}{rest}" if setting[2] else f"--{option} {rest}"


def _with(arguments: Sequence[str], options: Sequence[str]) -> list[str]:
    """Arguments with options in place of those of the same names."""
    takes_value = {
        name: not after.startswith("--")
        for name, after in pairwise((*options, "--"))
        if name.startswith("--")
    }
    kept, rest = [], iter(arguments)
    for word in rest:
        name, is_whole, _ = word.partition("=")
        if name not in takes_value:
            kept.append(word)
        elif takes_value[name] and not is_whole:
            next(rest, "")
    return [*kept, *options]


def line(error: BaseException) -> str:
    """What happened and what to do, for an exception that is none of sportgen's own errors."""
    remedy = remedy_of(error)
    if remedy:
        return f"{detail(error)}: {remedy}"
    if isinstance(error, OSError) and error.errno:
        return _system_line(error)
    if isinstance(error, ImportError):
        return f"{detail(error)}: {_library_remedy(error)}"
    where = _place(error.__traceback__)
    return f"this is a fault of sportgen: {detail(error)} ({where}); --debug shows it"


def remedy_of(error: BaseException) -> str:
    """What to do about a known exception; empty for one of the system, and for any other."""
    for name, text, remedy in _REMEDIES:
        if name in _names(error) and re.search(text, str(error)):
            return remedy
    return ""


def _system_line(error: OSError) -> str:
    place = error.filename if error.filename is not None else "a file or a process"
    place = place.decode(errors="backslashreplace") if isinstance(place, bytes) else place
    remedy = _BY_ERRNO.get(error.errno or 0, f"see to it, then {_AGAIN}")
    return f"{place}: {error.strerror}; {remedy}"


def _library_remedy(error: ImportError) -> str:
    module = (error.name or "").partition(".")[0]
    for name, extra in extras.EXTRAS.items():
        if module == extra.module and not extras.is_installed(name):
            return extras.remedy(name)
    package = _PACKAGES.get(module, module)
    try:
        ours = requires("sport-music-dataset") or []
    except PackageNotFoundError:
        ours = []
    for requirement in ours:
        found = re.match(r"[\w.-]+", requirement)
        if package and found and found[0].replace("-", "_").lower() == package.lower():
            wanted = requirement.partition(";")[0].strip()
            return f"pip install --upgrade --force-reinstall '{wanted}'"
    return "`sportgen doctor` says which library is missing or broken, and how to get it"


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An exception, and those from which or during which it was raised.

    A library may raise one of its own where Ctrl-C comes while it is imported.
    """
    found: BaseException | None = error
    while found:
        yield found
        found = found.__cause__ or found.__context__


def _names(error: BaseException) -> set[str]:
    """`package.Class` of an exception and of all classes that it inherits from."""
    kinds = type(error).__mro__
    return {f"{kind.__module__.partition('.')[0]}.{kind.__name__}" for kind in kinds}


def detail(error: BaseException) -> str:
    """The class of an exception and its message, on one line of bounded length."""
    text = " ".join(str(error).split()).rstrip(".")
    text = text if len(text) <= _MOST_LETTERS else f"{text[:_MOST_LETTERS]} ..."
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _place(trace: TracebackType | None) -> str:
    """Module and line of sportgen where an exception was raised, or passed last."""
    frames = list(traceback.walk_tb(trace))
    ours = [f for f in frames if f[0].f_globals.get("__name__", "").startswith(_PACKAGE)]
    if not frames:
        return "unknown"
    frame, number = (ours or frames)[-1]
    return f"{frame.f_globals.get('__name__', Path(frame.f_code.co_filename).stem)}:{number}"
