"""The query of discussions: valid in GitHub's schema, a point a page, and what it reads."""

from pathlib import Path

import pytest
from graphql import build_schema, parse, validate

from mainstem.github import NotFound
from mainstem.github.discussions import (
    DISCUSSIONS_PAGE,
    DISCUSSIONS_PER_PAGE,
    read_discussions_page,
)
from mainstem.github.payload import Fields


def test_the_query_is_valid_in_githubs_schema(shared: Path) -> None:
    text = (shared / "schema" / "schema.graphql").read_text(encoding="utf-8")
    schema = build_schema(text, assume_valid=True)
    assert validate(schema, parse(DISCUSSIONS_PAGE.text)) == []


def test_the_widest_page_costs_a_point() -> None:
    units = 1 + DISCUSSIONS_PER_PAGE  # the list, and the comments of each that are only counted
    assert (DISCUSSIONS_PAGE.text.count("totalCount"), round(units / 100)) == (2, 1)


def test_a_repository_that_is_null_is_not_found() -> None:
    with pytest.raises(NotFound, match="discussions of a/b"):
        read_discussions_page(Fields({"repository": None}, "answer"), "discussions of a/b")
