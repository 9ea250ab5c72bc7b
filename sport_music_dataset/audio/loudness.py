"""Loudness (ITU-R BS.1770-4), loudness range (EBU Tech 3342), silence and clipping of chunks."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise

import numpy as np
from av import AudioFrame
from av.filter import Graph
from numpy.typing import NDArray

from ..recipe import SAMPLING_RATE
from .samples import Pcm
from .spectra import Floats

Powers = NDArray[np.float64]

# The two filters of the K-weighting at 32 kHz, a high shelf and a high pass, with coefficients from
# pyloudnorm's formulas: BS.1770 gives coefficients only for 48 kHz.
_K_WEIGHTING = (
    "b0=1.5113213110197885:b1=-2.4657134435972035:b2=1.0421171358466643"
    ":a0=1:a1=-1.5395728725402202:a2=0.6272978758094697",
    "b0=0.9925802295471099:b1=-1.9851604590942198:b2=0.9925802295471099"
    ":a0=1:a1=-1.985132830001248:a2=0.9851880881871911",
)

# A slot has 0.1 s. The blocks of BS.1770 have 0.4 s and overlap by three quarters, so each is the
# mean of four slots.
_SLOT = SAMPLING_RATE // 10
_BLOCK_SLOTS, _SHORT_TERM_SLOTS = 4, 30
# Samples that one call filters: they fit into a core's cache.
_FILTERED = 10 * _SLOT
_OFFSET_DB = -0.691
_GATE_LUFS, _GATE_DB, _RANGE_GATE_DB = -70.0, -10.0, -20.0
_SILENCE_POWER = 10 ** (-60 / 10)
# Shorter runs of samples at full scale occur by chance.
_CLIPPED_RUN = 3


@dataclass(slots=True)
class Weighting:
    """K-weighted power of a track's chunks, in slots of 0.1 s.

    Audio that a chunk shares with the chunk before it is filtered once: the filter continues with
    the new samples of each chunk.

    Args:
        chunk_hop: samples from the start of a chunk to the start of the next.
    """

    chunk_hop: int
    _index: int = -2
    _filter: Graph = field(init=False)
    _slots: Powers = field(init=False)

    def of(self, index: int, samples: Floats) -> Powers:
        """Weighted mean squares [slots] float64 of the chunk at `index`, samples [N] float32."""
        shared = np.zeros(0)
        if index == self._index + 1 and self.chunk_hop % _SLOT == 0 and len(samples) % _SLOT == 0:
            shared = self._slots[self.chunk_hop // _SLOT :]
        if not len(shared):
            self._filter = _k_weighting()
        whole = len(samples) // _SLOT * _SLOT
        starts = range(len(shared) * _SLOT, whole, _FILTERED)
        new = [_powers(self._filter, samples[at : min(at + _FILTERED, whole)]) for at in starts]
        self._index, self._slots = index, np.concatenate([shared, *new])
        return self._slots


def integrated_lufs(slots: Powers) -> float | None:
    """Integrated loudness in LUFS of mono slots [N]; None where all blocks are below the gates."""
    blocks = _means(slots, _BLOCK_SLOTS)
    blocks = blocks[_lufs(blocks) > _GATE_LUFS]
    if not len(blocks):
        return None
    blocks = blocks[_lufs(blocks) > _lufs(blocks.mean()) + _GATE_DB]
    return float(_lufs(blocks.mean()))


def loudness_range_db(slots: Powers) -> float | None:
    """Loudness range in dB of mono slots [N]; None where all blocks are below the gates.

    The range is from the 10th to the 95th percentile of blocks of 3 s.

    Source: EBU Tech 3342 (2016).
    """
    blocks = _means(slots, _SHORT_TERM_SLOTS)
    blocks = blocks[_lufs(blocks) > _GATE_LUFS]
    if not len(blocks):
        return None
    levels = _lufs(blocks[_lufs(blocks) > _lufs(blocks.mean()) + _RANGE_GATE_DB])
    low, high = np.percentile(levels, (10, 95))
    return float(high - low)


def silence_ratio(samples: Floats) -> float:
    """Share of slots of 0.1 s with a mean square below -60 dBFS, in samples [N] float32."""
    whole = len(samples) // _SLOT * _SLOT
    if not whole:
        return float(np.mean(np.square(samples)) < _SILENCE_POWER)
    powers = np.square(samples[:whole]).reshape(-1, _SLOT).mean(axis=1)
    return float(np.mean(powers < _SILENCE_POWER))


def clipping_ratio(pcm: Pcm) -> float:
    """Share of samples [N] int16 that lie in runs of three or more at full scale."""
    if pcm.max(initial=0) < 32_767 and pcm.min(initial=0) > -32_767:
        return 0.0
    full = (pcm >= 32_767) | (pcm <= -32_767)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], full, [False]]).astype(np.int8)))
    runs = edges[1::2] - edges[::2]
    return float(runs[runs >= _CLIPPED_RUN].sum() / len(pcm))


def joined(chunks: Sequence[Powers], indices: Sequence[int], chunk_hop: int) -> Powers:
    """The slots of a track from the slots of its chunks; slots that chunks share are taken once."""
    fresh = chunk_hop // _SLOT
    parts = [chunks[0]]
    for (before, index), slots in zip(pairwise(indices), chunks[1:], strict=True):
        parts.append(slots[max(0, len(slots) - (index - before) * fresh) :])
    return np.concatenate(parts)


def _means(slots: Powers, width: int) -> Powers:
    """Moving means over `width` slots; the mean of all slots if there are fewer."""
    width = max(1, min(width, len(slots)))
    return np.convolve(slots, np.full(width, 1 / width), "valid") if len(slots) else slots


def _lufs(power: Powers) -> Powers:
    return _OFFSET_DB + 10 * np.log10(np.maximum(power, 1e-20))


def _k_weighting() -> Graph:
    """A new K-weighting filter, by FFmpeg because scipy.signal takes a second to import."""
    graph = Graph()
    source = graph.add_abuffer(
        sample_rate=SAMPLING_RATE,
        format="dblp",
        layout="mono",
        time_base=Fraction(1, SAMPLING_RATE),
    )
    sections = (graph.add("biquad", f"{s}:precision=f64:transform=di") for s in _K_WEIGHTING)
    graph.link_nodes(source, *sections, graph.add("abuffersink")).configure()
    return graph


def _powers(graph: Graph, samples: Floats) -> Powers:
    """Mean squares [slots] of what a filter gives for samples [N] float32 of whole slots.

    The filter keeps its state between calls.
    """
    frame = AudioFrame.from_ndarray(samples[None].astype(np.float64), "dblp", "mono")
    frame.sample_rate = SAMPLING_RATE
    graph.push(frame)
    weighted: NDArray[np.float64] = graph.pull().to_ndarray()[0]
    powers: Powers = np.square(weighted).reshape(-1, _SLOT).mean(axis=1)
    return powers
