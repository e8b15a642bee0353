"""What can be wrong with an address or a path, as pure functions: text in, problems out."""

import re
from urllib.parse import urlsplit

from mainstem.errors import Problem
from mainstem.settings.secrecy import without_password


def web_url(variable: str, value: str) -> Problem | None:
    """An address that is not http or https with a host."""
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname)
        _ = parts.port  # raises for one that is no number
    except ValueError:
        usable = False
    if usable and not any(sign.isspace() for sign in value):
        return None
    return Problem(
        variable,
        f"'{without_password(value)}' is not an address",
        "Set it to one with http:// or https:// and a host, such as http://127.0.0.1:8288.",
    )


_CLOUD_API, _CLOUD_EVENTS = "api.inngest.com", "inn.gs"


def clouds_own(setting: str, variable: str, value: str) -> Problem | None:
    """One of Inngest Cloud's two addresses where the other belongs, or where both would be meant.

    Events that are sent to the API's address are lost: it is not where events are taken.
    """
    host = urlsplit(value).hostname
    wrong = {
        "inngest_base_url": (_CLOUD_API, _CLOUD_EVENTS, "app.inngest.com"),
        "inngest_api_base_url": (_CLOUD_EVENTS, "app.inngest.com"),
        "inngest_event_api_base_url": (_CLOUD_API, "app.inngest.com"),
    }
    if host not in wrong.get(setting, ()):
        return None
    found = f"'{host}' is not where both events and the API are"
    if setting != "inngest_base_url":
        found = f"'{host}' is not where {'events go' if 'event' in setting else 'the API is'}"
    return Problem(variable, found, "Unset it; Inngest Cloud's addresses are known.")


def database_url(variable: str, value: str) -> Problem | None:
    """A database address of a kind that the store does not speak."""
    scheme = value.partition("://")[0] if "://" in value else ""
    if scheme.partition("+")[0] in ("sqlite", "postgresql"):
        return None
    told = f"'{scheme}://…'" if scheme else "it"
    return Problem(
        variable,
        f"{told} is not a database that Mainstem speaks",
        "Set it to sqlite:///path.db or postgresql://user:password@host/name.",
    )


def serve_path(variable: str, value: str) -> Problem | None:
    """A path that no request could have."""
    if re.fullmatch(r"(/[\w.~!$&'()*+,;=:@%-]+)+", value):
        return None
    return Problem(
        variable,
        f"'{value}' is not a path",
        "Set it to one that begins with a slash and does not end in one, such as /api/inngest.",
    )


def reference(variable: str, value: str) -> Problem | None:
    """A catalogue that is not named as `module:attribute`."""
    if re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", value):
        return None
    return Problem(
        variable,
        f"'{value}' names no attribute of a module",
        "Set it to module:attribute, such as shop.functions:catalog.",
    )
