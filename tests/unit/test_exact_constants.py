"""Which constants every CPU folds to the same bits: powers that are exact, and integers."""

from __future__ import annotations

import math
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hatch_lambda_zip.bytecode import worker

EXACT = [
    "2.0**63",
    "2**-24",
    "0.5**149",
    "-2 ** -2",
    "2 ** -1022",
    "1.5**2",
    "3.0**33",
    "(9**99 + 1)**60",
    "(1 << 200)**3",
    "(1 << 99999)**3",
    "(7 << 99999 >> 99990)**3",
    "(1, 2)[0] ** 2",
    "(1.5, 'a(')[0] ** 2",
    "('a', (1.5, 2))[1][0] ** 2",
    "(x, 2)[1] ** y",
    "5 ** (3 if 1 else -1)",
    "(0.1 if not 1 else 4) ** 0.5",
    "5 ** (3 if x else 4)",
    "(x and 1.5) ** 2",
    "(2 or x) ** -1",
    "True ** -1",
    "2 ** -True",
    "2 ** (not 1.5) ** 1.5",
    "__debug__ ** 1.5",
    "2 ** (__debug__ - 1)",
    "256 ** 8 ** -1",
    "4 ** 0.5",
    "0.25 ** 0.5",
    "6.25 ** 1.5",
    "0.0 ** 0.3",
    "1e999 ** 0.3",
    "1e999 ** -1",
    "0 ** -1",
    "(10 ** 400) ** -1",
    "(1 / 0) ** 0.5",
    "'a' ** 2",
    "(1 < 2) ** 2",
    "(2j, 1) * 3",
    "(1, 2.5)[9] ** 2.1",
    "(~-5) ** 0.5",
    "(~1.5) ** 2.1",
]
CPU_DEPENDENT = [
    "(~-5) ** 0.3",
    "10 ** -3",
    "3 ** -1",
    "0.1**3",
    "2 ** 0.5",
    "8 ** (1 / 3)",
    "(-8) ** (1 / 3)",
    "(-8) ** 0.5",
    "(-4) ** 0.5",  # complex
    "(-4) ** -0.5",
    "2 * 1j",
    "(1j, 2)[0] / 3",
    "3.0**34",
    "2.0**1024",
    "2 ** -1074",  # no normal float
    "5 ** (3 if x else -1)",
    "5 ** (3 if 0 else -1)",
    "(2, 3, 4, 5, x or 0.1)[4] ** 2",
    "(1 < 2) ** 0.5",
    "(1 is 2) ** 0.5",
    "(1 not in (2,)) ** 0.5",
    "(__debug__ + 2) ** 0.5",
    "(__\uff44ebug__ + 2) ** 0.5",
    "2 ** (1 + __d\uff45bug__ / 3)",
    "(1.5, 2)[0:1][0] ** 2",
    "(1 or 2 or 3 or 4 or 0.1) ** 2",
    "2 ** (1 << 99999 >> 99990)",
    "2**2**2**2**2**2",
]


def is_found(expression: str) -> bool:
    return bool(worker.find_cpu_dependent(f"a = 'ä'\ny = ({expression})\n".encode()))


@pytest.mark.filterwarnings("ignore::SyntaxWarning")
@pytest.mark.parametrize("expression", EXACT)
def test_what_is_exact_is_the_same_on_every_cpu(expression: str) -> None:
    assert not is_found(expression)


@pytest.mark.filterwarnings("ignore::SyntaxWarning")
@pytest.mark.parametrize("expression", CPU_DEPENDENT)
def test_what_is_rounded_may_not_be(expression: str) -> None:
    assert is_found(expression)


def test_the_full_width_name_is_folded_here() -> None:
    code = compile("y = __\uff44ebug__", "", "exec")
    assert True in code.co_consts


FLOATS = st.one_of(
    st.integers(-40, 40).map(float),
    st.integers(-80, 80).map(lambda number: number / 16),
    st.integers(-300, 300).map(lambda power: math.ldexp(1.0, power)),
    st.floats(),
)


@given(FLOATS, FLOATS)
@example(1.5, 26.0)
@example(-2.0, -1022.0)
@example(1.7e308, 1.7e308)
@example(2.0**-100, 0.25)
def test_an_exact_power_is_that_of_fractions(base: float, exponent: float) -> None:
    if not worker._is_exact_power(base, exponent) or base in {0, 1} or exponent == 0:
        return
    if math.isfinite(base) and math.isfinite(exponent):
        result = base**exponent
        power, root = exponent.as_integer_ratio()
        assert Fraction(result) ** root == Fraction(base) ** power
        assert abs(result) >= sys.float_info.min


OPERANDS = st.sampled_from(
    ["2", "-1", "0.1", "1.5", "1e5", "1_0", "2j", "1e-5", "x", "x.e5", "True", "__debug__", "None"]
)


@st.composite
def expressions(draw: st.DrawFn, depth: int = 3) -> str:
    if not depth or draw(st.integers(0, 3)) == 0:
        return draw(OPERANDS)
    one, two = draw(expressions(depth - 1)), draw(expressions(depth - 1))
    forms = [
        *(
            "{}**{}",
            "{} ** {}",
            "({}) ** ({})",
            "({}, {})[0] ** 2",
            "({} if x else {})**3",
            "{}*{}",
        ),
        *("f({}, {})", "x[{}] ** {}", "[{}][0] / ({})", "({} or {}) ** -1", "(not {}) ** {}"),
        *("({}\n** {})", "({} # (\n) ** {}", "{}if x else {}", "({} - {})", "lambda: ({}) ** {}"),
        *("'(' * {} ** {}", "({},\\\n {})[1]**2", "({}+({}))** .3", "-{}**-{}"),
    ]
    return draw(st.sampled_from(forms)).format(one, two)


@pytest.mark.filterwarnings("ignore")
@given(expressions())
@example("2**2**2**2**2**2")
@example("2 ** 2 # **\n ** 2**2**2**2")
def test_the_quick_look_misses_nothing(expression: str) -> None:
    source = f"def g():\n    return ({expression})\n".encode()
    try:
        compile(source, "", "exec", dont_inherit=True)
    except SyntaxError:
        return
    quick = worker.find_cpu_dependent(source)
    every_line = list(range(1, source.count(b"\n") + 1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker, "_suspects", lambda _: every_line)
        assert worker.find_cpu_dependent(source) == quick


def test_the_worker_is_one_small_file_without_imports_of_ours() -> None:
    text = Path(worker.__file__).read_text(encoding="utf-8")
    assert len(text.splitlines()) < 400
    command = [sys.executable, "-I", "-S", "-B", worker.__file__, "0"]
    subprocess.run(command, stdin=subprocess.DEVNULL, check=True)


def test_bytes_that_are_no_text_hide_nothing() -> None:
    assert not worker._hides_debug(b"__debug__ \xff")
    assert worker._hides_debug("__debug__ __d\uff45bug__".encode() + b" \xff")
