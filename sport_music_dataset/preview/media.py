"""The media of a chunk for the page: compressed audio, and one picture of its sound."""

import io
from dataclasses import dataclass
from functools import cache

import av
import matplotlib
import numpy as np
import torch
from av.audio.frame import AudioFrame
from numpy.typing import NDArray
from PIL import Image

from ..audio.samples import Mono, to_pcm16
from ..recipe import SAMPLING_RATE
from .mel import DB_PER_NEPER, distance, log_mel

AUDIO_TYPE, PICTURE_TYPE = "audio/webm", "image/png"
COLUMNS, WAVE_ROWS, MEL_ROWS = 400, 40, 64

# In bits per second. Two sounds of 25 s and their pictures are 275 KB as base64, so a page of 200
# chunks stays under 60 MB.
_BITS_PER_SECOND = 28_000
_OPUS_RATE = 48_000
# Packets of 60 ms hold three frames and need a third of the headers. The variable bit rate is
# bounded, because bright music would take half as much again without a bound.
_OPUS = {"vbr": "constrained", "frame_duration": "60"}
# Without this flag, the muxer writes a random id and the time.
_WEBM = {"fflags": "+bitexact"}

# Both have a contrast of more than 3:1 with the light and the dark background of the page.
_WAVE, _WAVE_RMS = (0x6F, 0x98, 0xE8), (0x3F, 0x6F, 0xC8)
_FIRST_MEL, _LEVELS = 3, 28
# Range of the mel bands in dB below a full-scale tone: louder is rare, quieter is invisible. It is
# fixed so that pictures can be compared.
_QUIETEST_DB, _LOUDEST_DB = -72.0, -12.0
_MEL_WINDOW = 2048


@dataclass(frozen=True, slots=True)
class Media:
    """The media of a chunk: Opus in WebM, and a PNG with waveform above mel spectrogram."""

    audio: bytes
    picture: bytes


def render(wave: Mono) -> Media:
    """Audio and picture of a wave [N] float32 at 32 kHz; the same wave gives the same bytes."""
    return Media(compress(wave), picture(wave))


def distance_db(wave: Mono, other: Mono) -> float:
    """`mel.distance` of two waves [N] at 32 kHz, in dB, over the length of the shorter one."""
    length = min(len(wave), len(other))
    one, two = (torch.from_numpy(w[None, :length].copy()) for w in (wave, other))
    return distance(one, two) * DB_PER_NEPER


def compress(wave: Mono) -> bytes:
    """A wave [N] at 32 kHz as mono Opus in WebM; samples over full scale are clipped.

    Chromium and Firefox play it, and Safari from 15 on.
    """
    pcm, _ = to_pcm16(wave)
    frame = AudioFrame.from_ndarray(pcm[None], format="s16", layout="mono")
    frame.sample_rate = SAMPLING_RATE
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="webm", options=_WEBM) as container:
        stream = container.add_stream("libopus", rate=_OPUS_RATE, layout="mono", options=_OPUS)
        stream.bit_rate = _BITS_PER_SECOND
        for part in (frame, None):
            container.mux(stream.encode(part))
    return buffer.getvalue()


def picture(wave: Mono) -> bytes:
    """A PNG [WAVE_ROWS + MEL_ROWS, COLUMNS] of a wave [N].

    Its envelope is on a transparent background; below it is the mel spectrogram, with high
    frequencies at the top.
    """
    pixels = np.concatenate([_envelope(wave), _spectrogram(wave)])
    image = Image.fromarray(pixels, "P")
    image.putpalette(_palette())
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True, transparency=0)
    return buffer.getvalue()


def _envelope(wave: Mono) -> NDArray[np.uint8]:
    """Pixels [WAVE_ROWS, COLUMNS]: 1 inside the peaks of a column, 2 inside its RMS, else 0."""
    edges = np.linspace(0, len(wave), COLUMNS + 1).astype(int)[:-1]
    peaks = np.maximum.reduceat(np.abs(wave), edges)
    counts = np.diff([*edges, len(wave)])
    rms = np.sqrt(np.add.reduceat(np.square(wave, dtype=np.float64), edges) / np.maximum(counts, 1))
    # Distance of the middle of each row from the centre, 0 to 1.
    rows = np.abs((np.arange(WAVE_ROWS) + 0.5) / WAVE_ROWS * 2 - 1)[:, None]
    thinnest = 1 / WAVE_ROWS
    pixels = (rows <= np.maximum(peaks, thinnest)).astype(np.uint8)
    pixels += rows <= rms
    return np.minimum(pixels, 2)


def _spectrogram(wave: Mono) -> NDArray[np.uint8]:
    """Pixels [MEL_ROWS, COLUMNS] of the mel spectrogram, each the mean of its frames."""
    level = log_mel(torch.from_numpy(wave[None].copy()), _MEL_WINDOW, MEL_ROWS)
    columns = torch.nn.functional.adaptive_avg_pool1d(level, COLUMNS)[0].numpy() * DB_PER_NEPER
    share = (columns - _QUIETEST_DB) / (_LOUDEST_DB - _QUIETEST_DB)
    steps = np.clip(np.floor(share * _LEVELS), 0, _LEVELS - 1).astype(np.uint8)
    return steps[::-1] + np.uint8(_FIRST_MEL)


@cache
def _palette() -> list[int]:
    magma = matplotlib.colormaps["magma"](np.linspace(0.02, 0.98, _LEVELS))
    colours = [(0, 0, 0), _WAVE, _WAVE_RMS, *np.rint(magma[:, :3] * 255).astype(int).tolist()]
    return [value for colour in colours for value in colour]
