"""The pictures of a release: which, what they say, that anybody can see it, whatever the names."""

import io
import math
import shutil
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from builder_tests.support.making import verify_folder
from builder_tests.support.rewriting import Rows, rewrite
from sport_music_dataset.card.card import write_card
from sport_music_dataset.card.panels import Bars, Histogram, Panel, Points
from sport_music_dataset.card.pictures import NAMES, pictures
from sport_music_dataset.card.plots import THEMES, label, render
from sport_music_dataset.encode.encode import encode_release
from sport_music_dataset.encode.settings import EncodeSettings
from sport_music_dataset.publish.contents import select
from sport_music_dataset.release.manifest import read_manifest
from sport_music_dataset.release.release import Release

HOSTILE = [
    r"$\frac{a}{b}$",
    "$",
    "_hidden",
    "a\nb\x1b[31m\u202e",
    "x" * 250,
    "مرحبا שלום",
    "日本語 \U000f0000",
    "Z" + "\u0335" * 80,
    "",
]


@pytest.fixture(scope="module")
def measured(encoded: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`encoded` with tempi in, outside and at half of the bands of yoga, and loudness."""
    out = shutil.copytree(encoded, tmp_path_factory.mktemp("measured") / "dataset")

    def measure(rows: Rows) -> None:
        for number, row in enumerate(rows):
            row |= {"tempo_confidence": 0.1, "loudness_lufs": -14.0 - number % 4}
            if row["session"] != "running":
                row |= {"session": "Yoga", "tempo_bpm": (70.0, 105.0, 150.0)[number % 3]}
                row |= {"tempo_confidence": 1.0}

    rewrite(out, "raw", measure)
    return out


def test_pictures_are_files_of_the_release_and_in_the_card(measured: Path) -> None:
    manifest = read_manifest(measured)
    assert manifest.pictures.keys() == {*NAMES}
    text = (measured / "README.md").read_text()
    for name in NAMES:
        for theme in THEMES:
            path = f"assets/{name}-{theme}.png"
            data = (measured / path).read_bytes()
            assert len(data) == manifest.files[path].bytes < 150_000 and path in text
            with Image.open(io.BytesIO(data)) as image:
                assert image.width == 1200 and not image.info.keys() & {"Software", "date"}
    (measured / "assets/tempo-dark.png").write_bytes(b"other")
    [failure] = verify_folder(measured, data=False).failures
    assert "assets/tempo-dark.png: is not what the manifest says" in failure
    write_card(Release.of(measured, manifest))


def test_words_tell_the_figures(measured: Path) -> None:
    manifest = read_manifest(measured)
    found = {picture.name: picture for picture in pictures(Release.of(measured, manifest))}
    panel = found["tempo"].panels[0]
    assert isinstance(panel, Points)
    kinds = [kind for row in panel.points for _, kind in row]
    assert f"Yoga (60 to 90 BPM): {kinds.count(0)} in the band" in found["tempo"].alt
    assert f"{kinds.count(1)} its half or double is" in found["tempo"].alt
    assert kinds.count(0) and kinds.count(1) and kinds.count(2)
    assert found["tempo"].alt.count("no sure tempo") == len(panel.names) - 1
    assert [*panel.notes] == ["" if row else "no sure tempo" for row in panel.points]
    rows = sum(manifest.splits("raw").values())
    assert found["chunks"].alt.startswith(f"{rows} chunks. By session: ")
    assert f"perplexity {manifest.codebooks[0]['perplexity']:.0f}" in found["codebooks"].alt
    bars = found["splits"].panels[0]
    assert isinstance(bars, Bars)
    for shares in zip(*(lengths for _, lengths in bars.parts), strict=True):
        assert sum(shares) == pytest.approx(100)


def test_what_is_shown_already_is_not_drawn_again(measured: Path) -> None:
    before = {file: file.stat().st_mtime_ns for file in (measured / "assets").iterdir()}
    encode_release(measured, EncodeSettings(model="nano"))
    assert {file: file.stat().st_mtime_ns for file in before} == before
    (measured / "assets/chunks-light.png").unlink()
    manifest = read_manifest(measured)
    wanted = manifest.files["assets/chunks-light.png"]
    write_card(Release.of(measured, manifest))
    assert manifest.files["assets/chunks-light.png"] == wanted


def test_a_release_without_codes_has_no_picture_of_them(measured: Path) -> None:
    chosen = select(read_manifest(measured), ("raw", "tracks"))
    assert chosen.pictures.keys() == {*NAMES} - {"codebooks"} and not chosen.codebooks
    assert {path for path in chosen.files if "codebooks" in path} == set()
    assert "assets/tempo-dark.png" in chosen.files


def test_hundreds_of_names_are_the_first_few(measured: Path) -> None:
    manifest = read_manifest(measured)
    names = [f"session {number}" for number in range(40)]

    def rename(rows: Rows) -> None:
        kept = next(row for row in rows if row["status"] == "kept")
        rows[:] = [
            kept | {"path": name, "session": name, "style": name, "chunks": number + 1}
            for number, name in enumerate(names)
        ]

    rewrite(measured, "tracks", rename)
    found = {picture.name: picture for picture in pictures(Release.of(measured, manifest))}
    bars = found["chunks"].panels[0]
    assert isinstance(bars, Bars) and bars.title.endswith(": 11 of 40")
    assert (len(bars.names), len(bars.parts)) == (11, 6) and bars.parts[-1][0] == "35 others"
    assert "29 others" in found["chunks"].alt


@pytest.mark.parametrize("theme", THEMES)
def test_any_name_is_drawn_as_it_is_and_always_the_same(theme: str) -> None:
    ones = [1.0] * len(HOSTILE)
    panels: list[Panel] = [
        Bars("bars", HOSTILE, [(name, ones) for name in HOSTILE[:5]], ends=["1"] * len(HOSTILE)),
        Bars("styles", HOSTILE, [(name, ones) for name in HOSTILE[:7]], rest=True, coloured=True),
        Bars("patterns", HOSTILE, [(name, ones) for name in HOSTILE]),
        Points(
            "points",
            HOSTILE[:3],
            [(60, 90), None, (150, 200)],
            [[(70, 0), (200, 1)], [], []],
            ["in", "out"],
            ["", *HOSTILE[1:3]],
        ),
        Histogram("histogram", [0, 1, 2], [3, 4], 1.5, "median"),
    ]
    assert render(panels, theme) == render(panels, theme)


def test_labels_are_short_lines_of_letters_that_the_font_has() -> None:
    for name in HOSTILE:
        shown = label(name)
        assert len(shown) <= 27 and shown.isprintable() and not shown.startswith("_")
    assert label("日本語 é") == "□□□ é" and label(r"$\frac{a}{b}$") == r"$\frac{a}{b}$"


# Machado, Oliveira and Fernandes (2009), severity 1.0, for linear RGB.
DEFICIENCIES = {
    "none": np.eye(3),
    "protan": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    "deutan": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    "tritan": [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]],
}
TO_XYZ = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]


def linear(colour: str) -> np.ndarray:
    """Linear RGB [3] of `#rrggbb`."""
    values = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    """CIELAB [3] of linear RGB."""
    xyz = np.clip(TO_XYZ @ rgb, 0, None) / [0.9505, 1.0, 1.089]
    x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("kind", DEFICIENCIES)
@pytest.mark.parametrize("name", THEMES)
def test_colours_differ_for_everybody(name: str, kind: str) -> None:
    theme = THEMES[name]
    seen = [
        lab(np.clip(DEFICIENCIES[kind] @ linear(colour), 0, 1))
        for colour in (*theme.colours, theme.plain, theme.others, theme.background)
    ]
    # What stands side by side differs by ten times what can just be seen.
    assert min(math.dist(one, other) for one, other in combinations(seen, 2)) > 10


@pytest.mark.parametrize("theme", THEMES.values())
def test_text_has_the_contrast_that_wcag_asks_for(theme: object) -> None:
    text, page = (linear(getattr(theme, name)) @ TO_XYZ[1] for name in ("text", "background"))
    low, high = sorted((text, page))
    assert (high + 0.05) / (low + 0.05) > 7
