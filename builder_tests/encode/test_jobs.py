"""No chunk is encoded twice: its codes come from its shard, another one, or an earlier release."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import EncodecModel

from builder_tests.conftest import RECIPE, noise, write_audio
from builder_tests.hub.local_hub import LocalHub
from builder_tests.support.clients import sportgen
from builder_tests.support.folders import rows_of
from builder_tests.support.making import build, verify_folder
from builder_tests.support.models import save_codec
from builder_tests.support.rewriting import plant_codes
from sport_music_dataset.build.since import Since
from sport_music_dataset.cli import main
from sport_music_dataset.encode import encode
from sport_music_dataset.encode.codec.shared import SharedEncoder
from sport_music_dataset.encode.encode import encode_release, estimate_encode
from sport_music_dataset.encode.settings import EncodeSettings
from sport_music_dataset.encode.shards import encode_shards
from sport_music_dataset.encode.workers.base import Finished
from sport_music_dataset.errors import ReleaseError
from sport_music_dataset.release.last_runs import stale_note
from sport_music_dataset.release.release import Release

NANO = EncodeSettings(model="nano")
SPLITS = ("--splits", ",".join(f"{name}={share}" for name, share in RECIPE.splits))
HALVES = replace(RECIPE, splits=(("train", 0.5), ("test", 0.5)))


@pytest.fixture
def source(music: Path, tmp_path: Path) -> Path:
    """The music, and a track more."""
    copy = shutil.copytree(music, tmp_path / "music")
    write_audio(copy / "latino/Rowing_latino.wav", noise(7.0, seed=77))
    return copy


@pytest.fixture
def release(encoded: Path, tmp_path: Path) -> Path:
    """A copy of an encoded release, to write to."""
    return shutil.copytree(encoded, tmp_path / "dataset")


def fresh(folder: Path, place: Path) -> dict[str, bytes]:
    """The shards of `encoded` that an encode from the start gives."""
    copy = shutil.copytree(folder, place)
    for name in ("encoded", ".sportgen/encoded"):
        shutil.rmtree(copy / name, ignore_errors=True)
    assert encode_release(copy, NANO).chunks_known == 0
    return shards(copy)


def shards(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in (folder / "encoded").iterdir()}


def planted(folder: Path) -> set[str]:
    """The tracks whose codes are those of `plant_codes`, which no codec gives."""
    rows = rows_of(folder, "encoded")
    return {row["track_id"] for row in rows if np.all(np.asarray(row["codes"]) == 7)}


def test_of_a_shard_with_a_new_track_only_this_track_is_encoded(
    release: Path, source: Path, tmp_path: Path
) -> None:
    build(source, release, RECIPE)
    again = shutil.copytree(release, tmp_path / "again")
    before = {row["track_id"] for row in rows_of(release, "tracks") if row["chunks"]}
    plant_codes(again)
    [new] = (row for row in rows_of(release, "tracks") if row["path"].endswith("Rowing_latino.wav"))
    assert estimate_encode(again, NANO).shards == 1
    report = encode_release(again, NANO)
    assert report.chunks_encoded == new["chunks"] == 5
    assert report.shards_written == 1 and report.chunks_known > 0
    assert planted(again) == before - {new["track_id"]}
    # Without planted codes: the bytes of a fresh encode.
    encode_release(release, NANO)
    assert shards(release) == fresh(release, tmp_path / "fresh")
    assert not (release / ".sportgen/known").exists()


def test_codes_go_with_their_tracks_into_other_shards(
    release: Path, music: Path, tmp_path: Path
) -> None:
    build(music, release, HALVES, force=True)
    report = encode_release(release, NANO)
    assert report.chunks_encoded == 0 and report.chunks_known == sum(report.rows.values())
    assert shards(release) == fresh(release, tmp_path / "fresh")
    assert (found := verify_folder(release)).ok, found.failures


def test_a_run_that_is_stopped_loses_no_codes(
    release: Path, music: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(music, release, HALVES, force=True)

    def stopped(*args: Any, **settings: Any) -> Any:
        # After a shard that is written over what had its codes.
        for event in encode_shards(*args, **settings):
            yield event
            if isinstance(event[1], Finished):
                raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(encode, "encode_shards", stopped)
        encode_release(release, NANO)
    assert list((release / ".sportgen/known").iterdir())
    again = f"`sportgen encode {release} --model nano` brings it up to date"
    assert again in stale_note(Release.of(release))
    assert encode_release(release, NANO).chunks_encoded == 0
    assert stale_note(Release.of(release)) == ""
    assert shards(release) == fresh(release, tmp_path / "fresh")
    assert not (release / ".sportgen/known").exists()


def test_a_damaged_shard_gives_no_codes(release: Path, source: Path, tmp_path: Path) -> None:
    build(source, release, RECIPE)
    for file in (release / "encoded").iterdir():
        data = bytearray(file.read_bytes())
        data[len(data) // 2] ^= 1
        file.write_bytes(data)
    assert encode_release(release, NANO).chunks_known == 0
    assert shards(release) == fresh(release, tmp_path / "fresh")


def test_a_build_that_goes_on_from_a_release_takes_its_codes(
    encoded: Path, source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, out = shutil.copytree(encoded, tmp_path / "before"), tmp_path / "out"
    build(source, out, RECIPE, since=Since.of(Release.of(before)))
    assert main(["encode", str(out), "--model", "nano"]) == 0
    assert "chunks    5 encoded, " in capsys.readouterr().out
    assert shards(out) == fresh(out, tmp_path / "fresh")
    # Where it has gone, or has other codes, this is said, and all are encoded.
    for folder in (out / "encoded", out / ".sportgen/encoded", before):
        shutil.rmtree(folder)
    assert main(["encode", str(out), "--model", "nano"]) == 0
    said = capsys.readouterr()
    assert "no such folder" in said.err and " 0 with known codes" in said.out
    assert main(["encode", str(out), "--model", "nano", "--since", str(before)]) == 1


def test_a_release_on_the_hub_gives_its_codes_too(
    encoded: Path, source: Path, tmp_path: Path
) -> None:
    out, home = tmp_path / "out", tmp_path / "home"
    with LocalHub() as hub:

        def run(*arguments: object) -> str:
            done = sportgen(hub, home, *arguments)
            assert done.returncode == 0, done.stderr
            return done.stdout

        # Without its audio, which nobody may have the right to publish.
        options = ("--version", "1.0.0", "--allow-nano", "--configs", "encoded,tracks")
        run("push", encoded, "org/sport", *options)
        seconds = ("--chunk-seconds", "2", "--overlap-seconds", "0.8")
        run("build", source, out, *seconds, *SPLITS, "--since", "org/sport@v1.0.0")
        assert "chunks    5 encoded, " in run("encode", out, "--model", "nano")


def test_what_cannot_be_taken_is_said(encoded: Path, release: Path, tmp_path: Path) -> None:
    before = Release.of(encoded)
    codec = EncodeSettings(model="nano", codec=str(save_codec(tmp_path / "codec")))
    report = encode_release(release, codec, since=before)
    assert report.since_reason == "its codes were made with another codec, codec_revision"
    assert report.chunks_known == 0
    damaged = Release.of(shutil.copytree(encoded, tmp_path / "damaged"))
    for file in (damaged.folder / "encoded").iterdir():
        data = bytearray(file.read_bytes())
        data[len(data) // 2] ^= 1
        file.write_bytes(data)
    with pytest.raises(ReleaseError, match="is not what its manifest says"):
        encode_release(release, NANO, since=damaged)


@pytest.fixture(params=[1, 2])
def threads(request: pytest.FixtureRequest) -> Iterator[int]:
    """The number of PyTorch's threads, which is set."""
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


@pytest.mark.parametrize("backend", ["torch", "openvino"])
def test_a_chunk_has_the_same_codes_in_any_batch(
    tmp_path: Path, backend: Any, threads: int
) -> None:
    # As wide as encodec_32khz: whether sums are rounded alike hangs on their number.
    place = save_codec(tmp_path / "codec", num_filters=64, hidden_size=128, codebook_dim=128)
    model: Any = EncodecModel.from_pretrained(place, dtype=torch.float32)
    encoder = SharedEncoder(model, backend)
    hop, length = 9_600, 12_800
    track = noise((hop * 16 + length) / 32_000, seed=5)
    starts = [hop * at for at in range(17)]
    chunks = torch.stack([torch.from_numpy(track[at : at + length]) for at in starts])
    with torch.inference_mode():
        whole = encoder(chunks, [0, *[hop] * 16], starts)
        for part in ([0], [16], [3, 4], [1, 2, 5, 9, 10, 11, 12]):
            offsets = [0, *(hop * (b - a) for a, b in pairwise(part))]
            found = encoder(chunks[part], offsets, [starts[at] for at in part])
            assert torch.equal(found, whole[part])
    assert torch.get_num_threads() == threads
