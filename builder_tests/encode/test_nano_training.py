"""What the nano codec has learned: music that it never met comes back from its codes."""

import csv
from pathlib import Path

import pytest
import torch
from torch import Tensor
from transformers import EncodecModel

from builder_tests.support.models import NANO
from nano_codec import RATE, save, untrained_codec
from nano_measure import rebuild, same_tempo
from nano_music import crops, demo_chunks, training_pieces
from sport_music_dataset.demo.synth import DEMO_PIECES
from sport_music_dataset.preview.mel import distance

SECONDS = slice(10 * RATE, 15 * RATE)
CURVE = Path(__file__).parents[2] / "tools/nano_loss.csv"


@pytest.fixture(scope="module")
def chunks() -> Tensor:
    """The second chunk of every demo track, [10, 25 s]: the first has little but an intro."""
    return demo_chunks(slice(1, 2))


@pytest.fixture(scope="module")
def rebuilt(chunks: Tensor) -> Tensor:
    codec = EncodecModel.from_pretrained(NANO / "codec", dtype=torch.float32)
    return torch.stack([rebuild(codec, chunk) for chunk in chunks])


@pytest.fixture(scope="module")
def untrained(chunks: Tensor) -> EncodecModel:
    """What training started from; fitted to the very seconds it is measured on, to its good."""
    return untrained_codec(chunks[:, None, SECONDS])


def test_training_halves_the_log_mel_distance(
    chunks: Tensor, rebuilt: Tensor, untrained: EncodecModel
) -> None:
    cuts = chunks[:, SECONDS]
    before = torch.stack([rebuild(untrained, cut) for cut in cuts])
    assert distance(cuts, rebuilt[:, SECONDS]) < distance(cuts, before) / 2


def test_the_tempo_stays(chunks: Tensor, rebuilt: Tensor) -> None:
    kept = [same_tempo(one, other) for one, other in zip(chunks, rebuilt, strict=True)]
    assert len(kept) == 10 and sum(kept) >= 9


def test_the_distance_is_that_of_decibels() -> None:
    tone = torch.sin(2 * torch.pi * 1000 * torch.arange(2 * RATE) / RATE)[None]
    assert distance(tone, tone) == 0
    noise = torch.randn(1, 2 * RATE, generator=torch.Generator().manual_seed(0))
    assert distance(noise, noise / 10) == pytest.approx(2.3026, abs=0.02)


def test_no_demo_piece_is_learned_from() -> None:
    names = {piece.file_name for piece in training_pieces()}
    assert len(names) == len(list(training_pieces())) >= 30
    assert names.isdisjoint(piece.file_name for piece in DEMO_PIECES)


def test_what_a_step_sees_depends_on_its_number() -> None:
    waves = [torch.linspace(-1, 1, 10 * RATE).numpy()]
    one, same, other = (crops(waves, step, 4, RATE) for step in (7, 7, 8))
    assert one.shape == (4, 1, RATE) and one.dtype == torch.float32
    assert torch.equal(one, same) and not torch.equal(one, other)


def test_an_untrained_codec_opens_as_the_trained_one_does(
    untrained: EncodecModel, tmp_path: Path
) -> None:
    save(untrained, tmp_path)
    one, other = (EncodecModel.from_pretrained(at).config for at in (tmp_path, NANO / "codec"))
    assert one.to_dict() | {"_name_or_path": ""} == other.to_dict() | {"_name_or_path": ""}
    assert {file.name for file in tmp_path.iterdir()} == {
        file.name for file in (NANO / "codec").iterdir()
    }


def test_the_loss_curve_falls() -> None:
    rows = [
        {name: float(value) for name, value in row.items()}
        for row in csv.DictReader(CURVE.read_text().splitlines())
    ]
    steps = [row["step"] for row in rows]
    assert steps == sorted(set(steps)) and 50 <= len(rows) <= 400
    assert rows[-1]["mel"] < rows[0]["mel"] / 2
