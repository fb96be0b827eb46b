"""What analysts do with the page, done in a real Chromium."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit
from urllib.request import urlopen

import pytest
from selectolax.lexbor import LexborHTMLParser
from sqlalchemy import select, update

from pipeline.db import alerts, schema
from pipeline.notify.unsubscribe import token
from tests.web.browser import screenshots, world
from tests.web.browser.hostile import LINKS, TEXT, TITLES
from tests.web.browser.views import REFUSED, VIEWS, address
from tests.web.browser.watch import Watched
from tests.web.browser.world import SECRET, Site

Visit = Callable[..., Watched]

MOST_SEARCHES = 40
HIT = "ol > .result"
TARGETS = "all => all.map(one => new URL(one.getAttribute('href'), location.href).href)"


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_reads_well_light_dark_and_narrow(site: Site, visit: Visit, view: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    window = visit(site)
    window.go("/")
    page = window.go(address(site, view), REFUSED.get(view, 200))
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found = axe.run(page).response["violations"]
        serious = [
            (item["id"], item["help"], [node["html"][:200] for node in item["nodes"][:3]])
            for item in found
            if item["impact"] in ("serious", "critical")
        ]
        assert not serious, f"{view}, {scheme}"
    page.set_viewport_size({"width": 380, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 380, f"{view} scrolls sideways"


@pytest.mark.parametrize("view", ["story", "thread", "brief", "article"])
def test_a_view_prints_what_it_tells_and_none_of_its_forms_on_white_paper(
    site: Site, visit: Visit, view: str
) -> None:
    page = visit(site).go(address(site, view))
    page.evaluate("document.documentElement.dataset.theme = 'dark'")
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.querySelector('h1')).color") == "rgb(0, 0, 0)"
    assert page.locator("h1").is_visible()
    told = {"story": ".timeline > li", "thread": "tbody td strong", "brief": ".item", "article": "main p"}
    assert page.locator(told[view]).first.is_visible()
    for hidden in (".top", ".foot", "button", "input", "select", "textarea:not(.hidden)"):
        assert not [one for one in page.locator(hidden).all() if one.is_visible()], hidden


def test_every_link_of_every_view_leads_somewhere(site: Site) -> None:
    links: dict[str, str] = {}
    for view in VIEWS:
        if view in REFUSED:
            continue
        path = address(site, view)
        for link in LexborHTMLParser(fetched(site, path)).css("a[href], link[href], script[src]"):
            target = urljoin(site.url + path, link.attributes.get("href") or link.attributes.get("src") or "")
            if target.startswith(site.url):
                links.setdefault(target.partition("#")[0], view)
    searches = [link for link in links if urlsplit(link).path == "/search"]
    for link in searches[MOST_SEARCHES:]:
        del links[link]
    assert len(links) > 100
    broken = []
    for link, view in links.items():
        try:
            fetched(site, link.removeprefix(site.url))
        except OSError as error:
            broken.append(f"{view}: {link}: {error}")
    assert not broken


@pytest.mark.parametrize("view", [view for view in VIEWS if view not in REFUSED])
def test_every_view_reads_without_javascript(site: Site, visit: Visit, view: str) -> None:
    page = visit(site, java_script_enabled=False).go(address(site, view))
    assert page.locator("h1").count() == 1
    assert len(page.locator("main").inner_text()) > 80


def test_searching_and_correcting_need_no_javascript(site: Site, visit: Visit) -> None:
    page = visit(site, java_script_enabled=False).go("/")
    page.locator("#quick").fill('title:"no more than a respite"')
    page.locator("#quick").press("Enter")
    page.locator(f"{HIT} h3 a").click()
    page.locator("form.judge button", has_text="right").first.click()
    assert "Noted:" in page.locator("[role=status]").inner_text()
    page.get_by_role("link", name="Its story").click()
    assert page.locator(".pick").first.is_visible(), "articles can be taken out without a script too"


def test_a_facet_narrows_the_search_and_is_taken_out_again(either_site: Site, visit: Visit) -> None:
    page = visit(either_site).go("/search?q=ceasefire")
    before = page.locator(".count").inner_text()
    page.get_by_role("complementary").get_by_role("link", name=re.compile("^Russian")).first.click()
    assert page.locator("#q").input_value() == "ceasefire AND side:russia"
    assert page.locator(".count").inner_text() != before
    assert set(page.locator(f"{HIT} .side").evaluate_all("all => all.map(one => one.className)")) == {
        "side russia"
    }
    page.locator(".facets li.held a").click()
    assert page.locator("#q").input_value() == "ceasefire"
    assert page.locator(".count").inner_text() == before
    page.locator(".facets li", has_text="Ukrainian").first.hover()
    page.get_by_role("link", name="Without Ukrainian", exact=True).click()
    assert page.locator("#q").input_value() == "ceasefire AND NOT side:ukraine"
    assert page.locator(f"{HIT} .side.ukraine").count() == 0


def test_dragging_over_the_histogram_zooms_into_its_days(either_site: Site, visit: Visit) -> None:
    page = visit(either_site).go("/search?q=talks")
    bars = page.locator(".chart a[data-first]")
    days = bars.evaluate_all("all => all.map(one => one.dataset.first)")
    first, last = days.index("2025-02-12"), days.index("2025-02-18")
    start, end = (bars.nth(place).locator("rect").first.bounding_box() for place in (first, last))
    page.mouse.move(start["x"] + start["width"] / 2, start["y"] + 20)
    page.mouse.down()
    page.mouse.move(end["x"] + end["width"] / 2, end["y"] + 20, steps=5)
    page.mouse.up()
    page.wait_for_url("**/search?q=*published*")
    assert page.locator("#q").input_value() == "talks AND published:[2025-02-12 TO 2025-02-18]"
    assert page.get_by_text("US and Russia hold first talks on Ukraine in Riyadh").count() == 1
    page.get_by_role("link", name="All times").click()
    assert page.locator("#q").input_value() == "talks"


def test_an_alert_is_two_clicks_away_from_a_search(either_site: Site, visit: Visit) -> None:
    page = visit(either_site).go("/search?q=issue%3Aprisoners")
    page.get_by_role("link", name="Alert me").click()
    assert page.locator("#query").input_value() == "issue:prisoners"
    assert "would have brought" in page.get_by_role("complementary").inner_text().lower()
    page.get_by_label("Name").fill("Exchanges")
    page.get_by_label(re.compile("^Recipients")).fill("olena@example.org")
    page.get_by_role("button", name="Make the alert").click()
    assert "Saved." in page.locator("[role=status]").inner_text()
    assert page.locator("h1").inner_text() == "Exchanges"
    page.get_by_role("button", name="Pause").click()
    assert "Paused." in page.locator("[role=status]").inner_text()


def test_a_correction_changes_the_search_at_once(either_site: Site, visit: Visit) -> None:
    query = "/search?q=issue%3Aprisoners+AND+175"
    page = visit(either_site).go(query)
    found = page.locator(HIT).count()
    assert found
    title = page.locator(f"{HIT} h3").first.inner_text()
    page.locator(f"{HIT} h3 a").first.click()
    row = page.locator("aside li", has=page.locator("input[value='issue:prisoners']"))
    row.get_by_role("button", name="wrong").click()
    assert "Prisoners" in page.locator("[role=status]").inner_text()
    assert title not in visit(either_site).go(query).locator("main").inner_text()
    page.goto("/judgement")
    page.get_by_role("button", name=re.compile("^Undo correction")).first.click()
    assert "is undone" in page.locator("[role=status]").inner_text()
    assert title in visit(either_site).go(query).locator("main").inner_text()


def test_hostile_titles_are_letters_and_nothing_else(hostile_site: Site, visit: Visit) -> None:
    look_at_all(hostile_site, visit)
    table = schema.article
    with (
        hostile_site.app.database.write() as connection
    ):  # as if extraction, which cleans them, had let them through
        for number, article in enumerate(
            connection.execute(select(table.c.id).where(table.c.outlet.startswith("Owl"))).scalars().all()
        ):
            change = {"title": TITLES[number], "text": TEXT, "url": LINKS[number]}
            connection.execute(update(table).where(table.c.id == article).values(**change))
    look_at_all(hostile_site, visit)


def look_at_all(hostile_site: Site, visit: Visit) -> None:
    """Every view that shows what the hostile feed said: nothing in it acts, or leads elsewhere than to an outlet."""
    window = visit(hostile_site)
    page = window.go("/search?q=feed%3Ahostile")
    assert page.locator(HIT).count() == len(TITLES)
    paths = page.locator(f"{HIT} a").evaluate_all("all => all.map(one => one.getAttribute('href'))")
    assert all(path.startswith("/") for path in paths)
    for path in ("/", "/search?q=feed%3Ahostile&as=stories", "/feeds", "/feed/hostile", *paths):
        page = window.go(path)
        assert (
            page.locator("main script, main iframe, main img, [onmouseover], [onclick], [style]").count() == 0
        )
        assert "49" not in page.title()
        for link in page.locator("main a").evaluate_all(TARGETS):
            assert link.startswith(("http://", "https://")), link
        assert "\u202e" not in page.content()
        page.locator("main").hover()
        page.set_viewport_size({"width": 380, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= 380, path
        page.set_viewport_size({"width": 1240, "height": 800})


def test_the_keyboard_leads_through_the_page(site: Site, visit: Visit) -> None:
    page = visit(site).go("/")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    assert page.locator(".current").count() == 1
    first = page.locator("[data-item] h3").first.inner_text()
    assert page.evaluate("document.activeElement.innerText") == first
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("#keys").is_visible()
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "quick"
    page.keyboard.type("jk?")
    assert page.locator("#quick").input_value() == "jk?", "while typing, letters are letters"
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    page.keyboard.press("o")
    page.wait_for_url("**/story/*")


def test_the_box_completes_fields_labels_and_outlets(site: Site, visit: Visit) -> None:
    page = visit(site).go("/search")
    page.locator("#q").press_sequentially("outlet:vol")
    page.locator("#q").fill("")
    page.locator("#q").press_sequentially("issue:zap")
    page.get_by_role("option").first.wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert page.locator("#q").input_value() == "issue:zaporizhzhia-plant "
    page.locator("#q").press_sequentially("outlet:harb")
    page.get_by_role("option", name=re.compile("Harbour Wire")).click()
    assert page.locator("#q").input_value() == 'issue:zaporizhzhia-plant outlet:"Harbour Wire" '


@pytest.mark.parametrize(
    ("zone", "shown", "named"),
    [("America/New_York", "13:40", "America/New_York"), ("Europe/Kyiv", "19:40", "Europe/Kyiv")],
)
def test_times_are_those_of_the_readers_clock(
    site: Site, visit: Visit, zone: str, shown: str, named: str
) -> None:
    page = visit(site, timezone_id=zone).go("/")
    page.goto("/search?q=title%3A%22agrees+to+30-day+halt%22")
    time = page.locator(f"{HIT} time")
    assert shown in time.inner_text()
    assert time.get_attribute("title") == "18 Mar 2025 17:40:00 UTC"
    assert f"Times in {named}" in page.locator("footer").inner_text()


def test_colours_follow_the_system_and_then_the_reader(site: Site, visit: Visit) -> None:
    page = visit(site, color_scheme="dark").go("/you")
    assert brightness(page) < 60
    page.get_by_label("Colours").select_option("light")
    page.get_by_role("button", name="Save").click()
    assert brightness(page) > 200
    page.goto("/")
    assert brightness(page) > 200


def test_what_is_new_is_marked_until_it_is_read(site: Site, visit: Visit) -> None:
    page = visit(site).go("/")
    assert page.locator(".tag.new").count() > 2
    page.get_by_role("button", name="Mark all as read").click()
    assert page.locator(".tag.new").count() == 0


def test_a_briefing_is_copied_as_text(site: Site, visit: Visit) -> None:
    window = visit(site)
    window.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = window.go(address(site, "brief"))
    page.get_by_role("button", name="Copy as text").click()
    page.get_by_role("button", name="Copied").wait_for()
    assert "Harbour Wire" in page.evaluate("navigator.clipboard.readText()")


def test_leaving_an_alert_takes_a_click_and_not_only_a_look(site: Site, visit: Visit) -> None:
    with site.app.database.read() as connection:
        alert = alerts.list_all(connection)[0]
    page = visit(site).go(f"/unsubscribe/{token(SECRET, alert.id, 'desk@example.org')}")
    with site.app.database.read() as connection:
        assert alerts.by_id(connection, alert.id).recipients == ("desk@example.org",)
    page.get_by_role("button", name="Unsubscribe").click()
    assert "gets no further mail" in page.locator("[role=status]").inner_text()
    with site.app.database.read() as connection:
        assert alerts.by_id(connection, alert.id).recipients == ()


def fetched(site: Site, path: str) -> str:
    """The text of a page, asked without a browser. Raises OSError where it is not there."""
    with urlopen(site.url + path, timeout=60) as answer:
        return answer.read().decode("utf-8", "replace")


def brightness(page: Any) -> float:
    """0 (black) to 255 (white): the ground of the page."""
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    red, green, blue = (int(part) for part in re.findall(r"\d+", colour)[:3])
    return 0.299 * red + 0.587 * green + 0.114 * blue


def test_the_pictures_of_the_docs_can_be_made_again(browser: Any, world_folder: Path, tmp_path: Path) -> None:
    with world.served(world.copied(world_folder, tmp_path)) as site:
        screenshots.make(browser, site, tmp_path / "screenshots")
    made = {path.name for path in (tmp_path / "screenshots").glob("*.png")}
    assert made == {path.name for path in screenshots.FOLDER.glob("*.png")}
