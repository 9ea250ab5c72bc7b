"""The data of the page: rows with their tokens, facts about the release, and its models."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..card.assets import THEMES, picture_path
from ..describe.fit import ENERGY
from ..describe.sessions import find
from ..encode.codec.encodec import Codec
from ..encode.decode import load_codec
from ..encode.text import TextModel
from ..errors import ModelError, SettingError
from ..records import Row
from ..release.last_runs import page_mark
from ..release.release import Release
from .catalogue import Catalogue, summary
from .page import block, media_types, picture_url
from .review import MARKS, Reviewing
from .sound import Sounds


@dataclass(frozen=True, slots=True)
class PreviewSettings:
    """The settings of a page.

    `chunks` is the number of chunks, drawn by `seed`; with `everything`, the page has all chunks
    and its audio in files beside it. `decode` adds audio decoded from codes; `codec` and `model`
    replace the models that the release names. `threads` is the number of threads that compress
    audio.

    Raises:
        SettingError: `chunks` is not positive.
    """

    chunks: int = 60
    seed: int = 0
    everything: bool = False
    decode: bool = True
    codec: str = ""
    model: str = ""
    device: str = "auto"
    threads: int = 1

    def __post_init__(self) -> None:
        if self.chunks < 1:
            raise SettingError(f"chunks={self.chunks}: must be at least 1")


class View:
    """The data of a release for the page."""

    def __init__(self, release: Release, settings: PreviewSettings) -> None:
        self.release, self.settings = release, settings
        self.catalogue = Catalogue(release)
        self.notes: list[str] = []
        self._text = self._load_text() if self.catalogue.has_codes else None
        self.codec = self._load_codec() if self.catalogue.has_codes and settings.decode else None
        if not self.catalogue.has_codes:
            self.notes.append("Not encoded: there are no tokens and no codes to show.")
        if not self.catalogue.has_raw:
            self.notes.append("The release leaves its audio out: chunks are heard from codes.")
        encoding = self.catalogue.manifest.encoding if self.catalogue.has_codes else None
        if encoding and encoding["nano"]:
            self.notes.append(
                "The codes are of nano, the tiny codec of the demo, not MusicGen's: how they sound "
                "says nothing of MusicGen, and MusicGen cannot train on them."
            )
        self.sounds = Sounds(release.place, self.catalogue, self.codec)
        self.reviewing: Reviewing | None = None

    def open_review(self) -> None:
        """Let pages of this view decide, if its release is a folder that can be written to.

        Raises:
            ReleaseError: the review there cannot be read.
        """
        if self.release.place.is_remote:
            self.notes.append("A review needs a folder: this release is elsewhere.")
        elif not os.access(self.release.folder, os.W_OK):
            self.notes.append("A review needs a folder that can be written to.")
        else:
            self.reviewing = Reviewing(self.release.folder, self.catalogue)

    @property
    def mark(self) -> str:
        """The mark of the release in the head of the page."""
        return page_mark(self.release.manifest)

    def rows(self, indices: Sequence[int]) -> list[Row]:
        """Rows for the page, with the tokens of their descriptions."""
        rows = self.catalogue.rows(indices)
        for index, row in zip(indices, rows, strict=True):
            row["tokens"] = self._tokens(index, row.get("description", ""))
        if self.reviewing:
            self.reviewing.marked(rows)
        return rows

    def tracks(self, rows: Sequence[Row]) -> dict[str, Row]:
        """Track id -> data of the track, for the tracks of some rows."""
        return {row["track_id"]: self.catalogue.track(row["track_id"]) for row in rows}

    def data(self) -> dict[str, Any]:
        """The data of the page other than rows and tracks."""
        own = self.release.manifest.recipe.get("sessions", "")
        found = {name: find(name, own) for name in self.catalogue.counts("session")}
        return {
            "name": self.release.place.public_name,
            "summary": summary(self.catalogue),
            "notes": self.notes,
            "review": self.reviewing
            and {"token": self.reviewing.token, "marks": MARKS, **self.reviewing.state()},
            "decoded": self.codec is not None,
            "raw": self.catalogue.has_raw,
            "types": media_types(),
            "sessions": {
                name: {"tempo": session.tempo_bpm, "energy": ENERGY[session.intensity]}
                for name, session in found.items()
                if session
            },
        }

    def pictures(self) -> bytes:
        """The block with the release's pictures: alternative text and one data URL per theme."""
        words = self.release.manifest.pictures
        there = self.release.paths()
        shown = [(n, t) for n in words for t in THEMES if picture_path(n, t) in there]
        found: dict[str, dict[str, str]] = {}
        with self.release.place.fetched(*(picture_path(*picture) for picture in shown)) as files:
            for (name, theme), file in zip(shown, files, strict=True):
                entry = found.setdefault(name, {"words": words[name]})
                entry[theme] = picture_url(file.read_bytes())
        return block("pictures", list(found.values()))

    def _tokens(self, index: int, description: str) -> Row | None:
        ids = self.catalogue.tokens(index)
        if ids is None or self._text is None:
            return None
        cut = self._text.cut_off(description, ids)
        kept = list(zip(self._text.pieces(ids), ids, strict=True))
        return {"kept": kept, "cut": self._text.pieces(cut or []), "of_it": cut is not None}

    def _load_text(self) -> TextModel | None:
        facts = self.release.manifest.encoding
        try:
            return TextModel(self.settings.model or (facts["model"] if facts else ""))
        except ModelError as error:
            self.notes.append(f"Tokens are not shown: {error} (--model)")
            return None

    def _load_codec(self) -> Codec | None:
        settings = self.settings
        try:
            return load_codec(self.release, settings.codec, settings.device)
        except ModelError as error:
            self.notes.append(f"Codes are not heard: {error}")
            return None
