"""The runner of documents itself: it finds what differs."""

from pathlib import Path

import pytest

from .runbook import Block, Session, blocks_of, first_missing


def session(folder: Path, text: str) -> None:
    """Run a document's text."""
    document = folder / "document.md"
    document.write_text(text)
    running = Session(folder)
    try:
        for block in blocks_of(document):
            running.run(block)
    finally:
        running.close()


def test_files_are_written_and_commands_see_them(tmp_path: Path) -> None:
    session(
        tmp_path,
        "Write\n\n```python\n# a/b.py\nprint('one two')\n```\n\n"
        "```console\n$ python a/b.py\none   two\n$ echo x; echo y\ny\n```\n",
    )


@pytest.mark.parametrize(
    ("block", "told"),
    [
        ("```console\n$ echo one\ntwo\n```", "not found: 'two', line 1"),
        ("```console\n$ exit 3\n```", "exit code 3, line 1"),
        ("<!-- run: exit 1 -->\n```console\n$ true\n```", "exit code 0, line 2"),
        ("```console\n$ false &\nup\n```", "it ended with 1"),
    ],
)
def test_what_differs_is_told_with_its_line(tmp_path: Path, block: str, told: str) -> None:
    with pytest.raises(AssertionError) as caught:
        session(tmp_path, block + "\n")
    assert told in str(caught.value)


def test_a_block_can_be_left_out(tmp_path: Path) -> None:
    session(tmp_path, "<!-- run: off -->\n```console\n$ exit 3\n```\n")


def test_a_command_in_the_background_is_waited_for_and_stopped(tmp_path: Path) -> None:
    session(
        tmp_path,
        "```console\n$ python -u -c 'import time; print(\"up\"); time.sleep(60)' &\n"
        "up\n$ ^C\n```\n",
    )


def test_a_command_in_the_background_has_the_variables_before_it(tmp_path: Path) -> None:
    session(
        tmp_path,
        '```console\n$ A=1 B_C=x=2 python -u -c \'import os, time; print(os.environ["A"],'
        ' os.environ["B_C"]); time.sleep(60)\' &\n1 x=2\n$ ^C\n```\n',
    )


@pytest.mark.parametrize(
    ("expected", "missing"),
    [
        (["a 1"], None),
        (["a …", "c"], None),
        (["a 1", "…", "c"], None),
        (["c", "a 1"], "a 1"),
        (["a"], "a"),
    ],
)
def test_lines_are_found_in_order_and_loosely(expected: list[str], missing: str | None) -> None:
    assert first_missing(expected, "a  1\nb\n  c\n") == missing


def test_a_block_without_a_path_is_no_file() -> None:
    assert Block("python", "x = 1\n", 1).path is None
    assert Block("python", "# shop/a.py\n", 1).path == "shop/a.py"
