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
import math
import operator
import os
import queue
import re
import struct
import sys
import threading
import unicodedata  # which names that are not ASCII, and \N{}, need as well: better none at all

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

_MAX_BITS = 4096  # of integers that are computed here
_MAX_VALUES = 4  # of one expression that are told apart
_WINDOW = 200  # bytes that are looked at beside an operator
_BLANK = b" \t\f"
_WORD = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz."
_KEYWORDS = {word.encode() for word in (*keyword.kwlist, *keyword.softkwlist)}
# Words that a constant expression can have.
_CONSTANT_WORDS = {b"True", b"False", b"None", b"__debug__", b"not", b"in", b"is"}

# What may stand between an operator and its right operand, and how a constant one starts.
_NAMES = rb"(?:True|False|__debug__)\b"
_START = rb"(?=[0-9.(\[]|[+~-](?![ \t]*(?!" + _NAMES + rb")[A-Za-z_])|" + _NAMES + rb")"
_GAP = rb"(?:[ \t\f\r\n\\]|#[^\r\n]*[\r\n])*" + _START
_POWER = re.compile(rb"\*\*" + _GAP)
_THEN_POWER = re.compile(rb"(?:[\s\\]|#[^\r\n]*[\r\n])*\*\*")  # 2**(2**9999), which is no int known
_PRODUCT = re.compile(rb"[*/]" + _GAP)  # or a quotient; the second half of ** or // as well
_IMAGINARY = re.compile(rb"[0-9._][jJ]")  # the end of such a literal
_INT = re.compile(rb"[0-9]+(?![\w.])")
_INT_AT_END = re.compile(rb"[^\w.+-][0-9]+$")  # and no exponent, as in 1e-5
_PLAIN = rb"[^()\[\]{}'\"#\\\r\n]"  # strings, comments and line ends can hide brackets
_GROUP = re.compile(rb"[(\[](?:%b|[(\[]%b*[)\]])*[)\]]" % (_PLAIN, _PLAIN))
_GROUP_AT_END = re.compile(_GROUP.pattern + b"$")
_NAME = re.compile(rb"(?<![\w.])[A-Za-z_]\w*")
_BRANCHING = re.compile(rb"(?:if|and|or)\b")  # as in `1if x else 2`
_LINE_END = re.compile(rb"\r\n|\r|\n")
_ENCODING = re.compile(rb"coding[:=][ \t]*([-\w.]+)")  # PEP 263

_OPERATORS = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
}
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

    The last bits of powers of floats may: the C library's ``pow`` is off by less than one unit in
    the last place, so only what a float can hold exactly is the same everywhere. And those of
    products and quotients of complex numbers: some compilers fuse multiplications with additions.
    All else is exact to the bit (IEEE 754). docs/format.md has the rule in full. It may name an
    expression that is not folded, but misses none that is.
    """
    suspects = _suspects(source)
    if not suspects:
        return 0
    tree = compile(source, "<source>", "exec", ast.PyCF_ONLY_AST, dont_inherit=True)
    nodes: list[ast.AST] = [tree]
    for node in nodes:  # which grows: no recursion, as trees can be deep
        nodes += [child for child in ast.iter_child_nodes(node) if _holds_any(child, suspects)]
    constants: dict[ast.AST, list[object]] = {}
    lines = []
    for node in reversed(nodes):  # parts come before the whole
        values, exact = _constant(node, constants)
        if values:
            constants[node] = values
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


def _constant(node: ast.AST, constants: dict[ast.AST, list[object]]) -> tuple[list[object], bool]:
    """Return what a constant expression may be (or nothing), and whether every CPU has the same."""
    if isinstance(node, ast.Constant):
        return [node.value], True
    if isinstance(node, ast.Name):
        return [True, False] if node.id == "__debug__" else [], True
    if not isinstance(node, _FOLDED):
        return [], True
    operands = [part for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr)]
    if isinstance(node, ast.IfExp):
        # Since Python 3.14 folding sees what is left when dead branches are gone.
        truths = {_truth(value) for value in constants.get(node.test, [_ANY])}
        operands = [node.body] * (truths != {False}) + [node.orelse] * (truths != {True})
    known = [constants[operand] for operand in operands if operand in constants]
    known = [values if len(values) <= _MAX_VALUES else [_blur(values)] for values in known]
    if isinstance(node, (ast.IfExp, ast.BoolOp)):
        return [value for values in known for value in values], True
    return _fold(node, known) if len(known) == len(operands) else ([], True)


def _fold(node: ast.AST, parts: list[list[object]]) -> tuple[list[object], bool]:
    """Return the same for an expression that is constant since its parts are, which have values."""
    if isinstance(node, ast.BinOp):
        results = [_binary(node.op, left, right) for left in parts[0] for right in parts[1]]
        return [value for values, _ in results for value in values], all(ok for _, ok in results)
    if isinstance(node, ast.UnaryOp):
        return [result for value in parts[0] for result in _unary(node.op, value)], True
    if isinstance(node, ast.Subscript):
        return [item for value in parts[0] for at in parts[1] for item in _item(value, at)], True
    if isinstance(node, (ast.Tuple, ast.List)):
        return [tuple(part[0] if len(part) == 1 else _blur(part) for part in parts)], True
    return [_INTEGER if isinstance(node, ast.Compare) else _REAL], True


class _Unknown:
    """What stands for a value that is not computed."""


_INTEGER, _REAL, _ANY = _Unknown(), _Unknown(), _Unknown()  # _REAL: no complex number


def _blur(values: list[object]) -> _Unknown:
    if all(map(_is_integer, values)):
        return _INTEGER
    return _ANY if any(map(_may_be_complex, values)) else _REAL


def _is_integer(value: object) -> bool:
    return value is _INTEGER or isinstance(value, int)


def _may_be_complex(value: object) -> bool:
    if isinstance(value, tuple):
        return any(map(_may_be_complex, value))
    return value is _ANY or isinstance(value, complex)


def _truth(value: object) -> bool | None:
    return None if isinstance(value, _Unknown) else bool(value)


def _item(value: object, index: object) -> list[object]:
    if isinstance(value, tuple) and isinstance(index, int):
        return [value[index]] if -len(value) <= index < len(value) else []
    return [_blur([value])]


def _unary(sign: ast.unaryop, value: object) -> list[object]:
    if isinstance(sign, ast.Not):
        truth = _truth(value)
        return [_INTEGER if truth is None else not truth]
    if not isinstance(value, (int, float, complex)):
        return [value] if isinstance(value, _Unknown) else []
    if isinstance(sign, ast.Invert):
        return [~value] if isinstance(value, int) else []
    return [-value if isinstance(sign, ast.USub) else +value]


def _binary(sign: ast.operator, left: object, right: object) -> tuple[list[object], bool]:
    """Return the result (none for an error), and whether it is the same on every CPU."""
    is_power = isinstance(sign, ast.Pow)
    result = _blur([left, right])
    exact = not is_power or (result is _INTEGER and isinstance(right, int) and right >= 0)
    if isinstance(left, (int, float)) and isinstance(right, (int, float)):
        try:
            exact = exact or _is_exact_power(float(left), float(right))
            is_large = result is _INTEGER and _bits(sign, int(left), int(right)) > _MAX_BITS
            if exact and not is_large:
                result = _OPERATORS[type(sign)](left, right)
        except (ArithmeticError, KeyError, TypeError, ValueError):
            return [], True
        return [result], exact
    numbers = (_Unknown, int, float, complex)
    if not isinstance(left, numbers) or not isinstance(right, numbers):
        return [] if is_power else [result], True
    if isinstance(sign, (ast.Mult, ast.Div)):
        exact = result is not _ANY
    return [_REAL if result is _INTEGER and isinstance(sign, ast.Div) else result], exact


def _bits(sign: ast.operator, left: int, right: int) -> int:
    """Return how large an integer may be, where that is much more than the operands are."""
    size = left.bit_length()
    sizes = {ast.Mult: size + right.bit_length(), ast.LShift: size + right, ast.Pow: size * right}
    return sizes.get(type(sign), 0)


def _is_exact_power(base: float, exponent: float) -> bool:
    """Tell whether a power is a normal float, or one that CPython finds without ``pow``."""
    if base in {0.0, 1.0} or exponent == 0 or not (math.isfinite(base) and math.isfinite(exponent)):
        return True
    above, below = abs(base).as_integer_ratio()
    twos = (above & -above).bit_length() - below.bit_length()
    odd = above // (above & -above)  # the base is ±odd * 2**twos
    power, root = exponent.as_integer_ratio()
    if base < 0 and root > 1:
        return False
    while root > 1:  # which is a power of two, and soon comes to what is no square
        if twos % 2 or math.isqrt(odd) ** 2 != odd:
            return False
        odd, twos, root = math.isqrt(odd), twos // 2, root // 2
    if odd > 1 and not 0 < power <= sys.float_info.mant_dig:
        return False
    odd = odd**power if odd > 1 else odd
    exponent_of_two = twos * power + odd.bit_length()
    is_normal = sys.float_info.min_exp <= exponent_of_two <= sys.float_info.max_exp
    return is_normal and odd.bit_length() <= sys.float_info.mant_dig


def _suspects(source: bytes) -> list[int]:
    """Return, in order, the lines that are worth a look; all others certainly are not."""
    first_lines = b"\n".join(source.split(b"\n", 2)[:2])
    encodings = {word.lower().replace(b"_", b"-") for word in _ENCODING.findall(first_lines)}
    if encodings - {b"utf-8", b"utf8"} or _hides_debug(source):
        # In UTF-7, say, other bytes can mean an asterisk, or the end of a line.
        return list(range(1, len(source) + 2))
    found = [m.start() for m in _POWER.finditer(source) if _is_suspect(source, m)]
    if any(_ends_number(_word_before(source, m.end())) for m in _IMAGINARY.finditer(source)):
        found += [m.start() for m in _PRODUCT.finditer(source) if _is_suspect(source, m)]
    lines = []
    line, position = 1, 0
    for end in sorted(found):
        line += len(_LINE_END.findall(source, position, end))
        position = end
        lines.append(line)
    return lines


def _hides_debug(source: bytes) -> bool:
    """Tell whether ``__debug__`` may be there in other letters, which Python reads as these."""
    if source.isascii():
        return False
    normal_form = unicodedata.normalize("NFKC", source.decode("utf-8", "replace"))
    return normal_form.count("__debug__") > source.count(b"__debug__")


def _is_suspect(source: bytes, operator: re.Match[bytes]) -> bool:
    """Tell whether both operands may be constant, and are not two integers."""
    text = source[max(0, operator.start() - _WINDOW) : operator.start()].rstrip(_BLANK)
    exponent = _INT.match(source, operator.end())
    if exponent and _INT_AT_END.search(text) and not _THEN_POWER.match(source, exponent.end()):
        return False
    group, other = _GROUP_AT_END.search(text), _GROUP.match(source, operator.end())
    if any(part and _has_variables(part[0]) for part in (group, other)):
        return False
    word = _word_before(text, group.start() if group else len(text))
    if group is None:
        return text[-1:] in b")]\r\n" or word in _CONSTANT_WORDS or _ends_number(word)
    return not word or len(word) == group.start() or word in _KEYWORDS or _ends_number(word)


def _has_variables(group: bytes) -> bool:
    return bool({*_NAME.findall(group)} - _CONSTANT_WORDS) and not _BRANCHING.search(group)


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
        sys.excepthook(*sys.exc_info())  # to stderr, which has no line for later since Python 3.9
        os._exit(1)


def _main() -> None:
    optimize = ("0", "1", "2").index(sys.argv[1])
    _drop_windows_codecs()
    sys.setrecursionlimit(RECURSION_LIMIT)
    gc.disable()  # nothing here makes cycles
    threading.stack_size(STACK_SIZE)
    batches: queue.SimpleQueue[list[tuple[str, bytes]]] = queue.SimpleQueue()
    thread = threading.Thread(target=_work, args=(batches, optimize), daemon=True)
    try:
        thread.start()
    except RuntimeError as error:  # there are no more to be had
        sys.exit(str(error))
    # Reading here goes on while the other thread writes, so that neither pipe blocks the other.
    read = sys.stdin.buffer.read
    while count := read(COUNT.size):
        batch = []
        for _ in range(*COUNT.unpack(count)):
            name_size, source_size = TASK.unpack(read(TASK.size))
            batch.append((read(name_size).decode(), read(source_size)))
        batches.put(batch)
    batches.put([])
    thread.join()


if __name__ == "__main__":
    _main()
