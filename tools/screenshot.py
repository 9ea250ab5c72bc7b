"""Make a screenshot of the preview page, for the README.

python tools/screenshot.py RELEASE OUT.png
"""

import io
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image
from playwright.sync_api import sync_playwright

from sport_music_dataset.preview.view import PreviewSettings
from sport_music_dataset.preview.write import write_preview
from sport_music_dataset.release.release import Release

WIDTH, HEIGHT, COLOURS = 1280, 860, 224
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]


def screenshot(page: Path) -> bytes:
    """Return a PNG of the page, with its first misfit selected, or its first chunk if none is."""
    program = shutil.which("chromium")
    if program is None:
        sys.exit("needs Chromium; tools/browser installs it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        view = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        view.goto(page.as_uri())
        view.wait_for_selector("tr[data-chunk]")
        if view.locator("#chips .misfits").is_enabled():
            view.click("#chips .misfits")
            view.wait_for_selector("#detail .banner.misfit")
        for image in view.locator(".screen img").all():
            image.evaluate("image => image.decode()")
        data = view.screenshot()
        browser.close()
    return data


def main(release: Path, out: Path) -> None:
    """Write the screenshot with 224 colours: the page uses few, and the file gets smaller."""
    with TemporaryDirectory() as folder:
        page = Path(folder) / "preview.html"
        write_preview(Release.of(release), page, PreviewSettings(threads=2))
        image = Image.open(io.BytesIO(screenshot(page))).convert("RGB")
    out.parent.mkdir(parents=True, exist_ok=True)
    image.quantize(COLOURS, dither=Image.Dither.NONE).save(out, optimize=True)
    print(f"{out}: {out.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
