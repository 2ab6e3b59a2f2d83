"""The table of Lambda's Python runtimes, and what each means to packaging.

Sources: the AWS Lambda developer guide, "Lambda runtimes" (operating system, deprecation dates),
and the release notes of Amazon Linux 2 (glibc 2.26) and Amazon Linux 2023 (glibc 2.34).

AWS says nowhere which patch release of Python a runtime has, and moves it without notice. But
its users do: the SDK names it in the user agent of its calls, beside the runtime
(``lang/python#3.12.12 … exec-env/AWS_Lambda_python3.12``), and issues of aws/aws-lambda-base-images
name that of the images, which are the runtimes' own. The table has what was seen last.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from packaging.markers import Environment, EvaluateContext, Marker
    from packaging.tags import Tag

# AWS's name -> the kernel's and packaging's name for the same machine.
MACHINES: Final = {"x86_64": "x86_64", "arm64": "aarch64"}
ARCHITECTURES: Final = tuple(MACHINES)

# Before glibc 2.17 only x86 had manylinux platforms (PEP 513, PEP 571, PEP 599).
_OLDEST_GLIBC_MINOR: Final = {"x86_64": 5, "aarch64": 17}
# PEP 600: the older platform names and the glibc that each stands for.
_LEGACY_MANYLINUX: Final = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}


@dataclass(frozen=True)
class Runtime:
    """One Lambda runtime.

    Attributes:
        identifier: AWS's name, such as ``python3.13``.
        python_minor: the N of Python 3.N.
        glibc_minor: the N of the manylinux_2_N platform that wheels are chosen for. It is the
            newest one that uv can install for and the runtime's operating system can load.
        release: a patch release of that Python that Lambda has had, and has moved on from at most.
        deprecated: the day from which AWS calls the runtime deprecated, as far as known.
        is_known: False for a runtime newer than this table; it gets the newest row's values.
    """

    identifier: str
    python_minor: int
    glibc_minor: int
    release: str
    deprecated: date | None
    is_known: bool = True

    @property
    def python_version(self) -> str:
        """The runtime's Python as ``3.N``."""
        return f"3.{self.python_minor}"

    @property
    def layer_roots(self) -> tuple[str, str]:
        """Where its Python looks for modules in layers, first to last, relative to ``/opt``.

        AWS Lambda developer guide, "Layer paths for each Lambda runtime".
        """
        return f"python/lib/python{self.python_version}/site-packages/", "python/"

    @property
    def system_glibc_minor(self) -> int:
        """The N of the glibc 2.N that the runtime's operating system has."""
        return 26 if self.glibc_minor == _AMAZON_LINUX_2 else self.glibc_minor


# Amazon Linux 2 has glibc 2.26, but uv knows no manylinux platform between 2.17 and 2.28 and
# wheels for 2.28 do not load there: 2.17 it is.
_AMAZON_LINUX_2: Final = 17
_AMAZON_LINUX_2023: Final = 34

RUNTIMES: Final = (
    # Seen in a call of 2024 (boto3 1.34.93).
    Runtime("python3.8", 8, _AMAZON_LINUX_2, "3.8.19", date(2024, 10, 14)),
    # aws-lambda-base-images, issue 42 of 2022-03-21. Later ones are likely, but were not seen.
    Runtime("python3.9", 9, _AMAZON_LINUX_2, "3.9.10", date(2025, 12, 15)),
    # Seen in a call of 2024 (boto3 1.34.145).
    Runtime("python3.10", 10, _AMAZON_LINUX_2, "3.10.14", date(2026, 10, 31)),
    # Seen in a call of 2025-01-21.
    Runtime("python3.11", 11, _AMAZON_LINUX_2, "3.11.10", date(2027, 6, 30)),
    # Seen in a call of 2025-11-30.
    Runtime("python3.12", 12, _AMAZON_LINUX_2023, "3.12.12", date(2028, 10, 31)),
    # aws-lambda-base-images, issue 364 of 2026-01-02.
    Runtime("python3.13", 13, _AMAZON_LINUX_2023, "3.13.9", date(2029, 6, 30)),
    # Seen in a call of 2026-05-21.
    Runtime("python3.14", 14, _AMAZON_LINUX_2023, "3.14.3", date(2029, 6, 30)),
)

BYTECODE_MINORS: Final = range(9, 16)
"""The N of each Python 3.N whose .pyc files can be read and made canonical (bytecode/magic.py)."""

# What the runtimes bring along, as sets that make sense only as a whole.
PROVIDED_SETS: Final = {
    # AWS Lambda developer guide, "Runtime-included SDK versions": boto3 and what it is made of.
    # The members are released for one another, so a part from the runtime and a part from the
    # zip would be a combination that nobody has tested.
    "aws-sdk": frozenset(("boto3", "botocore", "jmespath", "s3transfer")),
}
"""The value of ``provided`` -> normalized names of distributions."""


def find_runtime(identifier: str) -> Runtime | None:
    """Look a runtime up by AWS's name, such as ``python3.13``.

    A ``python3.N`` newer than the table gets the newest row's values and ``is_known=False``.
    """
    for runtime in RUNTIMES:
        if runtime.identifier == identifier:
            return runtime
    newest = RUNTIMES[-1]
    match = re.fullmatch(r"python3\.([1-9][0-9]{1,2})", identifier, re.ASCII)
    if match and int(match[1]) > newest.python_minor:
        # Nobody knows its patch release; the first one that mends the Python's own first is old.
        release = f"3.{match[1]}.1"
        return Runtime(identifier, int(match[1]), newest.glibc_minor, release, None, is_known=False)
    return None


def evaluate_marker(
    marker: Marker,
    environment: Mapping[str, str | AbstractSet[str]] | None = None,
    context: EvaluateContext = "metadata",
) -> bool:
    """Tell whether an environment marker holds.

    Args:
        environment: the values of its variables; by default those of this very Python.
        context: where it stands, as ``packaging`` wants to know.

    Raises:
        InvalidMarker: it can't be evaluated, since a variable is none here or can't be compared so.
    """
    from packaging.markers import InvalidMarker

    try:
        return marker.evaluate(environment, context)
    # packaging has an exception for each way to fail, of several kinds, and new ones at times.
    except Exception as error:  # noqa: BLE001
        why = f"{error} has no value here" if isinstance(error, LookupError) else str(error)
        raise InvalidMarker(
            f"the marker {str(marker)!r} can't be evaluated: {why.rstrip('.')}"
        ) from None


@dataclass(frozen=True)
class Platform:
    """What a function runs on: a runtime on an architecture.

    Attributes:
        chosen_release: the exact release of Python that is asked for, as ``3.13.5``; empty for
            the runtime's own.
        is_settled: whether the user said which release it is, be it the runtime's own.
    """

    runtime: Runtime
    architecture: str
    chosen_release: str = ""
    is_settled: bool = field(default=False, compare=False)

    def __str__(self) -> str:
        release = f" (Python {self.chosen_release})" if self.chosen_release else ""
        return f"{self.runtime.identifier} on {self.architecture}{release}"

    @property
    def release(self) -> str:
        """The release of Python that markers and ``Requires-Python`` are judged for."""
        return self.chosen_release or self.runtime.release

    def varies(self, text: str, decide: Callable[[Platform], Hashable]) -> bool:
        """Tell whether a decision depends on the patch release of the runtime's Python.

        Nothing does once the release is settled: then the user has decided.

        Args:
            text: what decides, such as a marker, in which the releases stand that matter.
            decide: decides for a platform.
        """
        if self.is_settled:
            return False
        minor = self.runtime.python_version
        # Of more digits there is no release, and Python makes no number of thousands.
        named = re.findall(rf"(?<![\d.]){re.escape(minor)}(?!\d)(?:\.(\d{{1,9}})(?!\d))?", text)
        if not named:
            return False
        # 3.13 stands for 3.13.0 where releases are compared.
        around = {int(patch or 0) + step for patch in named for step in (-1, 0, 1)}
        patches = sorted({0, max(around) + 1, *around} - {-1})
        platforms = (replace(self, chosen_release=f"{minor}.{patch}") for patch in patches)
        return len({decide(platform) for platform in platforms}) > 1

    @property
    def machine(self) -> str:
        """The machine as ``uname -m`` names it: ``x86_64`` or ``aarch64``."""
        return MACHINES[self.architecture]

    @property
    def uv_platform(self) -> str:
        """The value for uv's ``--python-platform``."""
        if self.runtime.glibc_minor == _AMAZON_LINUX_2:
            return f"{self.machine}-manylinux2014"
        return f"{self.machine}-manylinux_2_{self.runtime.glibc_minor}"

    def marker_environment(self) -> Environment:
        """Return the values that environment markers are evaluated with (PEP 508)."""
        full_version = self.release
        return {
            "implementation_name": "cpython",
            "implementation_version": full_version,
            "os_name": "posix",
            "platform_machine": self.machine,
            "platform_python_implementation": "CPython",
            "platform_release": "",
            "platform_system": "Linux",
            "platform_version": "",
            "python_full_version": full_version,
            "python_version": self.runtime.python_version,
            "sys_platform": "linux",
        }

    def satisfies(self, marker: Marker, *, extra: str = "") -> bool:
        """Tell whether an environment marker holds here, with one extra or none.

        Raises:
            InvalidMarker: it can't be evaluated.
        """
        environment = {key: str(value) for key, value in self.marker_environment().items()}
        return evaluate_marker(marker, {**environment, "extra": extra})

    def platform_tags(self) -> tuple[str, ...]:
        """Return the platform tags that the runtime can load, best first (PEP 600)."""
        platforms: list[str] = []
        oldest = _OLDEST_GLIBC_MINOR[self.machine]
        for minor in range(self.runtime.glibc_minor, oldest - 1, -1):
            platforms.append(f"manylinux_2_{minor}_{self.machine}")
            if minor in _LEGACY_MANYLINUX:
                platforms.append(f"{_LEGACY_MANYLINUX[minor]}_{self.machine}")
        platforms.append(f"linux_{self.machine}")
        return tuple(platforms)

    def tags(self) -> tuple[Tag, ...]:
        """Return the wheel tags that the function can use, best first (PEP 425)."""
        from packaging.tags import compatible_tags, cpython_tags

        python = (3, self.runtime.python_minor)
        interpreter = f"cp3{self.runtime.python_minor}"
        platforms = self.platform_tags()
        # The interpreter's own ABI is named here because packaging would ask the host's.
        return (
            *cpython_tags(python, abis=[interpreter], platforms=platforms),
            *compatible_tags(python, interpreter=interpreter, platforms=platforms),
        )
