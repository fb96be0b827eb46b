"""The page in a real Chromium: one world a session, a copy of it and a browser for each file of tests."""

import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import absent
from tests.pipeline.index.conftest import elasticsearch_url  # noqa: F401  a fixture
from tests.web.browser import hostile, world
from tests.web.browser.watch import Watched

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> str | None:
    """The program, where it is installed."""
    return next((found for name in PROGRAMS if (found := shutil.which(name))), None)


@pytest.fixture(scope="session")
def world_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The world, built once. In a thread: Playwright's loop may run in this one already."""
    folder = tmp_path_factory.mktemp("world")
    with ThreadPoolExecutor(1) as beside:
        beside.submit(world.build, folder).result()
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless Chromium. Ends with its file: its event loop must not stand in the way of other tests."""
    program = chromium()
    if program is None:
        absent("chromium", "no Chromium here (Debian: chromium)")
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def site(world_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[world.Site]:
    """The page on SQLite, over a copy of the world."""
    with world.served(world.copied(world_folder, tmp_path_factory.mktemp("site"))) as found:
        yield found


@pytest.fixture
def hostile_site(world_folder: Path, tmp_path: Path) -> Iterator[world.Site]:
    """The page over a world into which a hostile feed came."""
    folder = world.copied(world_folder, tmp_path)
    with ThreadPoolExecutor(1) as beside:
        beside.submit(world.take_in, folder, hostile.FEED, hostile.document()).result()
    with world.served(folder) as found:
        yield found


@pytest.fixture(scope="module", params=["sqlite", "elasticsearch"])
def either_site(
    request: pytest.FixtureRequest, world_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[world.Site]:
    """The page on each index in turn."""
    url = request.getfixturevalue("elasticsearch_url") if request.param == "elasticsearch" else ""
    with world.served(world.copied(world_folder, tmp_path_factory.mktemp(request.param)), url) as found:
        yield found


@pytest.fixture
def visit(browser: Any) -> Iterator[Callable[..., Watched]]:
    """Open a window on a site; what went wrong in it fails the test at its end."""
    opened: list[Watched] = []

    def window(site: world.Site, **options: Any) -> Watched:
        context = browser.new_context(**{"timezone_id": "Europe/Kyiv", "base_url": site.url, **options})
        found = Watched(context)
        opened.append(found)
        return found

    yield window
    for one in opened:
        one.context.close()
    assert not [trouble for one in opened for trouble in one.trouble]
