"""A small release to look at: misfits, a duplicate, beats, what a tagger might have heard, and
texts that try to be markup."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np

from builder_tests.conftest import RECIPE, noise, write_audio
from builder_tests.support.making import build
from builder_tests.support.rewriting import Rows, rewrite_all
from builder_tests.support.scores import SCORES, play
from sport_music_dataset.encode.encode import encode_release
from sport_music_dataset.encode.settings import EncodeSettings

STAGED = replace(RECIPE, chunk_seconds=6.0, overlap_seconds=2.0)
SCRIPT = "</script><script>window.hacked=1</script>"
IMAGE = "\"'><img src=x onerror=window.hacked=1>"
COMMENT = "<!-- <script> $& {{data}} \\u003c `${window.hacked=1}` &lt;b&gt;"
ARABIC = "موسيقى \u202ednuor 🏃🏽 <b>"
LONG = "n" * 250
WORDY = (
    "words that go on and on, far beyond what the text encoder will ever get to see of " + SCRIPT
)

# file, session, style, title, description, seconds of music
_TRACKS = (
    ("one.wav", "Yoga", "calm", SCRIPT, WORDY, 15.0),
    ("two.flac", "Sprint", IMAGE, ARABIC, "", 11.0),
    ("three.wav", SCRIPT, "rock", COMMENT, COMMENT, 11.0),
    ("four.wav", ARABIC, LONG, LONG, "", 7.0),
    ("five.wav", "Running", "techno", "steady", "", 11.0),
    ("six.wav", "Running", "techno", "faster", "", 11.0),
    ("six again.flac", "Running", "techno", "the same", "", 11.0),
    (f"{'l' * 230}.wav", "Cycling", "rock", IMAGE, IMAGE, 7.0),
)
_HEARD = {"yoga": ("guitar", SCRIPT), "running": ("drums", "guitar")}
_BEATS = {"five.wav": 120.0, "six.wav": 152.0, "six again.flac": 152.0}


def stage(root: Path) -> Path:
    """Build and encode it below `root`; the release folder."""
    rows = [("file_name", "session", "style", "title", "description")]
    for seed, (name, session, style, title, description, seconds) in enumerate(_TRACKS):
        if tempo := _BEATS.get(name):
            samples = play(SCORES["club"], tempo, seconds, seed=round(tempo))
        else:
            # Quiet noise has little energy: too little for a sprint.
            samples = noise(seconds, seed=seed) * np.float32(0.05 if session == "Sprint" else 1)
        write_audio(root / "music" / name, samples)
        rows.append((name, session, style, title, description))
    with (root / "music/metadata.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    build(root / "music", root / "<i>release", STAGED)
    encode_release(root / "<i>release", EncodeSettings(model="nano"))
    for config in ("raw", "encoded"):
        rewrite_all(root / "<i>release", config, hear)
    return root / "<i>release"


def hear(rows: Rows) -> None:
    """Write what a tagger might have heard into rows of `raw`, `encoded` or `tracks`."""
    for row in rows:
        words, calm = _HEARD.get(row["session"], ()), row["session"] == "yoga"
        row |= {
            "vocals": 0.9 if calm else 0.2,
            "instruments": list(words),
            "instruments_confidence": [0.9, 0.7][: len(words)],
            "moods": ["calm"] if calm else [],
            "moods_confidence": [0.6] if calm else [],
            "heard_style": "rock" if words else "",
            "heard_style_confidence": 0.8 if words else None,
        }
