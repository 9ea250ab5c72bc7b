"""Models of the Hub without a network: from the cache at once, or one line that says what lacks."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from builder_tests.support.models import NANO
from sport_music_dataset.cli import main
from sport_music_dataset.pretrained import hub_answers


@pytest.fixture(autouse=True)
def no_hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A Hub that refuses connections, and an empty cache."""
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    for module in ("huggingface_hub.constants", "transformers.utils.hub"):
        monkeypatch.setattr(f"{module}.HF_HUB_CACHE", str(tmp_path), raising=False)
    hub_answers.cache_clear()
    yield
    hub_answers.cache_clear()


def test_what_is_in_no_cache_is_said_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tokens", "calm music", "--model", "org/tiny"]) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(
        "error: org/tiny: is not in this machine's cache as a whole, and the Hub"
    )


def test_what_is_in_the_cache_needs_no_hub(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "models--org--tiny"
    shutil.copytree(NANO / "model", place / "snapshots/0123abc")
    (place / "refs").mkdir()
    (place / "refs/main").write_text("0123abc")
    assert main(["tokens", "calm music", "--model", "org/tiny"]) == 0
    said = capsys.readouterr()
    assert "calm" in said.out and not said.err
