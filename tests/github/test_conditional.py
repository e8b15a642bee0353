from mainstem.github.answers import Answer
from mainstem.github.conditional import EtagCache


def answer(url: str, size: int, etag: str | None = '"e"', status: int = 200) -> Answer:
    headers = {} if etag is None else {"etag": etag}
    return Answer(status=status, headers=headers, content=b"x" * size, url=url)


def test_least_used_answer_leaves_first() -> None:
    cache = EtagCache(most_bytes=30)
    cache.hold("a", answer("a", 10))
    cache.hold("b", answer("b", 10))
    assert cache.held("a") is not None
    cache.hold("c", answer("c", 15))
    assert [url for url in "abc" if cache.held(url)] == ["a", "c"]


def test_newer_answer_takes_the_place_of_the_older() -> None:
    cache = EtagCache(most_bytes=30)
    for size in (20, 25, 5):
        cache.hold("a", answer("a", size))
    cache.hold("b", answer("b", 25))
    held = cache.held("a")
    assert held is not None
    assert len(held.content) == 5


def test_what_has_no_etag_or_is_too_large_or_no_full_answer_is_not_held() -> None:
    cache = EtagCache(most_bytes=30)
    cache.hold("a", answer("a", 1, etag=None))
    cache.hold("b", answer("b", 31))
    cache.hold("c", answer("c", 1, status=304))
    assert [cache.held(url) for url in "abc"] == [None, None, None]
