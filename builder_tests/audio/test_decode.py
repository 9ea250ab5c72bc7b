"""Decoding, downmix, resampling and cutting, against soundfile, soxr and plain slices."""

from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
import soxr
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from builder_tests.conftest import noise, write_audio
from sport_music_dataset.audio.decode import decode_mono, probe
from sport_music_dataset.audio.samples import (
    Resampler,
    chunks_of,
    decode_flac,
    encode_flac,
    to_pcm16,
)
from sport_music_dataset.errors import SourceError
from sport_music_dataset.recipe import chunk_count


def decoded(file: Path) -> NDArray[np.float32]:
    return np.concatenate(list(decode_mono(str(file))))


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_mono_is_the_mean_of_the_channels(tmp_path: Path, subtype: str, channels: int) -> None:
    samples = noise(0.7, channels=channels)
    soundfile.write(tmp_path / "x.wav", samples, 32_000, subtype=subtype)
    truth, _ = soundfile.read(tmp_path / "x.wav", dtype="float64", always_2d=True)
    np.testing.assert_allclose(decoded(tmp_path / "x.wav"), truth.mean(axis=1), atol=1e-7)


@pytest.mark.parametrize("extension", ["flac", "wav", "aiff", "ogg", "mp3"])
@pytest.mark.parametrize("rate", [16_000, 22_050, 44_100, 48_000])
def test_a_track_is_decoded_and_resampled_as_one_signal(
    tmp_path: Path, extension: str, rate: int
) -> None:
    file = write_audio(tmp_path / f"x.{extension}", noise(3.3, rate, 2), rate)
    source, _ = soundfile.read(file, dtype="float32")
    truth = soxr.resample(source.mean(axis=1), rate, 32_000, "HQ")
    ours = decoded(file)
    assert abs(len(ours) - len(truth)) <= 1
    common = min(len(ours), len(truth))
    np.testing.assert_allclose(ours[:common], truth[:common], atol=2e-4)


def test_m4a_is_decoded(tmp_path: Path) -> None:
    samples = noise(2.0, 44_100)
    with av.open(str(tmp_path / "x.m4a"), "w") as container:
        stream = container.add_stream("aac", rate=44_100, layout="mono")
        for block in np.split(samples[: 86 * 1024], 86):
            frame = av.AudioFrame.from_ndarray(block[None], format="fltp", layout="mono")
            frame.sample_rate = 44_100
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    ours = decoded(tmp_path / "x.m4a")
    assert len(ours) == pytest.approx(86 * 1024 / 44_100 * 32_000, abs=1024)
    info = probe(str(tmp_path / "x.m4a"))
    assert info is not None and (info.format, info.channels) == ("aac", 1)


def test_junk_at_the_end_costs_nothing(tmp_path: Path) -> None:
    file = write_audio(tmp_path / "x.mp3", noise(2.0, 44_100), 44_100)
    whole = decoded(file)
    file.write_bytes(file.read_bytes() + b"TAG" + bytes(125) + b"junk" * 200)
    np.testing.assert_array_equal(decoded(file)[: len(whole) - 2000], whole[:-2000])


@pytest.mark.parametrize(
    "text",
    [
        b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nreal.wav\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile real.wav\n",
        b"",
    ],
)
def test_a_playlist_never_opens_another_file(tmp_path: Path, text: bytes) -> None:
    write_audio(tmp_path / "real.wav", noise(1.0))
    (tmp_path / "list.mp3").write_bytes(text)
    with pytest.raises(SourceError):
        probe(str(tmp_path / "list.mp3"))


def test_errors_tell_no_path(tmp_path: Path) -> None:
    (tmp_path / "x.mp3").write_text("no music")
    with pytest.raises(SourceError) as caught:
        list(decode_mono(str(tmp_path / "x.mp3")))
    assert str(tmp_path) not in str(caught.value)


@given(
    total=st.integers(0, 400),
    chunk=st.integers(1, 60),
    hop=st.integers(1, 60),
    blocks=st.lists(st.integers(0, 90), max_size=8),
)
def test_chunks_are_slices_whatever_the_blocks(
    total: int, chunk: int, hop: int, blocks: list[int]
) -> None:
    hop = min(hop, chunk)
    samples = np.arange(total, dtype=np.int16)
    pieces = np.split(samples, np.minimum(np.cumsum(blocks or [0]), total))
    chunks = list(chunks_of(pieces, chunk, hop))
    starts = range(0, max(0, total - chunk + 1), hop)
    assert len(chunks) == len(starts) == chunk_count(total, chunk, hop)
    for start, found in zip(starts, chunks, strict=True):
        np.testing.assert_array_equal(found, samples[start : start + chunk])


@given(st.lists(st.integers(1, 5000), min_size=1, max_size=6), st.sampled_from([8000, 44100]))
def test_blocks_leave_no_trace_in_the_resampled_signal(blocks: list[int], rate: int) -> None:
    samples = noise(4.0, rate)[: sum(blocks)]
    parts = np.split(samples, np.cumsum(blocks)[:-1])
    resampler = Resampler()
    streamed = [out for part in parts for out in resampler.feed(part, rate)]
    streamed += resampler.finish()
    # The same one, after it has finished: nothing of the first signal is left in it.
    whole = [*resampler.feed(samples, rate), *resampler.finish()]
    np.testing.assert_array_equal(np.concatenate(streamed), np.concatenate(whole))


def test_over_full_scale_is_clipped_and_counted() -> None:
    pcm, over = to_pcm16(np.asarray([0.0, 0.5, 1.5, -1.0, -1.5, 1.0], np.float32))
    assert pcm.tolist() == [0, 16384, 32767, -32768, -32768, 32767]
    assert over == 2


def test_flac_gives_back_every_sample() -> None:
    samples, _ = to_pcm16(noise(1.0))
    back = decode_flac(encode_flac(samples))
    np.testing.assert_array_equal(back * 32768, samples)
