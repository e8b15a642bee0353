"""What happens in a repository while it is served: people comment, edit, delete, merge, rename.

Each verb changes the rows as GitHub would, moves `updated_at` where GitHub moves it, and gives the
row it made or changed. `at` is GitHub's text for a time; left out, it is one minute after the
newest thing in the repository, so that tests need no clock. Whoever listens to the repository
(`Repository.listeners`) is told of each, as a webhook would be.
"""

from mainstem.simulate.changes.discussions import (
    answer_discussion,
    comment_on_discussion,
    open_discussion,
)
from mainstem.simulate.changes.happening import Happening
from mainstem.simulate.changes.items import (
    assign,
    close,
    convert_to_draft,
    delete_issue,
    edit_item,
    force_push,
    label,
    open_issue,
    open_pull,
    ready_for_review,
    reopen,
    request_review,
    transfer_issue,
    unlabel,
)
from mainstem.simulate.changes.remarks import (
    add_comment,
    add_review,
    add_review_comment,
    delete_comment,
    delete_review,
    dismiss_review,
    edit_comment,
    edit_review,
    minimise_comment,
)
from mainstem.simulate.changes.repositories import (
    delete_account,
    rename_repository,
    star,
    transfer_repository,
)

__all__ = [
    "Happening",
    "add_comment",
    "add_review",
    "add_review_comment",
    "answer_discussion",
    "assign",
    "close",
    "comment_on_discussion",
    "convert_to_draft",
    "delete_account",
    "delete_comment",
    "delete_issue",
    "delete_review",
    "dismiss_review",
    "edit_comment",
    "edit_item",
    "edit_review",
    "force_push",
    "label",
    "minimise_comment",
    "open_discussion",
    "open_issue",
    "open_pull",
    "ready_for_review",
    "rename_repository",
    "reopen",
    "request_review",
    "star",
    "transfer_issue",
    "transfer_repository",
    "unlabel",
]
