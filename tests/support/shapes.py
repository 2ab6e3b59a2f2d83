"""What projects of Lambda functions look like: their files, what to call, what edits change."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.support.commands import CHECKOUT
from tests.support.foreign import POETRY

RUNTIME = f"python3.{sys.version_info.minor}"
KEY = "tool.hatch.build.targets.lambda-zip"
_SUFFIXES = {".c", ".html", ".json", ".py", ".toml", ".txt", ".yaml"}
UV = '[tool.uv]\nexclude-newer = "2026-11-01T00:00:00Z"\n'


@dataclass(frozen=True)
class Edit:
    """A change of one file.

    Attributes:
        file: which; it need not be there.
        old: what is replaced in it; None to write it anew.
        new: what comes instead.
        relock: lock afterwards.
        changes: the zips that then have other bytes.
        error: instead, what a build says.
    """

    file: str
    old: str | None
    new: str
    relock: bool = False
    changes: tuple[str, ...] = ()
    error: str = ""


@dataclass(frozen=True)
class Shape:
    """A kind of project.

    Attributes:
        table: the lines of the tables for the zips, without their heads.
        files: all others, by their paths; pyproject.toml without the tables.
        calls: a handler of each function's zip, by the zip's name, and what it returns to a
            request; None for anything but nothing.
        edits: what is changed in it, and what comes of that.
        layers: the zips of layers, whose `python/` each function has besides.
        warning: what a build says.
    """

    table: str
    files: Mapping[str, str]
    calls: Mapping[str, tuple[str, object]]
    edits: Mapping[str, Edit] = field(default_factory=dict)
    layers: tuple[str, ...] = ()
    warning: str = ""

    @property
    def lines(self) -> int:
        """How many lines somebody writes for the zips."""
        return len([line for line in self.table.splitlines() if line.strip()])


def project(name: str, dependencies: str = "", back_end: str = "") -> str:
    """Return a pyproject.toml without a table for zips.

    Args:
        dependencies: the items of the array.
        back_end: requirement and module, separated by a blank; none by default.
    """
    requirement, _, module = back_end.partition(" ")
    system = f'[build-system]\nrequires = ["{requirement}"]\nbuild-backend = "{module}"\n'
    return (
        f'[project]\nname = "{name}"\nversion = "1.0"\nrequires-python = ">=3.10"\n'
        f"dependencies = [{dependencies}]\n{system if back_end else ''}\n{UV}"
    )


def _handler(module: str, value: str) -> str:
    return f"import {module}\n\n\ndef handler(event, context):\n    return {value}\n"


def _in_pyproject(*changes: str) -> dict[str, Edit]:
    """Return the edits of what a uv project requires, and the zips that these change."""
    more = ("pyproject.toml", '"six"', '"six", "idna"')
    return {
        "requirement": Edit(*more, relock=True, changes=changes),
        "unlocked": Edit(*more, error="Run `uv lock`"),
    }


def _flat() -> Shape:
    """A handler beside a requirements.txt, and no pyproject.toml before."""
    more = ("requirements.txt", "six\n", "six\nidna\n")
    return Shape(
        f'runtime = "{RUNTIME}"\ncode = "."\nhandler = "lambda_function.handler"\n',
        {
            "pyproject.toml": UV,
            "lambda_function.py": _handler("six", "six.text_type(1)"),
            "requirements.txt": "six\n",
        },
        {"lambda.zip": ("lambda_function.handler", "1")},
        {
            "new file": Edit("more.py", None, "X = 1\n", changes=("lambda.zip",)),
            "readme": Edit("README.md", None, "# News\n"),
            "requirement": Edit(*more, relock=True, changes=("lambda.zip",)),
            "unlocked": Edit(*more, error="since then idna came in. Run `hatch-lambda-zip lock`"),
        },
    )


def _sam() -> Shape:
    """Two functions of a SAM application, each with its requirements."""
    names = ("order", "pay")
    return _example(
        "sam",
        {f"{name}-lambda.zip": ("main.handler", f"{name}1") for name in names},
        {
            "new file": Edit("src/pay/more.py", None, "X = 1\n", changes=("pay-lambda.zip",)),
            "readme": Edit("src/pay/README.md", None, "# Pay\n"),
            "requirement": Edit(
                *("src/pay/requirements.txt", "six\n", "six\nidna\n"),
                relock=True,
                changes=("pay-lambda.zip",),
            ),
            "unlocked": Edit(
                *("src/pay/requirements.txt", "six\n", "six\nidna\n"),
                error="since then idna came in. Run `hatch-lambda-zip lock`",
            ),
        },
    )


def _folders() -> Shape:
    """Twenty folders with data and a shared one, and one uv.lock."""
    files = {
        "pyproject.toml": project("shop", '"six"'),
        "functions/common/reply.py": "import six\n\n\ndef reply(x):\n    return x + six.u('!')\n",
    }
    code = (
        "import pathlib\n\nfrom common.reply import reply\n\n\ndef handler(event, context):\n"
        "    here = pathlib.Path(__file__).parent\n"
        "    return reply((here / 'config.yaml').read_text()"
        " + (here / 'templates/a.html').read_text())\n"
    )
    names = [f"f{number:02}" for number in range(20)]
    for name in names:
        files[f"functions/{name}/main.py"] = code
        files[f"functions/{name}/config.yaml"] = name
        files[f"functions/{name}/templates/a.html"] = "<p>"
    return Shape(
        f'runtime = "{RUNTIME}"\nfunction-directories = ["functions/*", "!functions/common"]\n'
        'handler = "main.handler"\ninclude-files = { "functions/common" = "common" }\n',
        files,
        {f"shop-1.0-{name}-lambda.zip": ("main.handler", f"{name}<p>!") for name in names},
        {
            "data": Edit(
                *("functions/f03/config.yaml", None, "new"),
                changes=("shop-1.0-f03-lambda.zip",),
            ),
            "shared": Edit(
                *("functions/common/more.py", None, "X = 1\n"),
                changes=tuple(f"shop-1.0-{name}-lambda.zip" for name in names),
            ),
            "readme": Edit("README.md", None, "# Shop\n"),
            "new file": Edit(
                *("functions/f03/more.py", None, "X = 1\n"),
                changes=("shop-1.0-f03-lambda.zip",),
            ),
            **_in_pyproject(*(f"shop-1.0-{name}-lambda.zip" for name in names)),
        },
    )


def _example(
    name: str,
    calls: Mapping[str, tuple[str, object]],
    edits: Mapping[str, Edit],
    layers: tuple[str, ...] = (),
    warning: str = "",
) -> Shape:
    """Return one of the examples, for the Python that runs the tests."""
    root = CHECKOUT / "examples" / name
    files = {
        path.relative_to(root).as_posix(): path.read_text(encoding="utf-8")
        for path in root.rglob("*")
        if path.suffix in _SUFFIXES and path.name != "pylock.toml"
    }
    if name == "poetry":
        files["poetry.lock"] = POETRY["poetry.lock"]
    before, _, after = files["pyproject.toml"].partition(f"[{KEY}]\n")
    table, _, settings = after.partition("\n[tool.uv]\n")
    table = re.sub('(?m)^runtime = ".*"$', f'runtime = "{RUNTIME}"', table)
    return Shape(
        table,
        {**files, "pyproject.toml": f"{before}[tool.uv]\n{settings}"},
        calls,
        edits,
        layers,
        warning,
    )


def _groups() -> Shape:
    """A dependency group for each function."""
    api, worker = "shop-1.0-api-lambda.zip", "shop-1.0-worker-lambda.zip"
    more = ("pyproject.toml", '["six"]', '["six", "toml"]')
    return _example(
        "groups",
        {api: ("main.handler", None), worker: ("main.handler", None)},
        {
            "new file": Edit("functions/api/more.py", None, "X = 1\n", changes=(api,)),
            "readme": Edit("functions/api/README.md", None, "# API\n"),
            "requirement": Edit(*more, relock=True, changes=(worker,)),
            "unlocked": Edit(*more, error="Run `uv lock`"),
        },
    )


def _fastapi() -> Shape:
    """A web application in `app/`."""
    zipped = "web-1.0-lambda.zip"
    more = ("pyproject.toml", '"mangum"]', '"mangum", "six"]')
    return _example(
        "fastapi",
        {zipped: ("app.main.handler", None)},
        {
            "new file": Edit("app/more.py", None, "X = 1\n", changes=(zipped,)),
            "file": Edit("app/greeting.py", "hello", "good day", changes=(zipped,)),
            "readme": Edit("README.md", None, "# News\n"),
            "requirement": Edit(*more, relock=True, changes=(zipped,)),
            "unlocked": Edit(*more, error="Run `uv lock`"),
        },
    )


def _two_layers() -> Shape:
    """A layer of loose code and one of requirements alone."""
    layers = ("tools-layer.zip", "requirements-layer.zip")
    more = ("requirements/requirements.txt", "six\n", "six\ntoml\n")
    return _example(
        "layers",
        {"lambda.zip": ("main.handler", None)},
        {
            "new file": Edit("function/more.py", None, "X = 1\n", changes=("lambda.zip",)),
            "shared": Edit("shared/tools.py", '"!"', '"!!"', changes=("tools-layer.zip",)),
            "readme": Edit("shared/README.md", None, "# Tools\n"),
            "requirement": Edit(*more, relock=True, changes=("requirements-layer.zip",)),
            "unlocked": Edit(*more, error="Run `hatch-lambda-zip lock`"),
        },
        layers,
    )


def _virtual() -> Shape:
    """A workspace whose members are functions, and no packages."""
    more = ("functions/worker/pyproject.toml", '"six"', '"six", "toml"')
    return _example(
        "workspace",
        {"api-lambda.zip": ("main.handler", "a"), "worker-lambda.zip": ("main.handler", "1")},
        {
            "new file": Edit("functions/api/more.py", None, "X = 1\n", changes=("api-lambda.zip",)),
            "readme": Edit("functions/api/README.md", None, "# API\n"),
            "requirement": Edit(*more, relock=True, changes=("worker-lambda.zip",)),
            "unlocked": Edit(*more, error="Run `uv lock`"),
        },
    )


def _package(example: str, warning: str = "") -> Shape:
    """A package with another back end."""
    zipped = "shop-1.0-lambda.zip"
    return _example(
        example,
        {zipped: ("shop.app.handler", "1")},
        {
            "code": Edit("src/shop/more.py", None, "X = 1\n", changes=(zipped,)),
            "readme": Edit("README.md", None, "# Shop\n"),
            **_in_pyproject(zipped),
        },
        warning=warning,
    )


def _poetry() -> Shape:
    """A project of poetry's, without ``[project]``."""
    return _example(
        "poetry",
        {"demo-lambda.zip": ("main.handler", "a")},
        {
            "new file": Edit("app/more.py", None, "X = 1\n", changes=("demo-lambda.zip",)),
            "readme": Edit("app/README.md", None, "# App\n"),
            "not locked by poetry": Edit(
                *("pyproject.toml", 'idna = "^3.0"', 'idna = "^3.1"'),
                error="Run `poetry lock`, then `hatch-lambda-zip lock`",
            ),
            "not locked since": Edit(
                *("poetry.lock", "python_version > '3.5'", "python_version > '3.6'"),
                error="was made of another poetry.lock",
            ),
        },
    )


def _cdk() -> Shape:
    """The Python application of a CDK stack, and its functions."""
    more = ("lambda/bye/requirements.txt", "six\n", "six\nidna\n")
    return _example(
        "cdk",
        {
            "hello-lambda.zip": ("index.handler", "hello"),
            "bye-lambda.zip": ("index.handler", "bye"),
        },
        {
            "stack": Edit("app.py", "Shop", "Store"),
            "new file": Edit("lambda/bye/more.py", None, "X = 1\n", changes=("bye-lambda.zip",)),
            "readme": Edit("lambda/bye/README.md", None, "# Bye\n"),
            "requirement": Edit(*more, relock=True, changes=("bye-lambda.zip",)),
            "unlocked": Edit(*more, error="since then idna came in. Run `hatch-lambda-zip lock`"),
        },
    )


def _beside() -> Shape:
    """Folders of functions beside a package that they import."""
    return _example(
        "beside",
        {
            "shop-1.0-api-lambda.zip": ("main.handler", "shop"),
            "shop-1.0-mail-lambda.zip": ("main.handler", "shop!"),
        },
        {
            "package": Edit(
                *("src/shop/more.py", None, "X = 1\n"),
                changes=("shop-1.0-api-lambda.zip", "shop-1.0-mail-lambda.zip"),
            ),
            "folder": Edit(
                *("functions/api/more.py", None, "X = 1\n"),
                changes=("shop-1.0-api-lambda.zip",),
            ),
            "readme": Edit("functions/api/README.md", None, "# API\n"),
            **_in_pyproject("shop-1.0-api-lambda.zip", "shop-1.0-mail-lambda.zip"),
        },
    )


def _loose_layer() -> Shape:
    """A layer of code that no distribution has."""
    more = ("functions/api/requirements.txt", None, "six\n")
    return _example(
        "loose-layer",
        {"api-lambda.zip": ("main.handler", "tools")},
        {
            "layer": Edit(
                *("layers/common/python/more.py", None, "X = 1\n"),
                changes=("common-layer.zip",),
            ),
            "new file": Edit("functions/api/more.py", None, "X = 1\n", changes=("api-lambda.zip",)),
            "readme": Edit("functions/api/README.md", None, "# API\n"),
            "requirement": Edit(*more, relock=True, changes=("api-lambda.zip",)),
            "unlocked": Edit(*more, error="`hatch-lambda-zip lock` writes one beside it"),
        },
        layers=("common-layer.zip",),
    )


def _requirements_layer() -> Shape:
    """A layer of what the functions of a lock require."""
    return _example(
        "requirements-layer",
        {
            "shop-1.0-api-lambda.zip": ("main.handler", "1"),
            "shop-1.0-mail-lambda.zip": ("main.handler", "2"),
        },
        {
            **_in_pyproject("shop-1.0-deps-layer.zip"),
            "readme": Edit("functions/api/README.md", None, "# API\n"),
            "folder": Edit(
                *("functions/api/more.py", None, "X = 1\n"),
                changes=("shop-1.0-api-lambda.zip",),
            ),
        },
        layers=("shop-1.0-deps-layer.zip",),
    )


def _handlers() -> Shape:
    """Four handlers in one package, each with the modules that it imports."""
    names = ("api", "cron", "mail", "queue")
    return _example(
        "imported",
        {
            f"shop-1.0-{name}-lambda.zip": (f"shop.{name}.handler", f"hello, {name}")
            for name in names
        },
        {
            "own": Edit(
                *("src/shop/own_mail.py", "mail", "post"), changes=("shop-1.0-mail-lambda.zip",)
            ),
            "shared": Edit(
                *("src/shop/shared.py", "hello", "good day"),
                changes=tuple(f"shop-1.0-{name}-lambda.zip" for name in names),
            ),
            "new file": Edit("src/shop/more.py", None, "X = 1\n"),  # which nobody imports
            "readme": Edit("README.md", None, "# Shop\n"),
            **_in_pyproject(*(f"shop-1.0-{name}-lambda.zip" for name in names)),
        },
    )


SHAPES: dict[str, Shape] = {
    "flat": _flat(),
    "SAM folders": _sam(),
    "folders with one uv.lock": _folders(),
    "a group for each function": _groups(),
    "uv_build": _package("uv-build"),
    "setuptools with an extension": _package("extension", "shop was compiled on this machine"),
    "poetry": _poetry(),
    "FastAPI": _fastapi(),
    "a workspace of functions": _virtual(),
    "CDK": _cdk(),
    "folders beside a package": _beside(),
    "two layers": _two_layers(),
    "a layer of loose code": _loose_layer(),
    "a layer of requirements": _requirements_layer(),
    "four handlers": _handlers(),
}
