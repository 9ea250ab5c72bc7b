"""Checks of the manifest by itself: recipe, encoding, versions, names of shards, software."""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import date
from itertools import pairwise
from typing import Any

from .._version import __version__
from ..card.assets import THEMES, picture_path
from ..card.pictures import NAMES
from ..describe.sessions import known_sessions
from ..digests import digest
from ..errors import SettingError, counted
from ..pretrained import MOST_TOKENS, NANO, revision_of
from ..recipe import ROWS_VERSION, Recipe
from ..release.layout import parse_shard
from ..release.manifest import LIBRARIES, Encoding, Manifest
from ..release.schemas import SCHEMAS
from .findings import Check, Findings

_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")
_TAG = re.compile(r"v\d+\.\d+\.\d+")
# A commit of the Hub, or empty where its client does not say which; of a folder, a digest.
_HUB_REVISION, _FOLDER_REVISION = r"([0-9a-f]{40})?", r"sha256:[0-9a-f]{16}"


def is_of_this_version(manifest: Manifest) -> bool:
    """Whether this version of sportgen built the release, so that what it makes is the same.

    Between two versions, the rules for rows alone tell which sportgen it was.
    """
    rules = manifest.recipe.get("rows_version", 0)
    return manifest.software.get("sportgen") == __version__ and rules >= ROWS_VERSION


def read_recipe(manifest: Manifest, findings: Findings) -> Recipe | None:
    """The recipe, checked; None if it is impossible, or its rows are made by other rules."""
    record: dict[str, Any] = {**manifest.recipe}
    if digest(record)[:16] != manifest.fingerprint:
        findings.fail(
            Check.RECIPE,
            f"its fingerprint is {digest(record)[:16]}, not {manifest.fingerprint}",
        )
    findings.note(Check.RECIPE, f"fingerprint {manifest.fingerprint}")
    rules, recipe = record.get("rows_version", 0), None
    reason = _other_rules(rules)
    if rules != ROWS_VERSION and is_of_this_version(manifest):
        findings.fail(Check.RECIPE, f"its rows are {reason}")
    if rules == ROWS_VERSION:
        try:
            known = Recipe.of(record)
            known_sessions(known.sessions)
            recipe = known
        except SettingError as error:
            reason = "the recipe is impossible"
            findings.fail(Check.RECIPE, " ".join(str(error).split()))
    for check in (Check.SILENCE, Check.FIT) if recipe is None else ():
        findings.skip(check, reason)
    return recipe


def _other_rules(rules: int) -> str:
    """What to say of rows that this sportgen would make otherwise."""
    whose, remedy = "an earlier", "`sportgen build --force` builds them anew"
    if rules > ROWS_VERSION:
        whose, remedy = "a later", "`pip install --upgrade sport-music-dataset` gets it"
    return f"made by {whose} sportgen, by rules {rules} (here: {ROWS_VERSION}); {remedy}"


def check_manifest(manifest: Manifest, revision: str, findings: Findings) -> None:
    """Check what the manifest says by itself; `revision` is that of the Hub, empty in a folder."""
    findings.fail_all(Check.MANIFEST, _file_faults(manifest))
    findings.fail_all(Check.MANIFEST, _software_faults(manifest))
    findings.note(Check.MANIFEST, f"recipe {manifest.fingerprint}")
    findings.fail_all(Check.SHARDS, _shard_faults(manifest))
    findings.note(Check.SHARDS, counted(sum(map(len, _numbers(manifest).values())), "shard"))
    findings.fail_all(Check.HISTORY, _history_faults(manifest, revision))
    versions, withdrawn = len(manifest.changelog), len(manifest.withdrawn)
    findings.note(Check.HISTORY, f"{versions} versions, {withdrawn} tracks withdrawn")
    if manifest.encoding:
        findings.fail_all(Check.ENCODING, _encoding_faults(manifest.encoding))
        findings.note(Check.ENCODING, f"{manifest.encoding['model']}")


def _file_faults(manifest: Manifest) -> Iterator[str]:
    raw, encoded, tracks = (bool(manifest.shards(config)) for config in SCHEMAS)
    if not tracks or not (raw or encoded):
        yield "lists no tracks, or neither raw nor encoded"
    if encoded != bool(manifest.encoding) or (manifest.codebooks and not encoded):
        yield "has encoded without its encoding, or the like"
    pictures = {picture_path(name, theme) for name in NAMES for theme in THEMES}
    for path, entry in manifest.files.items():
        if not parse_shard(path) and path not in pictures:
            yield f"lists {path}, which is neither a shard nor a picture"
        if entry.rows < 0 or entry.bytes < 0 or (path in pictures and entry.rows):
            yield f"{path}: has {entry.rows} rows and {entry.bytes} bytes"
        if not re.fullmatch("[0-9a-f]{64}", entry.sha256):
            yield f"{path}: has the sha256 {entry.sha256!r}"


def _software_faults(manifest: Manifest) -> Iterator[str]:
    lacking = sorted({"sportgen", "decoder", *LIBRARIES} - manifest.software.keys())
    if lacking and is_of_this_version(manifest):
        yield f"software lacks {', '.join(lacking)}"
    for name, version in manifest.software.items():
        if not re.search(r"\d", version):
            yield f"software {name} has the version {version!r}"
    if "sportgen" not in manifest.software:
        yield "does not say which sportgen built it"
    source = manifest.source
    kinds = ({"dataset", "revision"}, {"store"})
    if source and (source.keys() not in kinds or not all(source.values())):
        yield f"source is {source}, not a dataset and its revision, nor an object store"


def _numbers(manifest: Manifest) -> dict[tuple[str, str], list[tuple[int, int]]]:
    """(config, split) -> the (number, count) in the name of each of its shards."""
    numbers = defaultdict(list)
    for path in sorted(manifest.files):
        if shard := parse_shard(path):
            numbers[shard.config, shard.split].append((shard.index, shard.count))
    return numbers


def _shard_faults(manifest: Manifest) -> Iterator[str]:
    for (config, split), found in _numbers(manifest).items():
        wanted = [(number, len(found)) for number in range(len(found))]
        if found != wanted:
            yield f"{config}/{split}: shards are {_listed(found)}, not {_listed(wanted)}"
    entries = {
        config: {
            path.partition("/")[2]: entry.rows for path, entry in manifest.shards(config).items()
        }
        for config in ("raw", "encoded")
    }
    raw, encoded = entries["raw"], entries["encoded"]
    if raw and encoded and raw != encoded:
        names = sorted(name for name in raw.keys() | encoded if raw.get(name) != encoded.get(name))
        yield f"raw and encoded differ in {', '.join(names)}"
    for split, rows in manifest.splits(manifest.rows_config).items():
        if not rows:
            yield f"split {split} has no rows"
    if {split for config, split in _numbers(manifest) if config == "tracks"} - {"train"}:
        yield "tracks has another split than train"


def _listed(numbers: Collection[tuple[int, int]]) -> str:
    return ", ".join(f"{number} of {count}" for number, count in numbers)


def check_splits(manifest: Manifest, asked: Collection[str], findings: Findings) -> None:
    """Check that each split is one of the recipe, or one that a kept track has (`asked`)."""
    known, present = {*manifest.recipe["splits"], *asked}, manifest.splits(manifest.rows_config)
    for split in sorted(present.keys() - known):
        findings.fail(Check.SHARDS, f"split {split} is neither the recipe's nor a track's")
    for split in sorted({*asked} - present.keys()):
        findings.fail(Check.SHARDS, f"split {split} has tracks, but no shard")


def _history_faults(manifest: Manifest, revision: str) -> Iterator[str]:
    for entry in manifest.changelog:
        if not _VERSION.fullmatch(entry["version"]):
            yield f"version {entry['version']!r} is not X.Y.Z"
            return
        if not _is_date(entry["date"]):
            yield f"version {entry['version']} has the date {entry['date']!r}"
        if not entry["changes"].strip():
            yield f"version {entry['version']} does not say what changed"
    versions = [entry["version"] for entry in manifest.changelog]
    orders = [tuple(map(int, version.split("."))) for version in versions]
    for (newer, older), names in zip(pairwise(orders), pairwise(versions), strict=True):
        if newer <= older:
            yield f"version {names[0]} stands above {names[1]}"
    if _TAG.fullmatch(revision) and versions[:1] != [revision.removeprefix("v")]:
        yield f"the tag is {revision}, the newest version {', '.join(versions[:1]) or 'missing'}"
    withdrawn = manifest.withdrawn
    if withdrawn != sorted(set(withdrawn)):
        yield "withdrawn tracks are not sorted, or stand twice"
    for identity in withdrawn:
        if not re.fullmatch("[0-9a-f]{16}", identity):
            yield f"withdrawn is {identity!r}, which is no id of a track"


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _encoding_faults(encoding: Encoding) -> Iterator[str]:
    for name in ("num_codebooks", "codebook_size", "frames", "longest"):
        if encoding[name] < 1:
            yield f"{name} is {encoding[name]}"
    length, longest, truncated = (encoding[n] for n in ("max_length", "longest", "truncated"))
    if not 1 <= length <= MOST_TOKENS:
        yield f"max_length is {length}, not 1 to {MOST_TOKENS}"
    if truncated < 0 or (truncated > 0) != (longest > length):
        yield f"truncated is {truncated}, but longest {longest} and max_length {length}"
    frames, books = encoding["frames"], encoding["num_codebooks"]
    wanted = frames + (books - 1 if encoding["labels"] == "lossless" else 0)
    if encoding["label_frames"] != wanted:
        yield f"label_frames is {encoding['label_frames']}, not {wanted}"
    # It must be no code: MusicGen has it behind its vocabulary.
    if not encoding["codebook_size"] <= encoding["pad_token_id"] < 2**15:
        yield f"pad_token_id is {encoding['pad_token_id']}, which is a code"
    yield from _model_faults({**encoding})


def _model_faults(encoding: dict[str, Any]) -> Iterator[str]:
    names = {kind: encoding[kind] for kind in ("model", "codec")}
    for kind, name in names.items():
        form = _HUB_REVISION if "/" in name else _FOLDER_REVISION
        said = encoding.get(f"{kind}_revision")
        if not name or not isinstance(said, str) or not re.fullmatch(form, said):
            yield f"{kind} {name!r} has the revision {said!r}"
    if encoding["nano"] and NANO not in names.values():
        yield f"nano is true, but the models are {' and '.join(names.values())}"
    elif not encoding["nano"] and NANO in names.values() and _is_our_nano(encoding):
        yield "nano is false, but the revision of the model is that of nano"
    libraries = encoding.get("software")
    if not isinstance(libraries, dict) or not {"torch", "transformers"} <= libraries.keys():
        yield "does not say which torch and transformers made it"
    for name, wanted in (("batch_size", int), ("rows_version", int), ("device", str)):
        if not isinstance(encoding.get(name), wanted) or not encoding[name]:
            yield f"{name} is {encoding.get(name)!r}"
    if encoding.get("dtype") != "float32":
        yield f"dtype is {encoding.get('dtype')!r}, not 'float32'"


def _is_our_nano(encoding: dict[str, Any]) -> bool:
    # Imported for a release that may lie only: transformers takes a second.
    from ..encode.models import pretrained

    return any(
        encoding[kind] == NANO
        and encoding[f"{kind}_revision"] == revision_of(pretrained(NANO, kind), None)
        for kind in ("model", "codec")
    )
