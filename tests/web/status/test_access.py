"""Who may read the page, and how little it gives to others."""

import httpx
import pytest

from mainstem.errors import SettingsError
from mainstem.settings import load_settings
from mainstem.web.status import status_page

from .shop import PATH, Shop, shop

TOKEN = "a-token-that-nobody-guesses"
GUARDED = ["/", "/status.json", "/status/stream", "/status/runs/01ABC"]


@pytest.mark.parametrize("host", ["0.0.0.0", "10.1.2.3", "app.example.test", "::"])
def test_a_host_that_others_reach_needs_a_token(host: str) -> None:
    settings = load_settings({"MAINSTEM_SERVE_HOST": host, "MAINSTEM_ENV": "local"})
    with pytest.raises(SettingsError, match="MAINSTEM_STATUS_TOKEN: it is not set, and the status"):
        status_page(settings)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.8.8.8"])
def test_this_machine_alone_needs_none(host: str) -> None:
    settings = load_settings({"MAINSTEM_SERVE_HOST": host, "MAINSTEM_ENV": "local"})
    assert status_page(settings).token is None


def test_a_token_opens_the_page_on_any_host() -> None:
    environ = {"MAINSTEM_SERVE_HOST": "0.0.0.0", "MAINSTEM_STATUS_TOKEN": TOKEN}
    page = status_page(load_settings({"MAINSTEM_ENV": "local", **environ}))
    assert TOKEN not in repr(page)


async def test_nothing_is_told_without_the_token_and_everything_with_it() -> None:
    async with shop(MAINSTEM_STATUS_TOKEN=TOKEN) as there, http_of(there) as http:
        for path in GUARDED:
            refused = await http.get(path, headers={"authorization": "Bearer a-wrong-one"})
            assert refused.status_code == 401, path
            assert "send-receipt" not in refused.text
        opened = await http.get("/status.json", headers={"authorization": f"Bearer {TOKEN}"})
    assert len(opened.json()["functions"]) == 3


async def test_the_form_leaves_a_cookie_that_scripts_cannot_read_and_that_is_not_the_token() -> (
    None
):
    async with shop(MAINSTEM_STATUS_TOKEN=TOKEN) as there, http_of(there) as http:
        form = await http.get("/")
        signed_in = await http.post("/status/sign-in", data={"token": TOKEN})
        page = await http.get("/")
    cookie = signed_in.headers["set-cookie"]
    assert (form.status_code, 'type="password"' in form.text) == (401, True)
    assert (signed_in.status_code, signed_in.headers["location"]) == (303, "../")
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert TOKEN not in cookie
    assert (page.status_code, "send-receipt" in page.text) == (200, True)


async def test_a_wrong_token_opens_nothing() -> None:
    async with shop(MAINSTEM_STATUS_TOKEN=TOKEN, is_synced=False) as there, http_of(there) as http:
        for given in ("a-wrong-one", "", "x" * 10_000, "é"):
            answer = await http.post("/status/sign-in", data={"token": given})
            assert (answer.status_code, answer.headers["location"]) == (303, "../?wrong")
            assert "set-cookie" not in answer.headers
        shown = await http.get("/?wrong")
    assert (shown.status_code, "This is not the token." in shown.text) == (401, True)


async def test_without_a_token_only_this_machines_names_are_answered() -> None:
    async with shop(is_synced=False) as there, http_of(there) as http:
        foreign = await http.get("/status.json", headers={"host": "evil.example.test"})
        own = await http.get("/status.json", headers={"host": "localhost:8000"})
    assert (foreign.status_code, own.status_code) == (403, 200)
    assert "send-receipt" not in foreign.text


async def test_the_page_is_read_only() -> None:
    async with shop(is_synced=False) as there, http_of(there) as http:
        for path in GUARDED:
            for method in ("POST", "PUT", "DELETE"):
                assert (await http.request(method, path)).status_code == 405


async def test_the_page_loads_nothing_from_elsewhere_and_runs_nothing_inline() -> None:
    async with shop() as there, http_of(there) as http:
        page = await http.get("/")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http:" not in policy + page.text.replace(there.page, "").replace(there.engine_url, "")
    assert " style=" not in page.text
    assert page.text.count("<script") == 1


async def test_what_the_page_is_made_of_is_served_with_its_type() -> None:
    async with shop(is_synced=False) as there, http_of(there) as http:
        found = {
            name: await http.get(f"/status/assets/{name}")
            for name in ("status.css", "status.js", "icon.svg", "../facts.py", "..%2ffacts.py")
        }
    types = {name: one.headers["content-type"].partition(";")[0] for name, one in found.items()}
    assert types["status.css"] == "text/css"
    assert types["status.js"] == "text/javascript"
    assert types["icon.svg"] == "image/svg+xml"
    assert [found[name].status_code for name in ("../facts.py", "..%2ffacts.py")] == [404, 404]


async def test_the_sdks_endpoint_stays_the_sdks_own() -> None:
    async with shop(MAINSTEM_STATUS_TOKEN=TOKEN) as there, http_of(there) as http:
        inspection = await http.get(PATH)
    assert inspection.json()["function_count"] == 4
    assert "content-security-policy" not in inspection.headers


async def test_a_run_that_is_not_there_is_told_so() -> None:
    async with shop(is_synced=False) as there, http_of(there) as http:
        for run_id in ("01ABC", "a.b", "x" * 80, "%2e%2e%2fapps"):
            assert (await http.get(f"/status/runs/{run_id}")).status_code == 404


def http_of(there: Shop) -> httpx.AsyncClient:
    return httpx.AsyncClient(verify=False, base_url=there.page, timeout=10)
