"""Shards: on a full disk an error in one line and a way on; and types that all can read."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import Audio, DatasetInfo, Features, List
from datasets.arrow_writer import ParquetWriter

from sport_music_dataset.card.card import split_front_matter
from sport_music_dataset.release.manifest import read_manifest
from sport_music_dataset.release.schemas import SCHEMAS

# Arrow aborts the process: the case needs one of its own. The limit stands for a full disk, with
# the rows of several row groups before and after it.
SCRIPT = """
import random, resource, signal, sys
from pathlib import Path
from sport_music_dataset.errors import ReleaseError
from sport_music_dataset.release.folder import Run, writing
from sport_music_dataset.release.schemas import schema_of
from sport_music_dataset.release.shards import write_shard

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
out, schema = Path(sys.argv[1]), schema_of({"bytes": "binary"})

def write(most):
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
    rows = ({"bytes": random.Random(number).randbytes(300_000)} for number in range(120))
    with writing(out, Run("build")):
        return write_shard(out, "raw/all.parquet", schema, rows)

try:
    write(8 << 20)
except ReleaseError as error:
    print(error)
assert not list((out / "raw").iterdir())
assert write(1 << 30).rows == 120
"""


def test_a_full_disk_is_an_error_and_the_same_call_goes_on(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = f"{tmp_path}: File too large; mend that and run the same command again\n"
    assert done.stdout == said


class DatasetsWriter(ParquetWriter):  # type: ignore[misc]  # datasets has no types
    """The writer of datasets, which names a list as it did before version 4."""

    @staticmethod
    def _build_metadata(info: DatasetInfo, fingerprint: str | None = None) -> dict[str, str]:
        found = {name: as_before(kind) for name, kind in info.features.to_dict().items()}
        return {"huggingface": json.dumps({"info": {"features": found}})}


def as_before(kind: Any) -> Any:
    """A feature in the form that datasets wrote before version 4."""
    is_list = isinstance(kind, dict) and kind.get("_type") == "List"
    return [as_before(kind["feature"])] if is_list else kind


@pytest.mark.parametrize("config", SCHEMAS)
def test_a_shard_has_the_bytes_that_datasets_writes(config: str, encoded: Path) -> None:
    group = 1000 if config == "tracks" else 50
    for path in read_manifest(encoded).shards(config):
        table = pq.read_table(encoded / path)
        features = Features.from_arrow_schema(SCHEMAS[config])
        sink = pa.BufferOutputStream()
        writer = DatasetsWriter(features=features, stream=sink, writer_batch_size=group)
        for at in range(0, len(table), group):
            writer.write_table(pa.Table.from_pylist(table[at : at + group].to_pylist()))
        writer.finalize(close_stream=False)
        assert sink.getvalue().to_pybytes() == (encoded / path).read_bytes()


def test_older_versions_of_datasets_know_the_types_that_shards_name(encoded: Path) -> None:
    """What `tools/older_datasets` tries for real: a list is `[{...}]`, as before version 4."""
    known = {"Value", "Audio"}
    for path in read_manifest(encoded).files:
        config = path.partition("/")[0]
        if config not in SCHEMAS:
            continue
        schema = pq.read_schema(encoded / path)
        features = Features.from_arrow_schema(schema)
        assert schema.equals(features.arrow_schema)
        assert isinstance(features.get("audio", Audio()), Audio)
        said = json.loads(schema.metadata[b"huggingface"])["info"]["features"]
        assert {kind["_type"] for kind in map(innermost, said.values())} <= known
        lists = {name for name, kind in said.items() if isinstance(kind, list)}
        assert lists == {n for n, kind in features.items() if isinstance(kind, List)}
    head, _ = split_front_matter((encoded / "README.md").read_text(), "README.md")
    named = re.findall(r"'(list|sequence|large_list|struct)'", str(head["dataset_info"]))
    assert {*named} == {"list"}


def innermost(kind: Any) -> Any:
    """The type at the bottom of lists of lists."""
    return innermost(kind[0]) if isinstance(kind, list) else kind
