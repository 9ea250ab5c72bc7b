"""A permanent adversary: mutated releases and sources, by a seeded generator.

Every command must end in its time with exit code 0, 1 or 2, in one line and without a traceback,
and nothing outside of OUT may be written or deleted. `make fuzz` asks for thousands.
"""

import os
import random
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest

from builder_tests.conftest import noise, once, write_audio
from builder_tests.fuzz.mutations import (
    Mutation,
    make_table,
    mutate_bytes,
    mutate_card,
    mutate_json,
    mutate_yaml,
)
from builder_tests.support.commands import SHORT
from builder_tests.support.folders import tree
from sport_music_dataset.cli import main
from sport_music_dataset.describe import sessions

MUTANTS = int(os.environ.get("FUZZ_MUTANTS", "240"))
SEED = int(os.environ.get("FUZZ_SEED", "0"))
# Tests among which the mutants are dealt out, so that both cores work and a failure names few.
PARTS = 8
# Nothing takes a tenth of this; a hang takes for ever.
MOST_SECONDS = 100

SESSIONS = Path(sessions.__file__).with_name("sessions.yaml").read_bytes()
NAMES = ["rock/Yoga_rock.wav", "rock/Cardio_rock.wav"]


class HangError(Exception):
    """A command did not end."""


@pytest.fixture(scope="module")
def seedling(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `music`, and `out`, the encoded release of it."""

    def make(root: Path) -> None:
        for seed, name in enumerate(NAMES):
            write_audio(root / "music" / name, noise(4.0, seed=seed))
        assert main(["build", str(root / "music"), str(root / "out"), *SHORT]) == 0
        assert main(["encode", str(root / "out"), "--model", "nano"]) == 0

    return once(tmp_path_factory, "seedling", make)[0]


@contextmanager
def in_time() -> Iterator[None]:
    def hang(number: int, frame: FrameType | None) -> None:
        raise HangError(f"did not end within {MOST_SECONDS} s")

    before = signal.signal(signal.SIGALRM, hang)
    signal.alarm(MOST_SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def mutate_file(root: Path, draw: random.Random, pattern: str, mutation: Mutation) -> None:
    files = sorted(file for file in (root / "out").glob(pattern) if file.is_file())
    file = draw.choice(files)
    file.write_bytes(mutation(draw, file.read_bytes()))


def any_bytes(root: Path, draw: random.Random) -> None:
    mutate_file(root, draw, draw.choice(["*/*.parquet", "*", ".sportgen/**/*"]), mutate_bytes)


def manifest(root: Path, draw: random.Random) -> None:
    mutate_file(root, draw, "sportgen.json", mutate_json)


def notes(root: Path, draw: random.Random) -> None:
    mutate_file(root, draw, ".sportgen/*/*.json", mutate_json)


def card(root: Path, draw: random.Random) -> None:
    mutate_file(root, draw, "README.md", mutate_card)


def odd_file(root: Path, draw: random.Random) -> None:
    """A link, a pipe, a folder or nothing in place of a file of the release."""
    pattern = draw.choice(["*", "*/*", ".sportgen/*", ".sportgen/*/*"])
    path = draw.choice(sorted((root / "out").glob(pattern)))
    path.rename(root / "around/moved")
    make: Callable[[], object] = draw.choice(
        [
            lambda: path.symlink_to(root / "around/moved"),
            lambda: path.symlink_to("nowhere"),
            lambda: path.symlink_to(path.name),
            lambda: path.symlink_to("/dev/zero"),
            lambda: os.mkfifo(path),
            path.mkdir,
            path.touch,
            lambda: None,
        ]
    )
    make()


def metadata(root: Path, draw: random.Random) -> None:
    jsonl = draw.random() < 0.5
    data = make_table(draw, NAMES, jsonl)
    if draw.random() < 0.3:
        data = mutate_bytes(draw, data)
    (root / "music" / ("metadata.jsonl" if jsonl else "metadata.csv")).write_bytes(data)


def own_sessions(root: Path, draw: random.Random) -> None:
    (root / "around/own.yaml").write_bytes(mutate_yaml(draw, SESSIONS))


READ = (
    "stats {out}",
    "stats {out} --json",
    "stats {out} --sql SELECT*FROM(tracks)",
    "diff {out} {sound}",
    "build {music} {out} --dry-run {short}",
)
WRITE = ("build {music} {out} {short}", "build {music} {out} {short}", "encode {out} --model nano")
SCAN = ("scan {music} --chunk-seconds 2", "build {music} {new} {short}")
VERIFY = "verify {out}"
OWN = ("build {music} {out} --dry-run --sessions {around}/own.yaml {short}",)
# How to damage, what to run then, and how often.
TARGETS: tuple[tuple[Callable[[Path, random.Random], None], tuple[str, ...], int], ...] = (
    (manifest, (*READ * 4, *WRITE, VERIFY), 8),
    (any_bytes, (*READ * 2, *WRITE, VERIFY), 5),
    (notes, WRITE, 2),
    (card, (*WRITE, VERIFY), 2),
    (odd_file, (*READ, *WRITE, VERIFY), 4),
    (metadata, SCAN, 4),
    (own_sessions, OWN, 2),
)


@pytest.mark.slow
@pytest.mark.timeout(36_000)
@pytest.mark.parametrize("part", range(PARTS))
def test_a_mutant_does_no_harm(
    seedling: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str], part: int
) -> None:
    for number in range(part, MUTANTS, PARTS):
        draw = random.Random(f"{SEED}:{number}")
        root = tmp_path / str(number)
        shutil.copytree(seedling, root)
        (root / "around").mkdir()
        (root / "around/mine.txt").write_text("mine")
        [(damage, commands, _)] = draw.choices(TARGETS, [weight for *_, weight in TARGETS])
        damage(root, draw)
        places = {
            **{name: root / name for name in ("out", "music", "around", "new")},
            "sound": seedling / "out",
            "short": " ".join(SHORT),
        }
        line = draw.choice(commands)
        told = f"mutant {number} of seed {SEED}: {damage.__name__}, {line}"
        mine = {"out", "new"} if line in (*WRITE, *SCAN) else set()
        before = tree(root, mine)
        try:
            with in_time():
                code = main(line.format(**places).split())
        except Exception as error:
            raise AssertionError(told) from error
        errors = capfd.readouterr().err
        assert code in (0, 1, 2), told
        assert "Traceback" not in errors and "fault of sportgen" not in errors, told + errors
        assert code == 0 or "error: " in errors, told
        assert tree(root, mine) == before, told
        shutil.rmtree(root)
