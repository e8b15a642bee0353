"""What a step returns goes into its memo as JSON and comes back as the type it was.

The type is read from the return annotation of the function that the step runs. A step's function
that hands on another's result (`async def run_read(fn: Callable[..., T], …) -> T`) has the type of
the function handed to it. Without an annotation only plain JSON passes, because nothing else would
come back the same.

A value that would not come back equal is refused when it is first returned, not found to be
different on the replay that happens to read it: a union in which two members look alike in JSON
(`datetime | str`) is the usual cause.
"""

import functools
import inspect
import typing
from collections.abc import Awaitable, Callable, Coroutine
from types import NoneType, SimpleNamespace
from typing import Any, Generic, TypeVar, cast
from weakref import WeakKeyDictionary

from inngest import NonRetriableError
from pydantic import JsonValue, PydanticSchemaGenerationError, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from mainstem.errors import CatalogError

T = TypeVar("T")


class Codec(Generic[T]):
    """JSON in and out for one type. `what` in its methods names the value in an error."""

    def __init__(self, annotation: Any) -> None:
        self._annotation = annotation
        self._adapter: TypeAdapter[T] = TypeAdapter(annotation)

    def encode(self, value: T, what: str) -> JsonValue:
        """The JSON for `value`.

        Raises the SDK's `NonRetriableError`: a value of the wrong type is a mistake in the code,
        and trying again would repeat the work before it.
        """
        if value is None and self._annotation in (NoneType, None):
            return None
        try:
            memo = self._adapter.dump_python(value, mode="json", by_alias=True, warnings="error")
            back = self._adapter.validate_python(memo, by_alias=True)
        except (PydanticSerializationError, ValidationError) as error:
            raise NonRetriableError(
                f"{what} returned a value of type {type(value).__name__}, which is not the "
                f"{self._told} that it is annotated with. Mend the value or the annotation; an "
                "unannotated function may return plain JSON only."
            ) from error
        if back != value:
            raise NonRetriableError(
                f"{what} returned a value that would come back different from its memo: it is "
                f"annotated as {self._told}, whose JSON is ambiguous. Return a type whose members "
                "can be told apart, for example a tagged union, a tuple, or a plain string."
            )
        return cast("JsonValue", memo)

    def decode(self, memo: object, what: str) -> T:
        """The value of a memo. Raises `CatalogError` when the code's type has changed since."""
        if memo is None and self._annotation in (NoneType, None):
            return cast("T", None)
        try:
            return self._adapter.validate_python(memo, by_alias=True)
        except ValidationError as error:
            raise CatalogError(
                f"Cannot read back what {what} returned: its memo is not a {self._told} "
                f"({error.error_count()} problems). If the type has changed since the run began, "
                "accept the older shape too, or cancel and replay the run."
            ) from error

    @property
    def _told(self) -> str:
        return getattr(self._annotation, "__name__", None) or str(self._annotation)


_PLAIN: Codec[Any] = Codec(JsonValue)


def codec_of(fn: Callable[..., object], args: tuple[object, ...] = (),
             kwargs: dict[str, object] | None = None) -> Codec[Any]:  # fmt: skip
    """The codec for what `fn(*args, **kwargs)` returns. Raises `CatalogError` for a type that
    cannot be resolved or that has no JSON."""
    while isinstance(fn, functools.partial):
        args, kwargs, fn = (*fn.args, *args), {**fn.keywords, **(kwargs or {})}, fn.func
    shape = _shape_of(fn)
    if isinstance(shape, Codec):
        return shape
    index, name = shape
    inner = args[index] if index < len(args) else (kwargs or {}).get(name)
    if not callable(inner):
        return _PLAIN
    return codec_of(inner)


# What the signature of a function says, by function. The keys are weak: closures come and go.
_shapes: WeakKeyDictionary[Any, "Codec[Any] | tuple[int, str]"] = WeakKeyDictionary()


def _shape_of(fn: Callable[..., object]) -> "Codec[Any] | tuple[int, str]":
    """The codec of `fn`, or the position and name of the parameter whose result it hands on."""
    plain = inspect.unwrap(getattr(fn, "__func__", fn))
    try:
        return _shapes[plain]
    except (KeyError, TypeError):
        shape = _read_shape(fn, plain)
    try:
        _shapes[plain] = shape
    except TypeError:
        return shape  # built-in functions take no weak references
    return shape


def _read_shape(
    fn: Callable[..., object], plain: Callable[..., object]
) -> "Codec[Any] | tuple[int, str]":
    told = f"{getattr(plain, '__module__', '?')}.{getattr(plain, '__qualname__', repr(plain))}"
    annotated = plain if hasattr(plain, "__annotations__") else type(plain).__call__
    try:
        hints = _hints(annotated)
    except NameError as error:
        raise CatalogError(
            f"Cannot tell what {told} returns: its annotation names '{error.name}', which is not "
            "found in its module. Define the type at module level and import it unconditionally."
        ) from error
    except (TypeError, AttributeError):
        return _PLAIN
    returned = hints.get("return", Any)
    if typing.get_origin(returned) in (Awaitable, Coroutine):
        returned = typing.get_args(returned)[-1]
    if isinstance(returned, TypeVar):
        return _delegate(fn, hints, returned) or _PLAIN
    if returned is Any or returned is object:
        return _PLAIN
    try:
        return _codec(returned)
    except PydanticSchemaGenerationError as error:
        raise CatalogError(
            f"Cannot keep what {told} returns: {returned} has no form in JSON. Return a "
            "dataclass, a pydantic model or a plain value."
        ) from error


def _hints(annotated: Callable[..., object]) -> dict[str, Any]:
    """The resolved annotations; of the result alone when another's name is for checkers only."""
    try:
        return typing.get_type_hints(annotated, include_extras=True)
    except NameError:
        alone = SimpleNamespace(
            __annotations__={"return": annotated.__annotations__.get("return", Any)}
        )
        names = getattr(inspect.unwrap(annotated), "__globals__", {})
        return typing.get_type_hints(alone, globalns=names, include_extras=True)


def _delegate(
    fn: Callable[..., object], hints: dict[str, Any], returned: Any
) -> tuple[int, str] | None:
    for index, name in enumerate(inspect.signature(fn).parameters):
        hint = hints.get(name)
        if typing.get_origin(hint) is not Callable:
            continue
        handed_on = typing.get_args(hint)[-1]
        if returned in (handed_on, *typing.get_args(handed_on)):
            return index, name
    return None


def _codec(annotation: Any) -> Codec[Any]:
    try:
        return _codec_by_type(annotation)
    except TypeError:  # an annotation that cannot be hashed, such as Literal[[…]] in Annotated
        return Codec(annotation)


@functools.lru_cache(maxsize=1024)
def _codec_by_type(annotation: Any) -> Codec[Any]:
    return Codec(annotation)
