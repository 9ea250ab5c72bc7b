"""Tables of how often measures and words are right."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from statistics import fmean
from typing import Any, NamedTuple

from .midi import MAYBE_VOICES, VOICES
from .ours import Row
from .right import (
    ACC2,
    FAMILIES_OF_WORD,
    MIREX,
    calibration,
    is_tempo,
    relation,
    written_instruments,
    written_key,
    written_tempo,
)

# The confidence from which a measure is called confident.
CONFIDENT = 0.5
# A family that sounds for a shorter share of a piece may be named or not.
_LEAST_SHARE = 0.1

Truths = Mapping[str, Mapping[str, Any]]
Others = Mapping[str, Mapping[str, Mapping[str, Any]]]


class Said(NamedTuple):
    """What was said of a piece: a value, and the confidence in it, if there is one."""

    path: str
    value: Any
    confidence: float | None = None

    @property
    def is_sure(self) -> bool:
        """Whether it is said with confidence."""
        return (self.confidence or 0.0) >= CONFIDENT


def report(
    truths: Truths, tracks: Mapping[str, Row], chunks: Sequence[Row], others: Others
) -> Iterator[str]:
    """Lines of all tables in Markdown.

    Args:
        truths: path -> the truth of a piece.
        tracks: path -> sportgen's row.
        chunks: sportgen's rows of chunks, each with its `path`.
        others: path -> tool -> what it measured.
    """
    judged = {path: truth for path, truth in truths.items() if path in tracks}
    yield from tempi(judged, tracks, chunks, others)
    yield from keys(judged, tracks, chunks, others)
    yield from curves(judged, chunks)
    yield from loudness(judged, tracks, others)
    yield from words(judged, chunks)
    yield from tags(judged, tracks)


def _ours(truths: Truths, rows: Iterable[Row], field: str) -> list[Said]:
    confidence = "tempo_confidence" if field == "tempo_bpm" else "key_confidence"
    return [Said(r["path"], r[field], r[confidence]) for r in rows if r["path"] in truths]


def _theirs(truths: Truths, others: Others, measure: str) -> dict[str, list[Said]]:
    """What each tool said."""
    said: dict[str, list[Said]] = {}
    for path, tools in others.items():
        for tool, found in tools.items():
            if measure in found and path in truths:
                said.setdefault(tool, []).append(Said(path, found[measure]))
    return dict(sorted(said.items()))


def _compared(
    truths: Truths, ours: list[Said], chunks: list[Said], theirs: Mapping[str, list[Said]]
) -> Iterator[tuple[str, list[Said]]]:
    """(label, what was said) of each line of a table, first of all pieces, then of each kind."""
    sure = {said.path for said in ours if said.is_sure}
    yield "sportgen", ours
    yield "sportgen, confident", [said for said in ours if said.is_sure]
    yield "sportgen, chunks", chunks
    yield "sportgen, chunks, confident", [said for said in chunks if said.is_sure]
    for tool, said in theirs.items():
        yield tool, said
        yield f"{tool}, where sportgen is confident", [one for one in said if one.path in sure]
    for kind in sorted({truth["kind"] for truth in truths.values()}):
        for tool, said in {"sportgen": ours, **theirs}.items():
            yield f"{kind}: {tool}", [one for one in said if truths[one.path]["kind"] == kind]


def tempi(
    truths: Truths, tracks: Mapping[str, Row], chunks: Sequence[Row], others: Others
) -> Iterator[str]:
    """The table of tempi."""
    yield from _head("Tempo", "n", "Acc1", "Acc2", "none")
    ours, parts = (_ours(truths, rows, "tempo_bpm") for rows in (tracks.values(), chunks))
    for label, said in _compared(truths, ours, parts, _theirs(truths, others, "bpm")):
        bpm = [(one.value, truths[one.path]["bpm"]) for one in said]
        yield from _line(
            label,
            [is_tempo(*pair) for pair in bpm],
            [is_tempo(*pair, ACC2) for pair in bpm],
            [not value for value, _ in bpm],
        )


def keys(
    truths: Truths, tracks: Mapping[str, Row], chunks: Sequence[Row], others: Others
) -> Iterator[str]:
    """The table of keys, of the pieces whose key is known."""
    yield from _head("Key", "n", *MIREX, "MIREX")
    known = {path: truth for path, truth in truths.items() if truth["key"]}
    ours, parts = (_ours(known, rows, "key") for rows in (tracks.values(), chunks))
    for label, said in _compared(known, ours, parts, _theirs(known, others, "key")):
        found = [relation(one.value, known[one.path]["key"]) for one in said]
        shares = [[name == one for one in found] for name in MIREX]
        yield from _line(label, *shares, score=[MIREX[one] for one in found])


def curves(truths: Truths, chunks: Sequence[Row]) -> Iterator[str]:
    """How often chunks are right of which a confidence is said."""
    known = {path: truth for path, truth in truths.items() if truth["key"]}
    tempo = [
        (one.confidence or 0.0, is_tempo(one.value, truths[one.path]["bpm"]))
        for one in _ours(truths, chunks, "tempo_bpm")
        if one.value
    ]
    key = [
        (one.confidence or 0.0, one.value == known[one.path]["key"])
        for one in _ours(known, chunks, "key")
        if one.value
    ]
    for name, judged in (("tempo", tempo), ("key", key)):
        yield from _head(f"Confidence of the {name}, chunks", "n", "said", "right")
        for low, count, said, right in calibration(judged):
            yield f"| from {low:.1f} | {count} | {said:.2f} | {right:.2f} |"


def loudness(truths: Truths, tracks: Mapping[str, Row], others: Others) -> Iterator[str]:
    """How far the loudness is from that of pyloudnorm."""
    yield from _head("Loudness, LU from pyloudnorm", "n", "mean", "greatest")
    off = [
        tracks[said.path]["loudness_lufs"] - said.value
        for said in _theirs(truths, others, "lufs").get("pyloudnorm", [])
        if tracks[said.path]["loudness_lufs"] is not None
    ]
    if off:
        yield f"| sportgen | {len(off)} | {fmean(off):+.3f} | {max(map(abs, off)):.2f} |"


def words(truths: Truths, chunks: Sequence[Row]) -> Iterator[str]:
    """How often a written word is wrong, each description judged alone."""
    wrong: dict[str, list[bool]] = {}
    for chunk in chunks:
        truth = truths.get(chunk["path"])
        for text in chunk["descriptions"] if truth else ():
            for kind, is_wrong in _judged(text, truth or {}):
                wrong.setdefault(kind, []).append(is_wrong)
    yield from _head("Words in descriptions", "written", "wrong")
    for kind, found in sorted(wrong.items()):
        yield f"| {kind} | {len(found)} | {fmean(found):.0%} |"


def _judged(text: str, truth: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    """(what is said, whether it is wrong) of a description, where the truth is known."""
    bpm, key, sounding = written_tempo(text), written_key(text), sounds(truth)
    if bpm:
        yield "tempo", not is_tempo(bpm, truth["bpm"])
    if key and truth["key"]:
        yield "key", key != truth["key"]
    for word in written_instruments(text):
        yield f"instrument: {word}", not FAMILIES_OF_WORD[word] & sounding
    if "instrumental" in text.lower():
        yield "instrumental", VOICES in sounding


def sounds(truth: Mapping[str, Any], least: float = _LEAST_SHARE) -> set[str]:
    """The families that sound for this share of a piece at least; like voices may be voices."""
    families = {name for name, share in truth["instruments"].items() if share >= least}
    return families | ({VOICES} if MAYBE_VOICES in families else set())


def tags(truths: Truths, tracks: Mapping[str, Row]) -> Iterator[str]:
    """Instruments and voices that were heard in tracks, if somebody listened."""
    heard = {path: tracks[path] for path in truths if tracks[path].get("vocals") is not None}
    if not heard:
        return
    yield from _head("Heard in tracks", "n", "right")
    named = [
        (word, bool(FAMILIES_OF_WORD[word] & sounds(truths[path])))
        for path, row in heard.items()
        for word in row["instruments"]
        if word in FAMILIES_OF_WORD
    ]
    for word in sorted({word for word, _ in named}):
        yield from _line(word, [right for other, right in named if other == word])
    for voices in (True, False):
        rows = [row for path, row in heard.items() if (VOICES in sounds(truths[path])) == voices]
        label = "voices" if voices else "no voices"
        yield from _line(label, [(row["vocals"] >= CONFIDENT) == voices for row in rows])


def _head(title: str, *columns: str) -> Iterator[str]:
    yield from ("", f"| {title} | {' | '.join(columns)} |", "| --- |" + " ---: |" * len(columns))


def _line(
    label: str, *shares: Sequence[bool], score: Sequence[float] | None = None
) -> Iterator[str]:
    if shares[0]:
        cells = [str(len(shares[0])), *(f"{fmean(share):.0%}" for share in shares)]
        cells += [f"{fmean(score):.2f}"] if score else []
        yield f"| {label} | {' | '.join(cells)} |"
