"""Kernel expressions: ``2*identity - gaussian:sigma=1``, ``sobel_x @ gaussian:1``, ``emboss.T``.

A small parser of its own; nothing is evaluated as Python.

    expression = term { ("+" | "-") term }
    term       = factor { ("*" | "@") factor }
    factor     = "-" factor | number | ( name [":" options] | "[" matrix "]" | "(" expression ")" )
                 { ".T" | ".flip" | ".rot90" | ".normalized" }

``+`` and ``-`` between two kernels stand between spaces, because names and options may hold them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from imgconv.io.kernels.matrix_text import quoted
from imgconv.model import algebra
from imgconv.model.errors import ArgumentError, KernelError, LimitError
from imgconv.model.kernel import Kernel
from imgconv.model.numbers import Rational, parse_number

_TURNS: dict[str, Callable[[Kernel], Kernel]] = {
    "T": algebra.transposed,
    "flip": Kernel.flipped,
    "rot90": algebra.rotated,
    "normalized": algebra.normalized,
}
_TOKEN = re.compile(
    r"\s*(?:(?P<operator>[*@()]|[+-](?=\s|[\d.(\[A-Za-z]))"
    r"|(?P<matrix>\[(?:[^\[\]]|\[[^\[\]]*\])*\])"
    r"|(?P<turn>\.(?:T|flip|rot90|normalized)\b)"
    r"|(?P<number>\d+(?:\.\d+)?(?:/\d+)?)"
    r"|(?P<name>[A-Za-z][\w-]*(?::[^\s()@*]+)?))"
)
_TRAILING_TURNS = re.compile(r"(?:\.(?:T|flip|rot90|normalized))+$")
_MOST_TOKENS = 200
_DEEPEST = 20

Value = Kernel | int | Rational


def evaluate(text: str, lookup: Callable[[str], Kernel], matrix: Callable[[str], Kernel]) -> Kernel:
    """Return the kernel that an expression means.

    Parameters
    ----------
    text : str
    lookup : callable
        Gives the kernel of a name with options.
    matrix : callable
        Gives the kernel of a matrix.

    Raises
    ------
    KernelError
        Where the expression is not one, with the place.

    Examples
    --------
    >>> from imgconv.io.kernels.spec import load_kernel
    >>> load_kernel("2*identity - [1 1 1; 1 1 1; 1 1 1].normalized").sum
    1
    """
    parser = _Parser(text, _tokens(text), lookup, matrix)
    value = parser.expression(0)
    parser.expect_end()
    if not isinstance(value, Kernel):
        raise KernelError(f"{quoted(text)} is a number, not a kernel")
    return value


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    at: int


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    at = 0
    while text[at:].strip():
        found = _TOKEN.match(text, at)
        if found is None or len(tokens) >= _MOST_TOKENS:
            raise KernelError(
                f"{quoted(text)}: unexpected {text[at:].strip()[:20]!r} at character {at + 1}"
            )
        kind, piece = str(found.lastgroup), found[str(found.lastgroup)]
        turns = _TRAILING_TURNS.search(piece) if kind == "name" else None
        if turns:  # gaussian:1.T is gaussian:1, transposed
            tokens.append(_Token("name", piece[: turns.start()], found.start(kind)))
            tokens += [_Token("turn", f".{t}", found.start(kind)) for t in turns[0].split(".")[1:]]
        else:
            tokens.append(_Token(kind, piece, found.start(kind)))
        at = found.end()
    return tokens


@dataclass
class _Parser:
    text: str
    tokens: list[_Token]
    lookup: Callable[[str], Kernel]
    matrix: Callable[[str], Kernel]
    position: int = field(default=0)
    work: int = field(default=0)

    def expression(self, depth: int) -> Value:
        value = self.term(depth)
        while (operator := self._take("+", "-")) is not None:
            other = self.term(depth)
            value = self._sum(value, other if operator == "+" else self._product(-1, other))
        return value

    def term(self, depth: int) -> Value:
        value = self.factor(depth)
        while (operator := self._take("*", "@")) is not None:
            other = self.factor(depth)
            value = self._product(value, other) if operator == "*" else self._chain(value, other)
        return value

    def factor(self, depth: int) -> Value:
        if depth > _DEEPEST:
            raise self._wrong(f"nested deeper than {_DEEPEST} levels")
        if self._take("-"):
            return self._product(-1, self.factor(depth + 1))
        value = self._atom(depth)
        while self.position < len(self.tokens) and self.tokens[self.position].kind == "turn":
            turn = self.tokens[self.position].text[1:]
            if not isinstance(value, Kernel):
                raise self._wrong(f".{turn} follows a kernel, not a number")
            value = _TURNS[turn](value)
            self.position += 1
        return value

    def _atom(self, depth: int) -> Value:
        if self._take("("):
            value = self.expression(depth + 1)
            if not self._take(")"):
                raise self._wrong("a ) is missing")
            return value
        if self.position == len(self.tokens):
            raise self._wrong("a kernel or a number is missing at the end")
        token = self.tokens[self.position]
        self.position += 1
        if token.kind == "number":
            try:
                return parse_number(token.text)
            except ArgumentError as error:
                raise self._wrong(error.message) from None
        if token.kind == "matrix":
            nested = "[" in token.text[1:]
            return self.matrix(token.text if nested else token.text[1:-1])
        if token.kind == "name":
            return self.lookup(token.text)
        raise self._wrong(f"{quoted(token.text)} stands where a kernel or a number should")

    def expect_end(self) -> None:
        if self.position < len(self.tokens):
            raise self._wrong(f"{self.tokens[self.position].text!r} is left over")

    def _take(self, *operators: str) -> str | None:
        if self.position < len(self.tokens):
            token = self.tokens[self.position]
            if token.kind == "operator" and token.text in operators:
                self.position += 1
                return token.text
        return None

    def _sum(self, one: Value, other: Value) -> Value:
        if isinstance(one, Kernel) and isinstance(other, Kernel):
            return algebra.added(one, other)
        if isinstance(one, Kernel) or isinstance(other, Kernel):
            raise self._wrong("a number and a kernel cannot be added; multiply identity by it")
        return one + other

    def _product(self, one: Value, other: Value) -> Value:
        if isinstance(one, Kernel) and isinstance(other, Kernel):
            raise self._wrong("* takes a number and a kernel; @ composes two kernels")
        if isinstance(one, Kernel):
            one, other = other, one
        if isinstance(other, Kernel):
            return algebra.multiplied(other, one)  # type: ignore[arg-type]
        return one * other  # type: ignore[operator]

    def _chain(self, one: Value, other: Value) -> Value:
        if not (isinstance(one, Kernel) and isinstance(other, Kernel)):
            raise self._wrong("@ composes two kernels; * multiplies by a number")
        self.work += algebra.composition_cost(one, other)
        if self.work > algebra.MOST_PRODUCTS:
            raise LimitError(
                f"{quoted(self.text)} takes more than {algebra.MOST_PRODUCTS} products to compose",
                hint="apply the kernels one after the other: -k first -k second",
            )
        return algebra.composed(one, other)

    def _wrong(self, what: str) -> KernelError:
        token = self.tokens[self.position] if self.position < len(self.tokens) else None
        where = f" at {token.at + 1}" if token else ""
        return KernelError(
            f"{quoted(self.text)}{where}: {what}",
            hint="write it as 2*identity - gaussian:sigma=1, sobel_x @ gaussian:1 or emboss.T",
        )
