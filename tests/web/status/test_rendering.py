"""What people read: everything escaped, everything there without a script."""

import re
from html.parser import HTMLParser
from typing import Any

import httpx
import inngest

from mainstem.catalog import Catalog, sdk_function

from .shop import Shop, shop

Plain = tuple[Any, str]
NASTY = "<script>alert(1)</script> & \"'"


@sdk_function(fn_id=NASTY, trigger=inngest.TriggerEvent(event="<img src=x onerror=alert(2)>"))
async def nasty(ctx: inngest.Context) -> str:
    return "</script><script>alert(3)</script>"


async def page_of(there: Shop, query: str = "") -> str:
    async with httpx.AsyncClient(verify=False, timeout=10) as http:
        return (await http.get(f"{there.page}/", params={"q": query})).raise_for_status().text


class Tags(HTMLParser):
    """Every element with its attributes, and that all are closed in order."""

    VOID = frozenset({"meta", "link", "input", "br"})

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def tags_of(page: str) -> Tags:
    tags = Tags()
    tags.feed(page)
    tags.close()
    return tags


async def test_names_events_and_results_show_as_text_whatever_they_hold() -> None:
    async with shop(catalog=Catalog([nasty])) as there:
        await there.engine.send([{"name": "<img src=x onerror=alert(2)>", "data": {}}])
        await there.engine.wait_idle(timeout=20)
        page = await page_of(there)
    tags = tags_of(page)
    assert [attrs.get("src") for tag, attrs in tags.found if tag == "script"] != []
    assert sum(tag == "script" for tag, _ in tags.found) == 1
    assert not [attrs for _, attrs in tags.found if any(name.startswith("on") for name in attrs)]
    assert "img" not in {tag for tag, _ in tags.found}
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "alert(3)" in page


def test_the_page_is_well_formed_and_its_ids_are_unique(plain: Plain) -> None:
    page = plain[1]
    tags = tags_of(page)
    ids = [attrs["id"] for _, attrs in tags.found if "id" in attrs]
    assert tags.open == []
    assert len(ids) == len(set(ids))


def test_every_table_has_a_caption_and_every_heading_cell_a_scope(plain: Plain) -> None:
    page = plain[1]
    tags = tags_of(page)
    assert page.count("<table") == page.count("<caption")
    assert {attrs.get("scope") for tag, attrs in tags.found if tag == "th"} == {
        "col",
        "row",
        "rowgroup",
    }


def test_links_inside_the_page_lead_somewhere(plain: Plain) -> None:
    page = plain[1]
    tags = tags_of(page)
    ids = {attrs.get("id") for _, attrs in tags.found}
    inner = [attrs["href"] or "" for tag, attrs in tags.found if tag == "a" and "href" in attrs]
    assert [link for link in inner if link.startswith("#") and link[1:] not in ids] == []


async def test_the_filter_works_without_a_script() -> None:
    expected: dict[str, set[str]] = {
        "": {"send-receipt", "sweep", "refuse"},
        "MAIL": {"send-receipt"},
        "schedule oslo": {"sweep"},
        "switched off": {"sweep"},
        "nothing such": set(),
    }
    async with shop(MAINSTEM_DISABLED_FUNCTIONS="sweep") as there:
        pages = {query: await page_of(there, query) for query in expected}
    assert {query: shown_in(page) for query, page in pages.items()} == expected


def shown_in(page: str) -> set[str]:
    rows = re.findall(r'<tr class="function"[^>]*data-live="row:([^"]+)"[^>]*>', page)
    hidden = re.findall(r'data-live="row:([^"]+)"[^>]* hidden>', page)
    return set(rows) - set(hidden)


async def test_what_reading_the_settings_remarked_is_shown() -> None:
    async with shop(notes=["INNGEST_DEV is set & ignored."]) as there:
        page = await page_of(there)
    assert "INNGEST_DEV is set &amp; ignored." in page
    assert "1 finding<" in page


def test_triggers_limits_and_differences_between_environments_are_in_words(plain: Plain) -> None:
    page = plain[1]
    for words in (
        "on event shop/order.placed if event.data.orderId &gt; 0",
        "on schedule 0 6 * * * (Europe/Oslo)",
        "5 per event.data.orderId",
        "By its definition it differs there. retries: 10.",
        "mail-receipt",
        "Send &lt;b&gt;receipts&lt;/b&gt; &amp; more",
    ):
        assert words in page
