"""Make the pictures of docs/screenshots/ again: `python -m tests.web.browser.screenshots` (needs Chromium).

They show the world of these tests without its hostile feed: every text in them is our own.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from tests.conftest import ROOT
from tests.web.browser import world
from tests.web.browser.conftest import chromium
from tests.web.browser.views import address

FOLDER = ROOT / "docs" / "screenshots"
LARGEST = 200_000
WIDE, NARROW = {"width": 1100, "height": 690}, {"width": 380, "height": 780}
PICTURES = {
    "now": ("now", "light dark narrow"),
    "search": ("search", "light narrow"),
    "story": ("story", "light dark"),
    "article": ("article", "light narrow"),
    "version": ("version", "light"),
    "thread": ("thread", "light"),
    "issue": ("issue", "light"),
    "matrix": ("matrix", "light dark"),
    "brief": ("brief", "light"),
    "alert-new": ("new alert", "light"),
    "alert": ("alert", "light"),
    "feeds": ("feeds", "light"),
    "judgement": ("judgement", "light"),
}


def main() -> None:
    """Build the world and make the pictures of it."""
    with tempfile.TemporaryDirectory() as name:
        world.build(Path(name))
        with world.served(Path(name)) as site, sync_playwright() as started:
            browser = started.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
            make(browser, site, FOLDER)
            browser.close()
    large = [path.name for path in FOLDER.glob("*.png") if path.stat().st_size > LARGEST]
    assert not large, f"too large for a repository: {large}"


def make(browser: Any, site: world.Site, folder: Path) -> None:
    """Judge a little, and photograph every view into `folder`."""
    folder.mkdir(exist_ok=True)
    judge(browser.new_context(base_url=site.url, timezone_id="Europe/Kyiv").new_page(), site)
    for name, picture in pictures(browser, site):
        (folder / name).write_bytes(picture)


def judge(page: Any, site: world.Site) -> None:
    """A correction, a verdict, a tag and a note, so that the log has something to show."""
    page.goto(address(site, "article"))
    row = page.locator("aside li", has=page.locator("input[value='development:proposal-made']"))
    row.get_by_role("button", name="wrong").click()
    page.goto(address(site, "story"))
    page.get_by_text("Give a verdict").click()
    page.get_by_label("Verdict").select_option("corroborated")
    page.get_by_label("Why").fill("Both capitals confirm the call; the terms are told differently.")
    page.get_by_role("button", name="Save the verdict").click()
    page.get_by_text("Add a note or a tag").click()
    page.get_by_label("Tag").fill("energy truce")
    page.get_by_role("button", name="Add the tag").click()


def pictures(browser: Any, site: world.Site) -> Iterator[tuple[str, bytes]]:
    """File name and PNG of each picture."""
    for mode in ("light", "dark", "narrow"):
        context = browser.new_context(
            base_url=site.url,
            timezone_id="Europe/Kyiv",
            color_scheme="dark" if mode == "dark" else "light",
            viewport=NARROW if mode == "narrow" else WIDE,
        )
        page = context.new_page()
        page.goto("/")
        for picture, (view, modes) in PICTURES.items():
            if mode in modes.split():
                page.goto(address(site, view))
                yield f"{picture}-{mode}.png", page.screenshot()
        context.close()


if __name__ == "__main__":
    main()
