"""Short words for what most of these tests ask a pretend GitHub."""

from typing import Any

import httpx


async def walk(http: httpx.AsyncClient, path: str) -> list[Any]:
    """Everything a REST list holds, following its Link header to the end."""
    found: list[Any] = []
    url: str | None = path
    while url is not None:
        answer = await http.get(url)
        answer.raise_for_status()
        found += answer.json()
        url = answer.links.get("next", {}).get("url")
    return found


async def ask(http: httpx.AsyncClient, query: str, **variables: Any) -> Any:
    """The whole answer to a GraphQL query."""
    answer = await http.post("/graphql", json={"query": query, "variables": variables})
    answer.raise_for_status()
    return answer.json()
