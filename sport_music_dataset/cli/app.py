"""The Typer application that the modules of commands add themselves to."""

from typing import Annotated

import typer

from .._version import __version__

app = typer.Typer(
    name="sportgen",
    help="Turn folders of sport music into a versioned MusicGen training dataset.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def _options(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        print(f"sportgen {__version__}")
        raise typer.Exit
