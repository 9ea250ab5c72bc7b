"""The process that loads a release: it ends in time, and with its parent."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sport_music_dataset.verify.reload import reload

# A parent that runs in the background of a shell hands on a SIGINT that is ignored.
SCRIPT = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from sport_music_dataset.verify.reload import reload
reload(sys.argv[1], ["raw"])
"""


@pytest.fixture
def endless(encoded: Path, tmp_path: Path) -> Path:
    """A folder whose card has 10 aliases of 10 aliases, and so on: nobody counts to its end."""
    names = [f"a{number}: &a{number} [{f'*a{number - 1},' * 10}]" for number in range(1, 11)]
    configs = "configs: [{config_name: raw, data_files: [{split: train, path: *a10}]}]"
    card = "\n".join(["---", "a0: &a0 [x]", *names, configs, "---", ""])
    (tmp_path / "README.md").write_text(card)
    shutil.copytree(encoded / "raw", tmp_path / "raw")
    return tmp_path


def processes(folder: Path) -> list[int]:
    """The processes that load `folder`."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = place.read_bytes().split(b"\0")
        except OSError:
            continue
        if os.fsencode(folder) in words and any(word.endswith(b"reload.py") for word in words):
            found.append(int(place.parent.name))
    return found


def test_a_load_that_never_ends_is_an_error_and_leaves_no_process(endless: Path) -> None:
    loaded = reload(str(endless), ["raw"], limit_seconds=8.0)
    assert loaded.error == "load_dataset did not end within 8 s"
    assert processes(endless) == []


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
@pytest.mark.timeout(120)
def test_it_ends_with_its_parent(endless: Path, number: signal.Signals) -> None:
    command = [sys.executable, "-c", SCRIPT, str(endless)]
    parent = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    while not processes(endless):
        time.sleep(0.05)
    parent.send_signal(number)
    parent.wait()
    while processes(endless):
        time.sleep(0.05)
