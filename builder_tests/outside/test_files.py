"""Files of strangers: what is no regular file is refused at once."""

import os
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sport_music_dataset.digests import file_digest
from sport_music_dataset.errors import SourceError
from sport_music_dataset.outside.files import read_bytes, read_text, walk
from sport_music_dataset.source.files import find_files


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (os.mkfifo, "is a pipe"),
        (lambda path: path.mkdir(), "is a folder"),
        (make_socket, "is a socket"),
        (lambda path: path.symlink_to("/dev/zero"), "is a link"),
        (lambda path: path.symlink_to(path.name), "is a link"),
        (lambda path: path.symlink_to("real"), "is a link"),
        (lambda path: None, "No such file"),
        (lambda path: path.write_bytes(b"x" * 101), "has 101 bytes, at most 100"),
        (lambda path: path.write_bytes(b"\xff"), "is not UTF-8"),
    ],
)
def test_what_is_no_file_of_ours_is_one_line(
    tmp_path: Path, make: Callable[[Path], object], said: str
) -> None:
    (tmp_path / "real").write_text("text")
    make(tmp_path / "x")
    with pytest.raises(SourceError, match=said) as raised:
        read_text(tmp_path / "x", 100, SourceError)
    assert str(raised.value).startswith(f"{tmp_path / 'x'}: ")


def test_links_are_read_where_the_user_names_them(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"\xef\xbb\xbftext")
    (tmp_path / "link").symlink_to("real")
    assert read_text(tmp_path / "link", 100, SourceError, links=True) == "text"
    (tmp_path / "odd").symlink_to("/dev/zero")
    with pytest.raises(SourceError, match="is a device"):
        read_bytes(tmp_path / "odd", 100, SourceError, links=True)


def test_a_file_that_grows_while_it_is_read_comes_to_an_end(tmp_path: Path) -> None:
    file, done = tmp_path / "grows", threading.Event()
    file.write_bytes(bytes(1 << 20))

    def grow() -> None:
        with file.open("ab") as stream:
            while not done.is_set() and stream.tell() < 1 << 31:
                stream.write(bytes(1 << 22))

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        for _ in range(3):
            file_digest(file)
    finally:
        done.set()
        writer.join()


@pytest.fixture
def deep(tmp_path: Path) -> Iterator[Path]:
    """A folder with 1,100 levels below it, which shutil.rmtree would not tidy up."""
    folder = os.open(tmp_path, os.O_RDONLY)
    for _ in range(1_100):
        os.mkdir("d", dir_fd=folder)
        folder, above = os.open("d", os.O_RDONLY, dir_fd=folder), folder
        os.close(above)
    os.close(os.open("deepest.wav", os.O_CREAT | os.O_WRONLY, dir_fd=folder))
    os.close(folder)
    yield tmp_path
    subprocess.run(["rm", "-rf", str(tmp_path / "d")], check=True)


def test_a_walk_goes_down_any_depth_and_through_no_link(deep: Path) -> None:
    (deep / "again").symlink_to(deep)
    (deep / "loop").symlink_to("loop")
    found = list(walk(deep))
    assert len(found) == 1_101
    assert sorted(found[0][1]) == ["again", "d"] and found[0][2] == ["loop"]
    assert found[-1][2] == ["deepest.wav"]


def test_a_folder_of_any_depth_is_scanned(deep: Path) -> None:
    [path] = find_files(deep).audio
    assert path.endswith("d/deepest.wav")


def test_a_folder_that_cannot_be_listed_is_told(tmp_path: Path) -> None:
    told: list[OSError] = []
    assert list(walk(tmp_path / "none", told.append)) == []
    assert [error.filename for error in told] == [str(tmp_path / "none")]
