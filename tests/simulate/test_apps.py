"""A GitHub App: its proofs, its installations' tokens, what they see, and its deliveries."""

import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import cache

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from mainstem.simulate import (
    App,
    Delivery,
    Installation,
    Options,
    SimulatedGitHub,
    generate,
    make_delivery,
    simulated_github,
)

HOME = "/repos/riverside/harbour"
TOKENS = "/app/installations/11/access_tokens"


@cache
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 5, 4, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def proof(self, *, issuer: str = "7", minutes: int = 9) -> dict[str, str]:
        at = int(self.now.timestamp())
        told = {"iat": at - 60, "exp": at + minutes * 60, "iss": issuer}
        return bearer(jwt.encode(told, key(), algorithm="RS256"))


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


@asynccontextmanager
async def serving(clock: Clock) -> AsyncIterator[tuple[SimulatedGitHub, httpx.AsyncClient]]:
    public = (
        key()
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    installations = (
        Installation(11, "riverside", frozenset({"riverside/harbour"}), core_per_hour=6_000),
        Installation(12, "elsewhere", frozenset({"elsewhere/pier"})),
        Installation(13, "gone", suspended=True),
    )
    app = App(7, installations, public.decode())
    options = Options(app=app, now=clock, tokens=frozenset())
    async with (
        simulated_github(generate(7, 4), options=options) as served,
        httpx.AsyncClient(base_url=served.url, verify=False) as http,
    ):
        yield served, http


async def test_app_tells_of_itself_and_its_installations() -> None:
    clock = Clock()
    async with serving(clock) as (_, http):
        app = (await http.get("/app", headers=clock.proof())).json()
        many = (await http.get("/app/installations?per_page=2", headers=clock.proof())).json()
        one = (await http.get("/app/installations/12", headers=clock.proof())).json()
        of = (await http.get(f"{HOME}/installation", headers=clock.proof())).json()
        none = await http.get("/repos/no/one/installation", headers=clock.proof())
    assert (app["id"], app["installations_count"]) == (7, 3)
    assert [row["id"] for row in many] == [11, 12]
    assert (one["id"], of["id"], none.status_code) == (12, 11, 404)


@pytest.mark.parametrize("case", ["issuer", "too long", "expired", "another key", "no jwt"])
async def test_wrong_proof_is_refused(case: str) -> None:
    clock = Clock()
    headers = {
        "issuer": clock.proof(issuer="8"),
        "too long": clock.proof(minutes=11),
        "expired": clock.proof(minutes=-1),
        "another key": bearer(
            clock.proof()["authorization"].removeprefix("Bearer ")[:-8] + "A" * 8
        ),
        "no jwt": {},
    }[case]
    async with serving(clock) as (_, http):
        assert (await http.get("/app", headers=headers)).status_code == 401


async def test_installation_token_is_good_for_an_hour_and_has_its_own_budget() -> None:
    clock = Clock()
    async with serving(clock) as (_, http):
        made = await http.post(TOKENS, headers=clock.proof())
        token = bearer(made.json()["token"])
        good = await http.get(HOME, headers=token)
        tag = {"if-none-match": good.headers["etag"]}
        same = await http.get(HOME, headers={**token, **tag})
        clock.now += timedelta(seconds=3_600)
        late = await http.get(HOME, headers=token)
        fresh = bearer((await http.post(TOKENS, headers=clock.proof())).json()["token"])
        missed = await http.get(HOME, headers={**fresh, **tag})
    assert made.status_code == 201
    assert made.json()["expires_at"] == "2026-05-04T13:00:00Z"
    assert good.headers["x-ratelimit-limit"] == "6000"
    assert same.status_code == 304
    assert late.status_code == 401
    assert missed.status_code == 200  # the ETag belonged to the former token


async def test_installation_token_sees_only_its_repositories() -> None:
    clock = Clock()
    async with serving(clock) as (served, http):
        served.world.repository.record["private"] = True
        seen = []
        for number in (11, 12):
            path = f"/app/installations/{number}/access_tokens"
            token = (await http.post(path, headers=clock.proof())).json()["token"]
            seen.append((await http.get(HOME, headers=bearer(token))).status_code)
        suspended = await http.post("/app/installations/13/access_tokens", headers=clock.proof())
    assert seen == [200, 404]
    assert suspended.status_code == 403


async def test_installation_token_lists_its_repositories() -> None:
    clock = Clock()
    async with serving(clock) as (_, http):
        seen = []
        for number in (11, 12):
            path = f"/app/installations/{number}/access_tokens"
            token = (await http.post(path, headers=clock.proof())).json()["token"]
            answer = (await http.get("/installation/repositories", headers=bearer(token))).json()
            seen.append([row["full_name"] for row in answer["repositories"]])
        refused = await http.get("/installation/repositories")
    assert seen == [["riverside/harbour"], []]
    assert refused.status_code == 403


@pytest.mark.parametrize("place", ["/app/hook", f"{HOME}/hooks/5"])
async def test_deliveries_are_listed_shown_and_sent_again(place: str) -> None:
    clock, sent = Clock(), list[Delivery]()
    async with serving(clock) as (served, http):
        for number in range(3):
            payload = {"action": "opened", "repository": {"id": 1}, "number": number}
            at = f"2026-05-04T11:0{number}:00Z"
            delivery = make_delivery("pull_request", payload, at, seed=str(number), secret="s")
            served.hooks.record(delivery, 500 if number == 0 else 200)

        def send(delivery: Delivery) -> int:
            sent.append(delivery)
            return 202

        served.hooks.send = send
        token = (await http.post(TOKENS, headers=clock.proof())).json()["token"]
        headers = clock.proof() if place == "/app/hook" else bearer(token)
        first = await http.get(f"{place}/deliveries?per_page=2", headers=headers)
        rest = await http.get(first.links["next"]["url"], headers=headers)
        failed = rest.json()[0]
        whole = await http.get(f"{place}/deliveries/{failed['id']}", headers=headers)
        again = await http.post(f"{place}/deliveries/{failed['id']}/attempts", headers=headers)
        newest = (await http.get(f"{place}/deliveries?per_page=1", headers=headers)).json()[0]
        missing = await http.get(f"{place}/deliveries/1", headers=headers)
    assert [len(first.json()), len(rest.json()), "next" in rest.links] == [2, 1, False]
    assert (failed["status_code"], failed["status"], failed["event"]) == (
        500, "Invalid", "pull_request",
    )  # fmt: skip
    assert whole.json()["request"]["payload"]["number"] == 0
    assert whole.json()["request"]["headers"]["x-github-delivery"] == failed["guid"]
    assert again.status_code == 202
    assert [one.guid for one in sent] == [failed["guid"]]
    assert (newest["guid"], newest["redelivery"], newest["status_code"]) == (
        failed["guid"], True, 202,
    )  # fmt: skip
    assert missing.status_code == 404


def test_signature_is_githubs_check_value() -> None:
    secret, body = b"It's a Secret to Everybody", b"Hello, World!"
    told = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    assert hmac.new(secret, body, hashlib.sha256).hexdigest() == told
    made = make_delivery("ping", {"zen": "ä"}, "2026-01-01T00:00:00Z", seed="x", secret="s")
    expected = hmac.new(b"s", made.body, hashlib.sha256).hexdigest()
    assert made.headers["x-hub-signature-256"] == f"sha256={expected}"
