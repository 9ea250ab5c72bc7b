"""Checks of the audio of chunks: it decodes, overlaps agree, silence and clipping are as stated."""

import io
from dataclasses import dataclass
from hashlib import md5

import numpy as np
import soundfile

from ..audio.loudness import clipping_ratio, silence_ratio
from ..audio.samples import Mono, Pcm, is_silent
from ..recipe import SAMPLING_RATE, Recipe
from ..records import Row
from .findings import Check, Findings

# Silence is measured in blocks of 0.1 s. A block with a lower peak is silent, a block with a higher
# peak is not: only the blocks between are measured, since most music has none.
_BLOCK = SAMPLING_RATE // 10
_SILENT_PEAK, _LOUD_PEAK = 32, 1_900
_CLIPPING_ERROR = 1e-6


@dataclass(slots=True)
class AudioChecks:
    """Checks chunks of `chunk_samples` samples, in the order of their rows.

    Without a `recipe`, which is that of another version, silence and clipping are not compared.
    """

    chunk_samples: int
    recipe: Recipe | None
    findings: Findings
    pairs: int = 0
    _before: tuple[str, int, Pcm] = ("", 0, np.zeros(0, np.int16))

    def check(self, row: Row, flac: bytes | None) -> Pcm | None:
        """Check a row of `raw` and its audio; returns its samples if they are valid, else None."""
        pcm = self._decode(row["chunk_id"], flac)
        if pcm is None:
            return None
        track_id, start, before = self._before
        offset = round(row["start_seconds"] * SAMPLING_RATE) - start
        if row["track_id"] == track_id and 0 < offset < len(before):
            self.pairs += 1
            shared = before[offset:]
            if not np.array_equal(shared, pcm[: len(shared)]):
                self.findings.fail(
                    Check.OVERLAP, f"{row['chunk_id']}: differs from the chunk before it"
                )
        self._before = (row["track_id"], start + offset, pcm)
        found, stated = md5(pcm.tobytes(), usedforsecurity=False).hexdigest(), row["audio_md5"]
        if found != stated:
            self.findings.fail(
                Check.AUDIO, f"{row['chunk_id']}: audio_md5 is {stated}, not {found}"
            )
        if self.recipe:
            self._check_silence(row, pcm, self.recipe)
        return pcm

    def _check_silence(self, row: Row, pcm: Pcm, recipe: Recipe) -> None:
        faults = []
        if not recipe.keep_silence and is_silent(pcm):
            faults.append("is digital silence, which the recipe leaves out")
        stated, clipped = row["silence_ratio"], row["clipping_ratio"]
        if stated is not None and not abs((found := _silence(pcm)) - stated) <= _near(pcm):
            faults.append(f"silence_ratio is {stated}, not {found:.4f}")
        if clipped is not None and not abs((found := _clipping(pcm)) - clipped) <= _CLIPPING_ERROR:
            faults.append(f"clipping_ratio is {clipped}, not {found:.6f}")
        self.findings.fail_all(Check.SILENCE, faults, row["chunk_id"])

    def _decode(self, identity: str, flac: bytes | None) -> Pcm | None:
        try:
            with soundfile.SoundFile(io.BytesIO(flac or b"")) as file:
                form = (file.format, file.subtype, file.samplerate, file.channels)
                pcm: Pcm = file.read(dtype="int16")
        except soundfile.LibsndfileError as error:
            self.findings.fail(Check.AUDIO, f"{identity}: does not decode ({error})")
            return None
        if form != ("FLAC", "PCM_16", SAMPLING_RATE, 1):
            found = " ".join(map(str, form))
            self.findings.fail(Check.AUDIO, f"{identity}: is {found}, not mono FLAC, 16 bit")
        elif len(pcm) != self.chunk_samples:
            self.findings.fail(
                Check.AUDIO, f"{identity}: has {len(pcm)} samples, not {self.chunk_samples}"
            )
        else:
            return pcm
        return None


def _near(pcm: Pcm) -> float:
    """The error of a silence_ratio: one block at the limit may count on another machine."""
    return _BLOCK / len(pcm) + 1e-4


def _silence(pcm: Pcm) -> float:
    """The silence_ratio of samples."""
    blocks = pcm[: len(pcm) // _BLOCK * _BLOCK].reshape(-1, _BLOCK)
    if not len(blocks):
        return silence_ratio(_floats(pcm))
    peaks = np.maximum(blocks.max(axis=1), ~blocks.min(axis=1))
    silent = np.count_nonzero(peaks < _SILENT_PEAK)
    unsure = blocks[(peaks >= _SILENT_PEAK) & (peaks < _LOUD_PEAK)]
    if len(unsure):
        silent += round(silence_ratio(_floats(unsure.ravel())) * len(unsure))
    return silent / len(blocks)


def _clipping(pcm: Pcm) -> float:
    """The clipping_ratio of samples; most have none at full scale."""
    full = pcm.max() >= 32_767 or pcm.min() <= -32_767
    return clipping_ratio(pcm) if full else 0.0


def _floats(pcm: Pcm) -> Mono:
    return np.asarray(pcm, np.float32) / np.float32(32_768)
