"""The preview's page in a real Chromium: seen, filtered, played, and safe from what it shows."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from playwright.sync_api import Browser

from builder_tests.support.browser import CONTRAST, Opened, chromium, opened
from builder_tests.support.staged import ARABIC, COMMENT, IMAGE, LONG, SCRIPT, stage
from sport_music_dataset.card.assets import picture_path
from sport_music_dataset.preview.page import picture_url
from sport_music_dataset.preview.query import Finder, Query
from sport_music_dataset.preview.server import PreviewServer
from sport_music_dataset.preview.view import PreviewSettings, View
from sport_music_dataset.preview.write import write_preview
from sport_music_dataset.release.manifest import read_manifest
from sport_music_dataset.release.release import Release

pytestmark = pytest.mark.slow

SCREENSHOTS = Path(__file__).parents[2] / "build/screenshots"
PLAYS = "audio => new Promise(done => audio.paused || audio.readyState < 3 ? \
    audio.addEventListener('playing', () => done(true), {once: true}) : done(true))"
AT = "audio => audio.currentTime"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def release(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stage(tmp_path_factory.mktemp("staged"))


@pytest.fixture(scope="module")
def file(release: Path) -> Path:
    page = release.with_name("page's #1.html")
    write_preview(Release.of(release), page, PreviewSettings(threads=2))
    return page


@pytest.fixture(scope="module")
def view(release: Path) -> View:
    return View(Release.of(release), PreviewSettings())


@pytest.fixture
def page(browser: Browser, file: Path) -> Iterator[Opened]:
    """The page from disk. Whatever is done with it, it stays whole, quiet and by itself."""
    with opened(browser, file.as_uri()) as page:
        yield page
        assert_harmless(page, ("file:", "data:", "blob:"))


def assert_harmless(page: Opened, allowed: tuple[str, ...]) -> None:
    assert page.said == [] and page.refused == []
    assert page.page.evaluate("window.hacked") is None
    assert page.asked and all(address.startswith(allowed) for address in page.asked), page.asked


def test_texts_are_shown_as_they_are(page: Opened) -> None:
    assert page.page.locator("h1").text_content() == "<i>release"
    for text in (SCRIPT, ARABIC, LONG, IMAGE):
        page.page.fill("#words", text)
        page.until(lambda: len(page.chunks()) < 10)
        page.page.click("tr[data-chunk] .choose")
        page.until(partial(page.shows, text))
    page.page.fill("#words", "{{data}}")
    page.page.click("tr[data-chunk] .choose")
    assert page.page.locator("#detail .description").text_content() == COMMENT
    assert page.page.locator("#detail img, #chunks img").count() == 2
    assert page.page.locator("body script").count() == 2 + 1 + 15


QUERIES: tuple[dict[str, str], ...] = (
    {"split": "=test"},
    {"style": "=techno", "fit": "=no"},
    {"session": f"={SCRIPT}"},
    {"voice": "=yes"},
    {"voice": "=no", "instruments": "=guitar"},
    {"instruments": f"={SCRIPT}", "moods": "=calm"},
    {"instruments": "="},
    {"low": "121"},
    {"high": "121", "sort": "tempo_bpm"},
    {"words": "RUNNING six"},
    {"words": "nothing has this"},
    {"sort": "tempo_bpm", "descending": "1"},
    {"sort": "energy"},
    {"sort": "session"},
    {"fit": "=unknown", "sort": "loudness_lufs", "descending": "1"},
)


def test_filters_and_orders_are_those_of_the_server(page: Opened, view: View) -> None:
    finder, ids = Finder(view.catalogue), view.catalogue.table["chunk_id"].to_pylist()
    for query in QUERIES:
        page.page.click("#chips .all")
        page.page.evaluate("document.getElementById('form').reset()")
        for name in ("split", "style", "session", "fit", "voice", "instruments", "moods"):
            page.page.select_option(f"#{name}", query.get(name, ""))
        for name in ("low", "high", "words"):
            page.page.fill(f"#{name}", query.get(name, ""))
        descending = "-" if query.get("descending") else ""
        page.page.select_option("#sort", query.get("sort", "") + descending)
        total, found = finder.find(Query.of(query))
        expected = [ids[index] for index in found]
        page.until(partial(page.lists, expected))
        assert page.page.inner_text("#count").startswith("All" if total == 15 else f"{total} of 15")
    assert sum(finder.find(Query.of(query))[0] == 0 for query in QUERIES) == 1


def test_headings_sort_and_say_so(page: Opened) -> None:
    heading = page.page.locator("th.tempo_bpm")
    orders = []
    for _ in range(2):
        heading.locator("button").click()
        cells = page.page.locator("td.tempo_bpm").all_text_contents()
        numbers = [float(cell.split()[0]) for cell in cells if cell != "–"]
        # Six are of music; what is heard in noise of 6 s may have a tempo or none.
        assert len(numbers) >= 6 and "–" not in cells[: len(numbers)]
        orders.append((heading.get_attribute("aria-sort"), numbers))
    assert orders[0][0] == "ascending" and orders[0][1] == sorted(orders[0][1])
    assert orders[1][0] == "descending" and orders[1][1] == sorted(orders[1][1], reverse=True)
    assert page.page.locator("th[aria-sort]").count() == 1


def test_a_misfit_is_one_click_away_and_says_why(page: Opened) -> None:
    distances = [float(t.split()[0]) for t in page.page.locator("td.distance_db").all_inner_texts()]
    assert distances == sorted(distances, reverse=True) and distances[0] > distances[-1] > 0
    page.page.click("#chips .misfits")
    assert set(page.page.locator("td.fit").all_inner_texts()) == {"misfit"}
    page.page.wait_for_selector("#detail .banner.misfit")
    assert page.chosen() == page.chunks()[0]
    assert " wants " in page.page.inner_text("#detail .banner.misfit")
    page.page.click("#chips .duplicates")
    assert page.page.locator("tr[data-chunk]").count() == 4
    assert "six" in page.page.inner_text("#detail .banner.duplicate li")
    page.page.click("#chips .worst")
    assert len(page.chunks()) == 15 and page.chosen() == page.chunks()[0]


def test_tokens_that_are_cut_off_are_struck_out(page: Opened, view: View) -> None:
    page.page.fill("#words", "words that go on")
    page.page.click("tr[data-chunk] .choose")
    [row] = view.rows([view.catalogue.index_of(page.chosen())])
    tokens = row["tokens"]
    assert len(tokens["kept"]) == 20 and tokens["kept"][-1] == ("</s>", 1) and tokens["cut"]
    kept = page.page.locator(".tokens > .token").all_text_contents()
    cut = page.page.locator(".tokens s .token").all_text_contents()
    assert kept == [piece for piece, _ in tokens["kept"]] and cut == tokens["cut"]
    said = "".join([*kept[:-1], *cut]).replace("▁", " ").strip()
    assert said.startswith("words that go on and on")


def test_both_players_play_one_at_a_time(page: Opened) -> None:
    chunk, codes = page.page.locator("audio").all()
    page.page.click("tr[data-chunk]:nth-child(3) .start .play")
    assert chunk.evaluate(PLAYS) and page.chosen() == page.chunks()[2]
    page.until(lambda: chunk.evaluate(AT) > 0.3)
    assert chunk.evaluate("audio => audio.duration") == pytest.approx(6, abs=0.1)
    page.page.keyboard.press("d")
    assert codes.evaluate(PLAYS) and chunk.evaluate("audio => audio.paused")
    assert codes.evaluate(AT) >= 0.3
    page.page.get_by_role("button", name="Play the chunk").click()
    assert chunk.evaluate(PLAYS) and codes.evaluate("audio => audio.paused")
    page.page.get_by_role("slider", name="Place in the chunk").fill("4.5")
    page.until(lambda: chunk.evaluate(AT) >= 4.5)


def test_keys(page: Opened) -> None:
    ids, press = page.chunks(), page.page.keyboard.press
    chunk = page.page.locator("audio").first
    for key, expected in (("ArrowDown", ids[1]), ("ArrowDown", ids[2]), ("ArrowUp", ids[1])):
        press(key)
        page.until(partial(page.shows, expected))
    assert page.page.locator("tr[aria-current]").get_attribute("data-chunk") == ids[1]
    assert page.page.evaluate("document.activeElement.closest('tr').dataset.chunk") == ids[1]
    press("Space")
    assert chunk.evaluate(PLAYS)
    press("Space")
    assert chunk.evaluate("audio => audio.paused")
    before = chunk.evaluate(AT)
    press("ArrowRight")
    assert chunk.evaluate(AT) == pytest.approx(before + 2, abs=0.05)
    press("ArrowLeft")
    assert chunk.evaluate(AT) == pytest.approx(before, abs=0.05)
    press("/")
    page.page.keyboard.type("d /")
    assert page.page.input_value("#words") == "d /" and chunk.evaluate("audio => audio.paused")


def test_pictures_of_the_release_follow_the_scheme(
    browser: Browser, release: Path, file: Path
) -> None:
    words = read_manifest(release).pictures["tempo"]
    for scheme in ("light", "dark"):
        settings: Any = {"color_scheme": scheme}
        shown = picture_url((release / picture_path("tempo", scheme)).read_bytes())
        with opened(browser, file.as_uri(), **settings) as it:
            it.page.click("#gallery summary")
            picture = it.page.get_by_role("img", name=words, exact=True)
            it.until(partial(picture.evaluate, "image => image.complete"))
            assert picture.evaluate("image => image.naturalWidth") > 0
            assert picture.evaluate("image => image.currentSrc") == shown
            assert_harmless(it, ("file:", "data:", "blob:"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_it_fits_and_is_legible(browser: Browser, file: Path, width: int, scheme: Any) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    with opened(browser, file.as_uri(), width, color_scheme=scheme, reduced_motion="reduce") as it:
        it.page.click("#chips .misfits")
        it.page.wait_for_selector("#detail .banner.misfit")
        it.page.screenshot(path=SCREENSHOTS / f"{width}-{scheme}.png", full_page=width == 360)
        assert it.page.evaluate("document.documentElement.scrollWidth") <= width
        assert it.page.evaluate(CONTRAST) >= 4.5
        beside = it.page.locator(".panes > #detail").count()
        assert beside == (1 if width == 1280 else 0)
        assert_harmless(it, ("file:", "data:", "blob:"))


def test_all_chunks_with_their_audio_beside_the_page(browser: Browser, release: Path) -> None:
    output = release.with_name("all of it.html")
    write_preview(Release.of(release), output, PreviewSettings(everything=True, threads=2))
    pictures = sum(len(picture_url(file.read_bytes())) for file in (release / "assets").iterdir())
    assert output.stat().st_size - pictures < 150_000
    with opened(browser, output.as_uri()) as page:
        for name in ("the chunk", "its codes"):
            page.page.get_by_role("button", name=f"Play {name}").click()
        assert page.page.locator("audio").last.evaluate(PLAYS)
        assert page.page.locator(".screen img").first.evaluate("image => image.naturalWidth") == 400
        assert_harmless(page, (output.parent.as_uri(), "data:"))


def test_served_it_does_the_same(browser: Browser, view: View) -> None:
    with PreviewServer(view) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            with opened(browser, server.url) as page:
                assert page.chunks() == view.catalogue.table["chunk_id"].to_pylist()
                page.page.click("#chips .misfits")
                page.page.wait_for_selector("#detail .banner.misfit")
                page.page.get_by_role("button", name="Play its codes").click()
                assert page.page.locator("audio").last.evaluate(PLAYS)
                page.page.wait_for_selector(".distance >> text=dB")
                page.page.fill("#words", SCRIPT)
                page.until(lambda: len(page.chunks()) < 4)
                page.page.click("th.energy button")
                page.page.wait_for_selector("th.energy[aria-sort=ascending]")
                assert_harmless(page, (server.url, "data:"))
        finally:
            server.shutdown()
            thread.join()
