"""The README's code runs as it stands, on models and folders of this test."""

import re
from pathlib import Path
from typing import Any

from builder_tests.models import tiny_musicgen

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
