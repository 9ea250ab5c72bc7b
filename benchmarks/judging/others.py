"""What other tools measure, as tools of this benchmark alone: sportgen needs none of them.

A tool that is not installed is left out of the tables. Their licences: librosa ISC, essentia
AGPL-3.0, aubio GPL-3.0 (the program `aubio`), pyloudnorm MIT, madmom BSD with models under
CC BY-NC-SA 4.0. With Python 3.11, madmom installs by
`pip install "cython<3.1" numpy setuptools wheel && pip install --no-build-isolation madmom`.
beat_this is on PyPI too, but loads its weights from another host, so that it is not here.
"""

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .right import spelled

Measured = dict[str, Any]


def _decoded(file: Path, rate: int) -> NDArray[np.float32]:
    """The mean of the channels at a rate, samples [N], by FFmpeg."""
    command = ["ffmpeg", "-v", "quiet", "-i", str(file), "-af", "pan=mono|c0=0.5*c0+0.5*c1"]
    command += ["-ar", str(rate), "-f", "f32le", "-"]
    raw = subprocess.run(command, capture_output=True, check=True).stdout
    return np.frombuffer(raw, np.float32).copy()


def _librosa(file: Path) -> Measured:
    import librosa

    samples = _decoded(file, 22_050)
    onsets = librosa.onset.onset_strength(y=samples, sr=22_050)
    beats, _ = librosa.beat.beat_track(onset_envelope=onsets, sr=22_050)
    tempo = librosa.feature.tempo(onset_envelope=onsets, sr=22_050)
    return {
        "librosa.feature.tempo": {"bpm": float(tempo[0])},
        "librosa.beat.beat_track": {"bpm": float(np.atleast_1d(beats)[0])},
    }


def _essentia(file: Path) -> Measured:
    import essentia
    import essentia.standard

    essentia.log.infoActive = essentia.log.warningActive = False
    samples = _decoded(file, 44_100)
    bpm, *_ = essentia.standard.RhythmExtractor2013(method="multifeature")(samples)
    found: Measured = {"essentia": {"bpm": float(bpm)}}
    for profile in ("bgate", "krumhansl", "temperley", "edma"):
        tonic, scale, _ = essentia.standard.KeyExtractor(profileType=profile)(samples)
        found[f"essentia {profile}"] = {"key": spelled(f"{tonic} {scale}")}
    return found


def _aubio(file: Path) -> Measured:
    done = subprocess.run(["aubio", "tempo", str(file)], capture_output=True, text=True, check=True)
    said = re.search(r"([\d.]+) bpm", done.stdout)
    return {"aubio": {"bpm": float(said[1]) if said else None}}


def _madmom(file: Path) -> Measured:
    import collections.abc

    # Its last release, 0.16.1 of 2018, uses names that Python 3.10 and NumPy 1.24 took away.
    vars(collections).update(MutableSequence=collections.abc.MutableSequence)
    vars(np).update(float=float, int=int, object=object)
    from madmom.features import beats, key, tempo

    tempi = tempo.TempoEstimationProcessor(fps=100)(beats.RNNBeatProcessor()(str(file)))
    label = key.key_prediction_to_label(key.CNNKeyRecognitionProcessor()(str(file)))
    return {"madmom": {"bpm": float(tempi[0][0]), "key": spelled(label)}}


def _pyloudnorm(file: Path) -> Measured:
    import pyloudnorm

    # At sportgen's rate, as it measures.
    lufs = pyloudnorm.Meter(32_000).integrated_loudness(_decoded(file, 32_000))
    return {"pyloudnorm": {"lufs": float(lufs)}}


_TOOLS: dict[str, Callable[[Path], Measured]] = {
    "librosa": _librosa,
    "essentia": _essentia,
    "madmom": _madmom,
    "pyloudnorm": _pyloudnorm,
}


def installed() -> dict[str, Callable[[Path], Measured]]:
    """Map each tool that this environment has to its function: file -> name -> measures."""
    tools = {name: tool for name, tool in _TOOLS.items() if importlib.util.find_spec(name)}
    return tools | ({"aubio": _aubio} if shutil.which("aubio") else {})
