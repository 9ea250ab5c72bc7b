"""Every fact of a release that stands twice: a lie in one place is noticed by the other."""

import re
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from builder_tests.support.forging import (
    Forgery,
    Lie,
    in_both,
    in_card,
    in_left_out,
    in_manifest,
    in_recipe,
    in_row,
    in_track,
)
from sport_music_dataset.audio.samples import decode_flac, encode_flac, to_pcm16
from sport_music_dataset.columns import (
    COPIED_COLUMNS,
    ENCODED_COLUMNS,
    RAW_COLUMNS,
    TRACK_COLUMNS,
    Kind,
)
from sport_music_dataset.digests import file_digest
from sport_music_dataset.errors import ReleaseError
from sport_music_dataset.release.labels import delay
from sport_music_dataset.release.manifest import FileEntry, Manifest, ReviewEntry
from sport_music_dataset.release.release import Release
from sport_music_dataset.verify.files import Inspection
from sport_music_dataset.verify.findings import Check, Findings

ONE_MORE: Any = lambda value: value + 1  # noqa: E731
ID = "0123456789abcdef"


def exchange(*configs: str) -> Lie:
    """Exchange two rows of two tracks."""

    def lie(forgery: Forgery) -> None:
        for config in configs:
            rows = forgery.rows(config)
            last = next(n for n, row in enumerate(rows) if row["track_id"] != rows[0]["track_id"])
            rows[0], rows[last] = rows[last], rows[0]

    return lie


def other_order(forgery: Forgery) -> None:
    for config in ("raw", "encoded"):
        forgery.rows(config).sort(key=lambda row: row["track_id"], reverse=True)


def other_sample(forgery: Forgery) -> None:
    row = forgery.rows("raw")[1]
    pcm, _ = to_pcm16(decode_flac(row["audio"]["bytes"]))
    pcm[-1] ^= 1
    row["audio"]["bytes"] = encode_flac(pcm)


def silence(forgery: Forgery) -> None:
    rows = forgery.rows("raw")
    for row in rows:
        if row["track_id"] == rows[0]["track_id"]:
            row["audio"]["bytes"] = encode_flac(np.zeros(64_000, np.int16))


def other_codes(forgery: Forgery) -> None:
    for row in forgery.rows("encoded"):
        row["codes"] = [[code ^ 1 for code in book] for book in row["codes"]]
        row["labels"] = delay(np.asarray(row["codes"], np.int16), 2048).tolist()


def same_label(value: Any) -> Any:
    return [[label ^ 1 for label in book] for book in value]


def one_id(value: int) -> Any:
    return lambda ids: [value, *ids[1:]]


def drop_chunk(forgery: Forgery) -> None:
    for config in ("raw", "encoded"):
        del forgery.rows(config)[-1]
    forgery.kept[-1]["chunks"] -= 1


def withdraw_one(forgery: Forgery) -> None:
    forgery.manifest.withdrawn = [forgery.kept[0]["track_id"]]


def reviewed(field: str, value: str, whole: bool = False) -> Lie:
    """The manifest says that this was decided of the first chunk, or of its track."""

    def lie(forgery: Forgery) -> None:
        row = forgery.rows("raw")[0]
        identity = row["track_id"] if whole else row["chunk_id"]
        entry = ReviewEntry(id=identity, field=field, value=value, reason="", seconds="")
        forgery.manifest.review = [entry]

    return lie


def renumber(forgery: Forgery) -> None:
    """One shard is called the second of two, in all configs."""
    for config in ("raw", "encoded"):
        old = max(forgery.manifest.shards(config))
        new = old.replace("00000-of-00001", "00001-of-00002").replace("00-of-", "01-of-")
        (forgery.folder / old).rename(forgery.folder / new)
        forgery.manifest.files[new] = forgery.manifest.files.pop(old)


def no_picture(forgery: Forgery) -> None:
    path = "assets/chunks-light.png"
    (forgery.folder / path).write_bytes(b"GIF89a")
    entry = forgery.manifest.files[path]
    sha256 = file_digest(forgery.folder / path)
    forgery.manifest.files[path] = FileEntry(sha256, entry.rows, 6)


def versions(*numbers: str, day: str = "2026-01-02") -> Lie:
    """A changelog, newest first."""
    return in_manifest(
        "changelog",
        value=[{"version": n, "date": day, "changes": "a", "notes": ""} for n in numbers],
    )


def regrouped(forgery: Forgery) -> None:
    first, second = forgery.kept[:2]
    first["group"] = second["group"] = max(first["track_id"], second["track_id"])


def said(value: Any) -> str:
    """A value as a part of a name that is the same in every process."""
    return "another" if callable(value) else repr(value)[:30]


def of_raw(column: str, check: Check, *values: Any) -> dict[str, tuple[Check, Lie]]:
    """Lies in a column of raw."""
    return {f"raw.{column}: {said(v)}": (check, in_row("raw", column, v)) for v in values}


def of_tracks(column: str, check: Check, *values: Any) -> dict[str, tuple[Check, Lie]]:
    """Lies in a column of tracks, in the row of a kept track."""
    return {f"tracks.{column}: {said(v)}": (check, in_track(column, v)) for v in values}


def of_encoding(key: str, *values: Any) -> dict[str, tuple[Check, Lie]]:
    """Lies in the manifest's encoding."""
    return {
        f"manifest.encoding.{key}: {said(v)}": (
            Check.ENCODING,
            in_manifest("encoding", key, value=v),
        )
        for v in values
    }


def another(kind: Kind) -> Any:
    """A function of a value of a column of this type, null or not, that gives another value."""
    if isinstance(kind, list):
        return lambda values: [*(values or ()), "other" if kind == ["string"] else 0.5]
    return (lambda text: f"{text or ''}x") if kind == "string" else lambda value: (value or 0) + 1


NAN = float("nan")
# Lies that no manifest can tell: it is not read.
REFUSED = {
    *("manifest.recipe.splits", "manifest.recipe.keep_silence", "manifest.recipe.keep_truncated"),
    *("manifest.encoding.codebook_size: 0", "manifest.encoding.num_codebooks: 0"),
    "manifest.encoding.truncated: -1",
}
LIES: dict[str, tuple[Check, Lie]] = {
    # raw
    "raw.chunk_id: of another chunk": (
        Check.CHUNK_IDS, in_both("chunk_id", lambda old: old[:-4] + "0099")),
    "raw.track_id: another": (Check.CHUNK_IDS, in_both("track_id", ID)),
    **of_raw("chunk_index", Check.CHUNK_IDS, 77, -1),
    **of_raw("start_seconds", Check.CHUNK_IDS, 9.0, NAN),
    "raw.audio: another sample": (Check.OVERLAP, other_sample),
    "raw.audio_md5: another": (Check.AUDIO, in_both("audio_md5", "0" * 32)),
    "raw.audio: a silent track": (Check.SILENCE, silence),
    "raw.description: another": (Check.DESCRIPTIONS, in_both("description", "other")),
    "raw.descriptions: others": (Check.SAME_CHUNKS, in_row("raw", "descriptions", ["a"])),
    "raw.descriptions: in both": (
        Check.DESCRIPTIONS,
        lambda f: [in_both("descriptions", ["a"])(f), in_both("description", "a")(f)][0]),
    "raw.descriptions: one twice": (Check.DESCRIPTIONS, in_both("descriptions", lambda d: d * 2)),
    "raw.descriptions: empty": (Check.DESCRIPTIONS, in_both("descriptions", lambda d: [*d, ""])),
    **of_raw("session", Check.TRACK_FACTS, "Judo", ""),
    **of_raw("session_as_named", Check.TRACK_FACTS, "Judo", ""),
    **of_raw("style", Check.TRACK_FACTS, "polka"),
    **of_raw("title", Check.TRACK_FACTS, "Other"),
    **of_raw("artist", Check.TRACK_FACTS, "Other"),
    **of_raw("license", Check.TRACK_FACTS, "mit"),
    **of_raw("position", Check.TRACK_FACTS, 0.9999, NAN, -1.0),
    **of_raw("tempo_bpm", Check.MEASURES, -5.0, 999.0, NAN, float("inf")),
    **of_raw("tempo_alternative_bpm", Check.MEASURES, 0.0, 120.0),
    **of_raw("tempo_confidence", Check.MEASURES, 1.5, None),
    **of_raw("beat_strength", Check.MEASURES, -0.1, NAN),
    **of_raw("key", Check.MEASURES, "H major"),
    **of_raw("key_confidence", Check.MEASURES, 2.0),
    **of_raw("loudness_lufs", Check.MEASURES, 20.0, NAN),
    **of_raw("dynamic_range_db", Check.MEASURES, -1.0),
    **of_raw("silence_ratio", Check.SILENCE, 0.7, 1.0),
    **of_raw("clipping_ratio", Check.SILENCE, 0.01),
    **of_raw("energy", Check.MEASURES, 1.01, None),
    "raw.energy: another": (Check.FIT, in_row("raw", "energy", 0.99)),
    **of_raw("vocals", Check.MEASURES, 0.5, NAN),
    **of_raw("instruments", Check.MEASURES, ["piano"]),
    **of_raw("instruments_confidence", Check.MEASURES, [0.9]),
    **of_raw("moods", Check.MEASURES, ["calm"]),
    **of_raw("moods_confidence", Check.MEASURES, [2.0]),
    **of_raw("heard_style", Check.MEASURES, "jazz"),
    **of_raw("heard_style_confidence", Check.MEASURES, 0.9),
    **of_raw("arc", Check.MEASURES, "middle"),
    "raw.arc: another phase": (
        Check.FIT, in_row("raw", "arc", lambda arc: "peak" if arc != "peak" else "build")),
    "raw.fit: another": (
        Check.FIT, in_row("raw", "fit", lambda fit: "yes" if fit != "yes" else "no")),
    **of_raw("fit", Check.MEASURES, "maybe"),
    **of_raw("fit_reason", Check.FIT, "made up"),
    "raw: two rows of two tracks exchanged": (Check.ORDER, exchange("raw", "encoded")),
    "raw: tracks in another order": (Check.ORDER, other_order),
    "raw: a chunk less": (Check.COUNTS, drop_chunk),
    # encoded
    **{
        f"encoded.{column}: another": (
            Check.SAME_CHUNKS, in_row("encoded", column, another(kind)))
        for column, kind in COPIED_COLUMNS.items()
    },
    "encoded.group: another": (Check.TRACK_FACTS, in_row("encoded", "group", ID)),
    "encoded.input_ids: negative": (Check.TOKENS, in_row("encoded", "input_ids", one_id(-3))),
    "encoded.input_ids: huge": (Check.TOKENS, in_row("encoded", "input_ids", one_id(2**30))),
    "encoded.input_ids: out of nano": (Check.TOKENS, in_row("encoded", "input_ids", one_id(557))),
    "encoded.input_ids: no end": (
        Check.TOKENS,
        in_row("encoded", "input_ids", lambda ids: [5 if i == 1 else i for i in ids])),
    "encoded.attention_mask: shorter": (
        Check.TOKENS,
        in_row("encoded", "attention_mask", lambda m: [int(i < sum(m) - 1) for i in range(len(m))]),
    ),
    "encoded.attention_mask: none": (
        Check.TOKENS, in_row("encoded", "attention_mask", lambda mask: [0] * len(mask))),
    "encoded.codes: of other entries": (Check.CODEBOOKS, other_codes),
    "encoded.codes: too few": (Check.CODES, in_row("encoded", "codes", lambda c: c[:3])),
    "encoded.labels: others": (Check.LABELS, in_row("encoded", "labels", same_label)),
    "encoded: two rows exchanged": (Check.SAME_CHUNKS, exchange("encoded")),
    # tracks
    **of_tracks("path", Check.TRACKS, "../x.mp3", "/x.mp3", ""),
    "tracks.path: twice": (
        Check.TRACKS, lambda f: f.rows("tracks").insert(0, f.rows("tracks")[0])),
    "tracks.path: unsorted": (Check.TRACKS, lambda f: f.rows("tracks").reverse()),
    **of_tracks("sha256", Check.TRACKS, "0" * 64, "", lambda old: old[:16] + "Z" * 48),
    **of_tracks("track_id", Check.TRACKS, ID),
    **of_tracks("duration_seconds", Check.COUNTS, 99.0, lambda old: old + 0.2),
    "tracks.duration_seconds: nan": (Check.TRACKS, in_track("duration_seconds", NAN)),
    **of_tracks("claimed_seconds", Check.TRACKS, NAN),
    **of_tracks("claimed_seconds", Check.REASONS, 500.0, -1.0),
    **of_tracks("format", Check.TRACKS, ""),
    **of_tracks("sampling_rate", Check.TRACKS, 0, -44_100, 2**31 - 1),
    **of_tracks("channels", Check.TRACKS, 0, -1),
    **of_tracks("decoder", Check.TRACKS, "", "by ear"),
    **of_tracks("mixdown", Check.TRACKS, "", "channel 0", "channel 99999"),
    **of_tracks("session", Check.TRACK_FACTS, "Judo", ""),
    **of_tracks("session_as_named", Check.TRACK_FACTS, "Judo"),
    "tracks.session_as_named: none": (Check.TRACKS, in_track("session_as_named", "")),
    **of_tracks("claimed_bpm", Check.TRACKS, NAN, 4.0, -120.0),
    **of_tracks("style", Check.TRACK_FACTS, "polka"),
    **of_tracks("title", Check.TRACK_FACTS, "Other"),
    **of_tracks("artist", Check.TRACK_FACTS, "Other"),
    **of_tracks("license", Check.TRACK_FACTS, "mit"),
    **of_tracks("split", Check.SPLITS, "test"),
    "tracks.split: none": (Check.REASONS, in_track("split", "")),
    **of_tracks("group", Check.REASONS, ""),
    "tracks.group: not the smallest id": (Check.SPLITS, regrouped),
    **of_tracks("chunks", Check.COUNTS, ONE_MORE, -1, 0),
    **of_tracks("silent_chunks", Check.COUNTS, 1),
    "tracks.silent_chunks: negative": (Check.TRACKS, in_track("silent_chunks", -1)),
    **of_tracks("dropped_chunks", Check.COUNTS, 1),
    "tracks.dropped_chunks: negative": (Check.TRACKS, in_track("dropped_chunks", -1)),
    "tracks.reason: dropped, but nobody says so": (
        Check.REVIEW, in_left_out("reason", "track dropped in review: hiss")),
    **of_tracks("voiced_chunks", Check.COUNTS, 1),
    "tracks.voiced_chunks: negative": (Check.TRACKS, in_track("voiced_chunks", -1)),
    **of_tracks("untimed_chunks", Check.COUNTS, 1),
    "tracks.untimed_chunks: negative": (Check.TRACKS, in_track("untimed_chunks", -1)),
    "tracks.reason: misfits, but none is counted": (
        Check.COUNTS, in_left_out("reason", "does not fit its session")),
    **of_tracks("misfit_chunks", Check.COUNTS, ONE_MORE),
    "tracks.misfit_chunks: negative": (Check.TRACKS, in_track("misfit_chunks", -1)),
    **of_tracks("tail_seconds", Check.COUNTS, ONE_MORE, NAN),
    **of_tracks("clipped_samples", Check.TRACKS, -1, 2**40),
    **of_tracks("nonfinite_samples", Check.TRACKS, -1),
    **of_tracks("damaged_packets", Check.TRACKS, -1),
    **of_tracks("tempo_bpm", Check.MEASURES, 5.0, NAN),
    **of_tracks("tempo_alternative_bpm", Check.MEASURES, 120.0),
    **of_tracks("tempo_confidence", Check.MEASURES, -0.5),
    **of_tracks("beat_strength", Check.MEASURES, 3.0),
    **of_tracks("key", Check.MEASURES, "X"),
    **of_tracks("key_confidence", Check.MEASURES, NAN),
    **of_tracks("loudness_lufs", Check.MEASURES, 99.0),
    **of_tracks("dynamic_range_db", Check.MEASURES, -3.0),
    **of_tracks("silence_ratio", Check.MEASURES, 0.5),
    **of_tracks("clipping_ratio", Check.MEASURES, 0.5),
    **of_tracks("energy", Check.MEASURES, -1.0, None),
    **of_tracks("vocals", Check.MEASURES, 0.5, NAN),
    **of_tracks("instruments", Check.MEASURES, ["piano"]),
    **of_tracks("instruments_confidence", Check.MEASURES, [0.9]),
    **of_tracks("moods", Check.MEASURES, ["calm"]),
    **of_tracks("moods_confidence", Check.MEASURES, [2.0]),
    **of_tracks("heard_style", Check.MEASURES, "jazz"),
    **of_tracks("heard_style_confidence", Check.MEASURES, 0.9),
    **of_tracks("status", Check.REASONS, "fine"),
    "tracks.status: left out": (Check.REASONS, in_track("status", "left_out")),
    **of_tracks("reason", Check.REASONS, "silent"),
    "tracks.reason: unknown": (Check.REASONS, in_left_out("reason", "boring")),
    "tracks.reason: none": (Check.REASONS, in_left_out("reason", "")),
    "tracks.reason: ruled out": (Check.REASONS, in_left_out("reason", "truncated: 1 s")),
    "tracks.reason: a copy of nothing": (
        Check.REASONS, in_left_out("reason", "duplicate of: nothing.mp3")),
    "tracks.reason: withdrawn": (Check.REASONS, in_left_out("reason", "withdrawn")),
    "tracks.chunks: of one left out": (Check.REASONS, in_left_out("chunks", 3)),
    "tracks.status: kept, but nothing there": (Check.COUNTS, in_left_out("status", "kept")),
    # the manifest
    "manifest.fingerprint: another": (Check.RECIPE, in_manifest("fingerprint", value=ID)),
    "manifest.recipe: a value": (Check.RECIPE, in_manifest("recipe", "seed", value=9)),
    "manifest.recipe.chunk_seconds": (Check.AUDIO, in_recipe("chunk_seconds", 2.5)),
    "manifest.recipe.overlap_seconds": (Check.CHUNK_IDS, in_recipe("overlap_seconds", 0.5)),
    "manifest.recipe.splits": (Check.RECIPE, in_recipe("splits", {"train": 0.9, "test": 0.9})),
    "manifest.recipe.seed": (Check.DESCRIPTIONS, in_recipe("seed", 9)),
    "manifest.recipe.styles": (Check.REASONS, in_recipe("styles", ["polka"])),
    "manifest.recipe.keep_silence": (Check.RECIPE, in_recipe("keep_silence", "no")),
    "manifest.recipe.keep_truncated": (Check.RECIPE, in_recipe("keep_truncated", 3)),
    "manifest.recipe.max_track_seconds": (Check.REASONS, in_recipe("max_track_seconds", 3.0)),
    "manifest.recipe.max_expansion": (Check.RECIPE, in_recipe("max_expansion", -1.0)),
    "manifest.recipe.analysis": (Check.MEASURES, in_recipe("analysis", False)),
    "manifest.recipe.tagger": (Check.RECIPE, in_recipe("tagger", "musicnn")),
    "manifest.recipe.tagger_revision": (Check.RECIPE, in_recipe("tagger_revision", "sha256:1")),
    "manifest.recipe.descriptions": (Check.DESCRIPTIONS, in_recipe("descriptions", "notebook")),
    "manifest.recipe.descriptions_per_chunk": (
        Check.DESCRIPTIONS, in_recipe("descriptions_per_chunk", 3)),
    "manifest.recipe.sessions": (Check.RECIPE, in_recipe("sessions", "sessions: 3")),
    "manifest.recipe.without_vocals": (Check.RECIPE, in_recipe("without_vocals", True)),
    "manifest.recipe.min_fit": (Check.FIT, in_recipe("min_fit", "yes")),
    "manifest.recipe.min_fit: no such": (Check.RECIPE, in_recipe("min_fit", "well")),
    "manifest.recipe.require_tempo": (Check.FIT, in_recipe("require_tempo", True)),
    "manifest.recipe.duplicates": (Check.RECIPE, in_recipe("duplicates", "some")),
    "manifest.recipe.group_by": (Check.RECIPE, in_recipe("group_by", "mood")),
    "manifest.recipe.sampling_rate": (Check.RECIPE, in_recipe("sampling_rate", 44_100)),
    "manifest.recipe.audio": (Check.RECIPE, in_recipe("audio", "MP3")),
    "manifest.recipe.rows_version": (Check.RECIPE, in_recipe("rows_version", 99)),
    "manifest.recipe: a key more": (Check.RECIPE, in_recipe("mood", "good")),
    "manifest.files: rows": (
        Check.ROWS,
        in_manifest("files", value=lambda files: {
            path: FileEntry(e.sha256, e.rows + path.startswith("raw"), e.bytes)
            for path, e in files.items()})),
    "manifest.files: rows of a picture": (
        Check.MANIFEST,
        in_manifest("files", value=lambda files: {
            path: FileEntry(e.sha256, e.rows + path.startswith("assets"), e.bytes)
            for path, e in files.items()})),
    "manifest.files: another number": (Check.SHARDS, renumber),
    "manifest.files: no picture": (Check.PICTURES, no_picture),
    "manifest.card: another licence": (Check.CARD, in_manifest("card", "license", value="mit")),
    "manifest.card: another size": (
        Check.CARD, in_manifest("card", "size_categories", value=["1M<n<10M"])),
    "manifest.software: less": (
        Check.MANIFEST,
        in_manifest("software", value=lambda s: {k: v for k, v in s.items() if k != "soxr"})),
    "manifest.software: no version": (
        Check.MANIFEST, in_manifest("software", "numpy", value="new")),
    "manifest.changelog: order": (Check.HISTORY, versions("1.0.0", "1.1.0")),
    "manifest.changelog: no version": (Check.HISTORY, versions("1.0")),
    "manifest.changelog: a day": (Check.HISTORY, versions("1.0.0", day="2026-02-30")),
    "manifest.withdrawn: kept": (Check.REASONS, withdraw_one),
    "manifest.withdrawn: no id": (Check.HISTORY, in_manifest("withdrawn", value=["abc"])),
    "manifest.withdrawn: twice": (Check.HISTORY, in_manifest("withdrawn", value=[ID, ID])),
    "manifest.review: a chunk that is there is dropped": (
        Check.REVIEW, reviewed("verdict", "drop")),
    "manifest.review: a track that is there is dropped": (
        Check.REVIEW, reviewed("verdict", "drop", whole=True)),
    "manifest.review: another description": (Check.REVIEW, reviewed("description", "other")),
    "manifest.review: another style": (Check.REVIEW, reviewed("style", "polka", whole=True)),
    "manifest.review: another session": (Check.REVIEW, reviewed("session", "Judo")),
    "manifest.review: another tempo": (Check.REVIEW, reviewed("tempo", "77")),
    "manifest.shared.fingerprints": (
        Check.SHARED, in_manifest("shared", "fingerprints", value=999)),
    "manifest.shared.fingerprints: less": (
        Check.SHARED, in_manifest("shared", "fingerprints", value=1)),
    "manifest.shared.matches": (Check.SHARED, in_manifest("shared", "matches", value=50)),
    "manifest.shared.seconds": (Check.SHARED, in_manifest("shared", "seconds", value=60.0)),
    "manifest.source: half": (
        Check.MANIFEST, in_manifest("source", value={"dataset": "a/b", "revision": ""})),
    "manifest.codebooks: perplexity": (
        Check.CODEBOOKS, in_manifest("codebooks", 0, "perplexity", value=ONE_MORE)),
    "manifest.codebooks: dead": (
        Check.CODEBOOKS, in_manifest("codebooks", 1, "dead", value=0.5)),
    "manifest.codebooks: less": (Check.CODEBOOKS, in_manifest("codebooks", value=[])),
    "manifest.pictures: words": (
        Check.PICTURES, in_manifest("pictures", "loudness", value="Very loud.")),
    "manifest.pictures: counts": (
        Check.PICTURES, in_manifest("pictures", "chunks", value="9000 chunks.")),
    "manifest.samples: one less": (Check.CARD_TEXT, in_manifest("samples", value=lambda s: s[1:])),
    "manifest.pictures: one more": (Check.PICTURES, in_manifest("pictures", "tempo", value="x")),
    **of_encoding("model", "facebook/musicgen-medium", ""),
    **of_encoding("model_revision", "main"),
    **of_encoding("codec", "facebook/encodec_32khz"),
    **of_encoding("codec_revision", "a" * 40),
    **of_encoding("codebook_size", 0, 4096),
    **of_encoding("num_codebooks", 0),
    **of_encoding("nano", False),
    **of_encoding("max_length", 0),
    **of_encoding("special_tokens", False),
    **of_encoding("pad_token_id", 3),
    **of_encoding("truncated", -1, 10_000, 0),
    **of_encoding("longest", 3, 20),
    **of_encoding("frames", 0, ONE_MORE),
    **of_encoding("label_frames", ONE_MORE),
    **of_encoding("labels", "notebook"),
    **of_encoding("dtype", "float16"),
    **of_encoding("device", ""),
    **of_encoding("batch_size", 0),
    **of_encoding("rows_version", 0),
    **of_encoding("software", {}),
    # the card
    "card: chunks": (Check.CARD_TEXT, in_card("33 chunks", "3300 chunks")),
    "card: a licence": (
        Check.CARD_TEXT, in_card("<!-- sportgen: end -->", "All is free.\n<!-- sportgen: end -->")),
    "card: no generated text": (Check.CARD_TEXT, in_card("<!-- sportgen: end -->", "")),
    "card: features": (Check.CARD, in_card("- name: arc", "- name: bow")),
    "card: configs": (Check.CARD, in_card("config_name: raw", "config_name: rows")),
}  # fmt: skip

UNPROVEN = {
    **dict.fromkeys(
        (
            "tracks.album",
            "tracks.album_artist",
            "tracks.genre",
            "tracks.isrc",
            "tracks.claimed_key",
            "tracks.copyright",
        ),
        "no other place has it",
    ),
    "tracks.source_url": "no other place has it",
    "manifest.reading": "the card is made from it, and rows may come from other options too",
    "manifest.encoding.backend": "libraries round differently, but each gives valid codes",
    "manifest.schema": "another one is refused when the release is opened",
}
"""What stands only once: a lie that is possible cannot be known."""


def named(prefix: str) -> set[str]:
    """The names after a prefix that have a lie."""
    found = (re.match(re.escape(prefix) + r"\.(\w+)", name) for name in (*LIES, *UNPROVEN))
    return {match[1] for match in found if match}


@pytest.mark.parametrize("name", LIES)
def test_a_lie_is_noticed(encoded: Path, tmp_path: Path, name: str) -> None:
    check, lie = LIES[name]
    folder = shutil.copytree(encoded, tmp_path / "dataset")
    forgery = Forgery(folder)
    lie(forgery)
    forgery.save()
    if name in REFUSED:
        with pytest.raises(ReleaseError, match="is damaged"):
            Release.of(folder)
        return
    findings = Findings()
    Inspection(Release.of(folder), findings, data=True).run(lambda steps: None)
    assert check in findings.named, findings.named


def test_every_fact_has_a_lie(encoded: Path) -> None:
    manifest = Release.of(encoded).manifest
    assert manifest.encoding is not None
    keys = asdict(Manifest(manifest.recipe, "")).keys()
    assert named("raw") == RAW_COLUMNS.keys()
    assert named("encoded") == ENCODED_COLUMNS.keys()
    assert named("tracks") == TRACK_COLUMNS.keys()
    assert named("manifest") == keys
    assert named("manifest.recipe") == manifest.recipe.keys()
    assert named("manifest.encoding") == manifest.encoding.keys()
    assert named("manifest.shared") == manifest.shared.keys()
