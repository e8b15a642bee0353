"""The `Link` header: where the next page of a list is.

https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api
"""

import re
from typing import Final

_LINK: Final = re.compile(r"<([^>]*)>((?:\s*;\s*[^;,\s=]+\s*=\s*(?:\"[^\"]*\"|[^\s,;\"]+))*)")
_REL: Final = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|([^\s,;\"]+))", re.IGNORECASE)


def links(header: str | None) -> dict[str, str]:
    """URLs by relation (`next`, `last`, ...); empty for a list that fits one page.

    A URL may hold commas and semicolons, which is why the header is not simply split. The first
    URL of a relation wins.

    >>> links('<https://api.github.com/x?page=2>; rel="next", <https://api.github.com/x?page=9>; rel="last"')["next"]
    'https://api.github.com/x?page=2'
    """  # noqa: E501 - a header is one line
    found: dict[str, str] = {}
    for url, parameters in _LINK.findall(header or ""):
        for quoted, bare in _REL.findall(parameters):
            for relation in (quoted or bare).split():
                found.setdefault(relation.lower(), url)
    return found


def next_link(header: str | None) -> str | None:
    """The URL of the following page, to be followed as it is given; None on the last page."""
    return links(header).get("next")
