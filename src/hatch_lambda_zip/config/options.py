"""The options of functions and layers, each declared once; in the first table these are defaults.

Their order is that of the manifest and of the page of options; the platform's come first. After a
change, ``python docs/write_reference.py`` brings that page and the JSON Schema up to date.
"""

from __future__ import annotations

from typing import Final

from hatch_lambda_zip.config import checks
from hatch_lambda_zip.config.option import Kind, Option
from hatch_lambda_zip.config.platform_options import PlatformOptions
from hatch_lambda_zip.config.values import (
    Flag,
    MachinePath,
    Names,
    Number,
    OneOf,
    Pairs,
    Places,
    SomeOf,
    Text,
    TextOrFalse,
    TextOrTexts,
    Texts,
)
from hatch_lambda_zip.config.words import BytecodeMode, CheckImports, Modules, Source, Strip

_DISTRIBUTION: Final = Text(
    checks.wrong_name, {"pattern": "^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$"}
)
_PROVIDED: Final = Text(checks.wrong_provided, _DISTRIBUTION.form)
_MODULE: Final = Text(checks.wrong_module, {"pattern": r"^[^\W\d]\w*(\.[^\W\d]\w*)*$"})
_PATTERN: Final = Text(checks.wrong_pattern)
_PYTHON: Final = Text(checks.wrong_python, {"pattern": r"^3\.[0-9]{1,2}\.[0-9]{1,2}$"})


class Options(PlatformOptions):
    """What functions and layers may have; in the target's own table these are the defaults."""

    handler = Option(
        "handler",
        TextOrFalse(checks.wrong_handler),
        default="",
        otherwise="not checked",
        example='"orders.app.handler"',
        description=(
            "As Lambda gets it, `package.module.function`. When given, the build checks that the "
            "module is there and defines the name, as something that Lambda can call. `false` "
            "takes that of the defaults away."
        ),
        of=(Kind.FUNCTION,),
        in_manifest=False,
    )
    check_imports = Option(
        "check-imports",
        OneOf(CheckImports),
        default=CheckImports.ERROR,
        example='"warn"',
        description=(
            "What it is when an import that surely runs with the handler's module finds nothing, "
            'or the runtime can\'t parse a module on the way: `"error"`, `"warn"`, or `"off"`. '
            "See [Imports](imports.md)."
        ),
        of=(Kind.FUNCTION,),
    )
    external_modules = Option(
        "external-modules",
        Texts(_MODULE),
        default=(),
        otherwise="none",
        example='["cv2"]',
        description=(
            "Modules that a layer from elsewhere has, with all that is in them: imports of them "
            "are right."
        ),
        of=(Kind.FUNCTION,),
    )
    extras = Option(
        "extras",
        Names(known=lambda known: known.extras),
        default=(),
        example='["api"]',
        description=(
            "The package's extras that ship. Selecting them needs uv.lock, or a pylock.toml that "
            "was made with them."
        ),
    )
    groups = Option(
        "groups",
        Names(known=lambda known: known.groups),
        default=(),
        example='["worker"]',
        description=(
            "The package's [dependency groups](https://peps.python.org/pep-0735/) that ship. "
            "Selecting them needs uv.lock, or a pylock.toml that was made with them."
        ),
    )
    only_groups = Option(
        "only-groups",
        Names(known=lambda known: known.groups),
        default=(),
        example='["worker"]',
        description=(
            "Dependency groups that ship instead of what the package requires, as with uv's "
            "`--only-group`. It needs uv.lock, and goes with neither `groups` nor `extras`."
        ),
    )
    build_from_source = Option(
        "build-from-source",
        Names(_DISTRIBUTION),
        default=(),
        example='["docopt"]',
        description=(
            "Distributions that are built from the locked source distribution where the lock has "
            "no wheel that fits: for those in pure Python. See [Lock files](lock-files.md)."
        ),
    )
    filename = Option(
        "filename",
        TextOrFalse(checks.wrong_template),
        default="",
        otherwise="`{name}-{version}-{function}-lambda.zip`, see [File names](#file-names)",
        example='"{function}.zip"',
        description=(
            "Template for the zip's name, from `{name}`, `{version}`, `{function}`, `{runtime}` "
            'and `{architecture}`; for example `"{function}.zip"`. A name that the tools of the '
            'package index would take for an sdist, such as `"{name}-{version}.zip"`, is refused. '
            "`false` takes that of the defaults away."
        ),
        in_manifest=False,
    )
    sbom = Option(
        "sbom",
        Flag(),
        default=False,
        description=(
            "`true`: what is in the zip is listed beside it, in a `.cdx.json` file: a software "
            "bill of materials for scanners and audits (CycloneDX 1.6). No byte of the zip follows "
            "from it."
        ),
        in_manifest=False,  # which names the file
    )
    code = Option(
        "code",
        Places(checks.wrong_code),
        default=(),
        otherwise="none",
        example='"functions/api"',
        description=(
            'A directory whose files lie at the root of the zip, such as `"functions/api"`, or a '
            'table of several with their places: `{ "functions/api" = "", "common" = "common" }`. '
            "What git ignores does not ship, nor what is no code. The package's own wheel does not "
            "ship then. See [Code directories](code-directories.md)."
        ),
        inherited_by=(Kind.FUNCTION,),
    )
    package = Option(
        "package",
        Flag(),
        default=None,
        otherwise="`true` without `code`",
        description="Whether the package's own wheel ships, beside `code`.",
        of=(Kind.FUNCTION,),
    )
    lock = Option(
        "lock",
        Text(checks.wrong_lock),
        default=None,
        otherwise=(
            "that of the code directory; else `uv.lock` of the project or its workspace, "
            "`pylock.toml`, or the only `pylock.<name>.toml`"
        ),
        example='"requirements.txt"',
        description="Which lock file, relative to `pyproject.toml`.",
        in_manifest=False,
    )
    layers = Option(
        "layers",
        Texts(
            review=checks.wrong_layers, form={"maxItems": checks.MAX_LAYERS, "uniqueItems": True}
        ),
        default=(),
        example='["deps"]',
        description=(
            "The layers that the function is deployed with: it ships what they do not. Five at "
            "most."
        ),
        of=(Kind.FUNCTION,),
        default_key="default-layers",  # there the word stands for the layers themselves
        in_manifest=False,
    )
    distributions = Option(
        "distributions",
        Names(_DISTRIBUTION),
        default=None,
        otherwise="everything third-party",
        example='["pydantic"]',
        description="The distributions that ship, with all that they need.",
        of=(Kind.LAYER,),
    )
    exclude_distributions = Option(
        "exclude-distributions",
        Names(_DISTRIBUTION),
        default=(),
        example='["boto3"]',
        description="Distributions that do not ship, nor what only they need.",
    )
    exclude_files = Option(
        "exclude-files",
        Texts(_PATTERN),
        default=(),
        example='["botocore/data/*/", "!botocore/data/s3/"]',
        description=(
            "Patterns as in `.gitignore`, over the paths in all RECORDs (without a layer's "
            "`python/`): files of distributions that do not ship, whichever they are of. See "
            "[What is in the zip](contents.md)."
        ),
    )
    provided = Option(
        "provided",
        TextOrTexts(_PROVIDED),
        default=(),
        otherwise="nothing",
        example='"aws-sdk"',
        description=(
            "What does not ship, nor what only it needs, since something else has it: "
            '`"aws-sdk"`, a distribution of the lock, or a list of them. `"aws-sdk"` is boto3, '
            "botocore, s3transfer and jmespath, which the runtime has: one set, so that no half "
            "of yours meets a half of theirs. AWS advises to ship them. A distribution comes with "
            "a layer from elsewhere."
        ),
    )
    strip = Option(
        "strip",
        SomeOf(Strip),
        default=(),
        example='["tests", "type-stubs"]',
        description=(
            'Kinds of files that do not ship: `"tests"` (directories `test` and `tests`, and '
            '`conftest.py`, that no shipped module imports), `"type-stubs"` (`.pyi`, `py.typed`), '
            '`"native-headers"` (of C, C++ and Cython).'
        ),
    )
    include = Option(
        "include",
        Texts(_PATTERN),
        default=None,
        otherwise="every file",
        example='["orders/**"]',
        description=(
            "Patterns as in `.gitignore`, over the paths in the package's own wheel: what of it "
            "ships."
        ),
        of=(Kind.FUNCTION,),
    )
    exclude = Option(
        "exclude",
        Texts(_PATTERN),
        default=(),
        example='["orders/admin/**"]',
        description=(
            "Patterns as in `.gitignore`, over the paths in the package's own wheel: what of it "
            "does not ship, even if `include` names it."
        ),
        of=(Kind.FUNCTION,),
    )
    artifacts = Option(
        "artifacts",
        Texts(_PATTERN),
        default=(),
        example='["*_pb2.py"]',
        description=(
            "With `code`: patterns as in `.gitignore`, over the places in the zip: files that ship "
            "though git ignores them or they are no code by their names. In the first table, it is "
            "hatchling's key for the package's own wheel too."
        ),
        inherited_by=(Kind.FUNCTION,),
        in_manifest=False,  # which has the files themselves
    )
    modules = Option(
        "modules",
        OneOf(Modules),
        default=Modules.ALL,
        example='"imported"',
        description=(
            '`"all"`; or `"imported"`: of the package\'s own modules only those that something '
            "leads to from the `handler`. See [Own modules](imports.md#own-modules)."
        ),
        of=(Kind.FUNCTION,),
    )
    keep_modules = Option(
        "keep-modules",
        Texts(Text(checks.wrong_module_pattern)),
        default=(),
        example='["orders.plugins.*"]',
        description=(
            'With `modules = "imported"`: patterns of own modules that ship besides, '
            'such as `"orders.plugins.*"`, where `*` is anything.'
        ),
        of=(Kind.FUNCTION,),
    )
    include_files = Option(
        "include-files",
        Pairs(checks.wrong_file),
        default=(),
        otherwise="none",
        example='{ "config/prod.toml" = "config.toml" }',
        description=(
            "Files and directories of the project that ship besides: "
            '`{ "config/prod.toml" = "config.toml" }`, source in the project to place in the zip. '
            "Of a directory, what git does not ignore. With `../` at its start, a source may be "
            "elsewhere in the repository or workspace."
        ),
        # The defaults' files go into every function; in its layers they would be there twice.
        inherited_by=(Kind.FUNCTION,),
        in_manifest=False,
    )
    scripts = Option(
        "scripts",
        Flag(),
        default=False,
        description=("`true`: console scripts ship too, in `bin/`, for the runtime's interpreter."),
    )
    bytecode = Option(
        "bytecode",
        OneOf(BytecodeMode),
        default=BytecodeMode.STRIP,
        example='"compile"',
        description=(
            '`"strip"`: no `__pycache__`. `"compile"`: canonical bytecode for every module. '
            "See [Bytecode](../how-to/bytecode.md)."
        ),
    )
    bytecode_python = Option(
        "bytecode-python",
        TextOrTexts(_PYTHON, review=checks.wrong_pythons, form={"minItems": 1}),
        default=(),
        otherwise='required with `"compile"`',
        example='"3.13.5"',
        description=(
            'With `"compile"`: the exact version of the compiling interpreter, such as '
            '`"3.13.5"`; a list has one for each of several `runtimes`.'
        ),
    )
    bytecode_python_path = Option(
        "bytecode-python-path",
        MachinePath(),
        default=None,
        otherwise="it is looked for",
        example='"{env:PYTHON_313}"',
        description=(
            'With `"compile"`: where that interpreter is. `{root}`, `{home}` and `{env:NAME}` are '
            "replaced as hatch does in its options. Elsewhere only `{root}/` is, since the zip "
            "would depend on the machine; `{{home}}` writes such braces themselves."
        ),
        in_manifest=False,  # a path of this machine, and its version says what it writes
    )
    bytecode_optimize = Option(
        "bytecode-optimize",
        Number((0, 1, 2)),
        default=0,
        example="2",
        description=(
            'With `"compile"`: 0, 1 or 2, as `python -O` and `-OO`. Lambda takes bytecode of level '
            "1 or 2 with the variable `PYTHONOPTIMIZE` of that level set, but with "
            '`source = "omit"` always.'
        ),
    )
    source = Option(
        "source",
        OneOf(Source),
        default=Source.KEEP,
        example='"omit"',
        description=(
            'With `"compile"`: `"keep"`, or `"omit"` to ship modules without their source.'
        ),
    )
