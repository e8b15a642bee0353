"""Snippets that say themselves what is to be found in them.

A line with `#! rule` must give an error of that rule, one with `#? rule` a warning, and no other
line may give anything. `in_handler` takes the body of a definition's handler, `in_module` a module.
"""

import re
import textwrap
from collections.abc import Callable

import pytest

from mainstem.lint import lint_source

HEADER = """\
import asyncio, contextlib, datetime, os, random, secrets, subprocess, sys, time, uuid
import httpx, requests, inngest
from collections import defaultdict
from functools import partial
from pathlib import Path
from shop.events import Wanted
from mainstem.catalog import EventData, Run, StepError, Version, define, event, sdk_function

def load(*args): ...
def save(*args): ...
"""
HANDLER = """
@define(id="work", on=event(Wanted))
async def work(run: Run[Wanted], services):
"""

Expect = Callable[[str], None]
_MARK = re.compile(r"#([!?]) ([a-z-]+)(?: ([a-z-]+))?")


def expect(text: str) -> None:
    """What is found in `text` is what its marks say."""
    wanted = set()
    for number, line in enumerate(text.splitlines(), start=1):
        for mark in _MARK.finditer(line):
            severity = "error" if mark[1] == "!" else "warning"
            wanted |= {(number, rule, severity) for rule in (mark[2], mark[3]) if rule}
    findings = lint_source(text, "snippet.py")
    assert {(one.line, one.rule, one.severity) for one in findings} == wanted, "\n".join(
        map(str, findings)
    )


@pytest.fixture
def in_module() -> Expect:
    return lambda text: expect(HEADER + textwrap.dedent(text))


@pytest.fixture
def in_handler() -> Expect:
    return lambda body: expect(HEADER + HANDLER + textwrap.indent(textwrap.dedent(body), "    "))
