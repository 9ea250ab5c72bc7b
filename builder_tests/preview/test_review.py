"""A review in a real Chromium: by mouse and by keys, killed in the middle, and built afterwards."""

import http.client
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Browser

from builder_tests.conftest import RECIPE
from builder_tests.support.browser import CONTRAST, Opened, chromium, opened
from builder_tests.support.folders import rows_of
from builder_tests.support.making import build
from builder_tests.support.rewriting import Rows
from sport_music_dataset.preview.server import PreviewServer
from sport_music_dataset.preview.view import PreviewSettings, View
from sport_music_dataset.release.release import Release
from sport_music_dataset.release.review.file import read_review

pytestmark = pytest.mark.slow

BOX = "element => element.getBoundingClientRect().toJSON()"
SCREENSHOTS = Path(__file__).parents[2] / "build/screenshots"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture
def out(encoded: Path, tmp_path: Path) -> Path:
    return shutil.copytree(encoded, tmp_path / "dataset")


@contextmanager
def served(out: Path, port: int = 0) -> Iterator[tuple[PreviewServer, dict[str, Any]]]:
    """A server of this process, and what its pages know of the review."""
    view = View(Release.of(out), PreviewSettings(decode=False))
    view.open_review()
    with PreviewServer(view, port) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server, view.data()["review"]
        finally:
            server.shutdown()
            thread.join()


def start(out: Path) -> tuple[subprocess.Popen[str], str]:
    """A server in a process of its own, and its address."""
    arguments = ("preview", str(out), "--serve", "--no-open", "--no-decode", "--port", "0")
    process = subprocess.Popen(
        [sys.executable, "-m", "sport_music_dataset", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def kill(process: subprocess.Popen[str]) -> None:
    with process:
        process.kill()


def told(page: Opened, text: str) -> None:
    page.until(lambda: text in page.page.inner_text(".told"))


def choose(page: Opened, chunk: str) -> None:
    page.page.click(f"tr[data-chunk='{chunk}'] .choose")
    page.until(partial(page.shows, chunk))


def decided(out: Path) -> dict[tuple[str, str], str]:
    return {key: decision.after for key, decision in read_review(out).standing.items()}


def by_id(rows: Rows) -> dict[str, dict[str, Any]]:
    return {row["chunk_id"]: row for row in rows}


def test_a_review_that_is_killed_is_built(
    browser: Browser, music: Path, out: Path, encoded: Path
) -> None:
    process, address = start(out)
    try:
        port = int(re.findall(r":(\d+)/", address)[0])
        with opened(browser, address) as page:
            ids, press = page.chunks(), page.page.keyboard.press
            choose(page, ids[0])
            press("k")
            told(page, "verdict keep")
            press("x")
            page.page.keyboard.type("somebody coughs")
            press("Enter")
            told(page, "verdict drop (somebody coughs)")
            assert page.page.locator("tr.drop").get_attribute("data-chunk") == ids[0]
            choose(page, ids[1])
            press("e")
            page.page.keyboard.type("Slow waves, <b>très</b> doux")
            press("Enter")
            told(page, "description Slow waves")
            page.page.get_by_role("spinbutton", name="Tempo", exact=True).fill("140.5")
            press("Tab")
            told(page, "tempo 140.5")
            page.page.get_by_role("button", name="× 2").click()
            told(page, "tempo 281")
            press("h")
            told(page, "tempo 140.5")
            before = decided(out)
            # Killed, the server has lost nothing, and the page says so of what comes then.
            kill(process)
            press("k")
            told(page, "nothing was written")
            assert decided(out) == before
            page.said.clear()
        # Its port is free at once.
        with served(out, port) as (server, _), opened(browser, server.url) as page:
            assert page.page.locator("tr.drop").get_attribute("data-chunk") == ids[0]
            choose(page, ids[1])
            assert page.page.get_by_label("Description").input_value().startswith("Slow waves")
            assert "3 decisions" in page.page.inner_text("#review-state")
            page.page.keyboard.press("k")
            told(page, "verdict keep")
            page.page.keyboard.press("Control+z")
            told(page, "Taken back: verdict keep")
            page.page.get_by_role("button", name="whole track").click()
            page.page.keyboard.press("s")
            page.page.keyboard.type("drone")
            page.page.keyboard.press("Enter")
            told(page, "style drone")
            assert page.said == [] and page.refused == []
    finally:
        kill(process)
    track = ids[1].partition("-")[0]
    expected = {
        (ids[0], "verdict"): "drop",
        (ids[1], "description"): "Slow waves, <b>très</b> doux",
        (ids[1], "tempo"): "140.5",
        (track, "style"): "drone",
    }
    assert decided(out) == expected
    build(music, out, RECIPE)
    rows, old = by_id(rows_of(out, "raw")), by_id(rows_of(encoded, "raw"))
    assert old.keys() - rows.keys() == {ids[0]} and rows.keys() < old.keys()
    assert rows[ids[1]]["description"] == "Slow waves, <b>très</b> doux"
    assert rows[ids[1]]["tempo_bpm"] == 140.5
    for identity, row in rows.items():
        if identity.startswith(track):
            assert row["style"] == "drone"
        else:
            assert row == old[identity]


def test_two_tabs_do_not_overwrite_each_other(browser: Browser, out: Path) -> None:
    with (
        served(out) as (server, _),
        opened(browser, server.url) as one,
        opened(browser, server.url) as other,
    ):
        chunk = one.chunks()[0]
        for page in (one, other):
            choose(page, chunk)
        one.page.keyboard.press("k")
        told(one, "verdict keep")
        other.page.keyboard.press("x")
        other.page.keyboard.type("hiss")
        other.page.keyboard.press("Enter")
        told(other, "was decided elsewhere meanwhile: it is 'keep'")
        assert decided(out) == {(chunk, "verdict"): "keep"}
        # It shows the newer one, and decides again in its knowledge.
        other.page.wait_for_selector("#detail .banner.keep")
        other.page.keyboard.press("x")
        other.page.keyboard.press("Enter")
        told(other, "verdict drop (hiss)")
        one.page.keyboard.press("u")
        told(one, "decided elsewhere")
        one.page.wait_for_selector("#detail .banner.drop")
        one.page.keyboard.press("u")
        told(one, "Taken back: verdict drop")
        assert decided(out) == {(chunk, "verdict"): "keep"}
        for page in (one, other):
            assert [text for text in page.said if "409" not in text] == []


def test_a_tempo_is_tapped_and_the_list_shows_what_is_decided(browser: Browser, out: Path) -> None:
    with served(out) as (server, _), opened(browser, server.url) as page:
        chunk = page.chunks()[2]
        choose(page, chunk)
        for _ in range(5):
            page.page.keyboard.press("t")
            page.page.wait_for_timeout(250)
        told(page, "Written: tempo ")
        tempo = float(decided(out)[chunk, "tempo"])
        assert 60 < tempo <= 240
        cell = page.page.locator(f"tr[data-chunk='{chunk}'] td.tempo_bpm")
        assert float(re.findall(r"\d+", cell.inner_text())[0]) == round(tempo)
        page.page.select_option("#review", "=edited")
        page.until(partial(page.lists, [chunk]))
        page.page.select_option("#review", "=keep")
        page.page.wait_for_selector("#nothing")
        page.page.click("#show-all")
        page.until(lambda: len(page.chunks()) > 9)
        assert page.page.locator(f"tr[data-chunk='{chunk}'] .said").inner_text()
        # What a number means, by keyboard.
        energy = page.page.get_by_role("button", name="Energy", exact=True).last
        energy.focus()
        page.page.keyboard.press("Enter")
        assert "How driving the music is" in page.page.inner_text(".meaning:not([hidden])")
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        page.page.screenshot(path=SCREENSHOTS / "review.png")
        page.page.set_viewport_size({"width": 360, "height": 900})
        page.page.keyboard.press("x")
        assert page.page.evaluate("document.documentElement.scrollWidth") <= 360
        assert page.page.evaluate(CONTRAST) >= 4.5
        below = page.page.locator("tr.holder + tr").evaluate(BOX)["y"]
        box = page.page.locator("#detail .card").evaluate(BOX)
        assert box["y"] + box["height"] <= below
        page.page.screenshot(path=SCREENSHOTS / "review-360.png", full_page=True)
        assert page.said == [] and page.refused == []


def send(server: PreviewServer, path: str, body: Any, **headers: str) -> tuple[int, Any]:
    """The answer to a decision: status, and JSON if there is any."""
    host = f"127.0.0.1:{server.server_port}"
    sent = {"Host": host, "Origin": f"http://{host}", "Content-Type": "application/json"}
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=60)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    data = body if isinstance(body, bytes) else json.dumps(body)
    connection.request("POST", path, data, {**sent, **named})
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    is_json = answer.headers["Content-Type"] == "application/json"
    return answer.status, json.loads(text) if is_json else None


def test_only_its_own_pages_may_write(out: Path) -> None:
    with served(out) as (server, review):
        chunk = server.view.catalogue.table["chunk_id"][0].as_py()
        keep = {"id": chunk, "field": "verdict", "after": "keep", "seen": ""}
        key = {"X_Sportgen_Token": review["token"]}
        evil = "http://evil.example"
        for headers in (
            {},
            {"X_Sportgen_Token": "x"},
            {**key, "Origin": evil},
            {**key, "Origin": "null"},
            {**key, "Host": f"evil.example:{server.server_port}"},
            {**key, "Host": "evil.example", "Origin": "http://evil.example"},
        ):
            assert send(server, "/decide", keep, **headers)[0] == 403
        assert send(server, "/decide", keep, **key, Content_Type="text/plain")[0] == 400
        assert send(server, "/decide", b"x" * 70_000, **key)[0] == 400
        assert send(server, "/other", keep, **key)[0] == 404
        wrong: tuple[tuple[Any, str], ...] = (
            (b"{", "is not JSON"),
            (b"[" * 60_000, "nested too deeply"),
            ({**keep, "more": 1}, "load the page again"),
            ({**keep, "id": "0123456789abcdef-0000"}, "no chunk or track of this release"),
            ({**keep, "id": "../x"}, "no chunk or track"),
            ({**keep, "field": "path"}, "field 'path'"),
            ({**keep, "after": "drop"}, "a drop needs a reason"),
            ({**keep, "field": "tempo", "after": "9"}, "from 30 to 300"),
            ({**keep, "field": "style", "after": "\ud800"}, "half of a surrogate pair"),
        )
        for body, said in wrong:
            status, answer = send(server, "/decide", body, **key)
            assert status == 400 and said in answer["error"], (body, answer)
        assert not (out / "review.csv").exists()
        status, answer = send(server, "/decide", keep, **key)
        assert (status, answer["lines"], answer["unbuilt"]) == (200, 1, 1)
        (out / "review.csv").write_text("id,field,after\nx,verdict,drop\n")
        status, answer = send(server, "/undo", {"seen": 1}, **key)
        assert status == 500 and "review.csv: line 2: id 'x'" in answer["error"]


def test_what_was_dropped_and_built_can_be_taken_back(music: Path, out: Path) -> None:
    with served(out) as (server, review):
        chunk = server.view.catalogue.table["chunk_id"][0].as_py()
        drop = {"id": chunk, "field": "verdict", "after": "drop", "seen": "", "reason": "hiss"}
        key = {"X_Sportgen_Token": review["token"]}
        assert send(server, "/decide", drop, **key)[0] == 200
        build(music, out, RECIPE)
        assert send(server, "/undo", {"seen": 1}, **key)[1]["rebuilt"]
        send(server, "/decide", drop, **key)
    with served(out) as (server, review):
        assert [one["id"] for one in review["gone"]] == [chunk] and review["unbuilt"] == 0
        back = {**drop, "after": "", "seen": "drop", "reason": ""}
        answer = send(server, "/decide", back, X_Sportgen_Token=review["token"])
        assert answer[0] == 200 and answer[1]["gone"] == [] and answer[1]["unbuilt"] == 1


def test_a_folder_that_cannot_be_written_to_is_only_looked_at(out: Path) -> None:
    view = View(Release.of(out), PreviewSettings(decode=False))
    assert view.data()["review"] is None and "decided" not in view.rows([0])[0]
    with PreviewServer(view) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        assert send(server, "/decide", {})[0] == 404
        server.shutdown()
        thread.join()
