"""An answer that came and is not what was sent: cut short on the way, or leading nowhere.

It has the status of a good one. Asked again it is mostly whole, so this is trouble that passes.
"""

from .answers import Answer
from .errors import ServerTrouble
from .links import links


def damaged(answer: Answer, what: str) -> ServerTrouble | None:
    """The error that a REST answer amounts to which a cut or a lie has spoiled; None if none has.

    A list that goes on where it began would be read for ever, and one that has a last page and no
    next one would end too soon. What never was JSON is no business of ours: the base URL is wrong.
    """
    if answer.status != 200:
        return None
    if is_cut(answer):
        return _trouble(what, "the answer ends too soon", answer)
    named = links(answer.headers.get("link"))
    if named.get("next") == answer.url:
        return _trouble(what, "its next page is the page itself", answer)
    if "last" in named and "next" not in named:
        return _trouble(what, "it names a last page and no next one", answer)
    return None


def is_cut(answer: Answer) -> bool:
    """Whether what is called JSON cannot be read as such."""
    is_json = "json" in answer.headers.get("content-type", "")
    return is_json and answer.json() is None and answer.content.strip() != b"null"


def _trouble(what: str, found: str, answer: Answer) -> ServerTrouble:
    return ServerTrouble(
        what,
        found,
        "Try again; if it stays so, look for a proxy between here and GitHub.",
        status=answer.status,
    )
