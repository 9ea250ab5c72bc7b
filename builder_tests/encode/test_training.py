"""The collator and what trains from it, with transformers' own Trainer; the gate after encode."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from datasets import load_dataset
from transformers import AutoTokenizer, Trainer, TrainerCallback, TrainingArguments

from builder_tests.conftest import RECIPE
from builder_tests.support.making import build, verify_folder
from builder_tests.support.models import NANO, tiny_musicgen
from sport_music_dataset import ReleaseError, SettingError, SportMusicCollator
from sport_music_dataset.encode.encode import encode_release
from sport_music_dataset.encode.settings import EncodeSettings
from sport_music_dataset.encode.training import check_trainable
from sport_music_dataset.release.release import Release


def test_a_batch_is_what_musicgen_reads(encoded: Path) -> None:
    rows = load_dataset(str(encoded), "encoded", split="train")
    batch = SportMusicCollator()(rows.with_format("torch").select(range(3)))
    assert {name: (tuple(value.shape), value.dtype) for name, value in batch.items()} == {
        "input_ids": ((3, 20), torch.int64),
        "attention_mask": ((3, 20), torch.int64),
        "labels": ((3, 103, 4), torch.int64),
    }
    for row, labels in zip(rows, batch["labels"], strict=False):
        for book in range(4):
            own = labels[:, book].numpy()
            np.testing.assert_array_equal(own[book : book + 100], row["codes"][book])
            assert (np.delete(own, range(book, book + 100)) == -100).all()
    plain = SportMusicCollator()([rows[at] for at in range(3)])
    assert all(torch.equal(plain[name], batch[name]) for name in batch)


@pytest.mark.slow
def test_of_several_descriptions_one_is_drawn(music: Path, tmp_path: Path) -> None:
    source, out = shutil.copytree(music, tmp_path / "music"), tmp_path / "out"
    own = "latino/Course_à_pied_latino.wav"
    (source / "metadata.csv").write_text(
        f"file_name,description,descriptions\n{own},quick guitar,fast strings | quick guitar\n"
    )
    recipe = replace(RECIPE, descriptions_per_chunk=3)
    tracks = {row["path"]: row["track_id"] for row in build(source, out, recipe).kept}
    encode_release(out, EncodeSettings(model="nano"))
    assert (report := verify_folder(out)).ok, report.failures
    rows = load_dataset(str(out), "encoded", split="train+test")
    assert len(rows) > 10
    for row in rows:
        own_words = row["track_id"] == tracks[own]
        assert len(set(row["descriptions"])) == (2 if own_words else 3)
        assert row["descriptions"][0] == row["description"]
        assert ("fast strings" in row["descriptions"]) == own_words
    tokenizer = AutoTokenizer.from_pretrained(NANO / "model")
    collate, row = SportMusicCollator(tokenizer=tokenizer), rows.with_format("numpy")[0]
    torch.manual_seed(0)
    drawn = {tuple(ids) for _ in range(8) for ids in collate([row] * 4)["input_ids"].tolist()}
    stored = {tuple(SportMusicCollator()([row])["input_ids"][0].tolist())}
    assert stored < drawn and drawn == {
        tuple(tokenizer(text, padding="max_length", max_length=20, truncation=True)["input_ids"])
        for text in row["descriptions"].tolist()
    }


def test_a_trainer_that_removed_the_descriptions_is_told_what_to_say(
    encoded: Path, tmp_path: Path
) -> None:
    trainer = Trainer(
        model=tiny_musicgen(),
        args=TrainingArguments(output_dir=str(tmp_path), use_cpu=True, report_to=[]),
        train_dataset=load_dataset(str(encoded), "encoded", split="train"),
        data_collator=SportMusicCollator(tokenizer=AutoTokenizer.from_pretrained(NANO / "model")),
    )
    with pytest.raises(SettingError, match=r"TrainingArguments\(remove_unused_columns=False\)"):
        trainer.train()


class _Losses(TrainerCallback):
    def __init__(self) -> None:
        self.losses: list[float] = []

    def on_log(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.losses += [kwargs["logs"]["loss"]] if "loss" in kwargs["logs"] else []


def test_the_readmes_trainer_lowers_the_loss(encoded: Path, tmp_path: Path) -> None:
    model = tiny_musicgen()
    model.config.decoder.decoder_start_token_id = model.config.decoder.pad_token_id
    model.freeze_text_encoder()
    model.freeze_audio_encoder()
    seen = _Losses()
    trainer = Trainer(
        model=model,
        args=TrainingArguments(
            output_dir=str(tmp_path),
            per_device_train_batch_size=4,
            learning_rate=3e-3,
            max_steps=24,
            logging_steps=4,
            report_to=[],
            use_cpu=True,
            disable_tqdm=True,
            dataloader_pin_memory=False,
        ),
        train_dataset=load_dataset(str(encoded), "encoded", split="train"),
        data_collator=SportMusicCollator(),
        callbacks=[seen],
    )
    trainer.train()
    assert np.isfinite(seen.losses).all() and seen.losses[-1] < seen.losses[0] - 0.1


def test_encode_ends_with_a_step_of_training(encoded: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(encoded, tmp_path / "dataset")
    release = Release.of(folder)
    check_trainable(release)
    file = folder / next(iter(release.shards("encoded")))
    table = pq.read_table(file)
    at = table.schema.get_field_index("labels")
    # Codes without their delay: as many columns, but a code too many.
    shifted = pa.array([[[5] * 103] * 4] * len(table), table.field(at).type)
    pq.write_table(table.set_column(at, table.field(at), shifted), file)
    with pytest.raises(ReleaseError, match="not of the shapes that training needs"):
        check_trainable(release)


def test_the_notebooks_labels_pass_the_gate_too(encoded: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(encoded, tmp_path / "dataset")
    encode_release(folder, EncodeSettings(model="nano", labels="notebook"))


def test_the_gate_leaves_the_callers_random_numbers_alone(encoded: Path) -> None:
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    check_trainable(Release.of(encoded))
    assert torch.equal(torch.rand(1), expected)
