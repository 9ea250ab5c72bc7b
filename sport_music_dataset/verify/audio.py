"""Checks of the audio of chunks: it decodes, overlaps agree, silence and clipping are as stated."""

import io
from dataclasses import dataclass

import numpy as np
import soundfile

from ..audio.loudness import clipping_ratio, silence_ratio
from ..audio.samples import Pcm, is_silent
from ..recipe import SAMPLING_RATE, Recipe
from ..records import Row
from .findings import Check, Findings

# A block of 0.1 s whose power is at the limit may count on another machine: one block more or less.
_BLOCK_SECONDS = 0.1
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
        if self.recipe:
            self._check_silence(row, pcm, self.recipe)
        return pcm

    def _check_silence(self, row: Row, pcm: Pcm, recipe: Recipe) -> None:
        faults = []
        if not recipe.keep_silence and is_silent(pcm):
            faults.append("is digital silence, which the recipe leaves out")
        if recipe.analysis and row["silence_ratio"] is not None:
            silence = silence_ratio(np.asarray(pcm, np.float32) / np.float32(32_768))
            near = _BLOCK_SECONDS * SAMPLING_RATE / len(pcm) + 1e-4
            if not abs(silence - row["silence_ratio"]) <= near:
                faults.append(f"silence_ratio is {row['silence_ratio']}, not {silence:.4f}")
        if recipe.analysis and row["clipping_ratio"] is not None:
            clipping = clipping_ratio(pcm)
            if not abs(clipping - row["clipping_ratio"]) <= _CLIPPING_ERROR:
                faults.append(f"clipping_ratio is {row['clipping_ratio']}, not {clipping:.6f}")
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
