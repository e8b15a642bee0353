"""Deployments that share a catalogue: all of it, and nothing twice."""

import pytest

from mainstem.registration.parts import BadPart, Part, check_parts, part_in, read_part

from .house import shop


def _codes(*parts: str) -> list[tuple[str, str]]:
    found = check_parts(shop(), [read_part(part) for part in parts])
    return [(one.code, one.subject) for one in found]


def test_parts_that_cover_everything_once_have_no_findings() -> None:
    assert _codes("group=mail", "group=night") == []


def test_what_no_part_serves_is_named() -> None:
    assert _codes("group=mail") == [("served-nowhere", "tidy-up")]


def test_what_two_parts_serve_is_named_with_both() -> None:
    parts = [read_part("group=mail,night"), read_part("tag=light")]
    (found,) = check_parts(shop(), parts)
    assert (found.code, found.subject) == ("served-twice", "send-receipt")
    assert "'group=mail,night' and 'tag=light'" in found.message


def test_a_single_function_can_be_a_part() -> None:
    assert _codes("group=mail", "id=tidy-up") == []


def test_a_part_of_nothing_is_all() -> None:
    assert list(check_parts(shop(), [Part()])) == []


@pytest.mark.parametrize("text", ["mail", "groups=mail", "group=", "", "group"])
def test_what_is_no_part_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(BadPart, match="Write for example group="):
        read_part(text)


@pytest.mark.parametrize(
    ("part", "hint"),
    [("group=mial", "no group 'mial'. Did you mean 'mail'"),
     ("tag=heavy", "no tag 'heavy'. Known: light"),
     ("id=tidyup", "no function 'tidyup'. Did you mean 'tidy-up'")],
)  # fmt: skip
def test_a_misspelt_name_is_refused_with_the_nearest(part: str, hint: str) -> None:
    with pytest.raises(BadPart, match=hint):
        list(check_parts(shop(), [read_part(part)]))


def test_a_deployments_variables_are_a_part() -> None:
    part = part_in({"MAINSTEM_SERVE_GROUPS": "mail, night", "MAINSTEM_SERVE_TAGS": None})
    assert part == Part(groups=frozenset({"mail", "night"}))
