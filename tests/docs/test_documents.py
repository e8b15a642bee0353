"""Every command and example in the documents works as it is written."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .runbook import Session, blocks_of

DOCS = Path(__file__).parents[2] / "docs"
RUN = ("adding-a-function.md", "engine.md", "environments.md", "registration.md", "status.md")


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    running = Session(tmp_path)
    yield running
    running.close()


@pytest.mark.parametrize("name", RUN)
def test_a_document_can_be_followed(name: str, session: Session) -> None:
    for block in blocks_of(DOCS / name):
        session.run(block)
