"""The manifest as it is read: every value of its type, and written again as it was."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sport_music_dataset.errors import ReleaseError
from sport_music_dataset.release.layout import MANIFEST
from sport_music_dataset.release.manifest import read_manifest

Change = Callable[[dict[str, Any]], object]


def test_what_is_read_is_written_as_it_was(encoded: Path, tmp_path: Path) -> None:
    text = (encoded / MANIFEST).read_bytes()
    assert read_manifest(encoded).as_json() == text
    # Numbers as people wrote them: 2 is not 2.0.
    data = json.loads(text)
    data["recipe"] |= {"chunk_seconds": 2, "of a later sportgen": [1, None]}
    written = json.dumps(data, indent=2, ensure_ascii=False) + "\n"
    (tmp_path / MANIFEST).write_text(written)
    assert read_manifest(tmp_path).as_json().decode() == written


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (lambda m: m["encoding"].update(num_codebooks="4"), "encoding.num_codebooks"),
        (lambda m: m["encoding"].update(nano=1), "encoding.nano"),
        (lambda m: m["encoding"].update(labels="other"), "encoding.labels"),
        (lambda m: m["encoding"].pop("codec"), "encoding.codec"),
        (lambda m: m["recipe"].update(splits=["train"]), "recipe.splits"),
        (lambda m: m["recipe"].update(chunk_seconds=True), "recipe.chunk_seconds: must"),
        (lambda m: m["recipe"].pop("overlap_seconds"), "recipe.overlap_seconds"),
        (lambda m: m.update(files={"raw/x": {"sha256": "", "rows": 1.5, "bytes": 0}}), "rows"),
        (lambda m: m.update(files={"raw/x": {"sha256": ""}}), "files.raw/x"),
        (lambda m: m.update(withdrawn=[1]), "withdrawn.0"),
        (lambda m: m.update(changelog=[{"version": "1.0.0"}]), "changelog.0.date"),
        (lambda m: m.update(codebooks=[{"perplexity": None, "dead": 0}]), "codebooks.0.perplexity"),
        (lambda m: m.update(of_nobody=1), "of_nobody"),
        (lambda m: m.pop("fingerprint"), "fingerprint"),
        (lambda m: m.update(schema="1"), "schema"),
        (lambda m: m.update(software={"av": 18}), "software.av"),
    ],
)
def test_a_wrong_value_is_one_line_that_names_its_key(
    encoded: Path, tmp_path: Path, change: Change, key: str
) -> None:
    data = json.loads((encoded / MANIFEST).read_text())
    change(data)
    (tmp_path / MANIFEST).write_text(json.dumps(data))
    with pytest.raises(ReleaseError) as raised:
        read_manifest(tmp_path)
    text = str(raised.value)
    assert f"{MANIFEST}: is damaged (" in text and key in text and "\n" not in text
    assert not re.search("Input should|Field required|Unexpected|constrained", text)


@pytest.mark.parametrize("text", ["[]", "null", '"x"', "3", "{", "", '{"schema": 1}'])
def test_what_is_no_manifest_is_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / MANIFEST).write_text(text)
    with pytest.raises(ReleaseError, match=r"sportgen\.json: is damaged"):
        read_manifest(tmp_path)


def test_another_schema_is_named(tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_text('{"schema": 2}')
    with pytest.raises(ReleaseError, match="schema 2, this sportgen reads 1"):
        read_manifest(tmp_path)
