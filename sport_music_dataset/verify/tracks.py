"""Checks of the rows of `tracks`: values, ids, reasons, numbers of chunks, and groups."""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from ..audio.keys import KEYS
from ..audio.tags import LEAST_BPM, MOST_BPM
from ..columns import NULLABLE
from ..describe.sessions import folded
from ..errors import counted
from ..reasons import CHUNK_COUNTS, Reason, Status, kind_of
from ..recipe import SAMPLING_RATE, Recipe, chunk_count
from ..records import MEAN, Decoder, Row
from ..release.manifest import Manifest
from ..source.names import style_key
from .findings import Check, Findings
from .review import Reviewed

# Lowest and highest value of each measure. Tempi are 38 to 215 BPM; full scale has at most 4 LUFS
# by the K-weighting. The other limits are those of the definitions in `records.Measures`.
_SHARE = (0.0, 1.0)
_DOMAINS = {
    **dict.fromkeys(("tempo_bpm", "tempo_alternative_bpm"), (30.0, 300.0)),
    "loudness_lufs": (-70.0, 10.0),
    "dynamic_range_db": (0.0, 100.0),
    **dict.fromkeys(("tempo_confidence", "beat_strength", "key_confidence"), _SHARE),
    **dict.fromkeys(("silence_ratio", "clipping_ratio", "energy"), _SHARE),
}
_MAY_LACK = {"tempo_bpm", "tempo_alternative_bpm", "loudness_lufs", "dynamic_range_db"}
_COUNTS = (
    *("chunks", *CHUNK_COUNTS.values()),
    *("clipped_samples", "nonfinite_samples", "damaged_packets"),
)
_RATES = range(2_000, 768_001)
_MOST_CHANNELS = 1_024
# As in build.track_rows: a container may claim another length by this much.
_LENGTH_TOLERANCE_SECONDS = 0.1
_ROUNDING = 1e-6


def measure_faults(row: Row, analysis: bool | None) -> Iterator[str]:
    """The measures of a row that are impossible; `analysis` is None if it is not known."""
    measured = row["energy"] is not None
    for name, (low, high) in _DOMAINS.items():
        value = row[name]
        if value is not None and not low <= value <= high:
            yield f"{name} is {value}, not from {low:g} to {high:g}"
        if value is None and measured and name not in _MAY_LACK:
            yield f"{name} is missing"
        if value is not None and not measured:
            yield f"{name} is {value}, but nothing else is measured"
    if (row["key"] or "") not in ("", *KEYS) or (row["key"] and not measured):
        yield f"key is {row['key']!r}"
    if (row["tempo_bpm"] is None) != (row["tempo_alternative_bpm"] is None):
        yield "has one of two tempi"
    if analysis is not None and measured != analysis:
        yield f"is {'' if measured else 'not '}measured, but the recipe says analysis {analysis}"


def heard_faults(row: Row, tagger: str | None) -> Iterator[str]:
    """What cannot have been heard in a row; `tagger` is that of the recipe, None if not known."""
    listened = row["vocals"] is not None
    if tagger is not None and listened != bool(tagger):
        yield f"vocals is {row['vocals']}, but the recipe says tagger {tagger!r}"
    said = {name: row[name] or [] for name in ("instruments", "moods")}
    said["heard_style"] = [row["heard_style"]] if row["heard_style"] else []
    for name, words in said.items():
        sure = row[f"{name}_confidence"]
        sure = [] if sure is None else sure if isinstance(sure, list) else [sure]
        if len(sure) != len(words) or len({*words}) != len(words) or not all(words):
            yield f"{name} is {words}, with confidences {sure}"
        if sure != sorted(sure, reverse=True) or not all(0 <= value <= 1 for value in sure):
            yield f"{name}_confidence is {sure}, not from 1 down to 0"
        if words and not listened:
            yield f"{name} is {words}, but nobody listened"
    if listened and not 0 <= row["vocals"] <= 1:
        yield f"vocals is {row['vocals']}, not from 0 to 1"


def filtered_chunks(track: Row, recipe: Recipe) -> int:
    """Number of chunks of a track that filters of the recipe left out."""
    misfits = track["misfit_chunks"] if recipe.min_fit != "no" else 0
    others = ("dropped_chunks", "voiced_chunks", "untimed_chunks")
    return int(misfits + sum(track[name] for name in others))


@dataclass(slots=True)
class Rebuilt:
    """The rows of `raw` or `encoded` by track: their number, and the splits in which they are."""

    rows: Mapping[str, int] = field(default_factory=dict)
    splits: Mapping[str, set[str]] = field(default_factory=dict)


@dataclass
class TrackChecks:
    """Checks all rows of `tracks`; `recipe` is None if it is that of another version."""

    tracks: list[Row]
    manifest: Manifest
    recipe: Recipe | None
    findings: Findings
    reviewed: Reviewed

    @cached_property
    def kept(self) -> dict[str, Row]:
        """Id -> row of each track that gave chunks."""
        return {row["track_id"]: row for row in self.tracks if row["status"] != Status.LEFT_OUT}

    def run(self) -> None:
        """Check everything that needs no rows of another config."""
        self.findings.fail_all(Check.TRACKS, self._name_faults())
        for row in self.tracks:
            kept, path = row["status"] != Status.LEFT_OUT, row["path"]
            self.findings.fail_all(Check.TRACKS, _value_faults(row, kept), path)
            self.findings.fail_all(Check.REASONS, self._reason_faults(row), path)
            analysis = self.recipe.analysis if self.recipe and kept else None
            tagger = self.recipe.tagger if self.recipe and kept else None
            self.findings.fail_all(Check.REVIEW, self.reviewed.track_faults(row), path)
            measured = self.reviewed.unmeasured(row)
            self.findings.fail_all(Check.MEASURES, measure_faults(measured, analysis), path)
            self.findings.fail_all(Check.MEASURES, heard_faults(row, tagger), path)
            if kept or kind_of(row["reason"]) in CHUNK_COUNTS:
                self.findings.fail_all(Check.COUNTS, self._count_faults(row, kept), path)
        self.findings.fail_all(Check.SPLITS, self._group_faults())
        self.findings.note(
            Check.TRACKS, f"{len(self.kept)} kept of {counted(len(self.tracks), 'file')}"
        )
        for check in (Check.REASONS, Check.COUNTS, Check.MEASURES):
            self.findings.note(check)

    def compare(self, found: Rebuilt, data: bool) -> None:
        """Compare the rows of the other configs by track, if `data`, and check the groups."""
        groups: dict[str, set[str]] = defaultdict(set)
        for track_id, row in self.kept.items():
            groups[row["group"]] |= {row["split"], *found.splits.get(track_id, ())}
            rows = found.rows.get(track_id, 0)
            if data and rows != row["chunks"]:
                self.findings.fail(
                    Check.COUNTS,
                    f"{row['path']}: {counted(row['chunks'], 'chunk')}, but {counted(rows, 'row')}",
                )
        for track_id in sorted(found.rows.keys() - self.kept.keys()):
            self.findings.fail(Check.TRACKS, f"{track_id}: has rows, but is no kept track")
        torn = {group: splits for group, splits in sorted(groups.items()) if len(splits) > 1}
        for group, splits in torn.items():
            self.findings.fail(
                Check.SPLITS, f"group {group}: lies in {' and '.join(sorted(splits))}"
            )
        several = f"{len(torn)} in two" if torn else "none in two"
        self.findings.note(Check.SPLITS, f"{counted(len(groups), 'group')}, {several}")

    def _name_faults(self) -> Iterator[str]:
        paths = [row["path"] for row in self.tracks]
        yield from (f"{path}: stands twice" for path, n in Counter(paths).items() if n > 1)
        ids = Counter(row["track_id"] for row in self.tracks if row["status"] != Status.LEFT_OUT)
        yield from (f"track {identity} is kept twice" for identity, n in ids.items() if n > 1)
        if paths != sorted(paths):
            yield "the rows are not sorted by path"

    def _reason_faults(self, row: Row) -> Iterator[str]:
        status, reason, kind = row["status"], row["reason"], kind_of(row["reason"])
        if status not in list(Status):
            yield f"status is {status!r}"
        if status != Status.LEFT_OUT:
            if reason:
                yield f"is {status}, but has the reason {reason!r}"
            yield from self._kept_faults(row)
            return
        if kind not in list(Reason):
            yield f"is left out for the reason {reason!r}"
        for name, none in (("chunks", 0), ("split", ""), ("group", "")):
            if row[name] != none:
                yield f"is left out, but {name} is {row[name]!r}"
        if kind == Reason.DUPLICATE:
            original = reason.partition(": ")[2]
            if original not in self._paths or original == row["path"]:
                yield f"is a duplicate of {original!r}, which is no other file"
        if kind == Reason.WITHDRAWN and row["track_id"] not in self._withdrawn:
            yield "is withdrawn, but the manifest does not list it"
        yield from self._recipe_faults(row, kind)

    def _recipe_faults(self, row: Row, kind: str) -> Iterator[str]:
        """Reasons that the recipe rules out."""
        recipe, seconds = self.recipe, row["duration_seconds"]
        if recipe is None:
            return
        impossible = {
            Reason.SILENT: recipe.keep_silence,
            Reason.TRUNCATED: recipe.keep_truncated,
            Reason.VOICE: not recipe.without_vocals,
            Reason.MISFIT: recipe.min_fit == "no",
            Reason.UNTIMED: not recipe.require_tempo,
            Reason.TOO_SHORT: seconds >= recipe.chunk_seconds,
            Reason.DUPLICATE: recipe.duplicates == "keep" and not self._is_copy(row),
        }
        yield from (
            f"is left out as {reason!s}, which the recipe rules out"
            for reason, ruled_out in impossible.items()
            if reason == kind and ruled_out
        )

    def _is_copy(self, row: Row) -> bool:
        original = self._paths.get(row["reason"].partition(": ")[2])
        return original is not None and original["sha256"] == row["sha256"]

    def _kept_faults(self, row: Row) -> Iterator[str]:
        seconds, claimed, recipe = row["duration_seconds"], row["claimed_seconds"], self.recipe
        if row["track_id"] in self._withdrawn:
            yield "is kept, but was withdrawn"
        for name in ("split", "group"):
            if not row[name]:
                yield f"is kept, but has no {name}"
        differs = claimed is not None and abs(seconds - claimed) > _LENGTH_TOLERANCE_SECONDS
        if differs and row["status"] != Status.TRUNCATED:
            yield f"is {seconds} s long, its container says {claimed} s, but it is not truncated"
        if recipe is None:
            return
        if row["status"] == Status.TRUNCATED and not recipe.keep_truncated:
            yield "is truncated, which the recipe leaves out"
        if seconds > recipe.max_track_seconds + _LENGTH_TOLERANCE_SECONDS:
            yield f"is {seconds} s long, the recipe takes {recipe.max_track_seconds:g} s"
        styles = set(map(style_key, recipe.styles))
        if styles and style_key(row["style"]) not in styles:
            yield f"style {row['style']!r} is none of the recipe"

    def _count_faults(self, row: Row, kept: bool) -> Iterator[str]:
        """Faults of a track's numbers of chunks; one that is not `kept` has none that stay."""
        seconds, recipe = row["duration_seconds"], self.recipe
        if not math.isfinite(seconds):
            return
        samples, hop = round(seconds * SAMPLING_RATE), self.manifest.hop_samples
        found = chunk_count(samples, self.manifest.chunk_samples, hop)
        covered = self.manifest.chunk_samples + (found - 1) * hop
        tail = (samples - covered) / SAMPLING_RATE
        if not abs(row["tail_seconds"] - tail) <= _ROUNDING:
            yield f"tail_seconds is {row['tail_seconds']}, not {tail} after {found} chunks"
        if kept and row["chunks"] < 1:
            yield "is kept, but has no chunk"
        column = CHUNK_COUNTS.get(kind_of(row["reason"]))
        if column and not row[column]:
            yield f"is left out as {row['reason']}, but {column} is 0"
        if recipe is None:
            return
        parts = row["chunks"] + row["silent_chunks"] + filtered_chunks(row, recipe)
        if parts != found:
            yield f"{parts} chunks are counted, its length has {found}"
        for name, keeps in (
            ("silent_chunks", recipe.keep_silence),
            ("voiced_chunks", not recipe.without_vocals),
            ("untimed_chunks", not recipe.require_tempo),
        ):
            if keeps and row[name]:
                yield f"{name} is {row[name]}, but the recipe keeps such chunks"
        if recipe.min_fit == "no" and row["misfit_chunks"] > row["chunks"]:
            yield f"{row['misfit_chunks']} of {row['chunks']} chunks do not fit"

    def _group_faults(self) -> Iterator[str]:
        """Groups with the id of a track that is not the smallest in it, and groups torn apart."""
        by_key: dict[str, str] = {}
        for track_id, row in self.kept.items():
            group = row["group"]
            if group in self._ids and group > track_id:
                yield f"{row['path']}: group {group} has a smaller id, {track_id}"
            if group in self.kept and self.kept[group]["group"] != group:
                yield f"{row['path']}: group {group} is the id of a track in another group"
            for key in self._keys(row):
                if by_key.setdefault(key, group) != group:
                    yield f"{row['path']}: another group has the same {key.partition(' ')[0]}"

    def _keys(self, row: Row) -> Iterator[str]:
        """What makes a group besides the recording, by the recipe's group_by."""
        artist, album = folded(row["artist"]), folded(row["album"])
        album_artist = folded(row["album_artist"]) or artist
        by = self.recipe.group_by if self.recipe else ""
        if by == "album" and album:
            yield f"album {album_artist}\0{album}"
        if by == "artist" and artist:
            yield f"artist {artist}"

    @cached_property
    def _paths(self) -> dict[str, Row]:
        return {row["path"]: row for row in self.tracks}

    @cached_property
    def _ids(self) -> set[str]:
        return {row["track_id"] for row in self.tracks if row["track_id"]}

    @cached_property
    def _withdrawn(self) -> frozenset[str]:
        return frozenset(self.manifest.withdrawn)


def _value_faults(row: Row, kept: bool) -> Iterator[str]:
    """Values that no file has."""
    path, sha256 = row["path"], row["sha256"]
    if not path or path.startswith("/") or ".." in path.split("/"):
        yield "is no path inside a folder"
    # A file that was not read has no sha256.
    if not re.fullmatch("[0-9a-f]{64}" if kept else "([0-9a-f]{64})?", sha256):
        yield f"sha256 is {sha256!r}"
    if row["track_id"] != sha256[:16]:
        yield f"track_id is {row['track_id']}, its sha256 starts with {sha256[:16]}"
    yield from (f"{name} is {row[name]}" for name in _COUNTS if row[name] < 0)
    # Of a file that is left out, the length is what its container states.
    least = 0.0 if kept else -math.inf
    lengths = [row["duration_seconds"], row["tail_seconds"]]
    claimed = row["claimed_seconds"] or 0.0
    if not all(least <= value < math.inf for value in lengths) or not math.isfinite(claimed):
        yield f"duration, tail and claimed length are {[*lengths, claimed]} s"
    claimed_bpm = row["claimed_bpm"]
    if claimed_bpm is not None and not LEAST_BPM <= claimed_bpm <= MOST_BPM:
        yield f"claimed_bpm is {claimed_bpm}"
    if bool(row["session"]) != bool(row["session_as_named"]):
        yield f"session is {row['session']!r}, as named {row['session_as_named']!r}"
    if kept:
        yield from _audio_faults(row)


def _audio_faults(row: Row) -> Iterator[str]:
    if not row["format"] or row["sampling_rate"] not in _RATES:
        yield f"format is {row['format']!r} at {row['sampling_rate']} Hz"
    if not 0 < row["channels"] <= _MOST_CHANNELS:
        yield f"has {counted(row['channels'], 'channel')}"
    if row["decoder"] not in list(Decoder):
        yield f"decoder is {row['decoder']!r}"
    if not re.fullmatch(rf"{MEAN}|channel [1-9]\d{{0,3}}", row["mixdown"]):
        yield f"mixdown is {row['mixdown']!r}"
    most = row["duration_seconds"] * SAMPLING_RATE
    if row["clipped_samples"] > most:
        yield f"{row['clipped_samples']} samples are clipped, of {most:.0f}"


def null_faults(tracks: Iterable[Row]) -> Iterator[str]:
    """Nulls in columns of `tracks` that always have a value."""
    may_lack = {*NULLABLE, "claimed_seconds", "claimed_bpm"}
    for row in tracks:
        empty = [name for name, value in row.items() if value is None and name not in may_lack]
        if empty:
            yield f"{row['path']}: nulls in {', '.join(empty)}"
