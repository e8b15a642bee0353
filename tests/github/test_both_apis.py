"""Whichever way a record is read, it is the same value; and every record is read."""

from dataclasses import replace

from mainstem.github import UNSET, Account, Comment, GitHub, PullBundle, is_bot
from mainstem.simulate import SimulatedGitHub, World

from .walks import as_listed, bundles, issue_bundles, rest_issues, rest_pulls, walk

OWNER, NAME = "riverside", "harbour"


async def test_lists_of_pull_requests_are_the_same(visitor: GitHub) -> None:
    by_graphql = [as_listed(bundle.pull) for bundle in await bundles(visitor, OWNER, NAME)]
    by_rest = await rest_pulls(visitor, OWNER, NAME)
    assert len(by_rest) == 60
    assert by_graphql == by_rest


async def test_pull_request_with_all_that_belongs_to_it_is_the_same(visitor: GitHub) -> None:
    for bundle in await bundles(visitor, OWNER, NAME):
        number = bundle.pull.number
        alone = await visitor.pull(OWNER, NAME, number)
        said = await visitor.review_comments(OWNER, NAME, number)
        talk = await visitor.issue_comments(OWNER, NAME, number)
        reviews = await visitor.reviews(OWNER, NAME, number)
        assert replace(alone, mergeable=UNSET, mergeable_state=UNSET) == bundle.pull
        assert by_id(said.items + talk.items) == by_id(bundle.comments)
        assert set(reviews.items) == set(bundle.reviews)
        assert len(reviews.items) == len(bundle.reviews)


def by_id(comments: tuple[Comment, ...]) -> list[Comment]:
    return sorted(comments, key=lambda comment: (comment.kind, comment.id))


async def test_issues_are_the_same(visitor: GitHub) -> None:
    by_graphql = await issue_bundles(visitor, OWNER, NAME)
    assert [bundle.issue for bundle in by_graphql] == await rest_issues(visitor, OWNER, NAME)
    for bundle in by_graphql:
        talk = await visitor.issue_comments(OWNER, NAME, bundle.issue.number)
        assert talk.items == bundle.comments
        assert bundle.issue.comments_count == len(bundle.comments)


async def test_repository_wide_lists_hold_every_comment_once(visitor: GitHub) -> None:
    pulls, issues = await bundles(visitor, OWNER, NAME), await issue_bundles(visitor, OWNER, NAME)
    said = await walk(
        lambda place: visitor.repository_review_comments_page(OWNER, NAME, next=place)
    )
    talk = await walk(lambda place: visitor.repository_issue_comments_page(OWNER, NAME, next=place))
    bundled = [comment for bundle in pulls for comment in bundle.comments]
    bundled += [comment for bundle in issues for comment in bundle.comments]
    assert by_id(tuple(said + talk)) == by_id(tuple(bundled))


async def test_pull_alone_is_the_same_as_on_a_page_but_for_mergeability(visitor: GitHub) -> None:
    on_page = max(await bundles(visitor, OWNER, NAME), key=lambda bundle: len(bundle.comments))
    alone = await visitor.pull_bundle(OWNER, NAME, on_page.pull.number)
    assert alone.pull.mergeable is not UNSET
    assert replace(alone, pull=replace(alone.pull, mergeable=UNSET)) == on_page


async def test_hard_records_are_among_those_compared(visitor: GitHub) -> None:
    found = await bundles(visitor, OWNER, NAME)
    authors = [author for bundle in found for author in people(bundle)]
    assert None in authors
    assert any(author and is_bot(author.login, author.type) for author in authors)
    assert any(bundle.pull.body is None for bundle in found)
    assert any(bundle.pull.draft for bundle in found)
    assert any(bundle.pull.id > 2**31 for bundle in found)


def people(bundle: PullBundle) -> list[Account | None]:
    reviewers = [review.author for review in bundle.reviews]
    return [bundle.pull.author, *reviewers, *(said.author for said in bundle.comments)]


async def test_renamed_repository_answers_under_its_new_name(
    visitor: GitHub, pretend: SimulatedGitHub, world: World
) -> None:
    world.repository.former_names.append("riverside/old-harbour")
    repository = await visitor.repository(OWNER, "old-harbour")
    page = await visitor.pull_bundles_page(OWNER, "old-harbour", first=1)
    assert repository.full_name == "riverside/harbour"
    assert page.items[0].repository.id == repository.id
    assert page.items[0].repository.full_name == "riverside/harbour"
