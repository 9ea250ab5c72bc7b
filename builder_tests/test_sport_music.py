"""The builder in plain Python, as users of datasets expect it."""

from pathlib import Path
from typing import Any

import pytest
from datasets import Audio, load_dataset

from builder_tests.conftest import RECIPE, noise, write_audio
from sport_music_dataset import Recipe, SettingError, SourceError, SportMusic, SportMusicConfig
from sport_music_dataset.build.build import BuildReport

SETTINGS: dict[str, Any] = {
    "chunk_seconds": RECIPE.chunk_seconds,
    "overlap_seconds": RECIPE.overlap_seconds,
    "splits": dict(RECIPE.splits),
}


def rows(dataset: Any) -> list[Any]:
    return sorted(
        dataset.cast_column("audio", Audio(decode=False)), key=lambda row: row["chunk_id"]
    )


@pytest.mark.parametrize("num_proc", [None, 2])
def test_it_yields_the_rows_that_build_writes(
    music: Path, built: tuple[Path, BuildReport], tmp_path: Path, num_proc: int | None
) -> None:
    builder = SportMusic(data_dir=str(music), cache_dir=str(tmp_path), **SETTINGS)
    builder.download_and_prepare(num_proc=num_proc)
    for split in ("train", "test"):
        truth = load_dataset(str(built[0]), split=split, cache_dir=str(tmp_path / "truth"))
        ours = builder.as_dataset(split=split)
        assert ours.features == truth.features
        assert rows(ours) == rows(truth)


def test_it_streams(music: Path, tmp_path: Path) -> None:
    builder = SportMusic(data_dir=str(music), cache_dir=str(tmp_path), **SETTINGS)
    streamed = builder.as_streaming_dataset(split="train")
    row = next(iter(streamed))
    assert row["audio"].get_all_samples().data.shape == (1, RECIPE.chunk_samples)
    assert not any(tmp_path.rglob("*.arrow"))


def test_new_music_is_never_answered_from_the_cache(tmp_path: Path) -> None:
    write_audio(tmp_path / "music/rock/Yoga_rock.wav", noise(3.0))
    one = {**SETTINGS, "splits": {"train": 1.0}}
    ids = []
    for seed in (1, 2):
        write_audio(tmp_path / "music/rock/Cardio_rock.wav", noise(3.0, seed=seed))
        builder = SportMusic(
            data_dir=str(tmp_path / "music"), cache_dir=str(tmp_path / "cache"), **one
        )
        builder.download_and_prepare()
        ids.append(set(builder.as_dataset(split="train")["track_id"]))
    assert len(ids[0]) == len(ids[1]) == 2 and ids[0] != ids[1]


def test_the_config_echoes_what_it_refuses(music: Path, tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="overlap_seconds=30"):
        SportMusicConfig(overlap_seconds=30)
    with pytest.raises(SettingError, match="splits=test=2"):
        SportMusic(data_dir=str(music), cache_dir=str(tmp_path), splits={"train": 1, "test": 2})
    with pytest.raises(SettingError, match="data_dir"):
        SportMusic(cache_dir=str(tmp_path))
    with pytest.raises(SourceError, match="nowhere: does not exist"):
        SportMusic(data_dir=str(tmp_path / "nowhere"), cache_dir=str(tmp_path))


def test_its_defaults_are_those_of_the_recipe() -> None:
    assert SportMusicConfig().recipe == Recipe()
