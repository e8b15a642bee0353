"""`OWNER/NAME` as people type it."""

import pytest

from mainstem.cli.names import RepositoryName, repository_name
from mainstem.cli.outcome import UsageProblem


@pytest.mark.parametrize(
    "typed",
    [
        "octo/hello.world",
        " octo/hello.world ",
        "octo/hello.world/",
        "https://github.com/octo/hello.world",
        "https://github.com/octo/hello.world.git",
        "www.github.com/octo/hello.world",
    ],
)
def test_a_name_is_read_in_every_form_people_paste(typed: str) -> None:
    assert repository_name(typed) == RepositoryName("octo", "hello.world")


@pytest.mark.parametrize(
    "typed",
    ["", "octo", "octo/", "/hello", "octo/hello/pulls", "-octo/hello", "octo/..", "o cto/hello"],
)
def test_anything_else_is_refused_with_an_example(typed: str) -> None:
    with pytest.raises(UsageProblem, match="Write OWNER/NAME, for example octo/hello"):
        repository_name(typed)
