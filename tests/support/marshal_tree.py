"""A marshal stream as a tree that can be changed and written again, however little sense it makes.

It reads only streams that CPython wrote, and shares no code with the reader under test.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from hatch_lambda_zip.bytecode.magic import Format

FLAG_REF: Final = 0x80
_NO_SIZE: Final = {**dict.fromkeys("NFTS.0:{}", 0), "i": 4, "r": 4, "g": 8, "y": 16}


@dataclass
class Node:
    """One object, or some raw bytes between the children of one.

    Attributes:
        kind: its type byte, with FLAG_REF; empty for raw bytes.
        head: what stands between that and the first child, sizes included.
        children: among those of a dict also the NULL at its end.
    """

    kind: bytes
    head: bytes
    children: list[Node] = field(default_factory=list)

    @property
    def type(self) -> str:
        return chr(self.kind[0] & ~FLAG_REF) if self.kind else ""

    def encode(self) -> bytes:
        return b"".join([self.kind, self.head, *[child.encode() for child in self.children]])

    def slots(self) -> Iterator[tuple[Node, int]]:
        """Give the place of everything below this, as a parent and an index."""
        for index, child in enumerate(self.children):
            yield self, index
            yield from child.slots()

    def copy(self) -> Node:
        return copy.deepcopy(self)


def parse(stream: bytes, form: Format) -> Node:
    """Parse one object, and return a raw node that has it as its only child."""
    node, end = _parse(stream, 0, form)
    assert end == len(stream)
    return Node(b"", b"", [node])


def _parse(stream: bytes, position: int, form: Format) -> tuple[Node, int]:
    kind = stream[position : position + 1]
    node = Node(kind, b"")
    position += 1
    end = position + _head_size(node.type, stream, position, form)
    node.head = stream[position:end]
    if node.type in "{}":
        while stream[end : end + 1] != b"0":
            end = _add_child(node, stream, end, form)
        node.children.append(Node(b"0", b""))
        end += 1
    elif node.type == "c":
        for field_kind in form.layout.fields:
            if field_kind == "raw":
                node.children.append(Node(b"", stream[end : end + 4]))
                end += 4
            else:
                end = _add_child(node, stream, end, form)
    elif node.type in ")([<>:":
        count = 3 if node.type == ":" else int.from_bytes(node.head, "little")
        for _ in range(count):
            end = _add_child(node, stream, end, form)
    return node, end


def _add_child(node: Node, stream: bytes, position: int, form: Format) -> int:
    child, end = _parse(stream, position, form)
    node.children.append(child)
    return end


def _head_size(kind: str, stream: bytes, position: int, form: Format) -> int:
    if kind in _NO_SIZE:
        return _NO_SIZE[kind]
    if kind in ")zZ":
        return 1 + (stream[position] if kind != ")" else 0)
    if kind == "c":
        return 4 * form.layout.counts
    size = int.from_bytes(stream[position : position + 4], "little", signed=True)
    return 4 + {"l": 2 * abs(size)}.get(kind, size if kind in "suatA" else 0)
