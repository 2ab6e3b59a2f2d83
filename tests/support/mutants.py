"""Mutants of .pyc files: changed in structure, byte by byte, or both."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Final

from hatch_lambda_zip.bytecode.pyc import read_header
from tests.support.marshal_tree import FLAG_REF, Node, parse

HEADER_SIZE: Final = 16
KINDS: Final = b"NTFS.ilgysuatzZArc)([{}<>:0?Ifx"
# Among them those that no CPython ever writes.
LEAVES: Final = (
    *(b"N", b"T", b"F", b"S", b".", b"0", b"?", b")\0", b"z\0", b"Z\1a", b"z\3a b", b"\xfa\1-"),
    *(b"i\0\0\0\0", b"i\1\0\0\0", b"i\0\0\0\x80", b"\xe9\7\0\0\0", b"I" + bytes(8), b"f\0011"),
    *(b"l\0\0\0\0", b"l\1\0\0\0\1\0", b"l\xfd\xff\xff\xff\0\0\0\0\2\0", b"l\1\0\0\0\0\0"),
    *(b"l\3\0\0\0\1\0\2\0\3\0", b"l\5\0\0\0\1\0\2\0\3\0\4\0\5\0"),
    *(b"g" + bytes(8), b"g" + bytes(7) + b"\x80", b"g\1" + bytes(7), b"g" + bytes(6) + b"\xf0\x3f"),
    *(b"g" + bytes(6) + b"\xf8\xff", b"g\1" + bytes(5) + b"\xf0\x7f", b"y" + bytes(16)),
    *(b"y" + bytes(6) + b"\xf8\x7f" + bytes(7) + b"\x80", b"s\0\0\0\0", b"s\2\0\0\0ab"),
    *(b"u\1\0\0\0a", b"u\2\0\0\0\xc3\xa9", b"t\3\0\0\0\xed\xa0\x80", b"u\2\0\0\0\xc1\x81"),
    *(b"a\1\0\0\0\xe9", b"A\2\0\0\0ab", b"(\0\0\0\0", b">\0\0\0\0", b"\xdb\0\0\0\0", b"<\0\0\0\0"),
    *(b"{0", b"}0", b":NNN"),
)
SIZES: Final = (0, 1, 2, 3, 255, 256, 0x7FFF_FFFF, -1, -2, -0x8000_0000)


class Mutator:
    """Makes mutants; the same ones for the same seed.

    Args:
        seed: of the random numbers.
        originals: .pyc files that CPython wrote.
    """

    def __init__(self, seed: str, originals: Sequence[bytes]) -> None:
        self.rng = random.Random(seed)  # noqa: S311 - no secret
        self.originals = originals
        self.actions = (
            *(self.change_kind, self.flip_flag, self.flip_flag, self.swap, self.insert),
            *(self.delete, self.redirect, self.redirect, self.refer, self.resize, self.replace),
            *(self.replace, self.wrap, self.repeat, self.change_head),
        )

    def mutant(self) -> bytes:
        """Make one."""
        rng = self.rng
        original = rng.choice(self.originals)
        header, stream = original[:HEADER_SIZE], original[HEADER_SIZE:]
        if rng.random() < 0.8:
            root = parse(stream, read_header(header).form)
            for _ in range(rng.choice((1, 1, 1, 2, 3, 6))):
                slots = list(root.slots())
                if slots:
                    rng.choice(self.actions)(slots)
            stream = root.encode()
        if rng.random() < 0.25:
            stream = self.change_bytes(stream)
        if rng.random() < 0.01:
            header = self.change_bytes(header)
        return header + stream

    def change_kind(self, slots: list[tuple[Node, int]]) -> None:
        node = self.pick(slots)
        node.kind = bytes((self.rng.choice(KINDS) | self.rng.choice((0, FLAG_REF)),))

    def flip_flag(self, slots: list[tuple[Node, int]]) -> None:
        for _ in range(self.rng.choice((1, 1, 3, 10))):
            node = self.pick(slots)
            node.kind = bytes(kind ^ FLAG_REF for kind in node.kind)

    def swap(self, slots: list[tuple[Node, int]]) -> None:
        (one, i), (two, j) = self.rng.choice(slots), self.rng.choice(slots)
        # Copies, since one may stand inside the other.
        one.children[i], two.children[j] = two.children[j].copy(), one.children[i].copy()

    def insert(self, slots: list[tuple[Node, int]]) -> None:
        parent, index = self.rng.choice(slots)
        parent.children.insert(index, self.pick(slots).copy())
        self.recount(parent)

    def delete(self, slots: list[tuple[Node, int]]) -> None:
        parent, index = self.rng.choice(slots)
        del parent.children[index]
        self.recount(parent)

    def redirect(self, slots: list[tuple[Node, int]]) -> None:
        """Change what a reference refers to."""
        references = [p.children[i] for p, i in slots if p.children[i].type == "r"]
        if references:
            self.rng.choice(references).head = self.index(slots)

    def refer(self, slots: list[tuple[Node, int]]) -> None:
        parent, index = self.rng.choice(slots)
        parent.children[index] = Node(b"r", self.index(slots))

    def resize(self, slots: list[tuple[Node, int]]) -> None:
        node = self.pick(slots)
        if node.type in tuple(")zZ"):
            node.head = bytes((self.rng.choice(SIZES) & 0xFF,)) + node.head[1:]
        elif len(node.head) >= 4:
            size = int.from_bytes(node.head[:4], "little", signed=True)
            size = self.rng.choice((*SIZES, size ^ 1, min(size, 0x7FFF_FFFE) + 1))
            node.head = size.to_bytes(4, "little", signed=True) + node.head[4:]

    def replace(self, slots: list[tuple[Node, int]]) -> None:
        parent, index = self.rng.choice(slots)
        parent.children[index] = self.leaf()

    def wrap(self, slots: list[tuple[Node, int]]) -> None:
        """Put a node into a new container, often with company."""
        parent, index = self.rng.choice(slots)
        children = [parent.children[index]]
        children += [self.leaf() for _ in range(self.rng.choice((0, 1, 2, 3)))]
        children += [self.pick(slots).copy() for _ in range(self.rng.choice((0, 1)))]
        self.rng.shuffle(children)
        kind = self.rng.choice(b"()[<>:{}")
        if kind in b"{}":
            children.append(Node(b"0", b""))
        node = Node(bytes((kind | self.rng.choice((0, FLAG_REF)),)), b"", children)
        if kind not in b":{}":
            node.head = bytes(1 if kind == ord(")") else 4)
        self.recount(node)
        parent.children[index] = node

    def repeat(self, slots: list[tuple[Node, int]]) -> None:
        """Repeat a node: past 255 a tuple has another encoding."""
        parent, index = self.rng.choice(slots)
        node = parent.children[index]
        if len(node.children) < 20:
            parent.children[index:index] = [node] * self.rng.choice((1, 2, 254, 300))
            self.recount(parent)

    def change_head(self, slots: list[tuple[Node, int]]) -> None:
        node = self.pick(slots)
        if node.head:
            node.head = self.change_bytes(node.head)

    def change_bytes(self, data: bytes) -> bytes:
        """Flip, set, copy, drop, repeat, cut off or append some bytes."""
        rng = self.rng
        changed = bytearray(data)
        for _ in range(rng.choice((1, 1, 1, 2, 3))):
            position, other = (rng.randrange(len(changed) + 1) for _ in range(2))
            piece = changed[other : other + rng.choice((1, 1, 2, 4, 5, 5, 9, 30))]
            action = rng.randrange(7)
            if action == 0 and position < len(changed):
                changed[position] ^= 1 << rng.randrange(8)
            elif action == 1 and position < len(changed):
                changed[position] = rng.choice(KINDS) | rng.choice((0, FLAG_REF))
            elif action == 2:
                changed[position : position + len(piece)] = piece
            elif action == 3:
                del changed[position : position + len(piece)]
            elif action == 4:
                changed[position:position] = piece
            elif action == 5:
                size = rng.choice(SIZES)
                changed[position : position + 4] = size.to_bytes(4, "little", signed=True)
            else:
                changed = changed[:position] if rng.random() < 0.5 else changed + piece
        return bytes(changed)

    def pick(self, slots: list[tuple[Node, int]]) -> Node:
        parent, index = self.rng.choice(slots)
        return parent.children[index]

    def leaf(self) -> Node:
        encoded = self.rng.choice(LEAVES)
        return Node(encoded[:1], encoded[1:])

    def index(self, slots: list[tuple[Node, int]]) -> bytes:
        flagged = sum(bool(p.children[i].kind > b"\x7f") for p, i in slots)
        return self.rng.randrange(flagged + 2).to_bytes(4, "little")

    def recount(self, node: Node) -> None:
        """Make a container's count that of its children, nearly always."""
        if self.rng.random() < 0.9:
            if node.type in tuple("([<>"):
                node.head = len(node.children).to_bytes(4, "little")
            elif node.type == ")" and len(node.children) < 256:
                node.head = bytes((len(node.children),))
            elif node.type == ")":
                node.kind = bytes((ord("(") | node.kind[0] & FLAG_REF,))
                node.head = len(node.children).to_bytes(4, "little")
