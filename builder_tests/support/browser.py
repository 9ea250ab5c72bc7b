"""Pages in a real Chromium, and all that it says, asks for or refuses meanwhile."""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

_ARGUMENTS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
# A page that waits for sound waits for PyTorch, which a busy machine takes half a minute to import.
_SECONDS = 120
# The lowest contrast of any text that is seen with what lies behind it (WCAG 2.2, 1.4.3).
CONTRAST = """() => {
  const parts = (text) => text.match(/[\\d.]+/g).map(Number);
  const linear = (x) => x <= .04045 ? x / 12.92 : ((x + .055) / 1.055) ** 2.4;
  const lum = (c) => [.2126, .7152, .0722].reduce((sum, w, i) => sum + w * linear(c[i] / 255), 0);
  const behind = (e) => { const c = parts(getComputedStyle(e).backgroundColor);
    return c.length === 3 || c[3] === 1 ? c : behind(e.parentElement); };
  const texts = [...document.querySelectorAll("body *")].filter((e) => e.checkVisibility()
    && !e.closest("script, style, option, button:disabled, .skip")
    && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()));
  return Math.min(...texts.map((e) => {
    const [a, b] = [lum(parts(getComputedStyle(e).color)), lum(behind(e))];
    return (Math.max(a, b) + .05) / (Math.min(a, b) + .05); }));
}"""
_WATCH = """
window.refused = [];
addEventListener("securitypolicyviolation", (event) => {
  window.refused.push(event.violatedDirective);
});
"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium. Tests that need it are skipped where it is missing, but not in CI."""
    program = shutil.which("chromium")
    if program is None:
        need = "needs Chromium; tools/browser installs it"
        if os.environ.get("CI"):
            pytest.fail(need)
        pytest.skip(need)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=_ARGUMENTS)
        yield browser
        browser.close()


@dataclass(slots=True)
class Opened:
    """A page, with what its console said and every address that it asked for."""

    page: Page
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    @property
    def refused(self) -> list[str]:
        """What the Content-Security-Policy refused."""
        return list(self.page.evaluate("window.refused"))

    def chunks(self) -> list[str]:
        """The ids of the chunks that the list shows, in its order."""
        lines = self.page.locator("tr[data-chunk]")
        return [str(i) for i in lines.evaluate_all("all => all.map(one => one.dataset.chunk)")]

    def until(self, holds: Callable[[], object]) -> None:
        """Wait until something holds: playwright's own way would need eval, which the page
        forbids."""
        end = time.monotonic() + _SECONDS
        while not holds():
            assert time.monotonic() < end, "it never came to hold"
            self.page.wait_for_timeout(20)

    def lists(self, chunks: list[str]) -> bool:
        """Whether the list shows these chunks in this order."""
        return self.chunks() == chunks

    def shows(self, text: str) -> bool:
        """Whether the detail has a text in it."""
        return text in (self.page.text_content("#detail") or "")

    def chosen(self) -> str:
        """The id of the chunk that the detail shows."""
        return self.page.locator("#detail .id code").inner_text()


@contextmanager
def opened(browser: Browser, address: str, width: int = 1280, **settings: Any) -> Iterator[Opened]:
    """Open an address in a window of its own, and wait until its list is there."""
    page = browser.new_page(viewport={"width": width, "height": 900}, **settings)
    result = Opened(page)
    page.on("console", lambda message: result.said.append(message.text))
    page.on("pageerror", lambda error: result.said.append(str(error)))
    page.on("request", lambda request: result.asked.append(request.url))
    page.set_default_timeout(_SECONDS * 1000)
    page.add_init_script(_WATCH)
    page.goto(address)
    page.wait_for_selector("tr[data-chunk]")
    try:
        yield result
    finally:
        page.close()
