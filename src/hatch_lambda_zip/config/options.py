"""The options of functions and layers, each declared once; in the first table these are defaults.

Their order is that of the README's table and of the manifest. After a change,
``python docs/write_reference.py`` brings the README and the JSON Schema up to date.
"""

from __future__ import annotations

from typing import Final

from hatch_lambda_zip.config import checks
from hatch_lambda_zip.config.option import Kind, Option, OptionTable
from hatch_lambda_zip.config.values import (
    Flag,
    MachinePath,
    Names,
    Number,
    OneOf,
    OneOrSeveral,
    Pairs,
    Places,
    Several,
    SomeOf,
    Text,
    TextOrFalse,
    TextOrTexts,
    Texts,
)
from hatch_lambda_zip.config.words import BytecodeMode, CheckImports, Modules, Source, Strip
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
_DISTRIBUTION: Final = Text(
    checks.wrong_name, {"pattern": "^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$"}
)
_PROVIDED: Final = Text(checks.wrong_provided, _DISTRIBUTION.form)
_MODULE: Final = Text(checks.wrong_module, {"pattern": r"^[^\W\d]\w*(\.[^\W\d]\w*)*$"})
_PATTERN: Final = Text(checks.wrong_pattern)
_PYTHON: Final = Text(checks.wrong_python, {"pattern": r"^3\.[0-9]{1,2}\.[0-9]{1,2}$"})
_RELEASE: Final = Text(checks.wrong_release, {"pattern": r"^3\.[0-9]{1,2}\.[0-9]{1,2}$"})


class Options(OptionTable):
    """What functions and layers may have; in the target's own table these are the defaults."""

    runtimes = Option(
        "runtime",
        OneOrSeveral(_RUNTIME),
        default=None,
        otherwise="required",
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
        description="`x86_64` or `arm64`.",
        in_manifest=False,
    )
    python_release = Option(
        "python-release",
        TextOrTexts(_RELEASE, review=checks.wrong_releases),
        default=(),
        otherwise="that of `bytecode-python`, else one that Lambda is known to have had",
        description=(
            "The exact release of Python that environment markers and `Requires-Python` are judged "
            'for, such as `"3.13.5"`; a list has one for each of several `runtimes`. See '
            "[Lock files](#lock-files)."
        ),
    )
    handler = Option(
        "handler",
        TextOrFalse(checks.wrong_handler),
        default="",
        otherwise="not checked",
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
        description=(
            "What it is when an import that surely runs with the handler's module finds nothing, "
            'or the runtime can\'t parse a module on the way: `"error"`, `"warn"`, or `"off"`. '
            "See [Imports](#imports)."
        ),
        of=(Kind.FUNCTION,),
    )
    external_modules = Option(
        "external-modules",
        Texts(_MODULE),
        default=(),
        otherwise="none",
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
        description=(
            "The package's extras that ship. Selecting them needs uv.lock, or a pylock.toml that "
            "was made with them."
        ),
    )
    groups = Option(
        "groups",
        Names(known=lambda known: known.groups),
        default=(),
        description=(
            "The package's [dependency groups](https://peps.python.org/pep-0735/) that ship. "
            "Selecting them needs uv.lock, or a pylock.toml that was made with them."
        ),
    )
    only_groups = Option(
        "only-groups",
        Names(known=lambda known: known.groups),
        default=(),
        description=(
            "Dependency groups that ship instead of what the package requires, as with uv's "
            "`--only-group`. It needs uv.lock, and goes with neither `groups` nor `extras`."
        ),
    )
    build_from_source = Option(
        "build-from-source",
        Names(_DISTRIBUTION),
        default=(),
        description=(
            "Distributions that are built from the locked source distribution where the lock has "
            "no wheel that fits: for those in pure Python. See [Lock files](#lock-files)."
        ),
    )
    filename = Option(
        "filename",
        TextOrFalse(checks.wrong_template),
        default="",
        otherwise="`{name}-{version}-{function}-lambda.zip`, see [below](#file-names)",
        description=(
            "Template for the zip's name, from `{name}`, `{version}`, `{function}`, `{runtime}` "
            'and `{architecture}`; for example `"{function}.zip"`. A name that the tools of the '
            'package index would take for an sdist, such as `"{name}-{version}.zip"`, is refused. '
            "`false` takes that of the defaults away."
        ),
        in_manifest=False,
    )
    code = Option(
        "code",
        Places(checks.wrong_code),
        default=(),
        otherwise="none",
        description=(
            'A directory whose files lie at the root of the zip, such as `"functions/api"`, or a '
            'table of several with their places: `{ "functions/api" = "", "common" = "common" }`. '
            "What git ignores does not ship, nor what is no code. The package's own wheel does not "
            "ship then. See [Code directories](#code-directories)."
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
        description="Which lock file, relative to `pyproject.toml`.",
        in_manifest=False,
    )
    layers = Option(
        "layers",
        Texts(
            review=checks.wrong_layers, form={"maxItems": checks.MAX_LAYERS, "uniqueItems": True}
        ),
        default=(),
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
        description="The distributions that ship, with all that they need.",
        of=(Kind.LAYER,),
    )
    exclude_distributions = Option(
        "exclude-distributions",
        Names(_DISTRIBUTION),
        default=(),
        description="Distributions that do not ship, nor what only they need.",
    )
    exclude_files = Option(
        "exclude-files",
        Texts(_PATTERN),
        default=(),
        description=(
            "Patterns as in `.gitignore`, over the paths in all RECORDs (without a layer's "
            "`python/`): files of distributions that do not ship, whichever they are of. See "
            "[below](#what-is-in-the-zip)."
        ),
    )
    provided = Option(
        "provided",
        TextOrTexts(_PROVIDED),
        default=(),
        otherwise="nothing",
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
        description=(
            '`"all"`; or `"imported"`: of the package\'s own modules only those that something '
            "leads to from the `handler`. See [Own modules](#own-modules)."
        ),
        of=(Kind.FUNCTION,),
    )
    keep_modules = Option(
        "keep-modules",
        Texts(Text(checks.wrong_module_pattern)),
        default=(),
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
        description=(
            '`"strip"`: no `__pycache__`. `"compile"`: canonical bytecode for every module. '
            "See [Bytecode](#bytecode)."
        ),
    )
    bytecode_python = Option(
        "bytecode-python",
        TextOrTexts(_PYTHON, review=checks.wrong_pythons, form={"minItems": 1}),
        default=(),
        otherwise='required with `"compile"`',
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
        description=(
            'With `"compile"`: `"keep"`, or `"omit"` to ship modules without their source.'
        ),
    )
