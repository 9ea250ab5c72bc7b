"""Which files are read, by whom, and in which words the others are refused."""

from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from builder_tests.conftest import RECIPE, noise
from builder_tests.support.containers import (
    add_sound,
    by_soundfile,
    encoded,
    music,
    mux_sound,
    new_stream,
    stereo,
    with_headers_twice,
    written,
)
from builder_tests.support.making import build, scan
from sport_music_dataset.audio.decode import Tally, decode_mono, probe
from sport_music_dataset.build.fingerprints import track_fingerprint
from sport_music_dataset.build.track_rows import cut_track
from sport_music_dataset.errors import SourceError
from sport_music_dataset.records import Decoder

RATE = 44_100
MP3 = encoded("libmp3lame", "mp3", music(3.0), RATE)
TS = encoded("mp2", "mpegts", music(3.0), RATE)
AIFF = by_soundfile("AIFF", music(3.0), RATE)


@pytest.mark.parametrize(
    ("extension", "codec", "container"),
    [
        ("mka", "flac", "matroska"),
        ("webm", "libopus", "webm"),
        ("wma", "wmav2", "asf"),
        ("m4b", "alac", "mp4"),
        ("caf", "alac", "caf"),
        ("wv", "wavpack", "wv"),
        ("tta", "tta", "tta"),
        ("aiff", "pcm_s16le", "aiff"),
        ("ac3", "ac3", "ac3"),
        ("mp2", "mp2", "mp2"),
        ("au", "pcm_s16be", "au"),
        # As tools for YouTube name them.
        ("opus", "libopus", "webm"),
        ("mp3", "libopus", "webm"),
        ("mp3", "aac", "mp4"),
    ],
)
def test_a_format_is_read_whatever_its_name(
    tmp_path: Path, extension: str, codec: str, container: str
) -> None:
    rate = 48_000 if codec == "libopus" else RATE
    data = encoded(codec, container, music(3.0, rate), rate)
    file = written(tmp_path, f"x.{extension}", data)
    tally = Tally()
    seconds = sum(map(len, decode_mono(str(file), tally))) / 32_000
    assert seconds == pytest.approx(3.0, abs=0.1) and tally.damaged_packets == 0
    assert (tally.decoder, tally.louder) == (Decoder.FFMPEG, None)


@pytest.mark.parametrize("container", ["matroska", "mp4"])
def test_of_several_streams_the_default_is_read(tmp_path: Path, container: str) -> None:
    file = tmp_path / "x.mka"
    loud, other = music(3.0, seed=1), music(3.0, seed=2) * 0.1
    with av.open(str(file), "w", format=container) as output:
        streams = [new_stream(output, "alac", RATE) for _ in range(2)]
        streams[0].disposition = av.stream.Disposition(0)
        streams[1].disposition = av.stream.Disposition.default
        for stream, samples in zip(streams, (loud, other), strict=True):
            mux_sound(output, stream, samples, RATE)
    assert np.abs(np.concatenate(list(decode_mono(str(file))))).max() < 0.1


def a_video(file: Path, seconds: int, sound: float = 3.0) -> Path:
    """A video of one picture a minute, with sound at its start."""
    with av.open(str(file), "w", format="matroska") as output:
        picture: Any = output.add_stream("mpeg4", rate=1)
        picture.width = picture.height = 32
        add_sound(output, "flac", music(sound), RATE)
        for second in range(0, seconds + 1, 60):
            frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
            frame.pts = second
            output.mux(picture.encode(frame))
        output.mux(picture.encode(None))
    return file


def test_a_music_video_is_music_and_a_film_is_not(tmp_path: Path) -> None:
    clip = a_video(tmp_path / "clip.mkv", 180)
    assert sum(map(len, decode_mono(str(clip)))) / 32_000 == pytest.approx(3.0, abs=0.1)
    claimed = probe(str(clip)).claimed_seconds
    assert claimed is None or claimed == pytest.approx(3.0, abs=0.1)
    film = a_video(tmp_path / "film.mp3", 7_380)
    with pytest.raises(SourceError, match=r"is a video of 2 h [34] min.*`ffmpeg -i VIDEO -vn"):
        probe(str(film))


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (b"", "is empty"),
        (bytes(5_000), "nothing but zeros"),
        (b"\n<!DOCTYPE html><p>404</p>", "is HTML"),
        (b"#EXTM3U\nother.mp3\n", "is a playlist"),
        (b"PK\x03\x04" + bytes(range(200)), "is a ZIP archive: unpack it"),
        (b"%PDF-1.7\n" + bytes(range(200)), "is a PDF"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF" + bytes(4_000), r"is a picture \(JPEG\)"),
        (b"MThd\0\0\0\6\0\0\0\1\0\x60", "is MIDI"),
        (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
        ("Vélo, paroles\n".encode() * 40, "is text"),
        (b"RIFF\x40\0\0\0AVI LIST" + bytes(60), r"is a video \(AVI\)"),
        (b"PK\x03\x04" + bytes(40) + MP3, "is a ZIP archive: unpack it"),
        (b"Rar!\x1a\x07\0" + bytes(40) + MP3, "is a RAR archive: unpack it"),
        (b"7z\xbc\xaf\x27\x1c" + MP3, "is a 7z archive: unpack it"),
        (b"\x1f\x8b\x08\0" + MP3, "is compressed by gzip: unpack it"),
        (TS, r"transport stream: take its sound out with `ffmpeg -i STREAM -vn -c copy SOUND.mka"),
        (AIFF.replace(b"COMM\0\0\0\x12", b"COMM\0\0\0\x00"), "it is damaged, or"),
        (b"RIFF\x40\0\0\0WAVEjunk" + bytes(60), "damaged, or no sound"),
    ],
)
def test_a_refusal_says_what_the_file_is(tmp_path: Path, head: bytes, words: str) -> None:
    with pytest.raises(SourceError, match=words):
        probe(str(written(tmp_path, "x.mp3", head)))


@pytest.mark.parametrize(("container", "words"), [("mp4", "MP4"), ("matroska", "Matroska")])
def test_a_container_has_the_name_that_people_use(
    tmp_path: Path, container: str, words: str
) -> None:
    file = tmp_path / "x.mp4"
    with av.open(str(file), "w", container) as muxer:
        stream = muxer.add_stream("mpeg4", rate=1)
        stream.width, stream.height, stream.pix_fmt = 16, 16, "yuv420p"
        for packet in (*stream.encode(av.VideoFrame(16, 16, "yuv420p")), *stream.encode()):
            muxer.mux(packet)
    with pytest.raises(SourceError, match=f"no sound in its {words}$"):
        probe(str(file))


@pytest.mark.parametrize("tag", [b"drms", b"enca"])
def test_encrypted_sound_is_refused_as_such(tmp_path: Path, tag: bytes) -> None:
    data = encoded("aac", "mp4", music(3.0), RATE).replace(b"mp4a", tag)
    with pytest.raises(SourceError, match="is DRM-protected"):
        probe(str(written(tmp_path, "x.m4p", data)))


def test_what_ffmpeg_refuses_is_read_by_libsndfile(tmp_path: Path) -> None:
    plain = by_soundfile("OGG", music(3.0), RATE)
    good, odd = written(tmp_path, "a.ogg", plain), tmp_path / "b.ogg"
    odd.write_bytes(with_headers_twice(plain))
    with pytest.raises(av.FFmpegError):
        av.open(str(odd))
    tally, found = Tally(), probe(str(odd))
    samples = np.concatenate(list(decode_mono(str(odd), tally)))
    assert tally.decoder == Decoder.LIBSNDFILE
    assert (found.format, found.channels, found.sampling_rate) == ("vorbis", 2, RATE)
    assert found.claimed_seconds == pytest.approx(3.0, abs=0.01)
    np.testing.assert_allclose(samples, np.concatenate(list(decode_mono(str(good)))), atol=1e-4)


def test_libsndfile_is_not_asked_for_what_it_would_guess(tmp_path: Path) -> None:
    for name in ("x.mp3", "x.wav", "x.xi"):
        with pytest.raises(SourceError, match="no sound"):
            probe(str(written(tmp_path, name, b"\x01\xfe" + noise(1.0).tobytes())))


def opposite(seed: int, share: float) -> Any:
    """Stereo whose right channel is the left one upside down, by `share`."""
    left = noise(6.0, RATE, seed=seed)
    return stereo(left, -share * left)


def test_of_channels_that_cancel_the_louder_is_kept_and_recorded(tmp_path: Path) -> None:
    folder = tmp_path / "music/latino"
    folder.mkdir(parents=True)
    silent = noise(6.0, RATE, seed=9)
    files = {
        "Yoga": opposite(1, 1.0),
        "Boxe": opposite(2, 0.97)[:, ::-1],
        "Judo": opposite(3, 0.5),
        "Cardio": stereo(silent, silent * 0),
        "Zumba": music(6.0, seed=4),
        "Pilates": np.zeros((6 * RATE, 2), np.float32),
    }
    for name, samples in files.items():
        written(folder, f"{name}_latino.flac", by_soundfile("FLAC", samples, RATE))
    mono = by_soundfile("FLAC", noise(6.0, RATE, seed=1), RATE)
    written(folder, "Course_latino.flac", mono)
    report = build(tmp_path / "music", tmp_path / "out", RECIPE, num_proc=1)
    rows = {row["session_as_named"]: row for row in report.tracks}
    found = {name: row["mixdown"] for name, row in rows.items() if row["status"] == "kept"}
    assert found == {
        "Yoga": "channel 1",
        "Boxe": "channel 2",
        **dict.fromkeys(("Judo", "Cardio", "Zumba", "Course"), "mean"),
    }
    assert rows["Pilates"]["reason"].startswith("silent")
    # The same samples as one channel: rows and fingerprint are those of the channel that is kept.
    assert rows["Yoga"]["chunks"] == rows["Course"]["chunks"]
    tracks = {track.session_as_named: track for track in scan(tmp_path / "music").tracks}
    items = [
        cut_track(tracks[name], RECIPE, tmp_path / name, fingerprinted=True).items
        for name in ("Yoga", "Course", "Boxe")
    ]
    assert items[0] == items[1] != items[2]
    alone, _ = track_fingerprint(tracks["Yoga"], RECIPE)
    assert alone is not None and alone.size > 5 and items[0] is not None
    # Without cutting it is computed from other blocks: nearly all bits agree.
    wrong = np.bitwise_count(alone ^ np.array(items[0], np.uint32)).sum()
    assert wrong / (32 * alone.size) < 0.05
