"""The examples beside the code hold."""

import doctest
from types import ModuleType

import pytest

from mainstem.web.status import options, rendering, words


@pytest.mark.parametrize("module", [options, rendering, words], ids=lambda one: one.__name__)
def test_examples_in_docstrings_hold(module: ModuleType) -> None:
    found = doctest.testmod(module)
    assert (found.failed, found.attempted > 0) == (0, True)
