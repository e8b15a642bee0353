"""Where requests go: the base URL, GraphQL's place beside it, and pages that stay on the server.

A token is sent to one origin only. What a page calls `next` is a path below the base URL, not a
whole address: it stays valid when the same server is met at another address later, and it cannot
lead a token elsewhere.
"""

from typing import Final
from urllib.parse import quote, urljoin, urlsplit

_ENTERPRISE: Final = "/api/v3"


def clean_base(url: str) -> str:
    """The base URL without a slash at its end. Raises ValueError if it is not http(s)."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError(
            f"Cannot use {url!r} as GitHub's address: it must begin with https:// or http:// and "
            "name a host, as https://api.github.com does."
        )
    return url.rstrip("/")


def graphql_url(base: str) -> str:
    """GraphQL's address for a REST base.

    https://docs.github.com/en/enterprise-server/graphql/guides/forming-calls-with-graphql

    >>> graphql_url("https://api.github.com"), graphql_url("https://git.example.com/api/v3")
    ('https://api.github.com/graphql', 'https://git.example.com/api/graphql')
    """
    if base.endswith(_ENTERPRISE):
        return base.removesuffix("/v3") + "/graphql"
    return base + "/graphql"


def origin(url: str) -> tuple[str, str, int | None]:
    """Scheme, host and port, with the port that the scheme implies."""
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, parts.hostname or "", port


def is_this_machine(base: str) -> bool:
    """Whether a base URL leads to this machine: a pretend GitHub, and no other has one there."""
    host = urlsplit(base).hostname or ""
    return host in {"localhost", "::1"} or host.startswith("127.")


def follow(base: str, here: str, location: str) -> str | None:
    """The address that `location` means when met at `here`; None if it leaves the base's origin."""
    target = urljoin(here, location)
    try:
        return target if origin(target) == origin(base) else None
    except ValueError:
        return None


def below_base(base: str, url: str) -> str | None:
    """The path and query of `url` below `base`; None if it lies elsewhere.

    >>> below_base("https://api.github.com", "https://api.github.com/repositories/1/pulls?page=2")
    '/repositories/1/pulls?page=2'
    """
    target, root = urlsplit(url), urlsplit(base)
    try:
        if origin(url) != origin(base) or not target.path.startswith(root.path + "/"):
            return None
    except ValueError:
        return None
    path = target.path.removeprefix(root.path)
    return f"{path}?{target.query}" if target.query else path


def is_below_base(path: str) -> bool:
    """Whether a page's `next`, come back from a caller, is one of ours."""
    return path.startswith("/") and not path.startswith("//")


def repository_path(owner: str, name: str, *rest: str | int) -> str:
    """`/repos/{owner}/{name}/...` with odd characters made harmless."""
    return "/".join(["/repos", *(quote(str(part), safe="") for part in (owner, name, *rest))])
