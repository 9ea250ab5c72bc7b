"""What was run on a release before, for commands that say what to type next: encode, and preview.

The options of the last encode are a note in the work folder, on which no row depends.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Self

from ..digests import digest
from ..pretrained import MUSICGEN, codec_of
from ..storage.atomic import write_atomically
from .folder import Run, read_hint, unfinished
from .layout import ENCODE, KNOWN_CODES, PAGE, noted
from .manifest import Encoding, Manifest
from .release import Release

PAGE_HEAD_BYTES = 4_096
"""The head of a preview page has its marks within these."""


@dataclass(frozen=True, slots=True)
class EncodeOptions:
    """The options of `encode` that its rows depend on.

    `model` and `codec` are Hub ids, folders or `nano`; an empty codec is that of the model.
    """

    model: str = MUSICGEN
    codec: str = ""
    max_length: int = 20
    labels: str = "lossless"
    special_tokens: bool = True

    @classmethod
    def of(cls, encoding: Encoding) -> Self:
        """The options that a manifest records; of a folder with a model, it has the name alone."""
        model, codec = encoding["model"], encoding["codec"]
        return cls(
            model,
            "" if codec == codec_of(model) else codec,
            encoding["max_length"],
            encoding["labels"],
            encoding["special_tokens"],
        )

    @property
    def run(self) -> Run:
        """The run of `encode` with these options."""
        return Run("encode", [word for words in self.words() for word in words])

    def words(self) -> Iterator[tuple[str, ...]]:
        """Each option as the words of a command line; those with usual values are left out."""
        usual = EncodeOptions()
        yield "--model", self.model
        if self.codec:
            yield "--codec", self.codec
        if self.max_length != usual.max_length:
            yield "--max-length", str(self.max_length)
        if self.labels != usual.labels:
            yield "--labels", self.labels
        if not self.special_tokens:
            yield ("--no-special-tokens",)


def note_encode(folder: Path, options: EncodeOptions) -> None:
    """Write down with which options a release folder is encoded."""
    write_atomically(folder / ENCODE, json.dumps(asdict(options), indent=1).encode())


def keep_encode(folder: Path, options: EncodeOptions | None) -> None:
    """Write down how the rows before were encoded, if nothing in the folder says so yet."""
    if options and not (folder / ENCODE).exists():
        note_encode(folder, options)


def last_encode(release: Release) -> EncodeOptions | None:
    """The options of the last encode of a release, also if it was stopped; None without one."""
    encoding = release.manifest.encoding
    file = release.folder / ENCODE
    noted_options = None if release.place.is_remote else read_hint(EncodeOptions, file)
    return noted_options or (EncodeOptions.of(encoding) if encoding else None)


def encode_command(release: Release, model: str = "") -> str:
    """The command that encodes a release folder, as it was encoded last, or with another model.

    The length of descriptions is not taken along: another model counts other tokens.
    """
    options = last_encode(release)
    if model:
        usual = EncodeOptions(model)
        options = replace(options or usual, model=model, codec="", max_length=usual.max_length)
    run = options.run if options else Run("encode")
    return run.typed(release.folder)


def stale_codes(release: Release) -> list[str]:
    """The files of codes that a release folder has and its manifest does not name.

    A build or `listen` has changed the rows since, or an encode was stopped before its end.
    """
    if release.place.is_remote or release.shards("encoded"):
        return []
    known = {
        path.relative_to(release.folder).as_posix()
        for path in (release.folder / KNOWN_CODES).glob("*.parquet")
    }
    paths = sorted(noted(release.folder, "encoded") | known)
    return [path for path in paths if (release.folder / path).is_file()]


def stale_note(release: Release) -> str:
    """What to say of codes that are not of the rows of a release folder; empty if there are none.

    A line without a full stop, as of `unbuilt_note`.
    """
    if not stale_codes(release):
        return ""
    why = "an encode was interrupted" if is_encoding(release.folder) else "rows have changed since"
    return f"`encoded` is out of date: {why}; `{encode_command(release)}` brings it up to date"


def is_encoding(folder: Path) -> bool:
    """Whether an encode is writing to a release folder, or was interrupted in it."""
    run = unfinished(folder)
    return run is not None and run.command == "encode"


def page_mark(manifest: Manifest) -> str:
    """What stands in the head of a preview page, and says which state of a release it shows."""
    return f'<meta name="sportgen-release" content="{digest(manifest.as_json().decode())}">'


def has_page(release: Release, page: Path = Path(PAGE)) -> bool:
    """Whether `page` is a preview page that shows a release as it is now."""
    try:
        with page.open("rb") as stream:
            return page_mark(release.manifest).encode() in stream.read(PAGE_HEAD_BYTES)
    except OSError:
        return False
