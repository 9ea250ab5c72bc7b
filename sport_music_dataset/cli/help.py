"""The text of --help: nothing in it is cut, however narrow the terminal is.

Typer's own draws tables, whose columns lose the ends of names and defaults at 80 columns.
"""

import inspect
import os
import re
import shutil
import sys
import textwrap
from collections.abc import Iterable, Iterator
from typing import Any

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup

# Where help begins in a line; a longer name has a line of its own.
_HELP_AT = 28
_WIDEST = 100
_HARD_BLANK = "\N{NO-BREAK SPACE}"
_EXAMPLES = re.compile(r"Examples?:\n")
# Typer's names of types, as a user calls them.
_TYPES = {"<str>": "TEXT", "<list[str]>": "TEXT", "<path>": "PATH", "<bool>": ""}
_NUMBERS = re.compile(r"<(int|float)( range)?>")
# What Typer adds to the help of a parameter: its default, its range, that it is required.
_FACTS = re.compile(r"\s*\[((?:default|required|x[<>]|\d+<=x)[^\[\]]*)\]$")

Record = tuple[str, str]


class Command(TyperCommand):
    """A command whose --help is laid out here."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Print the help of the command."""
        _print(_page(self, ctx))


class Group(TyperGroup):
    """The command `sportgen`, whose --help names its commands in their groups."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Print the help of all commands, by their groups."""
        commands: dict[str, list[Record]] = {}
        for name in self.list_commands(ctx):
            command = self.commands[name]
            first = inspect.cleandoc(command.help or "").partition("\n\n")[0]
            commands.setdefault(getattr(command, "rich_help_panel", "") or "", []).append(
                (name, first)
            )
        _print(_page(self, ctx, commands))


def _print(page: str) -> None:
    # As Typer's own does, not through the formatter: what Typer prints of that gets no error of
    # stdout. It ends the page with an empty line.
    print(page if sys.stdout.isatty() else re.sub("\x1b\\[[0-9;]*m", "", page), end="")


def _page(
    command: TyperCommand | TyperGroup, ctx: Any, commands: dict[str, list[Record]] | None = None
) -> str:
    """The help of a command; `commands` has those of a group, by the title of their section."""
    arguments: list[Record] = []
    options: dict[str, list[Record]] = {"Options": []}
    for param in command.get_params(ctx):
        record = param.get_help_record(ctx)
        if record and isinstance(param, TyperArgument):
            arguments.append((_name(param), _FACTS.sub("", record[1])))
        elif record:
            section = getattr(param, "rich_help_panel", None) or "Options"
            options.setdefault(section, []).append((_typed(record[0]), _told(record[1])))
    # What all commands have, and what is not sorted, stands last.
    options["Options"] = options.pop("Options")
    usage = ["Usage:", ctx.command_path, "COMMAND" if commands else "", *dict(arguments)]
    sections = {**(commands or {}), "Arguments": arguments, **options}
    text = inspect.cleandoc(command.help or "")
    words, *examples = _EXAMPLES.split(text, maxsplit=1)
    lines = [" ".join(filter(None, [*usage, "[OPTIONS]"])), "", *_paragraphs(words)]
    for example in examples:
        lines += [_bold("Examples:"), *(f"  {line.strip()}" for line in example.splitlines()), ""]
    for title, records in sections.items():
        if records:
            lines += [_bold(f"{title}:"), *_records(records), ""]
    return "\n".join(lines)


def _name(argument: TyperArgument) -> str:
    return argument.metavar or (argument.name or "").upper()


def _typed(name: str) -> str:
    """The names of an option and what it takes, in the words of a user."""
    words, _, kind = name.partition(" <")
    kind = f"<{kind}" if kind else ""
    kind = _TYPES.get(kind, "N" if _NUMBERS.fullmatch(kind) else kind.strip("<>"))
    return f"{words} {kind}".rstrip()


def _told(text: str) -> str:
    """The help of an option, with its default where blanks do not break, if that fits a line."""
    found = _FACTS.search(text)
    if not found:
        return text
    facts = re.sub(r"^default: \((.*)\)", r"default: \1", found[1])
    facts = re.sub(r"(\d)\.0\b", r"\1", facts)
    facts = re.sub(r"\bx>=(\d+)", r"at least \1", facts)
    facts = re.sub(r"(\d+)<=x<=(\d+)", r"\1 to \2", facts)
    facts = f"[{facts}]"
    if len(facts) <= _width() - _HELP_AT:
        facts = facts.replace(" ", _HARD_BLANK)
    return f"{text[: found.start()]} {facts}"


def _paragraphs(text: str) -> Iterator[str]:
    for paragraph in filter(None, text.strip().split("\n\n")):
        yield from textwrap.wrap(paragraph, _width(), break_on_hyphens=False)
        yield ""


def _records(records: Iterable[Record]) -> Iterator[str]:
    """Lines of names and what they are: beside each other where the name is short enough."""
    rest = _width() - _HELP_AT
    for name, text in records:
        lines = textwrap.wrap(text, rest, break_on_hyphens=False)
        lines = [line.replace(_HARD_BLANK, " ") for line in lines]
        if len(name) + 4 <= _HELP_AT and lines:
            yield f"  {_cyan(name)}{' ' * (_HELP_AT - len(name) - 2)}{lines.pop(0)}"
        else:
            # A list of choices may be broken behind each of them.
            pieces = textwrap.wrap(name.replace("|", "| "), _width() - 6, break_on_hyphens=False)
            yield from (f"  {_cyan(piece.replace('| ', '|'))}" for piece in pieces)
        yield from (f"{' ' * _HELP_AT}{line}" for line in lines)


def _width() -> int:
    """Columns of the text; where there is no terminal, 80."""
    return max(40, min(shutil.get_terminal_size().columns, _WIDEST)) - 1


def _bold(text: str) -> str:
    return typer.style(text, bold=True)


def _cyan(text: str) -> str:
    return text if os.environ.get("NO_COLOR") else typer.style(text, fg="cyan")
