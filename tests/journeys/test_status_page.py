"""The status page in a real browser, of a real `mainstem dev`: what people see, do and are told."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from socket import socket
from threading import Thread
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette

from mainstem.catalog import Catalog
from mainstem.cli.servers import LOOPBACK, bind, url_of
from mainstem.clients import reset_clients
from mainstem.functions import catalogue
from mainstem.serving import reset_serving
from mainstem.serving.starlette import serve
from mainstem.settings import load_settings

from .conftest import command, environment

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="needs Debian's chromium (apt-get install chromium)"
)
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
_PATH = "/api/inngest"
# A look of the page that took a second is repeated after ten: on a busy machine news take a while.
_DEADLINE_S = 60.0
_DEADLINE_MS = _DEADLINE_S * 1000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield found
        found.close()


class Dev:
    """A running `mainstem dev`."""

    def __init__(self, engine: str, page: str) -> None:
        self.engine = engine
        self.page = page

    def sync(self) -> None:
        httpx.put(self.page + _PATH, timeout=_DEADLINE_S).raise_for_status()

    def invoke(self, name: str) -> None:
        httpx.post(
            f"{self.engine}/invoke/mainstem-{name}", json={}, timeout=_DEADLINE_S
        ).raise_for_status()


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dev]:
    folder: Path = tmp_path_factory.mktemp("dev")
    process = subprocess.Popen(
        command("dev", "--port", "0", "--engine-port", "0"),
        cwd=folder,
        env={
            **environment(),
            "MAINSTEM_DISABLED_FUNCTIONS": "update-pr-activity",
            "MAINSTEM_ENV": "local",
            "MAINSTEM_LOG_LEVEL": "ERROR",
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    said = {}
    for line in process.stderr:
        word, _, rest = line.partition(" ")
        said[word] = rest.split()[0] if rest.split() else ""
        if word == "Press":
            break
    try:
        yield Dev(said["Engine"], said["Page"].rstrip("/"))
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def page(browser: Browser, dev: Dev) -> Iterator[Page]:
    """The page, live. Fails for an error in the console or a request that leaves the origin."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    opened.set_default_timeout(_DEADLINE_MS)
    wrong: list[str] = []
    opened.on("console", lambda told: wrong.append(told.text) if told.type == "error" else None)
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on(
        "request",
        lambda sent: None if sent.url.startswith(f"{dev.page}/") else wrong.append(sent.url),
    )
    opened.goto(dev.page)
    opened.wait_for_selector("#liveness[data-state=live]")
    yield opened
    context.close()
    assert wrong == []


def state(page: Page, name: str) -> str:
    cell = page.locator(f'tr.function[data-live="row:{name}"] td.is-here .state')
    return cell.inner_text().strip()


def is_open(page: Page, name: str) -> bool:
    return page.locator(f"#fn-{name}").is_visible()


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.textContent || document.activeElement.id"))


def test_all_functions_show_as_they_stand(page: Page) -> None:
    rows = page.locator("tr.function")
    states = {name: state(page, name) for name in catalogue().ids}
    assert rows.count() == len(catalogue())
    assert states.pop("update-pr-activity") == "switched off"
    assert set(states.values()) == {"registered"}
    assert page.locator("tr.function td.cell").count() == len(catalogue()) * 5


def test_a_switched_off_function_shows_its_reason(page: Page) -> None:
    page.click("a.open:text-is('update-pr-activity')")
    details = page.locator("#fn-update-pr-activity").inner_text()
    assert "is switched off in local (MAINSTEM_DISABLED_FUNCTIONS)" in details


def test_arrows_lead_from_anywhere_to_the_first_row(page: Page) -> None:
    page.keyboard.press("ArrowDown")
    assert focused(page) == catalogue().ids[0]
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("/")
    page.keyboard.type("graphql")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("ArrowUp")
    shown = page.locator("tr.function:visible a.open").first.inner_text()
    assert focused(page) == shown != catalogue().ids[0]


def test_the_keyboard_is_enough(page: Page) -> None:
    first, second = catalogue().ids[:2]
    page.keyboard.press("Tab")
    assert focused(page) == "Skip to the functions"
    page.keyboard.press("/")
    page.keyboard.type("graphql")
    assert page.locator("tr.function:visible").count() == 2
    page.keyboard.press("Escape")
    assert page.locator("tr.function:visible").count() == len(catalogue())
    page.keyboard.press("/")
    page.keyboard.press("ArrowDown")
    assert focused(page) == first
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert (focused(page), is_open(page, second)) == (second, True)
    page.keyboard.press("Tab")
    assert focused(page) == "Close"
    page.keyboard.press("Escape")
    assert (focused(page), is_open(page, second)) == (second, False)


def test_a_run_arrives_by_itself_and_leaves_the_reader_alone(page: Page, dev: Dev) -> None:
    name = "aggregate-workspace-metrics"
    page.evaluate("window.isTheSamePage = true")
    page.click(f"a.open:text-is('{name}')")
    page.focus("#filter")
    page.keyboard.type("aggregate-")
    page.wait_for_function("document.querySelectorAll('tr.function:not([hidden])').length === 1")
    page.set_viewport_size({"width": 1280, "height": 400})  # so that there is somewhere to scroll
    page.evaluate("window.scrollTo(0, 40)")
    page.wait_for_function("scrollY === 40")
    dev.invoke(name)
    page.wait_for_selector(f'tr.function[data-live="row:{name}"] .run', timeout=_DEADLINE_MS)
    page.wait_for_selector(f"#fn-{name} table.runs a", timeout=_DEADLINE_MS)
    left = page.evaluate(
        "[window.isTheSamePage, document.activeElement.id, scrollY,"
        " document.getElementById('filter').value]"
    )
    assert left == [True, "filter", 40, "aggregate-"]
    assert is_open(page, name)
    assert page.locator("tr.function:visible").count() == 1


def test_drift_shows_its_fields_and_goes_again_when_the_endpoint_syncs(
    page: Page, dev: Dev
) -> None:
    name, gone = "capture-pr-reviews", "capture-pr-comments"
    with second_endpoint(dev, changed=name, without=gone):
        page.wait_for_selector(f'tr[data-live="row:{name}"] .state-drifted', timeout=_DEADLINE_MS)
        page.click(f"a.open:text-is('{name}')")
        differing = page.locator(f"#fn-{name} table.plain tbody tr").first
        cells = differing.locator("th, td").all_inner_texts()
        findings = page.locator(".findings").inner_text()
        assert cells == ["retries", "2", "2", "9"]
        assert state(page, gone) == "missing"
        assert "two addresses" in findings
        assert state(page, "brand-new") == "not in catalogue"
    dev.sync()
    page.wait_for_selector(
        f'tr[data-live="row:{name}"] td.is-here.state-registered', timeout=_DEADLINE_MS
    )
    page.wait_for_selector('tr[data-live="row:brand-new"]', state="detached", timeout=_DEADLINE_MS)
    assert (state(page, gone), is_open(page, name)) == ("registered", True)


def test_it_fits_the_window_with_details_open(page: Page) -> None:
    for link in page.locator("a.open").all()[::4]:
        link.click()
    for width in (1280, 768, 375, 320):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_every_text_stands_out_from_its_ground(page: Page) -> None:
    page.click("a.open:text-is('update-pr-activity')")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate(LOWEST_CONTRAST) >= 4.5, scheme


def test_it_works_without_a_script(browser: Browser, dev: Dev) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{dev.page}/?q=capture-pr-details")
    shown = page.locator("tr.function:visible").count()
    page.click("a.open:text-is('capture-pr-details')")
    opened = is_open(page, "capture-pr-details")
    has_reload = page.locator("#reload").is_visible()
    context.close()
    assert (shown, opened, has_reload) == (2, True, True)


LOWEST_CONTRAST = """() => {
  const parts = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (rgb) => {
    const [r, g, b] = rgb.slice(0, 3).map((v) => v / 255)
      .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (at) => {
    for (let one = at; one; one = one.parentElement) {
      const found = parts(getComputedStyle(one).backgroundColor);
      if (found.length === 3 || found[3] > 0) return found;
    }
    return [255, 255, 255];
  };
  let lowest = 21;
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const at = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !at.checkVisibility()) continue;
    const pair = [light(parts(getComputedStyle(at).color)), light(ground(at))];
    pair.sort((a, b) => b - a);
    lowest = Math.min(lowest, (pair[0] + 0.05) / (pair[1] + 0.05));
  }
  return lowest;
}"""


@contextmanager
def second_endpoint(dev: Dev, *, changed: str, without: str) -> Iterator[None]:
    """Another deployment of the app, with one function changed, one missing and one new."""
    reset_clients()
    reset_serving()
    definitions = [
        replace(one, config=replace(one.config, retries=9)) if one.id == changed else one
        for one in catalogue()
        if one.id != without
    ]
    definitions.append(replace(definitions[0], id="brand-new"))
    app = Starlette()
    settings = load_settings({"MAINSTEM_ENV": "local", "INNGEST_BASE_URL": dev.engine})
    unused: Any = object()  # nothing is run there
    serve(app, Catalog(definitions), unused, settings=settings)
    with bind(LOOPBACK, 0, option="") as listener, in_a_thread(app, listener):
        httpx.put(url_of(listener) + _PATH, timeout=_DEADLINE_S).raise_for_status()
        yield


@contextmanager
def in_a_thread(app: Starlette, listener: socket) -> Iterator[None]:
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
    thread = Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()
