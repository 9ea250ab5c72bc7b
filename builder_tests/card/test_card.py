"""The card: what people wrote survives, what we count is right, names are not markup."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from builder_tests.conftest import RECIPE, noise, write_audio
from builder_tests.support.making import build
from sport_music_dataset.build.build import BuildReport
from sport_music_dataset.card.body import cell, code, link, prose, render_body
from sport_music_dataset.card.card import (
    Published,
    compose,
    hub_license,
    merge_front_matter,
    split_front_matter,
)
from sport_music_dataset.encode.encode import encode_release
from sport_music_dataset.encode.settings import EncodeSettings
from sport_music_dataset.errors import ReleaseError
from sport_music_dataset.release.manifest import read_manifest
from sport_music_dataset.release.release import Release


def front_matter(folder: Path) -> dict[str, object]:
    return split_front_matter((folder / "README.md").read_text(), "README.md")[0]


def front_matter_of(text: bytes) -> dict[str, object]:
    return split_front_matter(text.decode(), "README.md")[0]


def test_front_matter_is_what_the_hub_reads(built: tuple[Path, BuildReport]) -> None:
    data = front_matter(built[0])
    assert data["task_categories"] == ["text-to-audio"]
    assert data["annotations_creators"] == ["machine-generated"]
    assert data["size_categories"] == ["n<1K"]
    assert data["language"] == ["en"]
    assert data["license"] == "unknown"
    assert data["source_datasets"] == ["original"]
    configs: Any = data["configs"]
    assert len({config.pop("description") for config in configs}) == 2
    assert configs == [
        {
            "config_name": "raw",
            "default": True,
            "data_files": [
                {"split": "train", "path": "raw/train-*.parquet"},
                {"split": "test", "path": "raw/test-*.parquet"},
            ],
        },
        {
            "config_name": "tracks",
            "data_files": [{"split": "train", "path": "tracks/train-*.parquet"}],
        },
    ]


def test_counts_are_measured(built: tuple[Path, BuildReport]) -> None:
    text = (built[0] / "README.md").read_text()
    chunks = built[1].chunks
    assert f"from 6 tracks, cut into {sum(chunks.values())} chunks" in text
    for split in ("train", "test"):
        kept = [row for row in built[1].kept if row["split"] == split]
        assert f"| {split} | {len(kept)} | {chunks[split]} |" in text


def test_what_people_wrote_survives(
    music: Path, built: tuple[Path, BuildReport], tmp_path: Path
) -> None:
    out = shutil.copytree(built[0], tmp_path / "out")
    card = out / "README.md"
    head, body = split_front_matter(card.read_text(), "")
    head |= {"license": "cc-by-4.0", "extra_gated_prompt": "Be kind", "tags": ["mine"]}
    by_hand = f"# Before\n\n{body}\n## Thanks\n\nto everybody\n"
    card.write_text(f"---\n{yaml.safe_dump(head)}---\n{by_hand}")
    shutil.copytree(music, tmp_path / "music")
    write_audio(tmp_path / "music/latino/New_latino.wav", noise(3.0, seed=9))
    build(tmp_path / "music", out, RECIPE)
    encode_release(out, EncodeSettings(model="nano"))
    data = front_matter(out)
    assert (data["license"], data["extra_gated_prompt"]) == ("cc-by-4.0", "Be kind")
    assert data["tags"] == ["mine"]
    assert [config["config_name"] for config in data["configs"]] == ["raw", "encoded", "tracks"]  # type: ignore[attr-defined]
    text = card.read_text()
    assert text.index("# Before") < text.index("from 7 tracks") < text.index("## Thanks")
    assert text.count("from 7 tracks") == 1 and "from 6 tracks" not in text


def test_front_matter_that_is_no_yaml_is_named(music: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    build(music, out, RECIPE)
    (out / "README.md").write_text("---\n{not: [yaml\n---\n")
    with pytest.raises(ReleaseError, match=r"README\.md: the front matter: .* must be YAML"):
        build(music, out, RECIPE)


def test_merging_keeps_their_values_and_our_files() -> None:
    last = {"license": "unknown", "tags": ["a"], "configs": [1]}
    ours = {"license": "cc0-1.0", "tags": ["a", "b"], "configs": [2]}
    theirs = {"license": "unknown", "tags": ["a", "mine"], "configs": [3], "more": 1}
    merged = merge_front_matter(ours, theirs, last)
    assert merged == {"license": "cc0-1.0", "tags": ["a", "mine"], "configs": [2], "more": 1}


def test_licences_are_those_the_hub_knows() -> None:
    from collections import Counter

    assert hub_license(Counter({"CC0-1.0": 3}), True) == "cc0-1.0"
    assert hub_license(Counter({"CC BY 4.0": 3}), True) == "cc-by-4.0"
    assert hub_license(Counter({"mine alone": 3}), True) == "other"
    assert hub_license(Counter({"cc0-1.0": 3, "cc-by-4.0": 1}), True) == "other"
    assert hub_license(Counter({"cc0-1.0": 3}), False) == "unknown"


HOSTILE = st.text() | st.text("|`*_[]<>&\\\n\"'#!-:{}~", max_size=20)


@given(HOSTILE)
def test_a_cell_stays_a_cell(text: str) -> None:
    found = cell(text)
    assert found.isprintable() and "<" not in found and ">" not in found
    bare = found.replace("\\\\", "")
    assert all(bare[at - 1] == "\\" for at, letter in enumerate(bare) if letter in "|`*_[]")
    assert len(found) <= 120 * len("&quot;")


@given(HOSTILE)
@example("> a quote -->")
def test_code_and_prose_stay_where_they_are(text: str) -> None:
    assert "`" not in code(text) and "\n" not in code(text)
    assert "<" not in prose(text) and "-->" not in prose(text)
    assert not any(line.startswith(("# ", "## ", "### ")) for line in prose(text).splitlines())


@given(st.text("abc/.:?&|<>()[] \n", max_size=20))
def test_only_an_address_becomes_a_link(tail: str) -> None:
    found = link(f"https://{tail}")
    inside = found.removeprefix("<").removesuffix(">") if found.startswith("<") else found
    assert "<" not in inside and ">" not in inside and "\n" not in inside
    assert found.startswith("<") or "https\\://" in found
    assert "<" not in link(f"javascript://{tail}")


@given(st.lists(HOSTILE, min_size=4, max_size=4), HOSTILE)
def test_no_name_can_change_the_front_matter_or_the_markers(
    built: tuple[Path, BuildReport], names: list[str], notes: str
) -> None:
    manifest = read_manifest(built[0])
    plain = compose(Release.of(built[0], manifest)).data
    manifest.changelog = [{"version": "1.0.0", "date": "2026-01-02", "changes": "", "notes": notes}]
    tracks = [
        row | dict(zip(("title", "artist", "session", "source_url"), names, strict=True))
        for row in Release.of(built[0], manifest).tracks()
    ]
    body = render_body(manifest, tracks, "org/name", "1.0.0")
    assert "<!--" not in body and "-->" not in body
    tables = [line for line in body.splitlines() if line.startswith("| ")]
    assert {line.replace("\\\\", "").replace("\\|", "").count("|") for line in tables} <= {
        3,
        4,
        5,
        6,
    }
    assert front_matter_of(plain) == front_matter_of(compose(Release.of(built[0], manifest)).data)


def test_hostile_names_cannot_change_the_card(tmp_path: Path) -> None:
    names = ["<script>alert(1)<", "a|b | c", "---", "[x](javascript:1)", "{{ 7*7 }}", "<!-- --"]
    for number, name in enumerate(names):
        write_audio(tmp_path / f"music/{name}/{number} {name}.wav", noise(3.0, seed=number))
    build(tmp_path / "music", tmp_path / "out", RECIPE)
    text = (tmp_path / "out/README.md").read_text()
    assert "<script" not in text and "49" not in text.split("## Statistics")[1]
    assert text.count("<!--") == 2
    words = [line for line in text.splitlines() if "alert" in line and line.startswith("<img")]
    assert words and all(line.count("<") == 1 and line.count('"') == 6 for line in words)
    rows = [line for line in text.splitlines() if "alert" in line and line not in words]
    # The table of sample descriptions, and that of sessions.
    assert {line.replace("\\|", "").count("|") for line in rows} == {4, 6}
    assert front_matter(tmp_path / "out")["license"] == "unknown"


def test_what_people_wrote_on_the_hub_survives(encoded: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(encoded, tmp_path / "dataset")
    manifest = read_manifest(folder)
    released = compose(Release.of(folder, manifest)).data.decode()
    now = released.replace("pretty_name: Sport music", "pretty_name: Our music\nextra: 1")
    published = Published(now + "## Thanks\n", released, manifest.card)
    found = compose(Release.of(folder, manifest), published=published).data.decode()
    assert "pretty_name: Our music" in found and "extra: 1" in found and "## Thanks" in found
    assert found.count("## Splits") == 1
    again = Published(found, found, manifest.card)
    assert compose(Release.of(folder, manifest), published=again).data.decode() == found
    # What the folder says by itself stands.
    (folder / "README.md").write_text(
        released.replace("pretty_name: Sport music", "pretty_name: Mine") + "## By hand\n"
    )
    found = compose(Release.of(folder, manifest), published=published).data.decode()
    assert "pretty_name: Mine" in found and "extra: 1" in found
    assert "## By hand" in found and "## Thanks" not in found
