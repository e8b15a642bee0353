import pytest

from mainstem.github.addresses import (
    below_base,
    clean_base,
    follow,
    graphql_url,
    is_below_base,
    repository_path,
)

COM = "https://api.github.com"
OWN = "https://git.example.com/api/v3"


@pytest.mark.parametrize(
    ("base", "expected"),
    [(COM, f"{COM}/graphql"), (OWN, "https://git.example.com/api/graphql"),
     ("http://127.0.0.1:81", "http://127.0.0.1:81/graphql"),
     ("http://127.0.0.1/x", "http://127.0.0.1/x/graphql")],
)  # fmt: skip
def test_graphql_lies_beside_rest(base: str, expected: str) -> None:
    assert graphql_url(base) == expected


@pytest.mark.parametrize("url", ["api.github.com", "ftp://x", "", "https://"])
def test_base_that_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="as GitHub's address: it must begin with https://"):
        clean_base(url)
    assert clean_base(COM + "/") == COM


@pytest.mark.parametrize(
    ("location", "expected"),
    [("/repositories/5", f"{COM}/repositories/5"), (f"{COM}/x?y=1", f"{COM}/x?y=1"),
     ("https://api.github.com:443/x", "https://api.github.com:443/x"),
     ("https://evil.example/x", None), ("http://api.github.com/x", None),
     ("//evil.example/x", None), ("https://api.github.com.evil.example/x", None),
     ("https://api.github.com@evil.example/", None), ("https://api.github.com:99999/", None)],
)  # fmt: skip
def test_redirect_is_followed_on_the_same_origin_only(location: str, expected: str | None) -> None:
    assert follow(COM, f"{COM}/repos/o/r", location) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [(f"{OWN}/repos/o/r/pulls?page=2", "/repos/o/r/pulls?page=2"),
     (f"{OWN}/repositories/1", "/repositories/1"), ("https://git.example.com/api/v4/x", None),
     ("https://git.example.com/api/v3x/y", None), (f"{COM}/x", None),
     ("https://git.example.com:bad/api/v3/x", None)],
)  # fmt: skip
def test_next_page_is_kept_as_a_path_below_the_base(url: str, expected: str | None) -> None:
    assert below_base(OWN, url) == expected


def test_place_that_is_no_path_is_not_ours() -> None:
    assert is_below_base("/repos/o/r/pulls?page=2")
    assert not is_below_base("//evil.example/x")
    assert not is_below_base("https://evil.example/x")


def test_odd_names_cannot_leave_their_place_in_the_path() -> None:
    assert repository_path("o/..", "r?x", "pulls", 5) == "/repos/o%2F../r%3Fx/pulls/5"
