"""Runs a program that has GitHub's address fixed in it against another server.

Runs in a peer's own environment, which has `requests` but nothing of ours. Requests go to the other
address, and addresses in its answers are put back, so that the program sees GitHub's own: some
take numbers out of them. Issues get the `type` that GitHub's have (mostly null), which one program
insists on. Nothing else of the program is touched.

    python redirected.py URL MODULE:CALLABLE ARGUMENT...
"""

from __future__ import annotations

import importlib
import json
import sys
from typing import Any

_GITHUB = "https://api.github.com"


def redirect(url: str) -> None:
    """Let every request of `requests` that is meant for GitHub go to `url`."""
    adapters = importlib.import_module("requests.adapters")
    send = adapters.HTTPAdapter.send

    def elsewhere(self: Any, request: Any, *given: Any, **named: Any) -> Any:
        request.url = request.url.replace(_GITHUB, url)
        answer = send(self, request, *given, **named)
        content = answer.content.replace(url.encode(), _GITHUB.encode())
        answer._content = _with_types(content) if "/issues?" in request.url else content  # noqa: SLF001
        link = answer.headers.get("link")
        if link:
            answer.headers["link"] = link.replace(url, _GITHUB)
        return answer

    adapters.HTTPAdapter.send = elsewhere


def _with_types(content: bytes) -> bytes:
    found = json.loads(content)
    return json.dumps([{"type": None, **each} for each in found]).encode()


def main() -> None:
    """The command."""
    url, place, *arguments = sys.argv[1:]
    redirect(url)
    module, _, name = place.partition(":")
    sys.argv = [name, *arguments]
    getattr(importlib.import_module(module), name)()


if __name__ == "__main__":
    main()
