import doctest
import importlib
import pkgutil

from pydantic import TypeAdapter

import mainstem.github
from mainstem.errors import GitHubError
from mainstem.github import UNSET, PullRequest, RequestFailed
from mainstem.github.rest_payloads import read_pull

from .scripted import pull_json

DOOR = """
Account AppKey BadAnswer Bill BudgetUsage Changes Comment Conflict Discussion DiscussionsPage
Effort FIRST_WIDTH Feed FeedActor FeedEvent Forbidden Gap GitHub Gone Issue IssueBundle IssuePlan
Ledger LegallyBlocked Listing MemoryBudgets NestedList NestedParts NotFound Offer Outline Outlines
Page People Prices Probe PullBundle PullPlan PullRequest QueryUsage RateLimited Rejected Renamed
Repository RepositoryRef RequestFailed ResourceLimits RetryPolicy Review ReviewComments
SecondaryLimited ServerTrouble Sizes UNSET Unauthorized Unreachable Unset Usage WholeIssues
WholePulls Width is_bot plan_issues plan_pulls prices threads_for width_after
"""


def test_door_is_the_list_that_others_rely_on() -> None:
    assert sorted(mainstem.github.__all__) == sorted(DOOR.split())
    assert all(hasattr(mainstem.github, name) for name in mainstem.github.__all__)


def test_every_error_is_one_of_githubs_with_a_finality() -> None:
    for kind in RequestFailed.__subclasses__():
        assert issubclass(kind, GitHubError)
        assert isinstance(kind.is_final, bool)
        assert kind.__name__ in mainstem.github.__all__


def test_examples_in_the_docstrings_hold() -> None:
    for module in pkgutil.iter_modules(mainstem.github.__path__, "mainstem.github."):
        assert doctest.testmod(importlib.import_module(module.name)).failed == 0, module.name


def test_values_survive_a_memo_with_unset_and_null_apart() -> None:
    pull = read_pull(pull_json(), "o/r")
    memo = TypeAdapter(PullRequest)
    again = memo.validate_json(memo.dump_json(pull))
    assert again == pull
    assert again.merged_by is UNSET
    assert again.author == pull.author


def test_unset_counts_as_nothing_and_says_its_name() -> None:
    assert not UNSET
    assert repr(UNSET) == "UNSET"
