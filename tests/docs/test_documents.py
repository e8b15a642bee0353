"""Every command and example in the documents works as it is written."""

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from mainstem.cli.app import app

from .runbook import Block, Session, blocks_of

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
RUN = (
    "adding-a-function.md",
    "database.md",
    "engine-api.md",
    "engine.md",
    "environments.md",
    "migration.md",
    "registration.md",
    "status.md",
    "testing.md",
    "webhooks.md",
)
TEXTS = sorted([*ROOT.glob("*.md"), *DOCS.glob("*.md"), *ROOT.glob("examples/*/*.md")])
_MAINSTEM = re.compile(r"^(?:\$ )?(?:env )?(?:[A-Z_]+=\S* +)*mainstem (.+?)(?: *&)?(?:  +#.*)?$")


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    running = Session(tmp_path)
    yield running
    running.close()


@pytest.mark.parametrize("name", RUN)
def test_a_document_can_be_followed(name: str, session: Session) -> None:
    for block in blocks_of(DOCS / name):
        session.run(block)


def test_the_commands_of_serving_can_be_typed_beside_its_examples(session: Session) -> None:
    """What hosts run of them, with a port of its own each, is proved in `tests/serving`."""
    for file in (ROOT / "examples" / "serving").glob("*.py"):
        shutil.copy(file, session.folder)
    for block in blocks_of(DOCS / "serving.md"):
        if block.language == "console" and "$ mainstem" in block.text:
            # On the port that every SDK looks for it, somebody's own may be running.
            text = block.text.replace("engine --no-persist", "engine --no-persist --port 18399")
            session.run(Block(block.language, text, block.line, block.run))


@pytest.mark.parametrize("document", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_mainstem_command_in_a_document_has_the_options_that_it_is_given(
    document: Path,
) -> None:
    wrong = []
    for words in commands_of(document):
        try:
            parse(words)
        except Exception as error:
            wrong.append(f"mainstem {shlex.join(words)}: {error}")
    assert wrong == []


def commands_of(document: Path) -> list[list[str]]:
    """The `mainstem` commands in the code blocks of a document."""
    lines = [line for block in blocks_of(document) for line in block.text.splitlines()]
    matches = [_MAINSTEM.match(line.strip()) for line in lines]
    return [shlex.split(found[1]) for found in matches if found]


def parse(words: list[str]) -> None:
    """Read a command as the command line would, without running it; raises where it cannot."""
    command: Any = typer.main.get_group(app)
    while words and (below := getattr(command, "commands", None)):
        name, *words = words
        assert name.startswith("-") or name in below, f"there is no command '{name}'"
        command = below.get(name)
    if command is not None:
        command.make_context(command.name, words)


def test_a_command_that_does_not_exist_would_be_told(tmp_path: Path) -> None:
    document = tmp_path / "document.md"
    document.write_text(
        "```console\n$ A=1 mainstem dev --port 0 &\nmainstem db upgrade  # makes it\n```\n"
        "```sh\nmainstem dev --prot 0\nmainstem sevre\nmainstem db uprgade\n```\n"
    )
    fine, also_fine, *wrong = commands_of(document)
    parse(fine)
    parse(also_fine)
    assert fine == ["dev", "--port", "0"]
    for words in wrong:
        # Typer's own class for it moved from one release to the next.
        with pytest.raises(Exception, match=r"No such option: --prot|there is no command"):
            parse(words)
    assert len(wrong) == 3
