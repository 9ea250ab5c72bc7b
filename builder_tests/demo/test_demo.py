"""The whole way, as a new user goes it: demo, push, load back by name."""

from pathlib import Path

import pytest
from datasets import load_dataset

from builder_tests.hub.local_hub import LocalHub
from builder_tests.support.clients import Client
from builder_tests.support.load_back import load_back
from sport_music_dataset.cli import main
from sport_music_dataset.demo.synth import DEMO_PIECES


@pytest.mark.slow
def test_the_whole_way(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", str(tmp_path / "demo")]) == 0
    captured = capsys.readouterr()
    dataset = tmp_path / "demo/dataset"
    assert f"tracks    {len(DEMO_PIECES)} kept, 0 left out" in captured.out
    assert f"sportgen push {dataset} ORG/NAME --allow-nano" in captured.err
    rows = load_dataset(str(dataset), "encoded", split="train").with_format("numpy")
    assert rows[0]["codes"].shape == (4, 1250) and rows[0]["labels"].shape == (4, 1253)
    assert len(rows[0]["input_ids"]) == len(rows[0]["attention_mask"]) == 20
    with LocalHub() as hub:
        client = Client(hub, tmp_path / "home")
        done = client.push(dataset, "org/sport-music", "--version", "1.0.0", "--public")
        assert done.returncode == 0, done.stderr
        assert not hub.repos["org/sport-music"].private
        back = client.run(load_back.__module__, dataset, "org/sport-music", "v1.0.0")
        assert back.returncode == 0, back.stderr


def test_a_folder_of_something_else_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.txt").touch()
    assert main(["demo", str(tmp_path)]) == 1
    assert "holds something else than a demo" in capsys.readouterr().err
