"""The Typer application, with its commands in groups, in the order of work."""

from typing import Annotated

import typer

from .._version import __version__
from .commands.build import build
from .commands.decode import decode
from .commands.diff import diff
from .commands.encode import encode
from .commands.export import export
from .commands.listen import listen
from .commands.preview import preview
from .commands.push import push
from .commands.review import review
from .commands.scan import scan
from .commands.stats import stats
from .commands.tokens import explain, sessions, tokens
from .commands.verify import verify
from .commands.withdraw import withdraw
from .first_steps import demo, doctor
from .help import Command, Group

_COMMANDS = {
    "First steps": (doctor, demo, sessions),
    "Make a release": (scan, build, listen, encode),
    "Look at it": (stats, preview, review, explain, tokens, decode),
    "Check and publish it": (verify, diff, push, withdraw, export),
}

app = typer.Typer(
    name="sportgen",
    help="Turn folders of sport music into a versioned MusicGen training dataset.",
    cls=Group,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def _options(
    ctx: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
    # `main` looks for it among the arguments: an error may come before any option is read.
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    if version:
        print(f"sportgen {__version__}")
        raise typer.Exit
    if ctx.invoked_subcommand is None:
        print(ctx.get_help())


for _group, _commands in _COMMANDS.items():
    for _command in _commands:
        app.command(cls=Command, rich_help_panel=_group)(_command)
