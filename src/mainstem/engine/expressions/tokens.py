"""From an expression's text to its tokens: CEL's words, numbers, texts, bytes and signs."""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

from mainstem.engine.errors import BadExpression

Kind = Literal["name", "literal", "sign", "end"]

# A hundred ids in a list are some 4,000 characters; a text of the limit compiles in some 0.1 s.
MAX_LENGTH: Final = 32_768
_SHOWN: Final = 200

_STRING: Final = (
    r"\"\"\"(?:\\.|[^\\])*?\"\"\"|'''(?:\\.|[^\\])*?'''"
    r"|\"(?:\\.|[^\"\\\r\n])*\"|'(?:\\.|[^'\\\r\n])*'"
)
_RAW: Final = (
    r"\"\"\"(?:.)*?\"\"\"|'''(?:.)*?'''"  # no escapes, not even of the quote
    r"|\"[^\"\r\n]*\"|'[^'\r\n]*'"
)
_TOKEN: Final = re.compile(
    rf"""
      (?P<space>   \s+ | //[^\n]* )
    | (?P<raw>     (?:[bB][rR]|[rR][bB]?) (?:{_RAW}) )
    | (?P<string>  [bB]? (?:{_STRING}) )
    | (?P<double>  (?:\d+\.\d+|\.\d+)(?:[eE][+-]?\d+)? | \d+[eE][+-]?\d+ )
    | (?P<int>     (?:0[xX][0-9a-fA-F]+|\d+)[uU]? )
    | (?P<name>    [A-Za-z_][A-Za-z0-9_]* )
    | (?P<sign>    && | \|\| | == | != | <= | >= | [-+*/%!<>?:.,()\[\]{{}}] )
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_ESCAPE: Final = re.compile(
    r"\\(?:(?P<octal>[0-3][0-7]{2})|[xX](?P<hex>[0-9a-fA-F]{2})|u(?P<u>[0-9a-fA-F]{4})"
    r"|U(?P<U>[0-9a-fA-F]{8})|(?P<plain>.))",
    re.DOTALL,
)
_PLAIN: Final = {
    **dict(zip("abfnrtv", "\a\b\f\n\r\t\v", strict=True)),
    **{sign: sign for sign in "\\?\"'`"},
}
_WORDS: Final[dict[str, Any]] = {"true": True, "false": False, "null": None}
_MAX_UINT: Final = 2**64 - 1


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a sign or a literal with its value; `place` counts characters from 0."""

    kind: Kind
    text: str
    place: int
    value: Any = None


def read_tokens(text: str) -> list[Token]:
    """The tokens of a text, the last one of kind `end`. Raises `BadExpression`."""
    if len(text) > MAX_LENGTH:
        reason = f"it has {len(text)} characters and may have {MAX_LENGTH}"
        raise BadExpression(f"{text[:_SHOWN]}…", reason)
    return [*_tokens(text), Token("end", "the end", len(text))]


def _tokens(text: str) -> Iterator[Token]:
    place = 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:
            raise BadExpression(text, f"{text[place]!r} at {place} begins nothing that CEL knows")
        word, kind = found[0], found.lastgroup
        if kind in ("raw", "string"):
            yield Token("literal", word, place, _string(text, word, place, is_raw=kind == "raw"))
        elif kind == "double":
            yield Token("literal", word, place, float(word))
        elif kind == "int":
            yield Token("literal", word, place, _int(text, word, place))
        elif kind == "name" and word in _WORDS:
            yield Token("literal", word, place, _WORDS[word])
        elif kind == "sign" or word == "in":
            yield Token("sign", word, place)
        elif kind == "name":
            yield Token("name", word, place)
        place = found.end()


def _int(text: str, word: str, place: int) -> int:
    digits = word.rstrip("uU")
    is_hex = digits[:2] in ("0x", "0X")
    # Twenty digits hold every number of 64 bits; Python refuses to read thousands of them.
    significant = digits[2:] if is_hex else digits
    significant = significant.lstrip("0") or "0"
    value = int(significant[:21], 16 if is_hex else 10)
    # One more than the largest is let through for "-9223372036854775808"; the parser sees the sign.
    if value > (2**63 if digits == word else _MAX_UINT) or len(significant) > 20:
        raise BadExpression(text, f"the number at {place} does not fit into 64 bits")
    return value


def _string(text: str, word: str, place: int, *, is_raw: bool) -> str | bytes:
    start = min(at for at in (word.find('"'), word.find("'")) if at >= 0)
    prefix, quoted = word[:start].lower(), word[start:]
    size = 3 if quoted[:3] in ('"""', "'''") and len(quoted) >= 6 else 1
    inner = quoted[size:-size]
    is_bytes = "b" in prefix
    if not is_raw and "\\" in inner:
        # Bytes are kept as the characters 0 to 255 until the escapes are read.
        inner = inner.encode().decode("latin-1") if is_bytes else inner
        try:
            inner = _ESCAPE.sub(lambda found: _unescaped(found, is_bytes=is_bytes), inner)
        except ValueError:
            reason = f"the text at {place} has an escape that CEL does not know"
            raise BadExpression(text, reason) from None
        return inner.encode("latin-1") if is_bytes else inner
    return inner.encode() if is_bytes else inner


def _unescaped(found: re.Match[str], *, is_bytes: bool) -> str:
    if found["plain"]:
        if found["plain"] not in _PLAIN:
            raise ValueError(found[0])
        return _PLAIN[found["plain"]]
    if is_bytes and (found["u"] or found["U"]):
        raise ValueError(found[0])
    digits = found["hex"] or found["u"] or found["U"]
    code = int(digits, 16) if digits else int(found["octal"], 8)
    if 0xD800 <= code <= 0xDFFF or code > sys.maxunicode:
        raise ValueError(found[0])
    return chr(code)
