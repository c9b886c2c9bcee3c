"""What an analyst does: look, filter, share, click a point, drop a file."""

from __future__ import annotations

import asyncio
import csv
import io
import re
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Dialog, Page, expect
from pytest_httpserver import HTTPServer

from dashboard.app_pages import PAGES
from tests.bench.viewers import Click, Seen, Viewer
from tests.browser.conftest import LIMIT, Server, asked_for, running, settled

pytestmark = pytest.mark.browser


def kpi(page: Page) -> list[str]:
    """The five key figures as they stand on the page."""
    values = page.locator("[data-testid=stMetricValue]")
    expect(values).to_have_count(5)
    return values.all_inner_texts()


def settled_at(page: Page, url: str) -> Page:
    page.goto(url)
    return settled(page)


def visit(page: Page, path: str) -> None:
    """Goes to another page by its link; in a narrow window that lies in a sidebar which need not be open for this."""
    page.locator(f"a[href$='/{path}']").first.evaluate("link => link.click()")
    page.wait_for_url(lambda url: url.partition("?")[0].endswith(f"/{path}"))
    settled(page)


def choose(page: Page, label: str, value: str) -> None:
    """Picks a value in a multiselect of the sidebar."""
    page.get_by_role("combobox", name=label).click()
    page.keyboard.type(value)
    page.get_by_role("option", name=value).first.click()
    page.keyboard.press("Escape")
    settled(page)


def copied(page: Page) -> tuple[str, str, str]:
    """The three links: period moving, dates fixed, numbers fixed."""
    page.get_by_role("button", name="Copy link").click()
    codes = page.locator("[data-testid=stCode]")
    expect(codes).to_have_count(3)
    moving, fixed, pinned = (text.strip() for text in codes.all_inner_texts())
    return moving, fixed, pinned


def points(page: Page, chart: int = 0):
    return page.locator(".js-plotly-plot").nth(chart).locator(".scatterlayer .trace .points path")


def click(page: Page, point) -> str:
    """Clicks a point; answers what its hover text said."""
    box = point.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    end = time.monotonic() + LIMIT
    while time.monotonic() < end:  # until the chart listens
        page.mouse.move(x - 5, y - 5)
        page.mouse.move(x, y, steps=5)
        page.wait_for_timeout(250)
        if page.locator(".hoverlayer .hovertext").count():
            break
    said = " ".join(page.locator(".hoverlayer .hovertext").all_text_contents())
    page.mouse.click(x, y)
    page.wait_for_selector("[class*=st-key-evidence]")
    settled(page)
    return said


def test_a_fresh_start_shows_the_demo_and_says_so(demo: Server, page: Page) -> None:
    settled_at(page, demo.url)
    expect(page.get_by_text("This is the demo")).to_be_visible()
    assert kpi(page)[0] == str(len(list((demo.seeds / "demo").glob("*.md"))))
    expect(page.locator(".js-plotly-plot")).to_have_count(3)


def test_a_filter_changes_chart_and_address_and_the_address_opens_the_same_numbers(
    demo: Server, page: Page, other_page: Page
) -> None:
    settled_at(page, demo.url)
    before = kpi(page)
    expect(points(page).first).to_be_attached()  # the numbers stand before the chart is drawn
    lines = points(page).count()
    choose(page, "Figures", "Vladimir Putin")
    page.get_by_label("Search", exact=True).fill("summit")
    page.keyboard.press("Enter")
    settled(page)
    assert "figures=Vladimir+Putin" in page.url
    assert "q=summit" in page.url
    assert kpi(page) != before
    assert points(page).count() < lines
    colleague = settled_at(other_page, page.url)
    assert kpi(colleague) == kpi(page)
    expect(points(colleague)).to_have_count(points(page).count())


@pytest.mark.parametrize("fixed", [False, True], ids=["moving", "fixed"])
def test_a_copied_link_writes_everything_out_and_opens_the_same_view(
    demo: Server, page: Page, other_page: Page, fixed: bool
) -> None:
    query = (
        "q=talks&figures=Kim+Jong+Un&figures=Joe+Biden&period=Custom&dates=2018-01-01&dates=2022-12-31&count=number"
        "&bin=quarter&tone=-0.50&tone=0.60&offices=true&language=en&sources=Demo+Wire&sources=Demo+Ledger"
    )
    settled_at(page, f"{demo.url}/?{query}")
    link = copied(page)[fixed]
    for part in query.split("&"):
        assert part in link
    colleague = settled_at(other_page, link)
    page.keyboard.press("Escape")
    assert kpi(colleague) == kpi(page)
    summary = "articles · "
    assert colleague.get_by_text(summary).first.inner_text() == page.get_by_text(summary).first.inner_text()


def test_the_automatic_view_is_written_out_with_its_lines_sources_and_dates(demo: Server, page: Page) -> None:
    settled_at(page, demo.url)
    moving, fixed, _ = copied(page)
    assert moving.count("lines=") == 5
    assert moving.count("sources=") == 5
    assert "period=Automatic" in moving
    assert "period=Custom" in fixed
    assert fixed.count("dates=") == 2


def test_a_link_that_fixes_the_numbers_shows_them_when_more_has_arrived(
    changing: Server, page: Page, other_page: Page
) -> None:
    settled_at(page, changing.url)
    before, link = kpi(page), copied(page)[2]
    fixed = f"As of revision {re.search(r'asof=([0-9]+)', link)[1]}"
    page.keyboard.press("Escape")
    (changing.seeds / "talks.txt").write_text("Lee and Trump meet\n\nPresident Donald Trump met Lee Jae-myung.\n")
    expect(page.get_by_text("Lee and Trump meet").first).to_be_visible()
    assert kpi(settled(page)) != before
    colleague = settled_at(other_page, link)
    expect(colleague.get_by_text(fixed).first).to_be_visible()
    assert kpi(colleague) == before
    colleague.get_by_role("button", name="Show the newest").click()
    colleague.wait_for_url(lambda url: "asof=" not in url)
    expect(colleague.get_by_text(fixed)).to_have_count(0)
    settled_at(colleague, f"{changing.url}/?asof=999")
    expect(colleague.get_by_text("which is not in this record")).to_be_visible()


@pytest.mark.parametrize(("chart", "unit"), [(0, "articles?"), (1, "mentions?")], ids=["attention", "tone"])
def test_a_clicked_point_opens_exactly_the_sentences_it_counts(
    demo: Server, page: Page, other_page: Page, chart: int, unit: str
) -> None:
    settled_at(page, demo.url)
    page.set_viewport_size({"width": 1440, "height": 2400})
    settled(page)
    said = click(page, points(page, chart).last)
    counted = int(re.search(r"(\d+) of \d+ articles" if chart == 0 else r"n = (\d+)", said)[1])
    evidence = page.locator("[class*=st-key-evidence]")
    heading = evidence.first.inner_text()
    assert re.search(rf"— {counted} {unit}", heading), heading
    while (more := page.get_by_role("button", name=re.compile("^Show "))).count():
        more.first.click()
        settled(page)
    bylines = evidence.locator("a[href*='article=']").count()
    bold = evidence.locator("p:has([data-testid=stMarkdownBadge]) > strong, p:has(.stMarkdownBadge) > strong").count()
    assert (bylines if chart == 0 else max(bold, bylines)) >= 1
    if chart == 0:
        assert bylines == counted
    assert "open=" in page.url
    colleague = settled_at(other_page, page.url)
    assert colleague.locator("[class*=st-key-evidence]").first.inner_text().splitlines()[0] == heading.splitlines()[0]


def test_closing_the_evidence_takes_it_out_of_the_address(demo: Server, page: Page) -> None:
    settled_at(page, demo.url)
    click(page, points(page).last)
    page.get_by_role("button", name="Close").click()
    expect(page.locator("[class*=st-key-evidence]")).to_have_count(0)
    page.wait_for_url(lambda url: "open=" not in url)


def test_the_articles_come_down_as_a_table_for_a_spreadsheet(demo: Server, page: Page) -> None:
    settled_at(page, f"{demo.url}/articles?q=summit")
    counted = int(re.search(r"(\d+) articles, newest first", page.get_by_text("newest first").inner_text())[1])
    with page.expect_download() as saved:
        page.get_by_role("link", name="CSV").click()
    assert saved.value.suggested_filename == "articles.csv"
    made = saved.value.path().read_text(encoding="utf-8-sig")
    assert len(list(csv.DictReader(io.StringIO(made)))) == counted


def test_the_address_of_a_page_gives_the_rows_that_stand_on_it(demo: Server, page: Page) -> None:
    """Whatever the filters hold: from the address bar alone, as any process would be asked."""

    def asked(file: str) -> list[dict[str, str]]:
        with urllib.request.urlopen(f"{demo.url}/export/{file}?{urlsplit(page.url).query}", timeout=LIMIT) as answer:
            return list(csv.DictReader(io.StringIO(answer.read().decode("utf-8-sig"))))

    settled_at(page, demo.url)
    choose(page, "Figures", "Kim Jong Un")
    choose(page, "Figures", "Donald Trump")
    choose(page, "Topics", "Sanctions")
    page.get_by_text("Count offices", exact=True).click()
    page.get_by_label("Count", exact=True).get_by_text("number").click()
    settled(page)
    page.get_by_role("textbox", name="Search").fill("talks OR summit")
    page.keyboard.press("Enter")
    settled(page)
    page.locator("[class*=st-key-menu-attention] button").first.click()
    with page.expect_download() as saved:
        page.get_by_role("link", name="CSV").click()
    made = list(csv.DictReader(io.StringIO(saved.value.path().read_text(encoding="utf-8-sig"))))
    assert made == asked("attention.csv")
    assert {row["figure"] for row in made} == {"kim-jong-un", "donald-trump"}
    page.keyboard.press("Escape")
    visit(page, "articles")
    count = int(re.search(r"(\d+) articles?, newest first", page.get_by_text("newest first").inner_text())[1])
    rows = asked("articles.csv")
    assert len(rows) == count < 96
    assert all(" sanctions " in f" {row['topics']} " for row in rows)
    assert rows[0]["filters"].count("=") >= 6
    shown = page.locator("[class*=st-key-hits] a").all_inner_texts()
    assert [row["title"] for row in rows][: len(shown)] == shown


def test_a_click_brings_at_most_forty_five_kilobytes(demo: Server) -> None:
    clicks = [
        Click("", "period=Custom&dates=2025-01-01&dates=2025-12-31&bin=week"),
        Click("figures", "figure=Donald+Trump"),
        Click("articles", ""),
        Click("sources", ""),
    ]

    async def looked() -> tuple[dict[str, int], list[str]]:
        seen, sizes = Seen(), {}
        async with Viewer(int(demo.url.rpartition(":")[2]), seen) as viewer:
            await viewer.click(Click("", ""))  # the first page, with all that clicks leave as it is
            for click in clicks:
                await viewer.click(click)
                sizes[f"{click.page}?{click.query}"] = seen.plain[-1]
        return sizes, seen.errors

    with ThreadPoolExecutor(1) as apart:  # Playwright's loop runs in this thread
        sizes, errors = apart.submit(lambda: asyncio.run(looked())).result()
    assert not errors
    assert {address: size for address, size in sizes.items() if not 5_000 < size <= 45_000} == {}


def test_the_reader_marks_names_and_links_only_to_the_web(demo: Server, page: Page) -> None:
    settled_at(page, f"{demo.url}/articles?article=unknown")
    expect(page.get_by_text("This article is not in the record")).to_be_visible()
    settled_at(page, demo.url)
    href = page.locator("[class*=st-key-newest] a").first.get_attribute("href")
    settled_at(page, f"{demo.url}/{href}")
    expect(page.locator("u b").first).to_be_visible()
    for link in page.locator("a[href]").all():
        assert re.match(r"https?://|/|articles\?|#stMain", link.get_attribute("href") or "")


def test_a_file_dropped_into_the_seed_folder_is_on_screen_and_the_demo_steps_back(page: Page, tmp_path: Path) -> None:
    with running(tmp_path, demo=True) as server:
        settled_at(page, server.url)
        expect(page.get_by_text("This is the demo")).to_be_visible()
        (server.seeds / "talks.txt").write_text(
            "Lee and Trump meet in Seoul\n\nPresident Donald Trump met Lee Jae-myung. Trump praised his host.\n"
        )
        expect(page.get_by_text("Lee and Trump meet in Seoul").first).to_be_visible()
        expect(page.get_by_text("This is the demo")).to_have_count(0)
        settled(page)
        assert kpi(page)[0] == "1"


def test_a_feed_is_read_and_hostile_titles_stay_text(page: Page, tmp_path: Path, httpserver: HTTPServer) -> None:
    title = "[click](javascript:alert(1)) &lt;img src=http://evil.invalid/x.png onerror=alert(1)&gt; :red[Biden]"
    httpserver.expect_request("/feed").respond_with_data(
        f"""<rss version="2.0"><channel><title>Feed</title><link>https://example.org/</link>
        <item><guid>1</guid><title>{title}</title><link>https://example.org/1</link>
        <description>&lt;p onclick="x()"&gt;Joe Biden spoke.&lt;script&gt;alert(1)&lt;/script&gt;&lt;/p&gt;
        ![](http://evil.invalid/y.png)</description></item></channel></rss>""",
        content_type="application/rss+xml",
    )
    httpserver.expect_request("/nothing").respond_with_data("", status=404)
    feeds = (
        '<opml version="2.0"><body><outline text="Press">'
        f'<outline type="rss" text="A feed" xmlUrl="{httpserver.url_for("/feed")}" language="en"'
        ' fullText="never"/>'
        f'<outline type="rss" text="A broken feed" xmlUrl="{httpserver.url_for("/nothing")}" language="en"/>'
        "</outline></body></opml>"
    )
    dialogs: list[str] = []

    def refuse(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", refuse)
    with running(tmp_path, demo=False, feeds=feeds) as server, asked_for(page) as addresses:
        settled_at(page, server.url)
        # Invisible joiners keep the page from making links: they may stand anywhere in what is shown.
        shown = page.get_by_text(re.compile(r"\[click\]\(javascript:\u2060?alert\(1\)\).*\u2060?red\[Biden\]"))
        expect(shown.first).to_be_visible()
        for row in PAGES[1:]:
            settled_at(page, f"{server.url}/{row.path}")
        settled_at(page, f"{server.url}/sources")
        expect(page.get_by_text("A broken feed").first).to_be_visible()
        expect(page.get_by_text("404").first).to_be_visible()
    page.remove_listener("dialog", refuse)
    assert not [address for address in addresses if "evil" in address]
    assert dialogs == []


def test_a_dashboard_killed_and_started_again_has_lost_nothing(changing: Server, page: Page) -> None:
    before = kpi(settled_at(page, changing.url))
    changing.process.kill()
    changing.process.wait(10)
    changing.start()
    # The first request of a process may be for any page.
    settled_at(page, f"{changing.url}/articles")
    expect(page.get_by_text(re.compile(rf"\b{before[0]} articles?, newest first"))).to_be_visible()
    assert kpi(settled_at(page, changing.url)) == before


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 420])
def test_every_page_fits_its_window_in_both_themes(demo: Server, page: Page, scheme: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    with asked_for(page) as addresses:
        settled_at(page, demo.url)
        for path in ("", "figures", "articles", "sources"):
            if path:
                visit(page, path)
            main = page.locator("[data-testid=stMain]")
            assert main.evaluate("e => e.scrollWidth <= e.clientWidth + 1"), f"/{path} scrolls sideways"
            assert page.locator("[data-testid=stException]").count() == 0, path
    assert not [address for address in addresses if not address.startswith((demo.url, "data:", "blob:"))]
