"""Compiles sources: a script that the Python runs which is to load the result.

``python -I -S -B -W ignore worker.py OPTIMIZE``, with CPython 3.9 to 3.15. It has no imports but
the standard library's, and as few as it can. Until the end of its standard input it reads tasks
there: the number of tasks in a batch, then for each its two sizes (``TASK``), its file name in
UTF-8, its source. For each it writes, to its standard output, the kind and size of the answer
(``ANSWER``), then the answer.

What compiles must not depend on this machine, so the limits are fixed ones, and what they stop is
not answered like a mistake in the source: another machine's C stack may hold more.
"""

from __future__ import annotations

import ast
import bisect
import codecs
import encodings
import gc
import importlib.util
import keyword
import marshal
import os
import queue
import re
import struct
import sys
import threading
import unicodedata  # noqa: F401 - for names that are not ASCII, and \N{}: better none at all

COUNT = struct.Struct("<I")
TASK = struct.Struct("<II")
ANSWER = struct.Struct("<4scI")
MARK = b"HLZ1"

# The kinds of answers, and what they consist of.
COMPILED = b"C"  # a .pyc
SYNTAX = b"S"  # why the source is not one of this Python: a line of text
CPU = b"P"  # the line of an expression whose value depends on the CPU, in decimal
EXHAUSTED = b"X"  # which limit: a line of text

STACK_SIZE = 256 << 20  # bytes; the main thread's would be what `ulimit -s` says
RECURSION_LIMIT = 10_000

_UNCHECKED_HASH = (1).to_bytes(4, "little")  # the flags of PEP 552

_INT_BITS = 128  # more are not folded (MAX_INT_SIZE in CPython)
_WINDOW = 200  # bytes that are looked at beside an operator
_BLANK = b" \t\f"
_WORD = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz."
_KEYWORDS = {word.encode() for word in (*keyword.kwlist, *keyword.softkwlist)}
# Words that a constant expression can have.
_CONSTANT_WORDS = {b"True", b"False", b"None", b"__debug__", b"not", b"in", b"is"}
_MIRROR = bytes.maketrans(b"()[]{}", b")(][}{")

# What an operand can be: surely no constant; surely no float, or no complex number; anything.
_OPEN, _HARMLESS, _SUSPECT = range(3)

# What may stand between an operator and its right operand, and how a constant one starts.
_NAMES = rb"(?:True|False|__debug__)\b"
_START = rb"(?=[0-9.(\[]|[+~-](?![ \t]*(?!" + _NAMES + rb")[A-Za-z_])|" + _NAMES + rb")"
_GAP = rb"(?:[ \t\f\r\n\\]|#[^\r\n]*[\r\n])*" + _START
_POWER = re.compile(rb"\*\*" + _GAP)
_PRODUCT = re.compile(rb"[*/]" + _GAP)  # or a quotient; the second half of ** or // as well
_IMAGINARY = re.compile(rb"[0-9._][jJ]")  # the end of such a literal
_INT = re.compile(rb"[0-9_]+(?![\w.])")
_REAL = re.compile(rb"[0-9.][0-9_.]*(?![\w.])")
_IDENTIFIER = re.compile(rb"(?<![\w.])[A-Za-z_]\w*")
_BRANCHING = re.compile(rb"(?:if|and|or)\b")  # as in `1if x else 2`
_LINE_END = re.compile(rb"\r\n|\r|\n")
_ENCODING = re.compile(rb"coding[:=][ \t]*([-\w.]+)")  # PEP 263

# Expressions that are constant if their parts are, or some of them.
_FOLDED = (
    *(ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.IfExp, ast.Compare),
    *(ast.Tuple, ast.List, ast.Subscript, ast.Slice),
)


def compile_source(filename: str, source: bytes, optimize: int) -> tuple[bytes, bytes]:
    """Compile one module; return the kind of the answer, and the answer."""
    try:
        try:
            code = compile(source, filename, "exec", dont_inherit=True, optimize=optimize)
        except SyntaxError as error:
            where = f" (line {error.lineno})" if error.lineno else ""
            return SYNTAX, _line(f"{type(error).__name__}: {error.msg}{where}")
        except (ValueError, OverflowError) as error:
            return SYNTAX, _line(f"{type(error).__name__}: {error}")
        line = find_cpu_dependent(source)
        if line:
            return CPU, b"%d" % line
        try:
            marshalled = marshal.dumps(code)
        except ValueError as error:  # nested too deeply, which Windows says earlier than others
            return EXHAUSTED, _line(str(error))
    except (RecursionError, MemoryError) as error:
        return EXHAUSTED, _line(f"{type(error).__name__}: {error}")
    header = importlib.util.MAGIC_NUMBER + _UNCHECKED_HASH + importlib.util.source_hash(source)
    return COMPILED, header + marshalled


def find_cpu_dependent(source: bytes) -> int:
    """Return the first line of a constant expression that may depend on the CPU; 0 for none.

    The last bits of two kinds of values do. Powers, unless of integers to one that is not
    negative: the C library's ``pow`` is not exact. And products and quotients of complex numbers:
    some compilers fuse their multiplications and additions. All other arithmetic of floats is
    exact to the bit (IEEE 754). The answer may name an expression that is not folded, but misses
    none that is.
    """
    suspects = _suspects(source)
    if not suspects:
        return 0
    tree = compile(source, "<source>", "exec", ast.PyCF_ONLY_AST, dont_inherit=True)
    nodes: list[ast.AST] = [tree]
    for node in nodes:  # which grows: no recursion, as trees can be deep
        nodes += [child for child in ast.iter_child_nodes(node) if _holds_any(child, suspects)]
    constants: dict[ast.AST, _Constant] = {}
    lines = []
    for node in reversed(nodes):  # parts come before the whole
        constant, exact = _constant(node, constants)
        if constant is not None:
            constants[node] = constant
        if not exact:
            lines.append(node.lineno)  # type: ignore[attr-defined]
    return min(lines, default=0)


def _holds_any(node: ast.AST, lines: list[int]) -> bool:
    """Tell whether a node is no statement, or one that reaches over one of these lines."""
    if not isinstance(node, ast.stmt):
        return True
    decorators = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(decorator.lineno for decorator in decorators)])
    index = bisect.bisect_left(lines, first)
    return index < len(lines) and lines[index] <= (node.end_lineno or lines[index])


def _constant(node: ast.AST, constants: dict[ast.AST, _Constant]) -> tuple[_Constant | None, bool]:
    """Tell whether a node is a constant expression, and whether it is the same on every CPU."""
    constant = None
    exact = True
    if isinstance(node, ast.Constant):
        value = node.value
        integer = value if isinstance(value, int) else None
        constant = _Constant(integer, imaginary=isinstance(value, complex))
    elif isinstance(node, ast.Name):
        constant = _Constant() if node.id == "__debug__" else None
    elif isinstance(node, _FOLDED):
        operands = [part for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr)]
        if isinstance(node, ast.IfExp):
            operands.remove(node.test)
        known = [constants[operand] for operand in operands if operand in constants]
        if isinstance(node, (ast.IfExp, ast.BoolOp)):
            # Since Python 3.14 folding sees what is left when dead branches are gone.
            constant = _together(known) if known else None
        elif len(known) < len(operands):
            constant = None
        elif isinstance(node, ast.BinOp):
            constant, exact = _binary(type(node.op).__name__, *known)
        elif isinstance(node, ast.UnaryOp):
            constant = _unary(type(node.op).__name__, *known)
        else:
            constant = _together(known)
    return constant, exact


class _Constant:
    """What is known of a constant expression: its value if that is an int, else None."""

    __slots__ = ("imaginary", "integer")

    def __init__(self, integer: int | None = None, *, imaginary: bool = False) -> None:
        self.integer = integer
        self.imaginary = imaginary  # whether a complex number may be in it


def _together(parts: list[_Constant]) -> _Constant:
    return _Constant(imaginary=any(part.imaginary for part in parts))


def _unary(operator: str, operand: _Constant) -> _Constant:
    value = operand.integer
    if value is None:
        return _together([operand])
    if operator == "Not":
        return _Constant(not value)
    return _Constant(-value if operator == "USub" else ~value if operator == "Invert" else +value)


def _binary(operator: str, left: _Constant, right: _Constant) -> tuple[_Constant, bool]:
    """Return what is known of the result, and whether it is the same on every CPU."""
    result = _together([left, right])
    a, b = left.integer, right.integer
    if a is not None and b is not None:
        result.integer = _integer(operator, a, b)
        return result, operator != "Pow" or b >= 0
    if operator == "Pow":
        return result, False
    return result, operator not in {"Mult", "Div"} or not result.imaginary


def _integer(operator: str, a: int, b: int) -> int | None:
    """Return the value of an operation if it is an int, and not too large to be folded."""
    bits = a.bit_length()
    if operator in {"FloorDiv", "Mod"} and b:
        return a // b if operator == "FloorDiv" else a % b
    if operator == "Pow" and 0 <= b <= _INT_BITS and bits * b <= _INT_BITS:
        return int(a**b)
    if operator in {"LShift", "RShift"} and 0 <= b <= _INT_BITS:
        return a << b if operator == "LShift" else a >> b
    if operator == "Mult" and bits + b.bit_length() <= _INT_BITS:
        return a * b
    if operator in {"Add", "Sub"}:
        return a + b if operator == "Add" else a - b
    simple = {"BitAnd": a & b, "BitOr": a | b, "BitXor": a ^ b}
    return simple.get(operator)


def _suspects(source: bytes) -> list[int]:
    """Return, in order, the lines that are worth a look; all others certainly are not."""
    first_lines = b"\n".join(source.split(b"\n", 2)[:2])
    for encoding in _ENCODING.findall(first_lines):
        if encoding.lower().replace(b"_", b"-") not in {b"utf-8", b"utf8"}:
            # In UTF-7, say, other bytes can mean an asterisk, or the end of a line.
            return list(range(1, len(source) + 2))
    # A power of integer literals is no float, a product of real ones no complex number.
    found = [m.start() for m in _POWER.finditer(source) if _is_suspect(source, m, _INT)]
    if any(_ends_number(_word_before(source, m.end())) for m in _IMAGINARY.finditer(source)):
        found += [m.start() for m in _PRODUCT.finditer(source) if _is_suspect(source, m, _REAL)]
    lines = []
    line, position = 1, 0
    for end in sorted(found):
        line += len(_LINE_END.findall(source, position, end))
        position = end
        lines.append(line)
    return lines


def _is_suspect(source: bytes, operator: re.Match[bytes], harmless: re.Pattern[bytes]) -> bool:
    """Tell whether both operands may be constant, and are not two harmless ones."""
    sides = (
        _left(source[max(0, operator.start() - _WINDOW) : operator.start()], harmless),
        _right(source[operator.end() : operator.end() + _WINDOW], harmless),
    )
    return _OPEN not in sides and _SUSPECT in sides


def _left(text: bytes, harmless: re.Pattern[bytes]) -> int:
    text = text.rstrip(_BLANK)
    if text.endswith((b")", b"]")):
        size = _group_size(text[::-1].translate(_MIRROR))
        before = text[: len(text) - size].rstrip(_BLANK)
        word = _word_before(before, len(before))
        if not size or not before or before.endswith((b")", b"]", b"\n", b"\r")):
            return _SUSPECT
        if word and word not in _KEYWORDS and not _ends_number(word):
            return _OPEN  # a call, or an item of something
        return _group(text[-size:], harmless)
    word = _word_before(text, len(text))
    if word in _CONSTANT_WORDS:
        return _HARMLESS
    if text and not text.endswith((b"\n", b"\r")) and not _ends_number(word):
        return _OPEN
    is_exponent = text[: len(text) - len(word)].endswith((b"e-", b"e+", b"E-", b"E+"))
    is_whole = len(word) < _WINDOW and not is_exponent
    return _HARMLESS if is_whole and harmless.fullmatch(word) else _SUSPECT


def _right(text: bytes, harmless: re.Pattern[bytes]) -> int:
    if text.startswith((b"(", b"[")):
        size = _group_size(text)
        return _group(text[:size], harmless) if size else _SUSPECT
    number = harmless.match(text)
    return _HARMLESS if number and number.end() < _WINDOW else _SUSPECT


def _group(text: bytes, harmless: re.Pattern[bytes]) -> int:
    """Tell what an operand can be that has this in brackets."""
    words = {*_IDENTIFIER.findall(text)} - _CONSTANT_WORDS
    if words and not _BRANCHING.search(text):
        return _OPEN
    return _HARMLESS if harmless is _REAL and not _IMAGINARY.search(text) else _SUSPECT


def _group_size(text: bytes) -> int:
    """Return the size of the brackets that a text starts with; 0 if that is not plain to see.

    Strings, comments and line ends can hide brackets.
    """
    depth = 0
    for index, character in enumerate(text):
        if character in b"'\"#\\\r\n":
            return 0
        if character in b"([{":
            depth += 1
        elif character in b")]}":
            depth -= 1
            if not depth:
                return index + 1
    return 0


def _word_before(text: bytes, end: int) -> bytes:
    before = text[max(0, end - _WINDOW) : end]
    return before[len(before.rstrip(_WORD)) :]


def _ends_number(word: bytes) -> bool:
    """Tell whether letters, digits and points may end with a number, as in ``return.5``."""
    return len(word) == _WINDOW or any(part[:1].isdigit() for part in word.split(b"."))


def _line(text: str) -> bytes:
    return " ".join(text.split()).encode("utf-8", "backslashreplace")


def _drop_windows_codecs() -> None:
    """Forget the encodings that only Windows has, or that mean another one on each machine."""
    for name in ("encodings.mbcs", "encodings.oem"):
        sys.modules[name] = None  # type: ignore[assignment]
    search = getattr(encodings, "win32_code_page_search_function", None)  # Python 3.14
    if search is not None:
        codecs.unregister(search)


def _work(batches: queue.SimpleQueue[list[tuple[str, bytes]]], optimize: int) -> None:
    """Answer batches until an empty one comes; a failure ends the whole process."""
    try:
        while True:
            batch = batches.get()
            if not batch:
                return
            answers = []
            for filename, source in batch:
                kind, answer = compile_source(filename, source, optimize)
                answers += [ANSWER.pack(MARK, kind, len(answer)), answer]
            sys.stdout.buffer.write(b"".join(answers))
            sys.stdout.buffer.flush()
    except BaseException:  # noqa: BLE001 - whatever it is, nobody would wait for this thread
        sys.excepthook(*sys.exc_info())
        sys.stderr.flush()
        os._exit(1)


def _main() -> None:
    optimize = ("0", "1", "2").index(sys.argv[1])
    _drop_windows_codecs()
    sys.setrecursionlimit(RECURSION_LIMIT)
    gc.disable()  # nothing here makes cycles
    threading.stack_size(STACK_SIZE)
    batches: queue.SimpleQueue[list[tuple[str, bytes]]] = queue.SimpleQueue()
    thread = threading.Thread(target=_work, args=(batches, optimize), daemon=True)
    thread.start()
    # Reading here goes on while the other thread writes, so that neither pipe blocks the other.
    read = sys.stdin.buffer.read
    while True:
        count = read(COUNT.size)
        if not count:
            break
        batch = []
        for _ in range(*COUNT.unpack(count)):
            name_size, source_size = TASK.unpack(read(TASK.size))
            batch.append((read(name_size).decode(), read(source_size)))
        batches.put(batch)
    batches.put([])
    thread.join()


if __name__ == "__main__":
    _main()
