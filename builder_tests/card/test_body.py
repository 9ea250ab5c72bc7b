"""The card's text: every section, releases without a config, and what the Hub says to it."""

from pathlib import Path
from typing import Any

import pytest

from builder_tests.hub.local_hub import LocalHub
from builder_tests.support.clients import run_python
from sport_music_dataset.card.card import compose, split_front_matter
from sport_music_dataset.release.manifest import read_manifest
from sport_music_dataset.release.release import Release
from sport_music_dataset.release.tracks import source_counts


def test_every_section_is_there(encoded: Path) -> None:
    text = (encoded / "README.md").read_text()
    sections = [line.removeprefix("## ") for line in text.splitlines() if line.startswith("## ")]
    assert sections == [
        "How to load",
        "Sample descriptions",
        "Train",
        "Columns",
        "How it was made",
        "Splits",
        "Statistics",
        "Limits and biases",
        "Licences and attribution",
        "Citation",
    ]


def test_the_changelog_is_rendered_from_the_manifest(encoded: Path) -> None:
    manifest = read_manifest(encoded)
    manifest.changelog = [
        {"version": "1.1.0", "date": "2026-11-22", "changes": "+2 tracks", "notes": "More *yoga*."},
        {"version": "1.0.0", "date": "2026-11-01", "changes": "first release", "notes": ""},
    ]
    text = compose(Release.of(encoded, manifest), "org/sport_music", "1.1.0").data.decode()
    assert (
        text.index("### 1.1.0 (2026-11-22)") < text.index("More *yoga*.") < text.index("### 1.0.0")
    )
    assert "Changes: +2 tracks." in text and "year = {2026}" in text
    assert r"\url{https://huggingface.co/datasets/org/sport_music}" in text
    assert text == compose(Release.of(encoded, manifest), "org/sport_music", "1.1.0").data.decode()


@pytest.mark.parametrize("gone", ["raw", "encoded"])
def test_a_release_without_a_config_says_so(encoded: Path, gone: str) -> None:
    manifest = read_manifest(encoded)
    manifest.files = {p: e for p, e in manifest.files.items() if not p.startswith(gone)}
    manifest.encoding = None if gone == "encoded" else manifest.encoding
    text = compose(Release.of(encoded, manifest), "org/music", "1.0.0").data.decode()
    data: Any = split_front_matter(text, "")[0]
    left = {"raw": "encoded", "encoded": "raw"}[gone]
    assert [config["config_name"] for config in data["configs"]] == [left, "tracks"]
    assert data["configs"][0]["default"] is True
    assert ("There is no audio in this release" in text) == (gone == "raw")
    assert f"`{gone}`: one row a chunk" not in text and f"`{left}`: one row a chunk" in text
    assert "| train |" in text


def test_attribution_is_bounded() -> None:
    names = ("artist", "title", "source_url", "license")
    tracks: list[dict[str, Any]] = [dict.fromkeys(names, f"{n:03}") for n in range(99)]
    assert source_counts([*tracks, tracks[0], dict.fromkeys(names, "")])[0] == {
        **dict.fromkeys(names, "000"),
        "tracks": 2,
    }


def test_the_hub_takes_the_front_matter(encoded: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from huggingface_hub import DatasetCard\n"
        "DatasetCard.load(sys.argv[1]).validate(repo_type='dataset')"
    )
    with LocalHub() as hub:
        done = run_python(hub, tmp_path, "-c", code, encoded / "README.md")
        assert done.returncode == 0, done.stderr
        asked = [entry.status for entry in hub.requests if "validate-yaml" in entry.path]
        assert asked == [200]
