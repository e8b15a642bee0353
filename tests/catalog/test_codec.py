"""What leaves a step comes back equal, or is refused while it leaves."""

import functools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, NamedTuple, TypeVar
from uuid import UUID

import pydantic
import pytest
from inngest import NonRetriableError
from pydantic.alias_generators import to_camel

from mainstem.catalog.codec import codec_of
from mainstem.errors import CatalogError

T = TypeVar("T")


class Absent(Enum):
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Pull:
    id: UUID
    at: datetime
    tags: tuple[str, ...] = ()
    size: int | Absent = Absent.ABSENT
    by: dict[int, Decimal] = field(default_factory=dict)


class Model(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(alias_generator=to_camel,
                                       validate_by_name=True)  # fmt: skip
    first_seen: date


class Pair(NamedTuple):
    a: int
    b: timedelta


def pull() -> Pull:
    raise AssertionError


def model() -> Model:
    raise AssertionError


def pairs() -> list[Pair]:
    raise AssertionError


def maybe() -> Pull | None:
    raise AssertionError


def nothing() -> None:
    raise AssertionError


def names() -> frozenset[str]:
    raise AssertionError


def plain():  # type: ignore[no-untyped-def]
    raise AssertionError


def anything() -> Any:
    raise AssertionError


def waiting() -> Awaitable[UUID]:
    raise AssertionError


def ambiguous() -> datetime | str:
    raise AssertionError


def opaque() -> "Nowhere":  # type: ignore[name-defined]  # noqa: F821
    raise AssertionError


def read(fn: Callable[..., T], *args: object) -> T:
    raise AssertionError


async def read_later(fn: Callable[..., Awaitable[T] | T], *args: object) -> T:
    raise AssertionError


def hands_on(count: int, fn: Callable[[], T]) -> T:
    raise AssertionError


def odd() -> Annotated[int, ["no", "hash"]]:
    raise AssertionError


def identity(value: T) -> T:
    raise AssertionError


PULL = Pull(UUID(int=3), datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC), ("a",), 5, {1: Decimal(2)})


@pytest.mark.parametrize(
    ("fn", "args", "value"),
    [
        (pull, (), PULL),
        (pull, (), Pull(UUID(int=1), datetime(2026, 1, 1, tzinfo=UTC))),
        (model, (), Model(first_seen=date(2026, 1, 1))),
        (pairs, (), [Pair(1, timedelta(seconds=1.5))]),
        (maybe, (), None),
        (maybe, (), PULL),
        (nothing, (), None),
        (names, (), frozenset({"a", "b"})),
        (plain, (), {"a": [1, 2.5, None, True]}),
        (anything, (), [1, "x"]),
        (waiting, (), UUID(int=9)),
        (read, (pull,), PULL),
        (read_later, (pull, 1), PULL),
        (functools.partial(read, pull), (), PULL),
        (functools.partial(read, pull, 3), (4,), PULL),
        (identity, (5,), 5),
        (len, ([],), 0),
        (print, (), None),
        ((5).__add__, (), 9),
        (read, (), {"not": "handed on"}),
        (hands_on, (5, pull), PULL),
        (odd, (), 3),
    ],
)
def test_a_value_comes_back_equal_and_of_its_type(
    fn: Callable[..., object], args: tuple[object, ...], value: object
) -> None:
    codec = codec_of(fn, args)
    back = codec.decode(codec.encode(value, "it"), "it")
    assert back == value
    assert type(back) is type(value)


def test_the_function_handed_on_may_be_named() -> None:
    assert codec_of(read, (), {"fn": pull}) is codec_of(pull)


def test_methods_and_callable_objects_are_read_too() -> None:
    class Loader:
        def load(self) -> UUID:
            raise AssertionError

        def __call__(self) -> UUID:
            raise AssertionError

    loader = Loader()
    for fn in (loader.load, loader):
        assert codec_of(fn).decode(str(UUID(int=1)), "it") == UUID(int=1)


def test_reading_a_signature_twice_gives_the_same_codec() -> None:
    assert codec_of(pull) is codec_of(pull)


@pytest.mark.parametrize(
    ("fn", "value", "told"),
    [
        (pull, {"id": 1}, "not the Pull"),
        (names, 5, "frozenset"),
        (plain, PULL, "plain JSON only"),
        (plain, (1, 2), "JSON"),
        (ambiguous, "2026-01-01T00:00:00", "Step 'x'"),
        (nothing, 5, "NoneType"),
    ],
)
def test_a_value_that_would_not_come_back_is_refused_for_good(
    fn: Callable[..., object], value: object, told: str
) -> None:
    if fn is ambiguous:
        value = datetime(2026, 1, 1)  # noqa: DTZ001  the text of it would come back as text
    with pytest.raises(NonRetriableError, match=told):
        codec_of(fn).encode(value, "Step 'x'")


def test_a_memo_of_another_shape_says_that_the_type_has_changed() -> None:
    with pytest.raises(CatalogError, match="Cannot read back what it returned: its memo is not a"):
        codec_of(pull).decode({"id": 5}, "it")


def test_a_type_that_cannot_be_found_is_named() -> None:
    with pytest.raises(CatalogError, match="names 'Nowhere', which is not found"):
        codec_of(opaque)


def test_a_parameter_known_to_checkers_only_does_not_matter() -> None:
    def load(where: "Nowhere") -> UUID:  # type: ignore[name-defined]  # noqa: F821
        raise AssertionError

    assert codec_of(load).decode(str(UUID(int=1)), "it") == UUID(int=1)


def test_a_type_without_json_is_refused() -> None:
    def lock() -> object | Codecless:
        raise AssertionError

    with pytest.raises(CatalogError, match="has no form in JSON"):
        codec_of(lock)


class Codecless:
    pass
