import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstem.github.links import links, next_link

API = "https://api.github.com"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        ("", None),
        (f'<{API}/a?page=9>; rel="last"', None),
        (f'<{API}/a?page=2>; rel="next", <{API}/a?page=9>; rel="last"', f"{API}/a?page=2"),
        (f'<{API}/a?q=x,y;z&page=2>; rel="next"', f"{API}/a?q=x,y;z&page=2"),
        (f'<{API}/a?page=2>;rel=next', f"{API}/a?page=2"),
        (f'<{API}/a?page=2>; title="t"; rel="prev next"', f"{API}/a?page=2"),
        ("nonsense", None),
    ],
)  # fmt: skip
def test_next_page_is_found_in_the_header(header: str | None, expected: str | None) -> None:
    assert next_link(header) == expected


@given(
    st.dictionaries(
        st.sampled_from(["next", "prev", "first", "last"]),
        st.text(st.characters(codec="ascii", exclude_characters="<>"), min_size=1),
    )
)
def test_every_relation_that_was_written_is_read(pages: dict[str, str]) -> None:
    header = ", ".join(f'<{url}>; rel="{relation}"' for relation, url in pages.items())
    assert links(header) == pages
