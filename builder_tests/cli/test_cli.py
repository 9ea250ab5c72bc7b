"""The command line: results on stdout, the rest on stderr, exit codes, errors on one line."""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from builder_tests.conftest import noise, write_audio
from builder_tests.support.clients import interruptible
from builder_tests.support.commands import SHORT, fails
from sport_music_dataset.build.build import BuildReport
from sport_music_dataset.cli import main


def test_build_prints_its_summary(
    music: Path,
    built: tuple[Path, BuildReport],
    encoded: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out"
    arguments = ["build", str(music), str(out), *SHORT, "--since", str(encoded)]
    assert main([*arguments, "--num-proc", "1"]) == 0
    captured = capsys.readouterr()
    lines = captured.out.splitlines()
    assert lines[0] == "tracks    6 kept, 4 left out"
    assert "  left out, not audio: 2" in lines and "  ignored, .txt: 1" in lines
    assert f"chunks    {sum(built[1].chunks.values())}" in lines
    assert "  running / latino: 4" in lines
    assert "left out: classic/Empty_classic.wav: not audio: is empty" in captured.err
    preview = f"sportgen preview {out}"
    steps = [line[6:].partition("  #")[0].strip() for line in captured.err.splitlines()[-4:]]
    # As the release before was encoded.
    explain, encode = f"sportgen explain {out}", f"sportgen encode {out} --model nano"
    assert steps == [preview, explain, f"{preview} --serve", encode]
    assert main(arguments) == 0
    assert capsys.readouterr().out.splitlines() == lines


def test_other_options_than_those_of_the_release_are_told(
    music: Path, built: tuple[Path, BuildReport], capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["build", str(music), str(built[0]), *SHORT, "--dry-run"]
    others = ["--default-style", "deep house", "--license", "cc0-1.0", "--session", "run"]
    assert main([*arguments, *others]) == 0
    other, unused, *_ = (line for line in capsys.readouterr().err.splitlines() if "note: " in line)
    assert (
        "was built otherwise (--layout was sport, is not given; --session was not given, is run; "
        "--default-style was not given, is deep house; --license was not given, is cc0-1.0); as it"
    ) in other
    assert unused == (
        "note: --session run, --default-style deep house: used for no track; names, tags or "
        "metadata say it of each"
    )
    again = shlex.split(other.split("`")[1])
    assert main([*again[1:], "--dry-run"]) == 0
    assert "was built otherwise" not in capsys.readouterr().err
    error = fails(capsys, 1, *arguments, "--keep-silence", "--min-fit", "unknown")
    assert "; --keep-silence was not given, is given; --min-fit was no, is unknown); as" in error
    assert error.endswith(
        "--force builds it anew and keeps review.csv and the splits; or give another folder"
    )


def test_the_same_build_again_says_that_it_made_nothing(
    music: Path,
    built: tuple[Path, BuildReport],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = ["build", str(music), str(tmp_path / "out"), *SHORT]
    shutil.copytree(built[0], tmp_path / "out")
    assert main(arguments) == 0
    assert "no shard had to be made again" in capsys.readouterr().err
    assert main([*arguments, "--force"]) == 0
    assert "no shard had" not in capsys.readouterr().err


def test_a_dry_run_counts_as_a_scan_and_names_the_shards(
    music: Path,
    built: tuple[Path, BuildReport],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["scan", str(music), *SHORT]) == 0
    scanned = capsys.readouterr().out.splitlines()
    assert main(["build", str(music), str(tmp_path / "out"), *SHORT, "--dry-run"]) == 0
    planned = capsys.readouterr().out.splitlines()
    shards = [line for line in planned if line.startswith("  raw/")]
    counts = built[1].chunks
    assert [line for line in planned if line not in shards][:-3] == scanned[:-3]
    assert "  latino                            3" in planned
    assert f"chunks    {sum(counts.values())} expected" in planned
    assert [line.rpartition(", ")[2] for line in shards] == [f"{n} chunks" for n in counts.values()]
    assert shards[0].startswith("  raw/train-00000-of-00001.parquet: ")
    assert sum(int(line.split(": ")[1].split()[0]) for line in shards) == 6
    assert not (tmp_path / "out").exists()
    assert main(["build", str(music), str(music / "out"), *SHORT, "--dry-run"]) == 0
    assert f"{music / 'out'}: lies in {music}; builds leave it out" in capsys.readouterr().err


def test_encode_prints_its_summary(encoded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["encode", str(encoded), "--model", "nano"]) == 0
    captured = capsys.readouterr()
    assert "shards    0 encoded, 0 with known codes alone, 2 as they were" in captured.out
    assert "nano codes are for trying out" in captured.err


def test_sources_that_cannot_be_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert "does not exist" in fails(capsys, 1, "build", tmp_path / "nowhere", out)
    (tmp_path / "texts").mkdir()
    assert "it is empty" in fails(capsys, 1, "build", tmp_path / "texts", out)
    (tmp_path / "texts/a.txt").touch()
    assert "found 1 .txt" in fails(capsys, 1, "build", tmp_path / "texts", out)
    write_audio(tmp_path / "texts/Yoga_texts.wav", noise(3.0))
    error = fails(capsys, 1, "build", tmp_path / "texts", out, *SHORT)
    assert "test would be empty: 1 of 1 track can be used; --splits train=1 builds" in error
    unread = ("--subset", "x", "--keep-splits")
    error = fails(capsys, 2, "build", tmp_path / "texts", out, *unread)
    assert "--subset x, --keep-splits: of a dataset in Parquet" in error
    assert not out.exists()
    music = f"`sportgen build {tmp_path / 'texts'} OUT` makes one of its music"
    assert music in fails(capsys, 1, "stats", tmp_path / "texts")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("preview X --port 80", "--port: is that of a server; add --serve"),
        ("preview X --serve -o page.html --all", "--all, --output: do nothing with --serve"),
        ("preview X --all --seed 3", "--seed: do nothing with --all"),
        ("build X Y --tagger musicnn", "--tagger musicnn: says who listens; add --listen"),
    ],
)
def test_options_that_would_do_nothing(
    arguments: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said in fails(capsys, 2, *arguments.split())


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--chunk-seconds", "0", "--chunk-seconds 0: must be"),
        ("--chunk-seconds", "long", "'--chunk-seconds': must be a number"),
        ("--overlap-seconds", "25", "--overlap-seconds 25: must be"),
        ("--splits", "train=0.5", "--splits train=0.5: the proportions sum to 0.5"),
        ("--splits", "train", "--splits 'train': write"),
        ("--num-proc", "0", "'--num-proc': must be at least 1"),
        ("--truncated", "no", "'--truncated': 'no' is not one of 'keep', 'leave-out'"),
        ("--tempo", "120", "--tempo"),
    ],
)
def test_options_that_cannot_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, value: str, said: str
) -> None:
    error = fails(capsys, 2, "build", tmp_path, tmp_path / "out", option, value)
    assert said in error


def test_encode_errors(tmp_path: Path, encoded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "is not a release folder" in fails(capsys, 1, "encode", tmp_path, "--model", "nano")
    assert "no such folder" in fails(capsys, 1, "encode", encoded, "--model", tmp_path / "no")
    assert "loud" in fails(capsys, 2, "encode", encoded, "--labels", "loud")
    assert "--max-length 0: must" in fails(capsys, 2, "encode", encoded, "--max-length", "0")


def test_push_errors(tmp_path: Path, encoded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    version = ("--version", "1.0.0", "--allow-nano")
    error = fails(capsys, 1, "push", tmp_path / "nowhere", "org/x", *version)
    assert "does not exist" in error
    assert "is not a release folder" in fails(capsys, 1, "push", tmp_path, "org/x", *version)
    assert "write it as ORG/NAME" in fails(capsys, 2, "push", encoded, "x", *version)
    assert "write it as X.Y.Z" in fails(capsys, 2, "push", encoded, "org/x", "--version", "1.0")


def test_names_cannot_play_tricks_on_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in range(2):
        name = f"{number}\x1b[31m\nred\u202e_rock.wav"
        write_audio(tmp_path / "music/rock" / name, noise(3.0, seed=number))
    assert main(["build", str(tmp_path / "music"), str(tmp_path / "out"), *SHORT]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out and "\u202e" not in out
    assert "  0\\x1b[31m red\\u202e / rock: 1" in out.splitlines()


@pytest.mark.parametrize("arguments", [["--help"], ["build", "--help"], ["--version"]])
def test_help_is_a_result(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 0
    captured = capsys.readouterr()
    assert "sportgen" in captured.out and captured.err == ""


def test_help_and_import_load_no_heavy_library() -> None:
    script = (
        "import sys, sport_music_dataset, sport_music_dataset.cli as cli\n"
        "cli.main(['--help'])\n"
        "from sport_music_dataset import Recipe, SportgenError\n"
        "heavy = {'torch', 'transformers', 'datasets', 'numpy', 'huggingface_hub'}\n"
        "sys.exit(' '.join(heavy & sys.modules.keys()) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "gone, more", [((), ["matplotlib", "scipy", "pyarrow.compute"]), (("raw", "assets"), [])]
)
def test_a_build_loads_no_heavy_library_that_it_does_not_need(
    gone: Sequence[str],
    more: list[str],
    music: Path,
    built: tuple[Path, BuildReport],
    tmp_path: Path,
) -> None:
    out = shutil.copytree(built[0], tmp_path / "out")
    for name in gone:
        shutil.rmtree(out / name)
    script = (
        "import sys\n"
        "from sport_music_dataset.cli import main\n"
        "if __name__ == '__main__':\n"
        "    assert main(sys.argv[1:]) == 0\n"
        f"    heavy = {{'torch', 'datasets', 'pandas', 'huggingface_hub', *{more}}}\n"
        "    sys.exit(' '.join(heavy & sys.modules.keys()) or 0)"
    )
    command = [sys.executable, "-c", script, "build", str(music), str(out), *SHORT]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_an_interrupted_build_goes_on(
    music: Path, built: tuple[Path, BuildReport], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    arguments = ["build", str(music), str(out), *SHORT]
    process = interruptible(*arguments, start_new_session=True)
    while not (out / ".sportgen").exists() and process.poll() is None:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    assert errors.splitlines()[-1] == "error: interrupted; the same command goes on from here"
    assert main(arguments) == 0
    ours = {file.name: file.read_bytes() for file in (out / "raw").iterdir()}
    assert ours == {file.name: file.read_bytes() for file in (built[0] / "raw").iterdir()}


def test_scan_says_what_build_would_leave_out(
    music: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["scan", str(music), "--chunk-seconds", "2", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["files"], found["usable"]) == (10, 6)
    assert {reason.partition(":")[0] for reason in found["left_out"].values()} == {
        "not audio",
        "duplicate of",
        "too short",
    }
    assert found["styles"] == {"latino": 3, "classic": 3}
    assert found["formats"]["mp3"] == 1 and found["sessions"]["yoga"] == 2
    assert main(["scan", str(music), "--chunk-seconds", "2"]) == 0
    captured = capsys.readouterr()
    assert "files     10, 6 usable" in captured.out
    command = f"sportgen build {music} dataset --chunk-seconds 2 --overlap-seconds 0"
    assert captured.err.splitlines()[-1] == f"next: {command}"


def test_a_scan_ends_with_a_command_that_mends_what_stops_a_build(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for number in range(2):
        write_audio(Path(f"my music/Song {number}.wav"), noise(3.0, seed=number))
    command = "sportgen build 'my music' dataset --chunk-seconds 2 --overlap-seconds 0"
    scan = ["scan", "my music", "--chunk-seconds", "2"]
    assert main(scan) == 0
    last = capsys.readouterr().err.splitlines()[-1]
    given = "--session running --default-style house"
    assert last == f"for instance, if they are house for running: {command} {given}"
    assert main(shlex.split(last.partition(": ")[2])[1:]) == 0
    Path("my music/metadata.csv").write_text(
        "file_name,split,session,style\nSong 0.wav,test,run,pop\nSong 1.wav,test,run,pop\n"
    )
    capsys.readouterr()
    assert main(scan) == 0
    assert capsys.readouterr().err.splitlines()[-1] == (f"for instance: {command} --splits test=1")
