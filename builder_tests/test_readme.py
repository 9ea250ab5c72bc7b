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
    ):
        assert name in text
        text = text.replace(name, place)
    names: dict[str, Any] = {}
    exec(text, names)
    assert 0 < names["loss"].item() < 100
