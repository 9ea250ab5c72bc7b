"""The preview without a browser: what it draws, compresses, writes, serves and refuses."""

import http.client
import io
import json
import os
import re
import shutil
import signal
import socket
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread
from typing import Any

import av
import librosa
import numpy as np
import pytest
from PIL import Image

from builder_tests.conftest import RECIPE, noise, write_audio
from builder_tests.hub.local_hub import LocalHub
from builder_tests.support.clients import interruptible, push, sportgen
from builder_tests.support.folders import rows_of
from builder_tests.support.making import build
from builder_tests.support.rewriting import without_copies
from sport_music_dataset.cli import main
from sport_music_dataset.errors import ReleaseError, SettingError
from sport_music_dataset.preview.catalogue import Catalogue
from sport_music_dataset.preview.media import COLUMNS, MEL_ROWS, WAVE_ROWS, distance_db, render
from sport_music_dataset.preview.page import escaped
from sport_music_dataset.preview.server import PreviewServer
from sport_music_dataset.preview.view import PreviewSettings, View
from sport_music_dataset.preview.write import write_preview
from sport_music_dataset.release.folder import build_command
from sport_music_dataset.release.layout import MANIFEST, REVIEW
from sport_music_dataset.release.manifest import read_manifest
from sport_music_dataset.release.release import Release
from sport_music_dataset.release.review.decisions import Decision
from sport_music_dataset.release.review.file import decide


def page_data(page: Path) -> dict[str, Any]:
    """What a page is drawn from."""
    found = re.search(r'id="data">(.*?)</script>', page.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    data: dict[str, Any] = json.loads(found[1])
    return data


def test_sound_stays_and_the_picture_shows_where_it_is() -> None:
    seconds = np.arange(4 * 32_000) / 32_000
    tone = np.asarray(np.sin(2 * np.pi * 1000 * seconds) / 2, np.float32)
    tone[: 2 * 32_000] = 0
    media = render(tone)
    assert media == render(tone.copy())
    with av.open(io.BytesIO(media.audio), "r") as container:
        frames = [frame.to_ndarray()[0] for frame in container.decode(audio=0)]
        assert container.streams[0].codec_context.name.startswith(("opus", "libopus"))
    played = np.concatenate(frames)
    assert len(played) == pytest.approx(4 * 48_000, abs=3000)
    assert np.abs(played[:90_000]).max() < 0.02 < 0.4 < np.abs(played[100_000:]).max() < 0.6
    spectrum = np.abs(np.fft.rfft(played[120_000:168_000]))
    assert int(spectrum.argmax()) == pytest.approx(1000, abs=2)
    pixels = np.asarray(Image.open(io.BytesIO(media.picture)))
    assert pixels.shape == (WAVE_ROWS + MEL_ROWS, COLUMNS)
    wave, mel = pixels[:WAVE_ROWS], pixels[WAVE_ROWS:]
    assert np.count_nonzero(wave[:, 300]) == WAVE_ROWS // 2
    assert np.count_nonzero(wave[:, 100]) <= 2
    middles = librosa.mel_frequencies(MEL_ROWS + 2, fmin=0, fmax=16_000)[1:-1]
    assert MEL_ROWS - 1 - mel[:, 300].argmax() == np.abs(middles - 1000).argmin()
    assert len(set(mel[:, 100].tolist())) == 1


def test_the_distance_is_that_of_decibels() -> None:
    wave = noise(2.0, seed=1)
    assert distance_db(wave, wave) == 0
    white = np.random.default_rng(0).standard_normal(64_000, np.float32) / np.float32(8)
    assert distance_db(white, white / np.float32(2)) == pytest.approx(6.02, abs=0.1)
    assert distance_db(white, white[:50_000]) == 0


def test_a_page_is_the_same_whatever_the_threads(encoded: Path, tmp_path: Path) -> None:
    pages = []
    for threads in (1, 3):
        page = tmp_path / f"{threads}.html"
        report = write_preview(
            Release.of(encoded), page, PreviewSettings(chunks=9, threads=threads)
        )
        assert (report.chunks, report.size) == (9, page.stat().st_size)
        pages.append(page.read_bytes())
    assert pages[0] == pages[1]
    assert {file.name for file in tmp_path.iterdir()} == {"1.html", "3.html"}


def test_the_sample_is_spread_over_styles_and_has_misfits(encoded: Path) -> None:
    catalogue = Catalogue(Release.of(encoded))
    styles = catalogue.table["style"].to_pylist()
    drawn = {seed: catalogue.sample(8, seed) for seed in range(5)}
    assert len({tuple(rows) for rows in drawn.values()}) > 1
    for seed, rows in drawn.items():
        assert rows == catalogue.sample(8, seed) == sorted(set(rows))
        counts = [[styles[i] for i in rows].count(style) for style in set(styles)]
        assert len(counts) == 2 and abs(counts[0] - counts[1]) <= 2
    everything = catalogue.sample(10_000, 0)
    assert everything == list(range(len(catalogue)))


def without(folder: Path, out: Path, config: str) -> Path:
    """A copy of a release that has been published without a config."""
    shutil.copytree(folder, out)
    manifest = read_manifest(out)
    for path in manifest.shards(config):
        (out / path).unlink()
        del manifest.files[path]
    manifest.encoding = manifest.encoding if config != "encoded" else None
    manifest.write(out)
    return out


def test_releases_without_audio_codes_or_measures(encoded: Path, tmp_path: Path) -> None:
    full = tmp_path / "full.html"
    write_preview(Release.of(encoded), full, PreviewSettings())
    whole = page_data(full)
    assert [note[:20] for note in whole["notes"]] == ["The codes are of nan"]
    assert all("distance_db" in row for row in whole["rows"])
    no_audio = without(encoded, tmp_path / "no audio", "raw")
    write_preview(Release.of(no_audio), tmp_path / "a.html", PreviewSettings())
    data = page_data(tmp_path / "a.html")
    assert "leaves its audio out" in " ".join(data["notes"])
    keys = ("chunk_id", "description", "session", "style", "start_seconds", "tokens", "split")
    expected = [{key: row[key] for key in keys} for row in whole["rows"]]
    assert [{key: row[key] for key in keys} for row in data["rows"]] == expected
    without_copies(no_audio)
    write_preview(Release.of(no_audio), tmp_path / "b.html", PreviewSettings())
    data = page_data(tmp_path / "b.html")
    assert [{key: row[key] for key in keys} for row in data["rows"]] == expected
    assert "tempo_bpm" not in data["rows"][0]
    no_codes = without(encoded, tmp_path / "no codes", "encoded")
    write_preview(Release.of(no_codes), tmp_path / "c.html", PreviewSettings())
    data = page_data(tmp_path / "c.html")
    assert "Not encoded" in data["notes"][0] and not data["decoded"]
    assert all(row["tokens"] is None and "distance_db" not in row for row in data["rows"])


def test_one_chunk_that_nobody_measured(tmp_path: Path) -> None:
    write_audio(tmp_path / "music/rock/Yoga_rock.wav", noise(2.5))
    recipe = replace(RECIPE, analysis=False, splits=(("train", 1.0),))
    build(tmp_path / "music", tmp_path / "out", recipe)
    write_preview(Release.of(tmp_path / "out"), tmp_path / "page.html", PreviewSettings())
    [row] = page_data(tmp_path / "page.html")["rows"]
    assert "tempo_bpm" not in row and (row["style"], row["fit"]) == ("rock", "unknown")
    with PreviewServer(View(Release.of(tmp_path / "out"), PreviewSettings())) as server:
        assert server.rows({"low": "10", "sort": "tempo_bpm"})["total"] == 0
        assert server.rows({"sort": "energy", "descending": "1"})["total"] == 1


def test_models_that_cannot_be_loaded_are_said(encoded: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(encoded, tmp_path / "dataset")
    manifest = read_manifest(folder)
    assert manifest.encoding is not None
    manifest.encoding |= {"model": "music", "codec": "sounds"}
    manifest.write(folder)
    report = write_preview(Release.of(folder), tmp_path / "page.html", PreviewSettings(chunks=2))
    assert [note.partition(":")[0] for note in report.notes] == [
        "Tokens are not shown",
        "Codes are not heard",
        "The codes are of nano, the tiny codec of the demo, not MusicGen's",
    ]
    settings = PreviewSettings(chunks=2, model="nano", codec="nano")
    notes = write_preview(Release.of(folder), tmp_path / "page.html", settings).notes
    assert [note[:20] for note in notes] == ["The codes are of nan"]


def test_ids_that_sportgen_never_gives_name_no_files(encoded: Path, tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder = shutil.copytree(encoded, tmp_path / "dataset")
    name = next(iter(read_manifest(folder).shards("raw")))
    table = pq.read_table(folder / name)
    for strange in ("../../../0000", "0123456789abcdef-0000\n", None):
        ids = pa.array([strange] * len(table), pa.string())
        pq.write_table(table.set_column(0, "chunk_id", ids), folder / name)
        with pytest.raises(ReleaseError, match=f"{name} has chunk ids that sportgen never gives"):
            write_preview(Release.of(folder), tmp_path / "page.html", PreviewSettings())
    assert not list(tmp_path.glob("page*"))


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A release of one track, with a short way to its page."""
    write_audio(tmp_path / "music/rock/Yoga_rock.wav", noise(3.0))
    recipe = replace(RECIPE, splits=(("train", 1.0),))
    build(tmp_path / "music", tmp_path / "out", recipe, num_proc=1)
    return tmp_path / "out"


def names(folder: Path) -> list[str]:
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*"))


def test_only_what_a_preview_wrote_is_replaced(bare: Path, tmp_path: Path) -> None:
    here, settings = tmp_path / "here", PreviewSettings(everything=True)
    here.mkdir()
    page, folder, theirs = here / "page.html", here / "page_files", tmp_path / "theirs"
    write_preview(Release.of(bare), page, settings)
    first = names(here)
    write_preview(Release.of(bare), page, settings)
    assert names(here) == first
    theirs.mkdir()
    (theirs / "keep.webm").touch()

    def refused(place: Path) -> None:
        before = names(here), names(theirs)
        with pytest.raises(SettingError, match=f"^{re.escape(str(place))}: .* --output$"):
            write_preview(Release.of(bare), page, settings)
        assert (names(here), names(theirs)) == before

    mine = folder / "0123456789abcdef-0000.webm"
    mine.touch()
    refused(mine)
    mine.unlink()
    chunk = next(folder.glob("*.webm"))
    chunk.unlink()
    chunk.symlink_to(theirs / "keep.webm")
    refused(chunk)
    shutil.rmtree(folder)
    folder.symlink_to(theirs)
    refused(folder)
    folder.unlink()
    write_preview(Release.of(bare), page, settings)
    written = page.read_bytes()
    page.write_text("<!doctype html><title>My page</title>")
    refused(page)
    (theirs / "page.html").write_bytes(written)
    page.unlink()
    page.symlink_to(theirs / "page.html")
    refused(page)


def test_a_list_from_a_stranger_removes_nothing_else(bare: Path, tmp_path: Path) -> None:
    page, folder = tmp_path / "page.html", tmp_path / "page_files"
    folder.mkdir()
    (folder / "diary.txt").touch()
    (folder / "files.txt").write_text("diary.txt\n../out/README.md\n")
    with pytest.raises(SettingError, match=r"diary\.txt: was written by no preview"):
        write_preview(Release.of(bare), page, PreviewSettings(everything=True))
    assert (folder / "diary.txt").exists() and (bare / "README.md").exists()


def test_data_cannot_become_html() -> None:
    text = "</script><!--<script>&\u2028\u2029\ud800é"
    assert json.loads(escaped(text)) == text
    assert not set(escaped(text)) & set("<>&\u2028\u2029é")


def test_the_command(
    encoded: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page = tmp_path / "page.html"
    assert main(["preview", str(encoded), "-o", str(page), "--all"]) == 0
    captured = capsys.readouterr()
    # A page of this state needs no hint to make one; one of another state does.
    monkeypatch.chdir(tmp_path)
    serve, make = f"sportgen preview {encoded} --serve  ", f"sportgen preview {encoded}   "
    assert serve in captured.err and make not in captured.err
    text = page.read_text(encoding="utf-8")
    pages = (text, make not in captured.err), (text.replace("release", "another"), False)
    for written, is_there in pages:
        (tmp_path / "preview.html").write_text(written, encoding="utf-8")
        assert main(["stats", str(encoded)]) == 0
        assert (make not in capsys.readouterr().err) == is_there
    count = len(Catalogue(Release.of(encoded)))
    assert captured.out == f"{page}\n" and f"{count} of {count} chunks, " in captured.err
    assert len(list((tmp_path / "page_files").iterdir())) == 4 * count + 1
    (tmp_path / "page_files/mine.txt").touch()
    for arguments, code, said in (
        ([encoded, "-o", page, "--all"], 2, "mine.txt: was written by no preview"),
        ([encoded, "-o", tmp_path / "no/page.html"], 2, "No such file or directory"),
        ([tmp_path, "-o", page], 1, "is not a release folder"),
        ([encoded, "--chunks", "0"], 2, "--chunks"),
    ):
        assert main(["preview", *map(str, arguments)]) == code
        assert said in capsys.readouterr().err
    assert (tmp_path / "page_files/mine.txt").exists()


def test_a_release_on_a_hub(encoded: Path, tmp_path: Path) -> None:
    with LocalHub() as hub:
        push(hub, tmp_path / "home", encoded, "1.0.0", "org/sport-music")
        page = tmp_path / "page.html"
        arguments = ("preview", "org/sport-music@v1.0.0", "-o", page, "--chunks", 3, "--no-decode")
        done = sportgen(hub, tmp_path / "home", *arguments)
        assert done.returncode == 0, done.stderr
    data = page_data(page)
    assert data["name"] == "org/sport-music@v1.0.0" and len(data["rows"]) == 3


@pytest.fixture(scope="module")
def server(encoded: Path) -> Iterator[PreviewServer]:
    with PreviewServer(View(Release.of(encoded), PreviewSettings())) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def ask(
    server: PreviewServer, path: str, method: str = "GET", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """An answer: status, headers in lower case, body."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=60)
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    found = {name.lower(): value for name, value in answer.getheaders()}
    body = answer.read()
    connection.close()
    return answer.status, found, body


def test_the_server_answers_this_machine_alone(server: PreviewServer) -> None:
    assert server.server_address[0] == "127.0.0.1"
    assert ask(server, "/", Host="evil.example")[0] == 403
    assert ask(server, "/rows", Host=f"evil.example:{server.server_port}")[0] == 403
    assert ask(server, "/", method="POST")[0] == 404
    assert ask(server, "/", method="PUT")[0] == 501
    for path in ("/../../etc/passwd", "/sound/../x.webm", "/sound/0000000000000000-0000.webm"):
        assert ask(server, path)[0] == 404
    for query in ("low=x", "sort=path", "offset=-1", "limit=100000", "show=none"):
        status, _, body = ask(server, f"/rows?{query}")
        assert status == 400 and "error" in json.loads(body)
    for path, expected in (("/", 200), ("/nothing", 404)):
        status, headers, _ = ask(server, path)
        assert status == expected and headers["x-content-type-options"] == "nosniff"
        assert headers["content-security-policy"].startswith("default-src 'none'; script-src 'sha")
        assert headers["cross-origin-resource-policy"] == "same-origin"


def test_audio_comes_in_the_ranges_that_players_ask_for(server: PreviewServer) -> None:
    [row] = json.loads(ask(server, "/rows?limit=1")[2])["rows"]
    path = f"/sound/{row['chunk_id']}.webm"
    status, headers, whole = ask(server, path)
    assert status == 200 and headers["content-type"] == "audio/webm"
    assert headers["accept-ranges"] == "bytes" and len(whole) > 1000
    for wanted, part in (("5-9", whole[5:10]), ("100-", whole[100:]), ("-7", whole[-7:])):
        status, headers, body = ask(server, path, Range=f"bytes={wanted}")
        assert status == 206 and body == part
        start = whole.index(part) if wanted != "5-9" else 5
        end = start + len(part) - 1
        assert headers["content-range"] == f"bytes {start}-{end}/{len(whole)}"
    status, headers, body = ask(server, path, Range=f"bytes={len(whole)}-")
    assert (status, body) == (416, b"")
    assert headers["content-range"] == f"bytes */{len(whole)}"
    assert ask(server, path.replace(".webm", ".codes.png"))[2].startswith(b"\x89PNG")
    distance = json.loads(ask(server, path.replace(".webm", ".json"))[2])["distance_db"]
    assert 0 < distance < 40


def test_an_interrupted_server_ends_in_one_line(encoded: Path) -> None:
    options = ("--serve", "--no-open", "--no-decode")
    process = interruptible("preview", encoded, *options, start_new_session=True)
    assert process.stdout is not None
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/\n", process.stdout.readline())
    os.killpg(process.pid, signal.SIGINT)
    out, errors = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, "")
    assert errors.splitlines()[-2:] == ["Ctrl-C ends it", "ended"]


def test_sigterm_ends_a_server_whose_shell_keeps_ctrl_c_from_it(
    encoded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = shutil.copytree(encoded, tmp_path / "dataset")
    chunk_id = rows_of(out, "raw")[0]["chunk_id"]
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    ended = Event()

    def stop() -> None:
        while not ended.wait(0.01):
            connection = http.client.HTTPConnection("127.0.0.1", port)
            with suppress(OSError), closing(connection):
                connection.request("GET", "/review")
                connection.getresponse().read()
                os.kill(os.getpid(), signal.SIGINT)
                decide(out, Decision(id=chunk_id, field="verdict", after="keep"), "")
                os.kill(os.getpid(), signal.SIGTERM)
                return

    options = ["--serve", "--no-open", "--no-decode", "--port", str(port)]
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        Thread(target=stop, daemon=True).start()
        assert main(["preview", str(out), *options]) == 0
    finally:
        ended.set()
        signal.signal(signal.SIGINT, before)
    captured = capsys.readouterr()
    assert captured.out == f"http://127.0.0.1:{port}/\n"
    remedy = f"`{build_command(out)}` follows"
    assert captured.err.splitlines()[-3:] == [
        f"decisions go to {out / REVIEW}; {remedy} them",
        f"`kill {os.getpid()}` ends it",
        f"ended; 1 decision of {out / REVIEW} is not built yet; {remedy} it",
    ]


def test_the_manifest_stays_as_it_is(encoded: Path, tmp_path: Path) -> None:
    before = (encoded / MANIFEST).read_bytes(), sorted(encoded.rglob("*"))
    write_preview(Release.of(encoded), tmp_path / "page.html", PreviewSettings(chunks=1))
    assert ((encoded / MANIFEST).read_bytes(), sorted(encoded.rglob("*"))) == before
