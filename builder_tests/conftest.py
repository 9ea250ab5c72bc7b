"""What tests share: synthesised audio files, small libraries, and releases built from them."""

import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

# Set before any import: the Hub's clients read it once. No test touches the user's caches, and
# none reaches out: those that need a Hub start their own.
_HOME = TemporaryDirectory(prefix="sportgen-tests-")
os.environ |= {"HF_HOME": _HOME.name, "HF_HUB_OFFLINE": "1"}

import numpy as np
import pytest
import soundfile
from filelock import FileLock
from hypothesis import settings
from numpy.typing import NDArray

from builder_tests.support.making import build
from sport_music_dataset.build.build import BuildReport
from sport_music_dataset.encode.encode import encode_release
from sport_music_dataset.encode.settings import EncodeSettings
from sport_music_dataset.recipe import Recipe

# How long an example takes says more of the machine than of the code.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")

Samples = NDArray[np.float32]
Result = TypeVar("Result")

# Short chunks keep the tests quick; nothing depends on their length.
RECIPE = Recipe(chunk_seconds=2.0, overlap_seconds=0.8, splits=(("train", 0.7), ("test", 0.3)))


def noise(seconds: float, rate: int = 32_000, channels: int = 1, seed: int = 0) -> Samples:
    """Coloured noise [N] or [N, channels] float32 within half of full scale."""
    draw = np.random.default_rng(seed)
    samples = draw.standard_normal((round(seconds * rate), channels)).cumsum(axis=0)
    samples -= np.linspace(samples[0], samples[-1], len(samples))
    samples = 0.5 * samples / np.abs(samples).max()
    return np.asarray(samples[:, 0] if channels == 1 else samples, np.float32)


def write_audio(file: Path, samples: Samples, rate: int = 32_000) -> Path:
    """Write samples in the format of the file's extension."""
    file.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(file, samples, rate)
    return file


def once(
    factory: pytest.TempPathFactory, name: str, make: Callable[[Path], Result]
) -> tuple[Path, Result]:
    """A new folder that `make` fills, and what `make` returns; not to be written to.

    Of the processes that share the tests, the first makes it for all: a build takes many seconds.
    """
    root = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent
    folder, returned = root / f"one-{name}", root / f"one-{name}.pickle"
    with FileLock(root / f"one-{name}.lock"):
        if not returned.exists():
            returned.write_bytes(pickle.dumps(make(folder)))
    return folder, pickle.loads(returned.read_bytes())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start with the tests that take longest: at the end, one process would wait for another."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(scope="session")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library of six tracks in two styles, with a copy, a short file and two that are broken."""
    folder, _ = once(tmp_path_factory, "library", lambda folder: write_music(folder / "music"))
    return folder / "music"


def write_music(root: Path) -> None:
    """Fill `root` with what `music` says; some encoders write other bytes each time."""
    names = {
        "latino/Yoga_1_latino.flac": (44_100, 2),
        "latino/Course_à_pied_latino.wav": (32_000, 1),
        "latino/Cardio_2_latino.ogg": (48_000, 2),
        "classic/Stretching_classic.mp3": (44_100, 2),
        "classic/Nordic walking.flac": (22_050, 1),
        "classic/Yoga_classic.aiff": (44_100, 1),
    }
    for seed, (name, (rate, channels)) in enumerate(names.items()):
        write_audio(root / name, noise(5.5 + seed, rate, channels, seed), rate)
    write_audio(root / "latino/Short_latino.wav", noise(1.0))
    copy = root / "latino/Yoga_1_latino.flac"
    (root / "latino/Yoga_3_latino.flac").write_bytes(copy.read_bytes())
    (root / "classic/Broken_classic.mp3").write_text("this is no music")
    (root / "classic/Empty_classic.wav").touch()
    (root / "notes.txt").write_text("ignored")
    (root / ".hidden.mp3").write_text("ignored")


@pytest.fixture(scope="session")
def built(music: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, BuildReport]:
    """A release folder built from `music`; not to be written to."""
    one, report = once(tmp_path_factory, "built", lambda out: build(music, out, RECIPE, num_proc=2))
    # A copy for each process: commands lock a release even where they change nothing.
    return shutil.copytree(one, tmp_path_factory.mktemp("built") / "dataset"), report


@pytest.fixture(scope="session")
def encoded(built: tuple[Path, BuildReport], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`built`, encoded with nano; not to be written to."""

    def make(out: Path) -> None:
        shutil.copytree(built[0], out)
        encode_release(out, EncodeSettings(model="nano"))

    one, _ = once(tmp_path_factory, "encoded", make)
    return shutil.copytree(one, tmp_path_factory.mktemp("encoded") / "dataset")
