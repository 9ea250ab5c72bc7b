"""Change a release so that nothing but its rows is wrong: checksums and card follow."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from datasets import Features

from sport_music_dataset.card.card import write_card
from sport_music_dataset.release.features import FEATURES
from sport_music_dataset.release.manifest import read_manifest
from sport_music_dataset.release.release import Release
from sport_music_dataset.release.shards import write_shard
from sport_music_dataset.storage.parquet import read_parquet

Rows = list[dict[str, Any]]


def rewrite(
    folder: Path, config: str, change: Callable[[Rows], None], features: Features | None = None
) -> None:
    """Change the rows of the first shard of a config; manifest and card then agree with it."""
    manifest = read_manifest(folder)
    path = sorted(manifest.shards(config))[-1]
    rows: Rows = read_parquet(folder / path).to_pylist()
    change(rows)
    features = features or FEATURES[config]
    written = write_shard(folder, path, features, [{k: r[k] for k in features} for r in rows])
    manifest.files[path] = written
    write_card(Release.of(folder, manifest))
    manifest.write(folder)
