"""Shards on a disk that is full: an error in one line, no part of a file, and a way on."""

import subprocess
import sys
from pathlib import Path

# Arrow aborts the process: the case needs one of its own. The limit stands for a full disk, with
# the rows of several row groups before and after it.
SCRIPT = """
import random, resource, signal, sys
from pathlib import Path
from datasets import Features, Value
from sport_music_dataset.errors import ReleaseError
from sport_music_dataset.release.folder import writing
from sport_music_dataset.release.shards import write_shard

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
out, features = Path(sys.argv[1]), Features({"bytes": Value("binary")})

def write(most):
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
    rows = ({"bytes": random.Random(number).randbytes(300_000)} for number in range(120))
    with writing(out):
        return write_shard(out, "raw/all.parquet", features, rows)

try:
    write(8 << 20)
except ReleaseError as error:
    print(error)
assert not list((out / "raw").iterdir())
assert write(1 << 30).rows == 120
"""


def test_a_full_disk_is_an_error_and_the_same_call_goes_on(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = f"{tmp_path}: File too large; mend that and run the same command again\n"
    assert done.stdout == said
