"""Change a release so that nothing but its rows is wrong: checksums and card follow."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from sport_music_dataset.card.card import write_card
from sport_music_dataset.columns import COPIED_COLUMNS, ENCODED_COLUMNS, Columns
from sport_music_dataset.digests import file_digest
from sport_music_dataset.release.manifest import read_manifest
from sport_music_dataset.release.release import Release
from sport_music_dataset.release.schemas import SCHEMAS, schema_of
from sport_music_dataset.release.shards import write_shard
from sport_music_dataset.storage.parquet import read_parquet

Rows = list[dict[str, Any]]


def rewrite(
    folder: Path, config: str, change: Callable[[Rows], None], columns: Columns | None = None
) -> None:
    """Change the rows of the first shard of a config; manifest and card then agree with it."""
    _rewrite(folder, config, change, columns, sorted(read_manifest(folder).shards(config))[-1:])


def rewrite_all(
    folder: Path, config: str, change: Callable[[Rows], None], columns: Columns | None = None
) -> None:
    """As `rewrite`, all shards of a config."""
    _rewrite(folder, config, change, columns, sorted(read_manifest(folder).shards(config)))


def without_copies(folder: Path) -> None:
    """Leave in `encoded` what an earlier version wrote: texts, tokens, codes and labels."""
    lately = {*COPIED_COLUMNS, "group"} - {"chunk_id", "track_id", "description", "descriptions"}
    earlier = {name: kind for name, kind in ENCODED_COLUMNS.items() if name not in lately}
    rewrite_all(folder, "encoded", lambda rows: None, earlier)


def plant_codes(folder: Path, *without: str) -> None:
    """Write codes that no codec gives into every shard, which loses the columns `without`."""
    for file in (folder / "encoded").glob("*.parquet"):
        rows = pq.read_table(file).drop_columns(list(without))
        at = rows.schema.get_field_index("codes")
        size, digest = file.stat().st_size, file_digest(file)
        sevens = pa.array([[[7] * 100] * 4] * len(rows), rows.field(at).type)
        pq.write_table(rows.set_column(at, rows.field(at), sevens), file)
        note = folder / ".sportgen" / f"encoded/{file.name}.json"
        text = note.read_text().replace(f": {size}", f": {file.stat().st_size}")
        note.write_text(text.replace(digest, file_digest(file)))


def _rewrite(
    folder: Path,
    config: str,
    change: Callable[[Rows], None],
    columns: Columns | None,
    paths: list[str],
) -> None:
    manifest = read_manifest(folder)
    schema = schema_of(columns) if columns else SCHEMAS[config]
    for path in paths:
        rows: Rows = read_parquet(folder / path).to_pylist()
        change(rows)
        written = write_shard(folder, path, schema, [{k: r[k] for k in schema.names} for r in rows])
        manifest.files[path] = written
    write_card(Release.of(folder, manifest))
    manifest.write(folder)
