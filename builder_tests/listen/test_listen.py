"""`build --listen` and `sportgen listen`: the same rows, from music or from a release."""

import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from transformers import (
    ClapAudioConfig,
    ClapConfig,
    ClapFeatureExtractor,
    ClapModel,
    ClapProcessor,
    ClapTextConfig,
    PreTrainedTokenizerFast,
)

from builder_tests.conftest import RECIPE, noise, once, write_audio
from builder_tests.support.commands import SHORT, fails
from builder_tests.support.folders import files
from builder_tests.support.making import build, verify_folder
from sport_music_dataset.build.build import BuildReport
from sport_music_dataset.build.relisten import listen_release
from sport_music_dataset.cli import main, options
from sport_music_dataset.columns import HEARD_COLUMNS
from sport_music_dataset.errors import ModelError, ReleaseError
from sport_music_dataset.listen import tagger_revision
from sport_music_dataset.recipe import Recipe
from sport_music_dataset.release.folder import build_command
from sport_music_dataset.release.manifest import read_manifest
from sport_music_dataset.release.review.decisions import Decision
from sport_music_dataset.release.review.file import add


def listening(tagger: str = "musicnn", **settings: Any) -> Recipe:
    """The recipe of most tests, with a tagger."""
    record = {name: getattr(RECIPE, name) for name in RECIPE.__dataclass_fields__}
    return Recipe(
        **record | {"tagger": tagger, "tagger_revision": tagger_revision(tagger)} | settings
    )


def rows(folder: Path, config: str) -> list[dict[str, Any]]:
    shards = sorted((folder / config).glob("*.parquet"))
    return [row for shard in shards for row in pq.read_table(shard).to_pylist()]


@pytest.fixture(scope="session")
def heard(music: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library of most tests, built by two processes that listen."""
    return once(tmp_path_factory, "heard", lambda out: build(music, out, listening(), num_proc=2))[
        0
    ]


@pytest.mark.slow
def test_a_build_that_listens_says_what_it_hears(
    music: Path, heard: Path, built: tuple[Path, BuildReport], tmp_path: Path
) -> None:
    for row in rows(heard, "raw"):
        assert 0 <= row["vocals"] <= 1
        assert len(row["instruments"]) == len(row["instruments_confidence"]) <= 3
    tracks = rows(heard, "tracks")
    assert all((row["vocals"] is None) == (row["status"] == "left_out") for row in tracks)
    assert verify_folder(heard).ok
    # One process, and the same bytes.
    build(music, tmp_path / "one", listening())
    assert files(tmp_path / "one") == files(heard)
    # Who does not listen says nothing.
    plain = rows(built[0], "raw") + rows(built[0], "tracks")
    assert not any(row[name] for row in plain for name in HEARD_COLUMNS)


@pytest.mark.slow
def test_a_release_that_is_heard_later_has_the_rows_of_a_build_that_listens(
    heard: Path, encoded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = shutil.copytree(encoded, tmp_path / "dataset")
    before = files(folder)
    assert main(["listen", str(folder), "--dry-run"]) == 0
    assert "shards    2 to write" in capsys.readouterr().out and files(folder) == before

    class KillError(Exception):
        """What ends a run in its middle."""

    def killing(label: str, total: int) -> Any:
        if label != "Listening":
            raise KillError
        return no_steps()

    with pytest.raises(KillError):
        # The shards are heard, the pictures of the card are not drawn.
        listen_release(folder, "musicnn", tagger_revision("musicnn"), progress=killing)
    told = f"a listen was interrupted here; `sportgen listen {folder} --tagger musicnn` goes on"
    for command in ("stats", "encode"):
        assert told in fails(capsys, 1, command, folder)
    assert main(["listen", str(folder), "--num-proc", "2"]) == 0
    assert "shards    0 written, 2 as they were" in capsys.readouterr().out
    assert build_command(folder).endswith(" --listen --layout sport")
    assert rows(folder, "raw") == rows(heard, "raw")
    assert rows(folder, "tracks") == rows(heard, "tracks")
    manifest = read_manifest(folder)
    assert manifest.encoding is None and not manifest.shards("encoded")
    assert manifest.fingerprint == read_manifest(heard).fingerprint
    assert verify_folder(folder).ok
    # The audio is the same, and so are its codes.
    codes = [row["codes"] for row in rows(encoded, "encoded")]
    capsys.readouterr()
    assert main(["encode", str(folder), "--model", "nano"]) == 0
    assert f"chunks    0 encoded, {len(codes)} with known codes" in capsys.readouterr().out
    assert [row["codes"] for row in rows(folder, "encoded")] == codes
    assert verify_folder(folder).ok
    # And there is nothing left to hear.
    after = files(folder)
    assert main(["listen", str(folder)]) == 0
    assert files(folder) == after


@pytest.mark.slow
def test_a_release_with_left_out_chunks_is_heard_too(tmp_path: Path) -> None:
    # A rise from silence to noise, of which the loud end is too driving for yoga.
    rising = noise(20) * np.linspace(0.001, 1, 20 * 32_000, dtype=np.float32) ** 2
    write_audio(tmp_path / "music/x/Yoga_1_x.wav", rising)
    recipe = replace(RECIPE, splits=(("train", 1.0),), min_fit="unknown")
    out = tmp_path / "out"
    [track] = build(tmp_path / "music", out, recipe).tracks
    assert track["chunks"] > 5 and track["misfit_chunks"]
    ids = [row["chunk_id"] for row in rows(out, "raw")]
    given = Decision(id=ids[2], field="description", after="a slow rise")
    dropped = Decision(id=ids[0], field="verdict", after="drop", reason="too quiet")
    add(out, lambda review: [given, dropped, Decision(id=ids[3], field="tempo", after="66")])
    build(tmp_path / "music", out, recipe)
    before = rows(out, "raw")
    assert any(row["arc"] for row in before)
    assert main(["listen", str(out), "--num-proc", "1"]) == 0
    after = rows(out, "raw")
    heard = {*HEARD_COLUMNS, "description", "descriptions"}
    for one, other in zip(before, after, strict=True):
        assert {key for key in one if one[key] != other[key]} <= heard
        assert other["vocals"] is not None
    assert after[1]["descriptions"] == ["a slow rise"] and after[2]["tempo_bpm"] == 66
    assert verify_folder(out).ok


@pytest.mark.slow
def test_who_left_voices_out_is_not_replaced(
    heard_by_clap: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = shutil.copytree(heard_by_clap, tmp_path / "out")
    before = files(out)
    for run in ([], ["--dry-run"]):
        assert main(["listen", str(out), *run]) == 1
        assert "--force --listen" in capsys.readouterr().err
    assert files(out) == before


@pytest.mark.slow
def test_a_build_names_the_listener_that_another_one_had(
    music: Path, heard: Path, built: tuple[Path, BuildReport], tmp_path: Path
) -> None:
    with pytest.raises(ReleaseError, match=r"\(--listen was given, is not given\); as .* --listen"):
        build(music, heard, RECIPE)
    with pytest.raises(ReleaseError, match=r"`sportgen listen .*` adds what is heard, --force"):
        build(music, built[0], listening())


class no_steps:  # noqa: N801  # as the progress that it stands for
    """A progress that tells nobody."""

    def __enter__(self) -> Any:
        return lambda count: None

    def __exit__(self, *_: object) -> None: ...


def test_without_the_package_the_remedy_is_named(
    music: Path,
    built: tuple[Path, BuildReport],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, "musicnn", None)
    for command in (
        ["build", str(music), str(tmp_path / "out"), "--listen", *SHORT],
        ["listen", str(built[0])],
    ):
        assert main(command) == 1
        assert "pip install --no-deps musicnn" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert main(["build", str(music), str(tmp_path / "out"), "--tagger", "a/b"]) == 2
    assert "--listen" in capsys.readouterr().err


@pytest.fixture(scope="session")
def clap(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CLAP model of few weights, which means nothing by what it says."""
    return once(tmp_path_factory, "clap", write_clap)[0]


def write_clap(folder: Path) -> None:
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace

    words = ["<pad>", "<unk>", "music", "with", "a", "piano", "singing", "calm", "rock"]
    tokenizer = Tokenizer(WordLevel({w: i for i, w in enumerate(words)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = Whitespace()
    text = ClapTextConfig(
        vocab_size=16,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        projection_dim=8,
        max_position_embeddings=40,
        pad_token_id=0,
    )
    audio = ClapAudioConfig(
        spec_size=256,
        num_mel_bins=64,
        window_size=8,
        patch_size=4,
        patch_stride=[4, 4],
        patch_embeds_hidden_size=8,
        depths=[1, 1],
        num_attention_heads=[2, 2],
        hidden_size=16,
        num_hidden_layers=2,
        projection_dim=8,
        enable_fusion=False,
    )
    torch.manual_seed(0)
    model = ClapModel(
        ClapConfig(text_config=text.to_dict(), audio_config=audio.to_dict(), projection_dim=8)
    )
    model.save_pretrained(folder)
    processor = ClapProcessor(
        ClapFeatureExtractor(truncation="rand_trunc", padding="repeatpad"),
        PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>", unk_token="<unk>"),
    )
    processor.save_pretrained(folder)


@pytest.fixture(scope="session")
def heard_by_clap(music: Path, clap: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The library of most tests without what CLAP takes for voices, built by one process."""
    recipe = listening(str(clap), without_vocals=True)
    return once(tmp_path_factory, "heard by CLAP", lambda out: build(music, out, recipe))[0]


@pytest.mark.slow
def test_a_clap_model_listens_too(
    music: Path, clap: Path, heard_by_clap: Path, tmp_path: Path
) -> None:
    found = rows(heard_by_clap, "raw")
    assert found and all(0 <= row["vocals"] <= 1 for row in found)
    assert any(row["moods"] or row["instruments"] for row in found)
    record = read_manifest(heard_by_clap).recipe
    assert record["tagger"] == clap.name and record["tagger_revision"].startswith("sha256:")
    assert verify_folder(heard_by_clap).ok
    build(music, tmp_path / "two", listening(str(clap), without_vocals=True), num_proc=2)
    assert files(tmp_path / "two") == files(heard_by_clap)


def test_a_folder_is_recorded_by_its_name_however_it_is_given(
    clap: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(clap.parents[0])
    names = [str(clap), clap.name, f"./{clap.name}", f"../{clap.parents[0].name}/{clap.name}"]
    told = [options.tagger_settings(True, name) for name in names]
    assert {Path(settings["tagger"]) for settings in told} == {clap.resolve()}
    assert len({settings["tagger_revision"] for settings in told}) == 1
    with pytest.raises(ModelError, match="no such folder"):
        options.tagger_settings(True, "")


def test_what_is_no_clap_model_is_refused(clap: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no such folder"):
        tagger_revision("./nowhere")
    with pytest.raises(ModelError, match="a CLAP configuration cannot be loaded"):
        tagger_revision(str(tmp_path))
    from sport_music_dataset.listen import open_tagger

    with pytest.raises(ModelError, match="holds another model"):
        open_tagger(str(clap), "sha256:0")
    with pytest.raises(ModelError, match="holds other networks"):
        open_tagger("musicnn", "sha256:0")
