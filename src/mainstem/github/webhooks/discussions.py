"""Reading deliveries about discussions; the REST API has no lists of them, so the shape is here."""

from mainstem.github.mappings import account_or_ghost
from mainstem.github.payload import Fields
from mainstem.github.rest_payloads import read_account
from mainstem.github.values import UNSET, Unset
from mainstem.github.webhooks.told import Discussion, DiscussionTold


def discussion_told(of: Fields, action: str, about: str) -> DiscussionTold:
    """A discussion, from an event about it or about a comment under it."""
    # `deleted` of a comment is not the discussion's end: only its own event lacks a comment.
    own = "comment" not in of
    return DiscussionTold(
        read_discussion(of.raw("discussion"), about, answer_id=_answer(of, action)),
        is_gone=own and action in {"deleted", "transferred"},
    )


def read_discussion(value: object, about: str, *, answer_id: int | Unset | None) -> Discussion:
    """A discussion as deliveries hold it. Its times may have another zone than UTC."""
    of = Fields(value, about)
    number = of.number("number")
    of = of.renamed(f"discussion {number} in {about}")
    category = of.child_or_none("category")
    chosen_by = of.child_or_none("answer_chosen_by")
    user = of.child_or_none("user")
    return Discussion(
        id=of.number("id"),
        number=number,
        title=of.text("title"),
        body=of.filled_text("body"),
        author=None if user is None else account_or_ghost(read_account(user)),
        category=None if category is None else category.text_or_none("name"),
        category_emoji=None if category is None else category.text_or_none("emoji"),
        is_answerable=None if category is None else category.flag_or_none("is_answerable"),
        answer_id=answer_id,
        answered_at=of.time_or_none("answer_chosen_at"),
        answer_chosen_by=None if chosen_by is None else chosen_by.text_or_none("login"),
        locked=of.flag_or_none("locked") or False,
        comments_count=of.number("comments"),
        created_at=of.time("created_at"),
        updated_at=of.time("updated_at"),
        html_url=of.text("html_url"),
        is_closed=of.text_or_none("state") == "closed",
    )


def _answer(of: Fields, action: str) -> int | Unset | None:
    """The answer's id where the delivery is about it; the discussion itself has only its time."""
    if action == "answered":
        return of.child("answer").number("id")
    return None if action == "unanswered" else UNSET
