"""Budgets and validators as rows: changed by one at a time, shared by processes, never a secret."""

import asyncio
import sys
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from mainstem.simulate import Options, generate, simulated_github
from mainstem.store import Database, tables
from mainstem.store.budgets import change_budget, load_budget
from mainstem.store.validators import accept_validators, known_validator

NOW = datetime(2026, 1, 2, tzinfo=UTC)
Row = Mapping[str, Any]


def test_first_change_finds_an_empty_budget_and_the_next_what_it_left(db: Database) -> None:
    seen: list[Row] = []

    def move(row: Row) -> Row:
        seen.append(row)
        return {**row, "limit": 60, "remaining": 59, "resets_at": NOW}

    for _ in range(2):
        db.write(change_budget, "name", "core", move, at=NOW)
    assert seen[0]["remaining"] is None
    assert (seen[1]["remaining"], seen[1]["resets_at"]) == (59, NOW)
    assert db.write(load_budget, "name", "graphql") is None


def test_changes_at_once_are_made_one_after_another(db: Database) -> None:
    def move(row: Row) -> Row:
        return {**row, "remaining": (row["remaining"] or 0) + 1}

    def work() -> None:
        for _ in range(10):
            db.write(change_budget, "name", "core", move, at=NOW)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = db.write(load_budget, "name", "core")
    assert found is not None
    assert found["remaining"] == 40


def test_validators_are_those_accepted_last_for_one_credential_and_address(db: Database) -> None:
    urls = ["http://h/repos/o/r/pulls?a=1", "http://h/repos/o/r/pulls"]
    assert db.read(known_validator, "name", urls[0]) is None
    for validator in (('"1"', None), ('"2"', "Mon")):
        for _ in range(2):
            db.write(accept_validators, [("name", urls[0], validator)], at=NOW)
        assert db.read(known_validator, "name", urls[0]) == validator
    assert db.read(known_validator, "name", urls[1]) is None
    assert db.read(known_validator, "another", urls[0]) is None


PROCESS = """
import asyncio, sys
from mainstem.github import GitHub, RateLimited
from mainstem.store import Database, StoredBudgets

async def main(url, database_url, first):
    with Database(database_url) as database:
        budgets = StoredBudgets(database)
        async with GitHub(base_url=url, token="s3cret-token", budgets=budgets) as github:
            async def ask(width):
                try:
                    await github.pulls_page("riverside", "harbour", per_page=width)
                except RateLimited:
                    return 0
                return 1
            print(sum(await asyncio.gather(*(ask(first + n) for n in range(45)))))

asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
"""


async def test_two_processes_with_one_token_never_overdraw_its_budget(db: Database) -> None:
    options = Options(tokens=frozenset({"s3cret-token"}), core_per_hour=60)
    async with simulated_github(generate(3, 5), options=options) as pretend:
        url = db._engine.url.render_as_string(hide_password=False)
        running = [
            await asyncio.create_subprocess_exec(
                sys.executable, "-c", PROCESS, pretend.url, url, first,
                stdout=asyncio.subprocess.PIPE,
            )
            for first in ("1", "50")
        ]  # fmt: skip
        got = [int((await one.communicate())[0]) for one in running]
        entries = pretend.log.entries
    # The last tenth is kept, and nobody was refused: eight requests may have been under way.
    assert 54 <= sum(got) <= 54 + 8
    assert all(got)
    assert [entry.status for entry in entries if entry.status != 200] == []
    held = db.read(lambda conn: conn.execute(select(tables.github_budgets)).all())
    assert "s3cret" not in str(held)
    assert [row.remaining for row in held] == [60 - len(entries)]
