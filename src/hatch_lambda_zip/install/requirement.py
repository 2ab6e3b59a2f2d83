"""Requirements (PEP 508) in one spelling each, whatever wrote them.

Back ends, and releases of one, differ in quotes, parentheses, spaces and order. The spelling is
made here and not left to ``packaging``, whose own may change with a release.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

_TOKEN: Final = re.compile(
    r"""\s*(?:
        (?P<string>'[^']*'|"[^"]*")
        | (?P<comparison><=|>=|===|==|~=|!=|<|>|not\s+in\b|in\b)
        | (?P<connective>and\b|or\b)
        | (?P<parenthesis>[()])
        | (?P<variable>[A-Za-z_][A-Za-z0-9_.]*)
    )""",
    re.VERBOSE,
)

_EXTRA: Final = re.compile(r'extra == "[^"]*"')
_VARIABLE: Final = re.compile(r"""(?:'[^']*'|"[^"]*")|([a-z_.]+)""")


def canonical_requirement(text: str) -> str:
    """Return the canonical spelling of a requirement.

    A URL of this machine (``file:``) is left out: nobody else has it, and the checkout's path
    would be in it.

    >>> canonical_requirement("Idna (>=3, <4) ; extra == 'Dev_Tools' and (os_name=='posix')")
    'idna<4,>=3; extra == "dev-tools" and os_name == "posix"'

    Raises:
        InvalidRequirement: it is none.
    """
    requirement = Requirement(text)
    result: str = canonicalize_name(requirement.name)
    if requirement.extras:
        result += f"[{','.join(sorted(set(map(canonicalize_name, requirement.extras))))}]"
    url = requirement.url
    if url is not None and not url.lower().startswith("file:"):
        result += f" @ {url}"
    else:
        url = None
        result += _specifiers(requirement.specifier)
    if requirement.marker is not None:
        separator = "; " if url is None else " ; "  # a URL ends at a space only
        result += separator + canonical_marker(str(requirement.marker))
    return result


def canonical_specifiers(text: str) -> str:
    """Return version specifiers (PEP 440), in ascending order of their text and without spaces.

    Raises:
        InvalidSpecifier: there are others among them.
    """
    return _specifiers(SpecifierSet(text))


def canonical_marker(text: str) -> str:
    """Return a valid marker without needless parentheses, its operands in ascending order.

    >>> canonical_marker("(python_version<'3.9' or os_name == 'nt') and (extra == 'A_b')")
    '(os_name == "nt" or python_version < "3.9") and extra == "a-b"'
    """
    return str(_parse(text))


def split_extra(marker: str) -> tuple[tuple[str, ...] | None, str]:
    """Take the extra that a marker asks for out of it.

    >>> split_extra("os_name == 'nt' and extra == 'dev'")
    (('dev',), 'os_name == "nt"')
    >>> split_extra("os_name == 'nt'")
    (None, 'os_name == "nt"')

    Returns:
        The extra, and the rest, which may be empty; for a marker that asks for extras in another
        way, no extra, which stands for any, and an empty rest.
    """
    term = _parse(marker)
    asked = {item for item in term.items if _EXTRA.fullmatch(item)}
    if "extra" not in _VARIABLE.findall(str(term)):
        return None, str(term)
    rest = _Term(term.connective, term.items - asked)
    if len(asked) != 1 or term.connective == "or" or "extra" in _VARIABLE.findall(str(rest)):
        return (), ""
    return (asked.pop().split('"')[1],), str(rest)


def _parse(marker: str) -> _Term:
    tokens = [(match.lastgroup, match[0].strip()) for match in _TOKEN.finditer(marker)]
    return _Parser(tokens).disjunction()


def _specifiers(specifiers: SpecifierSet) -> str:
    return ",".join(sorted({f"{item.operator}{item.version}" for item in specifiers}))


@dataclass(frozen=True)
class _Term:
    """Comparisons joined by ``connective``; a single one by an empty string."""

    connective: str
    items: frozenset[str]

    def __str__(self) -> str:
        return f" {self.connective} ".join(sorted(self.items))


def _join(connective: str, terms: set[_Term]) -> _Term:
    if len(terms) == 1:
        return next(iter(terms))
    items: set[str] = set()
    for term in terms:
        if term.connective in {connective, ""}:
            items |= term.items
        else:
            items.add(f"({term})" if connective == "and" else str(term))
    return _Term(connective if len(items) > 1 else "", frozenset(items))


class _Parser:
    """Reads the tokens of a marker that ``packaging`` has found valid."""

    def __init__(self, tokens: list[tuple[str | None, str]]) -> None:
        self._tokens = tokens
        self._position = 0

    def disjunction(self) -> _Term:
        return self._joined("or", self._conjunction)

    def _conjunction(self) -> _Term:
        return self._joined("and", self._operand)

    def _joined(self, connective: str, operand: Callable[[], _Term]) -> _Term:
        terms = {operand()}
        while self._peek() == connective:
            self._next()
            terms.add(operand())
        return _join(connective, terms)

    def _operand(self) -> _Term:
        if self._peek() == "(":
            self._next()
            inner = self.disjunction()
            self._next()  # the closing one
            return inner
        (left_kind, left), (_, comparison), (right_kind, right) = (self._next() for _ in range(3))
        is_extra = "extra" in {left, right}
        shown = [
            _string(value[1:-1], is_extra=is_extra) if kind == "string" else value
            for kind, value in ((left_kind, left), (right_kind, right))
        ]
        return _Term("", frozenset([f"{shown[0]} {' '.join(comparison.split())} {shown[1]}"]))

    def _peek(self) -> str | None:
        return self._tokens[self._position][1] if self._position < len(self._tokens) else None

    def _next(self) -> tuple[str | None, str]:
        self._position += 1
        return self._tokens[self._position - 1]


def _string(value: str, *, is_extra: bool) -> str:
    if is_extra:
        value = canonicalize_name(value)  # PEP 685
    quote = "'" if '"' in value else '"'
    return f"{quote}{value}{quote}"
