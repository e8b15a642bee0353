"""From tokens to the tree: CEL's grammar, with a bound on how deep a tree can be.

https://github.com/google/cel-spec/blob/master/doc/langdef.md#syntax
"""

from typing import Final, Literal, NoReturn, cast

from mainstem.engine.errors import BadExpression
from mainstem.engine.expressions.syntax import (
    Call,
    Chain,
    Choice,
    Constant,
    Has,
    ListOf,
    Macro,
    MacroName,
    MapOf,
    Node,
    Path,
    Prefix,
    Variable,
)
from mainstem.engine.expressions.tokens import Token, read_tokens

# Ten frames of this parser per level at worst: half of Python's usual stack.
MAX_DEPTH: Final = 50

_RANKS: Final = {
    "||": 0,
    "&&": 1,
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">=", "in"), 2),
    **dict.fromkeys("+-", 3),
    **dict.fromkeys("*/%", 4),
}
# Words that CEL keeps for later; they may name a member and nothing else.
_RESERVED: Final = frozenset(
    {"as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop"}
    | {"namespace", "package", "return", "var", "void", "while"}
)
_MACROS: Final = {
    **dict.fromkeys(("all", "exists", "exists_one", "filter"), (2,)),
    "map": (2, 3),
}


def parse(text: str) -> Node:
    """The tree of an expression. Raises `BadExpression`."""
    try:
        return _Parser(text).whole()
    except RecursionError:
        # Who called stands deep in the stack already.
        raise BadExpression(text, "it is nested too deep") from None


class _Parser:
    """Reads tokens from left to right; `_at` is the next one, `_depth` how deep it stands."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = read_tokens(text)
        self._at = 0
        self._depth = 0

    def whole(self) -> Node:
        node = self._expression()
        if self._token.kind != "end":
            self._refuse("an operator or the end")
        return node

    def _expression(self) -> Node:
        self._deepen()
        node = self._binary(0)
        if self._accept("?"):
            yes = self._binary(0)
            self._expect(":")
            node = Choice(node, yes, self._expression())
        self._depth -= 1
        return node

    def _binary(self, lowest: int) -> Node:
        node = self._unary()
        while (rank := self._rank()) >= lowest:
            rest = []
            while self._rank() == rank:
                operator = self._next().text
                rest.append((operator, self._binary(rank + 1)))
            node = Chain(node, tuple(rest))
        return node

    def _unary(self) -> Node:
        sign = self._token.text
        if self._token.kind != "sign" or sign not in ("!", "-"):
            return self._member()
        count = 0
        while self._is_sign(sign) and not self._is_negative_number():
            self._next()
            count += 1
        operand = self._member()
        # Two of a kind cancel each other out, as in Google's implementation.
        return Prefix(cast("Literal['!', '-']", sign), operand) if count % 2 else operand

    def _member(self) -> Node:
        node = self._primary()
        calls = 0
        while self._token.kind == "sign" and self._token.text in (".", "["):
            keys: list[Node] = []
            method = None
            while method is None:
                if self._accept("["):
                    keys.append(self._expression())
                    self._expect("]")
                elif self._accept("."):
                    name = self._name()
                    if self._accept("("):
                        method = name
                    else:
                        keys.append(Constant(name))
                else:
                    break
            node = Path(node, tuple(keys)) if keys else node
            if method is not None:
                calls += 1
                if calls > MAX_DEPTH:
                    raise BadExpression(self._text, f"it has more than {MAX_DEPTH} calls in a row")
                node = self._method(node, method)
        return node

    def _method(self, target: Node, name: str) -> Node:
        start = self._at
        arguments = self._list(")")
        arities = _MACROS.get(name)
        if arities is None:
            return Call(name, target, arguments)
        if len(arguments) not in arities:
            counts = " or ".join(map(str, arities))
            raise BadExpression(self._text, f"{name}() takes {counts} arguments")
        variable, *bodies = arguments
        if not isinstance(variable, Variable):
            raise BadExpression(self._text, f"the first argument of {name}() is a plain name")
        macro = cast("MacroName", name)
        return Macro(macro, target, variable.name, tuple(bodies), self._at - start)

    def _primary(self) -> Node:
        if self._is_negative_number():
            self._next()
            return self._constant(-self._next().value)
        token = self._token
        if token.kind == "literal":
            return self._constant(self._next().value)
        if self._accept("("):
            node = self._expression()
            self._expect(")")
            return node
        if self._accept("["):
            return ListOf(self._list("]"))
        if self._accept("{"):
            return MapOf(self._entries())
        self._accept(".")  # a leading dot means the outermost name; there are no others here
        if self._token.kind != "name":
            self._refuse("a value")
        name = self._next().text
        if name in _RESERVED:
            raise BadExpression(self._text, f"{name!r} is a reserved word")
        return self._call(name) if self._accept("(") else Variable(name)

    def _constant(self, value: object) -> Node:
        if value == 2**63 and not self._tokens[self._at - 1].text.endswith(("u", "U")):
            raise BadExpression(self._text, f"the number {value} does not fit into 64 bits")
        return Constant(value)

    def _call(self, name: str) -> Node:
        arguments = self._list(")")
        if name != "has":
            return Call(name, None, arguments)
        field = arguments[0] if len(arguments) == 1 else None
        # The last token of the argument stands before the closing bracket.
        if not isinstance(field, Path) or self._tokens[self._at - 2].kind != "name":
            raise BadExpression(self._text, "has() takes one member, as in has(event.data.id)")
        *keys, last = field.keys
        base = Path(field.base, tuple(keys)) if keys else field.base
        return Has(base, cast("Constant", last).value)

    def _list(self, closing: str) -> tuple[Node, ...]:
        """Expressions up to a closing bracket, which is read too; a list may end in a comma."""
        items: list[Node] = []
        while not self._accept(closing):
            if items:
                self._expect(",")
                if closing == "]" and self._accept(closing):
                    break
            items.append(self._expression())
        return tuple(items)

    def _entries(self) -> tuple[tuple[Node, Node], ...]:
        entries: list[tuple[Node, Node]] = []
        while not self._accept("}"):
            if entries:
                self._expect(",")
                if self._accept("}"):
                    break
            key = self._expression()
            self._expect(":")
            entries.append((key, self._expression()))
        return tuple(entries)

    def _deepen(self) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise BadExpression(self._text, f"it is nested deeper than {MAX_DEPTH} levels")

    @property
    def _token(self) -> Token:
        return self._tokens[self._at]

    def _next(self) -> Token:
        self._at += 1
        return self._tokens[self._at - 1]

    def _rank(self) -> int:
        return _RANKS.get(self._token.text, -1) if self._token.kind == "sign" else -1

    def _is_sign(self, text: str) -> bool:
        return self._token.kind == "sign" and self._token.text == text

    def _is_negative_number(self) -> bool:
        following = self._tokens[min(self._at + 1, len(self._tokens) - 1)]
        return self._is_sign("-") and type(following.value) in (int, float)

    def _accept(self, text: str) -> bool:
        if found := self._is_sign(text):
            self._at += 1
        return found

    def _expect(self, text: str) -> None:
        if not self._accept(text):
            self._refuse(repr(text))

    def _name(self) -> str:
        if self._token.kind != "name":
            self._refuse("a name")
        return self._next().text

    def _refuse(self, expected: str) -> NoReturn:
        token = self._token
        raise BadExpression(
            self._text, f"expected {expected} at {token.place}, found {token.text[:50]!r}"
        )
