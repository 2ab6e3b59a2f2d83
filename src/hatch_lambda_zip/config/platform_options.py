"""The options that say what Lambda runs zips with; in the first table these are defaults."""

from __future__ import annotations

from typing import Final

from hatch_lambda_zip.config import checks
from hatch_lambda_zip.config.option import Option, OptionTable
from hatch_lambda_zip.config.values import OneOrSeveral, Several, Text, TextOrTexts
from hatch_lambda_zip.runtimes import ARCHITECTURES, RUNTIMES

# The newest last, as AWS lists them; the pattern lets newer ones through, as the check does.
_RUNTIME: Final = Text(
    checks.wrong_runtime,
    {
        "anyOf": [
            {"enum": [row.identifier for row in RUNTIMES]},
            {"pattern": r"^python3\.[1-9][0-9]{1,2}$"},
        ]
    },
)
_RELEASE: Final = Text(checks.wrong_release, {"pattern": r"^3\.[0-9]{1,2}\.[0-9]{1,2}$"})


class PlatformOptions(OptionTable):
    """The first options of functions and layers."""

    runtimes = Option(
        "runtime",
        OneOrSeveral(_RUNTIME),
        default=None,
        otherwise="required",
        example='"python3.13"',
        description=(
            f"AWS's name of the runtime, `{RUNTIMES[0].identifier}` to "
            f"`{RUNTIMES[-1].identifier}`; newer ones work with a warning, as do deprecated ones."
        ),
        in_manifest=False,
    )
    architectures = Option(
        "architecture",
        OneOrSeveral(Text(checks.wrong_architecture, {"enum": [*ARCHITECTURES]})),
        default=Several((ARCHITECTURES[0],), listed=False),
        example='"arm64"',
        description="`x86_64` or `arm64`.",
        in_manifest=False,
    )
    python_release = Option(
        "python-release",
        TextOrTexts(_RELEASE, review=checks.wrong_releases),
        default=(),
        otherwise="that of `bytecode-python`, else one that Lambda is known to have had",
        example='"3.13.5"',
        description=(
            "The exact release of Python that environment markers and `Requires-Python` are judged "
            'for, such as `"3.13.5"`; a list has one for each of several `runtimes`. See '
            "[Lock files](lock-files.md)."
        ),
    )
