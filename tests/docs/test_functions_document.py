"""`docs/functions.md` has a line for every function, with what starts it and what it sends."""

from pathlib import Path

import inngest
import pytest

from mainstem.catalog import Definition
from mainstem.functions import catalogue

ROWS = {
    line.split("|")[1].strip().strip("`"): line
    for line in (Path(__file__).parents[2] / "docs" / "functions.md").read_text().splitlines()
    if line.startswith("| `")
}


def test_it_lists_every_function_and_no_other() -> None:
    assert set(ROWS) == set(catalogue().ids)


@pytest.mark.parametrize("definition", list(catalogue()), ids=lambda one: one.id)
def test_a_line_says_what_starts_the_function(
    definition: Definition[object, object, object],
) -> None:
    starts = [
        one.event if isinstance(one, inngest.TriggerEvent) else one.cron
        for one in definition.triggers
    ]
    assert [start for start in starts if f"`{start}`" not in ROWS[definition.id]] == []
