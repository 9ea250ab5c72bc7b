"""--help: commands in groups, nothing cut, examples that one can run; completion in a shell."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from sport_music_dataset.cli import console, main
from sport_music_dataset.cli.app import app

COMMANDS = [str(command.name or command.callback.__name__) for command in app.registered_commands]  # type: ignore[union-attr]  # each has a function
GROUPS = {
    "First steps": ["doctor", "demo", "sessions"],
    "Make a release": ["scan", "build", "listen", "encode"],
    "Look at it": ["stats", "preview", "review", "explain", "tokens", "decode"],
    "Check and publish it": ["verify", "diff", "push", "withdraw", "export"],
}


def help_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main([*arguments, "--help"]) == 0
    return capsys.readouterr().out


def test_sportgen_alone_is_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    captured = capsys.readouterr()
    assert captured.err == "" and captured.out == help_of(capsys)


def test_commands_stand_in_groups_in_the_order_of_work(capsys: pytest.CaptureFixture[str]) -> None:
    found: dict[str, list[str]] = {}
    for line in help_of(capsys).splitlines():
        if line.endswith(":"):
            found[line[:-1]] = []
        elif name := re.match(r"  ([a-z]+) ", line):
            found[[*found][-1]].append(name[1])
    assert {title: names for title, names in found.items() if names} == GROUPS
    assert [name for names in GROUPS.values() for name in names] == COMMANDS


@pytest.mark.parametrize("columns", [60, 80])
@pytest.mark.parametrize("command", COMMANDS)
def test_nothing_is_cut(
    command: str,
    columns: int,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "1000")
    whole = help_of(capsys, command)
    monkeypatch.setenv("COLUMNS", str(columns))
    text = help_of(capsys, command)
    assert "…" not in text and "".join(text.split()) == "".join(whole.split())
    widths = [len(line) for line in text.splitlines() if not line.startswith("  sportgen ")]
    assert max(widths) <= columns


def test_defaults_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    text = help_of(capsys, "build")
    for default in ("train=0.9,test=0.1", "25", "found from them", "one for each core; at least 1"):
        assert f"[default: {default}]" in text
    assert "[default: the release's own]" in help_of(capsys, "decode")


@pytest.mark.parametrize("command", COMMANDS)
def test_examples_stand_one_a_line_and_name_what_there_is(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = help_of(capsys, command)
    examples = [line.strip() for line in text.splitlines() if line.startswith("  sportgen ")]
    assert examples and "Examples:" in text
    for example in examples:
        assert len(example) <= 78
        words = shlex.split(example)
        assert words[:2] == ["sportgen", command]
        for option in (word for word in words if word.startswith("-")):
            assert re.search(rf"^  (-\w, )?{option}\b", text, re.MULTILINE)


def test_a_shell_completes_commands_and_options(tmp_path: Path) -> None:
    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "sport_music_dataset", *arguments],
            env={**os.environ, "HOME": str(tmp_path), **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    def completed(words: str) -> list[str]:
        asked = {"COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
        return run(**asked, _SPORTGEN_COMPLETE="complete_bash").stdout.split()

    assert completed("sportgen de") == ["demo", "decode"]
    assert completed("sportgen stats --s") == ["--sql"]
    # Typer finds out which shell asks, but not from within pytest.
    unknown = {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    done = run("--install-completion", "bash", **unknown)
    assert done.returncode == 0 and "completion installed" in done.stdout
    assert "_SPORTGEN_COMPLETE" in (tmp_path / ".bash_completions/sportgen.sh").read_text()


def test_a_log_gets_a_line_now_and_then(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def said() -> list[str]:
        with console.progress("Encoding", 200) as advance:
            for _ in range(200):
                advance(1)
        captured = capsys.readouterr()
        assert captured.out == ""
        return captured.err.splitlines()

    assert said() == ["Encoding: 200 of 200, 0 s"]
    monkeypatch.setattr(console, "_SECONDS_BETWEEN_LINES", 0.0)
    lines = said()
    assert len(lines) == 11 and lines[4] == "Encoding: 100 of 200 (50%), 0 s left"
    with console.progress("Drawing", 0) as advance:
        advance(1)
    assert capsys.readouterr().err == ""
