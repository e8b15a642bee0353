"""From facts to HTML: a page of regions, each of which can be sent anew by itself.

Everything that comes from outside is escaped by the templates; nothing here asks anybody.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from mainstem.catalog import ENVIRONMENTS
from mainstem.web.status import words
from mainstem.web.status.facts import FunctionFacts, Status

_FOLDER = Path(__file__).parent
_PLAIN_ID = re.compile(r"[A-Za-z0-9_-]+")
_NO_GROUP = "other functions"

ASSETS: Mapping[str, str] = {
    "status.css": "text/css; charset=utf-8",
    "status.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class Regions:
    """A status as HTML, piece by piece. `order` changes when pieces come or go."""

    revision: str
    html: Mapping[str, str]

    @property
    def order(self) -> str:
        """Equal for pages with the same pieces in the same order."""
        return hashlib.sha256("\0".join(self.html).encode()).hexdigest()[:16]


def regions(status: Status) -> Regions:
    """Every piece of the page of `status`, by the name under which it can be sent anew."""
    found = {
        name: _render(f"{name}.html", status=status)
        for name in ("facts", "findings", "counts", "unknown")
    }
    for function in status.functions:
        found[f"row:{function.id}"] = _render("row.html", status=status, function=function)
        found[f"details:{function.id}"] = _render("details.html", status=status, function=function)
    return Regions(status.revision, found)


def page(status: Status, pieces: Regions, *, query: str = "") -> str:
    """The whole page. Rows that do not fit `query` are there and hidden."""
    return _render(
        "page.html",
        status=status,
        pieces={name: Markup(html) for name, html in pieces.html.items()},  # noqa: S704  ours
        groups=_groups(status),
        order=pieces.order,
        revision=pieces.revision,
        query=query,
        fits={one.id: _fits(one, query) for one in status.functions},
    )


def sign_in(*, is_wrong: bool) -> str:
    """The form that asks for the token."""
    return _render("sign_in.html", is_wrong=is_wrong)


@cache
def asset(name: str) -> tuple[bytes, str]:
    """One of `ASSETS`: its bytes, and a tag that changes with them."""
    content = (_FOLDER / "assets" / name).read_bytes()
    return content, hashlib.sha256(content).hexdigest()[:16]


def anchor(function_id: str) -> str:
    """The id of a function's details in the page, whatever the function is called.

    >>> anchor("capture-pr-details")
    'fn-capture-pr-details'
    >>> anchor("a b")
    'fn--c8687a08'
    """
    if _PLAIN_ID.fullmatch(function_id):
        return f"fn-{function_id}"
    return f"fn--{hashlib.sha256(function_id.encode()).hexdigest()[:8]}"


def text_of(function: FunctionFacts) -> str:
    """What the filter looks at, in lower case."""
    triggers = (words.trigger(one) for one in function.triggers)
    states = {words.STATES[cell.state] for cell in function.cells.values()}
    parts = (function.id, function.name, function.group or "", *function.tags, *triggers)
    return " ".join((*parts, *sorted(states))).lower()


def code(text: str) -> Markup:
    """`text`, escaped, with what stands between backticks as code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if n % 2 else escape(part)
        for n, part in enumerate(parts)
    )


def _fits(function: FunctionFacts, query: str) -> bool:
    return all(word in text_of(function) for word in query.lower().split())


def _groups(status: Status) -> dict[str, list[FunctionFacts]]:
    """The functions by group, those without one last; in the catalogue's order."""
    found: dict[str, list[FunctionFacts]] = {}
    for function in status.functions:
        found.setdefault(function.group or _NO_GROUP, []).append(function)
    if _NO_GROUP in found and len(found) > 1:
        found[_NO_GROUP] = found.pop(_NO_GROUP)
    return found


def _render(name: str, **values: Any) -> str:
    return _templates().get_template(name).render(values)


@cache
def _templates() -> Environment:
    made = Environment(
        loader=FileSystemLoader(_FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals |= {
        "environments": ENVIRONMENTS,
        "words": words,
        "anchor": anchor,
        "text_of": text_of,
        "asset_tag": lambda name: asset(name)[1],
    }
    made.filters["code"] = code
    return made
