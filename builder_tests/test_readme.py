"""The READMEs' code runs as it stands, on models and folders of this test."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from builder_tests.support.models import tiny_musicgen
from sport_music_dataset.cli import main

README = (Path(__file__).parents[1] / "README.md").read_text()


def code(heading: str) -> str:
    """The first Python block below a heading."""
    found = re.search(rf"## {heading}\n.*?```python\n(.*?)```", README, re.DOTALL)
    assert found is not None
    return found[1]


def test_training_as_the_readme_does_it(encoded: Path, tmp_path: Path) -> None:
    tiny_musicgen().save_pretrained(tmp_path / "musicgen")
    text = code("Train from it")
    for name, place in (
        ('"org/sport-music"', repr(str(encoded))),
        (', revision="v1.0.0"', ""),
        ('"facebook/musicgen-medium"', repr(str(tmp_path / "musicgen"))),
        ('"musicgen-sport"', f"{str(tmp_path / 'out')!r}, use_cpu=True, report_to=[]"),
        ("num_train_epochs=3", "max_steps=3, disable_tqdm=True, dataloader_pin_memory=False"),
    ):
        assert name in text
        text = text.replace(name, place)
    names: dict[str, Any] = {}
    exec(text, names)
    assert names["trainer"].state.global_step == 3
    assert 0 < names["trainer"].state.log_history[-1]["train_loss"] < 100


@pytest.mark.slow
def test_the_french_walk_through_runs(
    music: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (Path(__file__).parents[1] / "README.fr.md").read_text()
    (tmp_path / "music").symlink_to(music)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    done = []
    # The music of this test is short, and there is no network.
    text = text.replace("10 * 32_000", "int(0.8 * 32_000)")
    text = text.replace("facebook/musicgen-medium", "nano").replace("pip install .\n", "")
    for language, block in re.findall(r"```(sh|python)\n(.*?)```", text, re.DOTALL):
        if language == "python":
            exec(block, names)
            continue
        for command in filter(None, block.split("sportgen ")):
            arguments = shlex.split(command)
            short = "--chunk-seconds 2 --overlap-seconds 0.8 --splits train=0.7,test=0.3".split()
            assert main([*arguments, *(short if arguments[0] == "build" else ())]) == 0
            done.append(arguments[0])
    assert done == [
        "doctor",
        "scan",
        "build",
        "stats",
        "tokens",
        "tokens",
        "encode",
        "stats",
        "stats",
    ]
    out = capsys.readouterr().out
    assert "(4, 100) (4, 103)" in out and "torch.Size([1, 64000])" in out
    assert "lost      " in out and "labels_max" in out
