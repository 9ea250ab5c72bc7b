"""The public names: each is there, and each example in their docstrings gives what it says."""

import json
import shutil
from pathlib import Path

import pytest

import sport_music_dataset
from builder_tests.hub.local_hub import LocalHub
from builder_tests.support.clients import run_python

EXAMPLES = (
    *("SportMusic", "SportMusicConfig", "SportMusicCollator", "build_release", "encode_release"),
    *("push_release", "verify_release", "diff_releases", "open_release", "export_release"),
)
# In the order of the work, in one process against a local Hub: each sees what those before it made.
_RUN = """
import doctest, json, os, sys
from pathlib import Path
import sport_music_dataset as api
os.chdir(sys.argv[1])
names = {name: getattr(api, name) for name in api.__all__} | {"Path": Path}
runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
finder, parser, done = doctest.DocTestFinder(recurse=False), doctest.DocTestParser(), {}
for name in sys.argv[2:]:
    test = parser.get_doctest(getattr(api, name).__doc__, dict(names), name, None, 0)
    said = []
    runner.run(test, out=said.append)
    done[name] = [len(test.examples), "".join(said)]
print(json.dumps(done))
"""


def test_every_public_name_is_there_and_an_unknown_one_is_not() -> None:
    assert {*EXAMPLES, "Recipe", "BuildRequest"} <= {*sport_music_dataset.__all__}
    for name in sport_music_dataset.__all__:
        assert getattr(sport_music_dataset, name).__name__ == name
    with pytest.raises(AttributeError, match="Nothing"):
        _ = sport_music_dataset.Nothing


@pytest.mark.slow
def test_the_examples_in_docstrings_are_true(music: Path, encoded: Path, tmp_path: Path) -> None:
    (tmp_path / "music").symlink_to(music)
    shutil.copytree(encoded, tmp_path / "dataset")
    shutil.copytree(encoded, tmp_path / "newer")
    with LocalHub() as hub:
        done = run_python(hub, tmp_path / "home", "-c", _RUN, tmp_path, *EXAMPLES)
    assert done.returncode == 0, done.stderr
    for name, (examples, said) in json.loads(done.stdout.splitlines()[-1]).items():
        assert examples and not said, f"{name}: {said or 'has no example'}"
