"""How much a page of bundles asks for, and how it shrinks when GitHub finds that too heavy."""

from dataclasses import dataclass, replace
from typing import Final

from .queries import THREAD_COMMENTS

LARGEST_PAGE: Final = 100
"""`first` above it is refused: EXCESSIVE_PAGINATION."""

# With two threads each, a pull request costs six units; 24 of them and the list itself make 145,
# the widest page that is still rounded to one point.
PULLS_PER_PAGE: Final = 24
THREADS_PER_PULL: Final = 2

# Three lists each: 1 + 3 x 49 = 148 units are one point as well.
ISSUES_PER_PAGE: Final = 49


@dataclass(frozen=True, slots=True)
class Widths:
    """Sizes in one query: items on the page, and of the lists nested in each. All 1 to 100."""

    page: int
    threads: int = THREADS_PER_PULL
    nested: int = LARGEST_PAGE
    thread_comments: int = THREAD_COMMENTS

    def __post_init__(self) -> None:
        for name in ("page", "threads", "nested", "thread_comments"):
            size = getattr(self, name)
            if not 1 <= size <= LARGEST_PAGE:
                raise ValueError(
                    f"Cannot ask GitHub for {size} items at once ({name}): it allows 1 to "
                    f"{LARGEST_PAGE}."
                )

    def narrower(self) -> "Widths | None":
        """Half the page; at a single item, the nested lists a tenth; None at the bottom.

        What is left out of nested lists is not lost: they are completed by follow-ups.
        """
        if self.page > 1:
            return replace(self, page=self.page // 2)
        if max(self.nested, self.threads, self.thread_comments) > 1:
            return Widths(
                page=1,
                threads=1,
                nested=max(1, self.nested // 10),
                thread_comments=max(1, self.thread_comments // 10),
            )
        return None
