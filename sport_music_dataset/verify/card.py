"""Checks of the card: README.md against the release, and the pictures in it."""

import difflib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from ..card import card
from ..card.assets import THEMES, picture_path
from ..card.body import render_body
from ..card.dataset_info import dataset_info
from ..card.pictures import CHUNK_COLUMNS, pictures_of
from ..card.samples import Sampler
from ..errors import ReleaseError, counted
from ..records import Row
from ..release.chunks import LIGHT
from ..release.layout import CARD
from ..release.manifest import Manifest
from ..release.release import Release
from ..release.tracks import kept_rows, license_counts
from .findings import Check, Findings
from .manifest import is_of_this_version

_PNG = b"\x89PNG\r\n\x1a\n"
_REPO = re.compile(r'load_dataset\("([^"]*)"')
_VERSION = re.compile(r'revision="v([^"]*)"')
# The words of these pictures come from `tracks` and the manifest, the others from `raw`.
_WITHOUT_RAW = ("chunks", "splits", "codebooks")


def check_card(file: Path, release: Release, tracks: list[Row], findings: Findings) -> None:
    """Check README.md; `tracks` are all rows of `tracks`."""
    manifest, sound = release.manifest, not findings.counts
    try:
        found, body = card.split_front_matter(card.read_card(file), CARD)
    except ReleaseError as error:
        findings.fail(Check.CARD, str(error))
        return
    findings.note(Check.CARD, f"{CARD} names the files that are there")
    findings.fail_all(Check.CARD, _front_faults(found, manifest, tracks), CARD)
    # The footers of shards that may be damaged are left alone.
    if (
        sound
        and is_of_this_version(manifest)
        and found.get("dataset_info") != dataset_info(release)
    ):
        findings.fail(Check.CARD, f"{CARD}: its dataset_info is not that of the files")
    findings.fail_all(Check.CARD_TEXT, _text_faults(body, manifest, tracks), CARD)
    if not is_of_this_version(manifest):
        findings.skip(Check.CARD_TEXT, f"written by sportgen {manifest.software.get('sportgen')}")
    findings.note(Check.CARD_TEXT)


def _front_faults(found: dict[str, Any], manifest: Manifest, tracks: list[Row]) -> Iterator[str]:
    generated = card.front_matter(manifest, tracks)
    if found.get("configs") != generated["configs"]:
        yield "its configs are not those of the manifest"
    if is_of_this_version(manifest) and manifest.card != generated:
        other = [key for key in generated if manifest.card.get(key) != generated[key]]
        other += manifest.card.keys() - generated.keys()
        yield f"the manifest's card has another {', '.join(other)}"
    said, licence, kept = found.get("license"), generated["license"], kept_rows(tracks)
    # People may write the licence where tracks have none, or none that the Hub knows.
    several = len(license_counts(kept)) > 1 and not isinstance(said, list)
    known = licence != "unknown" and (licence != "other" or several)
    if known and said != licence:
        yield f"its license is {said}, that of the tracks {licence}"


def _text_faults(body: str, manifest: Manifest, tracks: list[Row]) -> Iterator[str]:
    section = card.generated_section(body)
    if section is None:
        yield "has no generated text between its markers"
        return
    if not is_of_this_version(manifest):
        return
    # The text says for which repository and version it was written.
    repo, version = _REPO.search(section), _VERSION.search(section)
    newest = manifest.changelog[0]["version"] if manifest.changelog else ""
    number = version[1] if version else ""
    if number not in ("", newest):
        yield f"is that of version {number}, the newest is {newest or 'not published'}"
        return
    name = repo[1] if repo and repo[1] != "ORG/NAME" else ""
    wanted = render_body(manifest, tracks, name, number)
    lines = difflib.ndiff(wanted.splitlines(), section.splitlines()) if wanted != section else ()
    for line in lines:
        if line.startswith(("- ", "+ ")):
            yield f"its generated text differs: {line}"
            return


class PictureChecks:
    """Checks picture files and their words; memory holds 40 bytes of each chunk."""

    def __init__(self, manifest: Manifest, findings: Findings) -> None:
        self._manifest, self._findings = manifest, findings
        self._chunks: list[pa.Table] = []
        self._sampler = Sampler()

    def add(self, batch: pa.RecordBatch) -> None:
        """Add the rows of a batch of `raw` to those of which the words speak."""
        self._chunks.append(pa.Table.from_batches([batch.select(CHUNK_COLUMNS)]))
        self._sampler.add(batch)

    def check_file(self, path: str, file: Path) -> None:
        """Check that a picture is a PNG."""
        with file.open("rb") as stream:
            if stream.read(len(_PNG)) != _PNG:
                self._findings.fail(Check.PICTURES, f"{path}: is no PNG")

    def finish(self, tracks: list[Row], data: bool) -> None:
        """Compare names and words; without `data`, only the words that need no rows of `raw`."""
        manifest, findings = self._manifest, self._findings
        paths = {picture_path(name, theme) for name in manifest.pictures for theme in THEMES}
        listed = {path for path in manifest.files if path.startswith("assets/")}
        for path in sorted(paths ^ listed):
            findings.fail(Check.PICTURES, f"{path}: has words without a file, or none")
        findings.note(Check.PICTURES, counted(len(manifest.pictures), "picture"))
        if not is_of_this_version(manifest) or not tracks:
            return
        empty = LIGHT.empty_table().select(CHUNK_COLUMNS)
        chunks = pa.concat_tables([empty, *self._chunks], promote_options="default")
        pictures = pictures_of(manifest, kept_rows(tracks), chunks)
        wanted = {picture.name: picture.alt for picture in pictures}
        whole = data and bool(manifest.shards("raw"))
        if whole and manifest.samples != self._sampler.chosen():
            findings.fail(Check.CARD_TEXT, "its sample descriptions are not those of the release")
        names = {*wanted, *manifest.pictures} if whole else _WITHOUT_RAW
        for name in names:
            if manifest.pictures.get(name) != wanted.get(name):
                findings.fail(Check.PICTURES, f"{name}: its words are not those of the release")
