"""The options that only the target's own table has, each declared once."""

from __future__ import annotations

from hatch_lambda_zip.config import checks
from hatch_lambda_zip.config.checks import TABLE_NAME
from hatch_lambda_zip.config.option import Option, OptionTable
from hatch_lambda_zip.config.values import Tables, Text, TextOrTexts, Texts


class TargetOptions(OptionTable):
    """What only the target's own table may have."""

    functions = Option(
        "functions",
        Tables("function", TABLE_NAME),
        default=(),
        otherwise="one function, named `lambda`",
        example='{ api = { handler = "orders.api.handler" } }',
        description="A table for each function. See [Functions and layers](../how-to/layers.md).",
        of=(),
    )
    layers = Option(
        "layers",
        Tables("layer", TABLE_NAME, "; the layers of all functions are `default-layers`"),
        default=(),
        otherwise="none",
        example='{ deps = { distributions = ["pydantic"] } }',
        description="A table for each layer. See [Functions and layers](../how-to/layers.md).",
        of=(),
    )
    function_directories = Option(
        "function-directories",
        TextOrTexts(review=checks.no_patterns, form={"minItems": 1}),
        default=(),
        otherwise="none",
        example='["functions/*", "!functions/common"]',
        description=(
            'Patterns of directories, such as `"functions/*"`: each that has a file to ship is a '
            "function's `code`, and the function has its name. `!` leaves one out. A table "
            "`functions.NAME` says more about one."
        ),
        of=(),
    )
    name = Option(
        "name",
        Text(checks.wrong_name),
        default=None,
        otherwise="none",
        example='"orders"',
        description=(
            "What the zips' names start with where there is no `[project]`, which has a name "
            "itself: `{name}-{function}-lambda.zip`, with `_` for `-` as in wheels' names."
        ),
        of=(),
    )
    zip_version = Option(
        "zip-version",
        Text(checks.wrong_version),
        default=None,
        otherwise="each distribution's own",
        example='"0"',
        description=(
            "The version that the package and all other local distributions have in the zips, such "
            'as `"0"`: for versions that change with every commit. See '
            "[Versions from git](../how-to/versions-from-git.md)."
        ),
        of=(),
    )
    required_version = Option(
        "required-version",
        Text(checks.wrong_specifier),
        default=None,
        otherwise="any",
        example='"==1.2.*"',
        description=(
            'Which versions of hatch-lambda-zip may build, such as `"==1.2.*"`: another one may '
            "make other bytes. For projects whose `build-system.requires` does not say it."
        ),
        of=(),
    )
    inner_backend = Option(
        "inner-backend",
        Text(
            checks.wrong_back_end,
            {"pattern": r"^[^\W\d]\w*(\.[^\W\d]\w*)*(:[^\W\d]\w*(\.[^\W\d]\w*)*)?$"},
        ),
        default=None,
        otherwise="none",
        example='"uv_build"',
        description=(
            'The back end that makes wheel and sdist, such as `"uv_build"`, where `build-backend` '
            'is `"hatch_lambda_zip.backend"`: as `build-backend` would name it. See '
            "[Other back ends](../how-to/uv-build.md#other-back-ends)."
        ),
        of=(),
    )
    versions = Option(
        "versions",
        Texts(),
        default=(),
        otherwise="all",
        example='["api"]',
        description=(
            "The functions and layers that a build without names makes: hatchling's word for them."
        ),
        of=(),
    )
