"""Lies in a release that its checksums hide: rows, manifest or card change, the rest follows."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sport_music_dataset.card.card import compose
from sport_music_dataset.digests import digest
from sport_music_dataset.reasons import Status
from sport_music_dataset.release.layout import CARD
from sport_music_dataset.release.manifest import Manifest, read_manifest
from sport_music_dataset.release.release import Release
from sport_music_dataset.release.schemas import SCHEMAS
from sport_music_dataset.release.shards import write_shard
from sport_music_dataset.storage.parquet import read_parquet

Rows = list[dict[str, Any]]


@dataclass
class Forgery:
    """A release in a folder while it is changed; `save` makes checksums and card follow."""

    folder: Path
    manifest: Manifest = field(init=False)
    card: Callable[[str], str] = str
    _rows: dict[str, Rows] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.manifest = read_manifest(self.folder)

    def rows(self, config: str) -> Rows:
        """The rows of the last shard of a config, to be changed."""
        if config not in self._rows:
            self._rows[config] = read_parquet(self.folder / self._path(config)).to_pylist()
        return self._rows[config]

    @property
    def kept(self) -> Rows:
        """The kept rows of `tracks` whose rows are in the last shard of `raw`."""
        ids = {row["track_id"] for row in self.rows("raw")}
        return [row for row in self.rows("tracks") if row["track_id"] in ids and row["chunks"]]

    @property
    def left_out(self) -> Rows:
        """The rows of `tracks` that gave no chunks."""
        return [row for row in self.rows("tracks") if row["status"] == Status.LEFT_OUT]

    def save(self) -> None:
        """Write what changed, with new checksums; the front matter and the text of the card."""
        for config, rows in self._rows.items():
            path = self._path(config)
            self.manifest.files[path] = write_shard(self.folder, path, SCHEMAS[config], rows)
        card = compose(Release.of(self.folder, self.manifest))
        if self.manifest.card == read_manifest(self.folder).card:
            self.manifest.card = card.front_matter
        (self.folder / CARD).write_text(self.card(card.data.decode()), encoding="utf-8")
        self.manifest.write(self.folder)

    def _path(self, config: str) -> str:
        return max(self.manifest.shards(config))


Lie = Callable[[Forgery], None]


def in_row(config: str, column: str, value: Any, row: int = 1) -> Lie:
    """Another value in one row; `value` may be a function of the true one."""

    def lie(forgery: Forgery) -> None:
        _set(forgery.rows(config)[row], column, value)

    return lie


def in_both(column: str, value: Any) -> Lie:
    """Another value in the same row of raw and encoded."""

    def lie(forgery: Forgery) -> None:
        for config in ("raw", "encoded"):
            _set(forgery.rows(config)[1], column, value)

    return lie


def in_track(column: str, value: Any, **also: Any) -> Lie:
    """Another value in a kept row of tracks, and in other columns of this row."""

    def lie(forgery: Forgery) -> None:
        for name, other in {column: value, **also}.items():
            _set(forgery.kept[0], name, other)

    return lie


def in_left_out(column: str, value: Any) -> Lie:
    """Another value in a row of tracks that is left out."""
    return lambda forgery: _set(forgery.left_out[0], column, value)


def in_manifest(*keys: Any, value: Any) -> Lie:
    """Another value in the manifest."""

    def lie(forgery: Forgery) -> None:
        first, *others = keys
        if not others:
            true = getattr(forgery.manifest, first)
            setattr(forgery.manifest, first, value(true) if callable(value) else value)
            return
        inner: Any = getattr(forgery.manifest, first)
        for key in others[:-1]:
            inner = inner[key]
        _set(inner, others[-1], value)

    return lie


def in_recipe(key: str, value: Any) -> Lie:
    """Another value in the recipe, with the fingerprint of the whole."""

    def lie(forgery: Forgery) -> None:
        recipe: Any = forgery.manifest.recipe
        _set(recipe, key, value)
        forgery.manifest.fingerprint = digest(recipe)[:16]

    return lie


def in_card(old: str, new: str) -> Lie:
    """Other words in README.md."""

    def change(text: str) -> str:
        assert old in text
        return text.replace(old, new, 1)

    return lambda forgery: setattr(forgery, "card", change)


def _set(row: dict[str, Any], name: str, value: Any) -> None:
    row[name] = value(row.get(name)) if callable(value) else value
