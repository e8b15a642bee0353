"""The README's engine next to somebody's app, typed as it stands, on ports of the test's own."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from .runbook import Block, Session, blocks_of

README = Path(__file__).parents[2] / "README.md"
_SECTION = "## Next to an app that you have"


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    running = Session(tmp_path)
    yield running
    running.close()


def free_ports(count: int) -> list[int]:
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in listeners]
    for each in listeners:
        each.close()
    return ports


def test_the_engine_works_alone_next_to_somebody_s_app(session: Session) -> None:
    text = README.read_text(encoding="utf-8")
    first = text[: text.index(_SECTION)].count("\n")
    last = first + text[text.index(_SECTION) + 3 :].partition("\n## ")[0].count("\n")
    blocks = [block for block in blocks_of(README) if first < block.line <= last]
    assert [block.language for block in blocks] == ["python", "console", "console"]
    assert "mainstem" not in blocks[0].text
    app, engine = free_ports(2)
    # The client looks for the engine where every SDK does; here that port may be somebody else's.
    session.environ["INNGEST_BASE_URL"] = f"http://127.0.0.1:{engine}"
    session.environ["INNGEST_PORT"] = str(engine)
    for block in blocks:
        moved = block.text.replace("8000", str(app)).replace("8288", str(engine))
        session.run(Block(block.language, moved, block.line, block.run))
