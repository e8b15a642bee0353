"""Asking a server what it holds, through what its kind offers.

The embedded engine lists everything at `/v1/apps`, Inngest's dev server at `/dev`; a self-hosted
server and the hosted service tell one app's functions at `/v1/apps/{app}/functions`. What an answer
leaves out is unknown.

Inngest SDK protocol, "HTTP and query APIs".
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final
from urllib.parse import quote, urljoin

import httpx

from mainstem.registration.asking import Answer, ask
from mainstem.registration.described import read_functions
from mainstem.registration.keys import Keys, bearer
from mainstem.registration.sides import HeldApp, Mode, Server
from mainstem.settings import without_password

Json = Any
Object = Mapping[str, Json]

_FAILING: Final = 500
_NOT_OFFERED: Final = 501
_MODES: Final[Mapping[str, Mode]] = {"dev": "dev", "cloud": "cloud"}


async def ask_server(
    http: httpx.AsyncClient,
    origin: str,
    keys: Keys,
    app_ids: Iterable[str],
    *,
    branch: str | None = None,
) -> Server:
    """What the server at `origin` holds of the apps `app_ids`, and of others. Never raises.

    `branch` names the branch environment that is meant.
    """
    apps: dict[str, HeldApp] | None = None
    answer = Answer(0, {}, "")
    version = None
    strange: Answer | None = None
    for path, read in (("/v1/apps", _apps), ("/dev", _handlers)):
        answer = await ask_api(http, "GET", origin, path, keys, branch=branch)
        if (wrong := _problem(origin, answer, keys)) is not None:
            return wrong
        if (apps := read(answer)) is not None:
            break
        if answer.status == 200 and not is_inngest(answer):
            strange = strange or answer
    is_listed, is_known = apps is not None, apps is not None
    apps = apps or {}
    if is_inngest(answer) and answer.fields.get("version"):
        version = str(answer.fields["version"])
    unknown = ""
    for app_id in sorted({*app_ids} - apps.keys()):
        path = f"/v1/apps/{quote(app_id, safe='')}/functions"
        told = await ask_api(http, "GET", origin, path, keys, branch=branch)
        if (wrong := _problem(origin, told, keys)) is not None:
            return wrong
        functions = items_of(told)
        is_known = is_known or functions is not None
        if functions == [] or (told.status == 404 and is_listed):
            continue  # it is not there
        if functions is None:
            unknown = f"its answer to {path} (HTTP {told.status}) is not one that we know"
        else:
            apps[app_id] = HeldApp(app_id, functions=read_functions(functions, app_id=app_id))
    if strange is not None and not is_known:
        return _no_server(origin, strange)
    kind = _MODES.get(answer.headers.get("x-inngest-server-kind", ""))
    return Server(origin, kind=kind, version=version, apps=apps, is_listed=is_listed,
                  unknown=unknown)  # fmt: skip


async def ask_api(
    http: httpx.AsyncClient,
    method: str,
    origin: str,
    path: str,
    keys: Keys,
    *,
    branch: str | None = None,
) -> Answer:
    """One question to a server's API; once more with the fallback key where the first fails."""
    answer = Answer(0, {}, "")
    for key in keys.signing or (None,):
        headers = {"user-agent": "mainstem", **(bearer(key) if key else {})}
        if branch:
            headers["x-inngest-env"] = branch
        answer = await ask(http, method, urljoin(origin, path), headers=headers)
        if not answer.is_refused:
            break
    return answer


def is_inngest(answer: Answer) -> bool:
    """Whether `answer` is one that only a server of Inngest's kind gives.

    To `/dev`: an object with its functions and handlers, or with its version. To `/v1/apps` and to
    an app's functions: a list, bare or under `data`.
    """
    told = answer.fields
    if {"functions", "handlers"} <= told.keys() or ("version" in told and "functions" in told):
        return answer.status == 200
    return items_of(answer) is not None


def _no_server(origin: str, answer: Answer) -> Server:
    form = answer.headers.get("content-type", "").partition(";")[0] or "no content"
    by = f" from {answer.headers['server']}" if "server" in answer.headers else ""
    return Server(
        origin,
        code="no-server",
        problem=f"No server of Inngest's answers at {without_password(origin)}: HTTP "
        f"{answer.status} ({form}) came{by}. Set INNGEST_BASE_URL to the server's address "
        "(`mainstem doctor` shows what is read).",
    )


def _problem(origin: str, answer: Answer, keys: Keys) -> Server | None:
    shown = without_password(origin)
    if answer.problem:
        return Server(
            origin,
            code="server-unreachable",
            problem=f"Cannot reach the server {shown}: {answer.problem}. Is it running, and is "
            "the address right (`mainstem doctor`)?",
        )
    if answer.status >= _FAILING and answer.status != _NOT_OFFERED:
        return Server(
            origin,
            code="server-failing",
            problem=f"The server {shown} answers HTTP {answer.status} and tells nothing: "
            f"{answer.text[:200].strip().rstrip('.') or 'without a word'}. Its own log says more.",
        )
    if not answer.is_refused:
        return None
    what = (
        "the key read from INNGEST_SIGNING_KEY. Set it to that environment's key"
        if keys.signing
        else "a request without a key. It is in cloud mode: set INNGEST_SIGNING_KEY, and the "
        "environment to one with keys"
    )
    return Server(
        origin,
        code="server-refused",
        kind=_MODES.get(answer.headers.get("x-inngest-server-kind", "")),
        problem=f"The server {shown} answered {answer.status} to {what}; `mainstem doctor` shows "
        "what is read.",
    )


def _apps(answer: Answer) -> dict[str, HeldApp] | None:
    """The embedded engine's list of apps; None for any other answer."""
    items = items_of(answer)
    if items is None or not all("name" in one and "functions" in one for one in items):
        return None
    return {
        one["name"]: HeldApp(
            app_id=one["name"],
            url=_shown(one.get("url")),
            sdk=one.get("sdk"),
            framework=one.get("framework"),
            app_version=one.get("app_version"),
            branch=one.get("env"),
            functions=read_functions(one["functions"], app_id=one["name"]),
            problem=one.get("last_error"),
            rivals=tuple(
                without_password(each["other_url"]) for each in one.get("conflicts") or ()
            ),
            workers=one.get("workers"),
        )
        for one in items
    }


def _handlers(answer: Answer) -> dict[str, HeldApp] | None:
    """The apps of `/dev`: each handler is one, with the functions whose ids begin with its name.

    Inngest's dev server keeps what an SDK sent it under `sdk`.
    """
    told = answer.fields
    if answer.status != 200 or not isinstance(told.get("handlers"), list | None):
        return None
    if "functions" not in told:
        return None
    handlers: list[Object] = []
    for handler in told.get("handlers") or ():
        nested = handler.get("sdk")
        handlers.append(nested if isinstance(nested, Mapping) else handler)
    by_name = {str(one.get("appName") or one.get("appname") or ""): one for one in handlers}
    by_name.pop("", None)
    functions: dict[str, list[Object]] = {name: [] for name in by_name}
    for function in told["functions"] or ():
        slug = str(function.get("slug") or function.get("id"))
        owners = [name for name in by_name if slug.startswith(f"{name}-")]
        if owners:  # the longest name: one app's may begin another's
            functions[max(owners, key=len)].append(function)
    return {
        name: HeldApp(
            app_id=name,
            url=_shown(one.get("url")),
            sdk=one["sdk"] if isinstance(one.get("sdk"), str) else None,
            framework=one.get("framework"),
            functions=read_functions(functions[name], app_id=name),
        )
        for name, one in by_name.items()
    }


def _shown(url: Json) -> str | None:
    return without_password(url) if isinstance(url, str) else None


def items_of(answer: Answer) -> list[Object] | None:
    """A list of objects, bare or under `data`, without what is archived; None for anything else."""
    body = answer.body
    is_null = answer.text.strip() == "null"  # an empty list, as some servers write it
    if isinstance(body, Mapping):
        name = "data" if "data" in body else "functions"
        is_null = body.get(name, ...) is None
        body = body.get(name)
    if answer.status != 200 or not (isinstance(body, list) or is_null):
        return None
    items = [one for one in body or () if isinstance(one, Mapping)]
    return [one for one in items if not one.get("is_archived")]
