"""A build back end that leaves everything to another one, and then makes the zips.

``build-backend = "hatch_lambda_zip.backend"`` is for projects whose wheels hatchling does not make,
so that ``uv build`` and ``python -m build`` make the zips beside wheel and sdist. These are what
``inner-backend`` of the target's table makes (PEP 517, PEP 660), byte for byte.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hatch_lambda_zip.config import TARGET_KEY, inner_table, wrong_back_end
from hatch_lambda_zip.errors import ConfigError
from hatch_lambda_zip.plugin.app import aborting
from hatch_lambda_zip.plugin.back_end import inner_problems, read_back_end
from hatch_lambda_zip.plugin.cancel import Cancelled, cancellable, end_for_good, ending_all
from hatch_lambda_zip.plugin.request import REQUEST_VARIABLE, is_for_people, parse_request
from hatch_lambda_zip.plugin.stage import Stage, refuse_credentials_in
from hatch_lambda_zip.plugin.table import target_table
from hatch_lambda_zip.process import Watcher, environment_with
from hatch_lambda_zip.uv import NESTED_VARIABLE

if TYPE_CHECKING:
    from hatch_lambda_zip.plugin.target import LambdaZipBuilder

_KEY: Final = f"{TARGET_KEY}.inner-backend"

# A front end takes a hook that is not there for one that has nothing to say.
_PASSED_ON: Final = frozenset(
    (
        *("get_requires_for_build_wheel", "prepare_metadata_for_build_wheel"),
        *("get_requires_for_build_editable", "prepare_metadata_for_build_editable"),
        *("get_requires_for_build_sdist", "build_editable"),
    )
)


# Their result has nothing of what setuptools writes meanwhile.
_ASKING: Final = frozenset(("get_requires_for_build_wheel", "get_requires_for_build_sdist"))


def build_wheel(
    wheel_directory: str,
    config_settings: Mapping[str, object] | None = None,
    metadata_directory: str | None = None,
) -> str:
    """Have the inner back end build a wheel, and make the zips if somebody is to have them.

    Returns:
        The wheel's file name.
    """
    arguments = (wheel_directory, config_settings, metadata_directory)
    return _build("wheel", wheel_directory, arguments)


def build_sdist(sdist_directory: str, config_settings: Mapping[str, object] | None = None) -> str:
    """Have the inner back end build an sdist, and make the zips if somebody is to have them.

    Returns:
        The sdist's file name.
    """
    return _build("sdist", sdist_directory, (sdist_directory, config_settings))


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the inner back end has there
    """Return one of the other hooks: the inner back end's own.

    Raises:
        AttributeError: it has none of that name.
    """
    if name not in _PASSED_ON:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    with _opened() as builder, aborting(builder.app):
        inner = _load_inner(builder)
    hook = getattr(inner, name)
    if name not in _ASKING:
        return hook

    @functools.wraps(hook)
    def apart(*arguments: object, **named: object) -> object:
        with (
            _opened() as builder,
            _leaving_no_lists(builder),
            _working_elsewhere(builder, lists=True),
        ):
            return hook(*arguments, **named)

    return apart


def _build(target: str, directory: str, arguments: tuple[object, ...]) -> str:
    """Call a building hook of the inner back end, then make the zips.

    Args:
        target: what is built, in hatchling's words.
        directory: where it is put, and the zips.
        arguments: the hook's.
    """
    from hatch_lambda_zip.install import check_places

    with _opened() as builder:
        output = Path(builder.root, directory)
        request = parse_request(os.environ.get(REQUEST_VARIABLE))
        has_work = request.enabled and is_for_people(target, "standard", output, os.environ)
        with aborting(builder.app):
            build = getattr(_load_inner(builder), f"build_{target}")
            if has_work:
                # What is written after this stays in the output directory.
                _refuse_embedding(builder)
                refuse_credentials_in(builder.package, builder.metadata.config)
                check_places(Path(builder.root), os.environ)
        with contextlib.ExitStack() as around:
            if has_work:
                around.enter_context(_cancellable_with_all(builder))
                around.enter_context(_leaving_nothing(builder))
            if has_work and target == "wheel":
                # In an unpacked sdist, the list of files that is there is a source of the wheel.
                if not builder.is_unpacked_sdist:
                    around.enter_context(_working_elsewhere(builder, lists=True))
                around.enter_context(_working_elsewhere(builder, lists=False))
            name: str = build(*arguments)
        if has_work:
            with aborting(builder.app):
                Stage(builder, output, request).make_zips(output / name)
        return name


@contextlib.contextmanager
def _cancellable_with_all(builder: LambdaZipBuilder) -> Iterator[None]:
    """End what an inner back end has started, where the build is cancelled or its front end gone.

    Its own failures stay what they are.
    """
    with aborting(builder.app):
        watcher = Watcher()  # if this process is killed, too
    try:
        with contextlib.closing(watcher), cancellable(), ending_all(watcher):
            yield
    except Cancelled as cancelled:
        end_for_good(cancelled.exit_code)
        builder.app.abort(f"Error: {cancelled}", code=cancelled.exit_code)


@contextlib.contextmanager
def _leaving_nothing(builder: LambdaZipBuilder) -> Iterator[None]:
    """See that an inner back end leaves nothing in the source tree that the zips would be made of.

    It works there, and the zips' wheel is built in a process of its own after that.
    """
    from hatch_lambda_zip.install import leaving_nothing_built, removing_traces

    root = Path(builder.root)
    with contextlib.ExitStack() as left:
        with aborting(builder.app):
            told = Path(left.enter_context(tempfile.TemporaryDirectory()))  # nobody is told of it
            left.enter_context(leaving_nothing_built(root))
            left.enter_context(removing_traces(root, told))
        left.enter_context(_leaving_no_lists(builder))
        yield


@contextlib.contextmanager
def _leaving_no_lists(builder: LambdaZipBuilder) -> Iterator[None]:
    """See that setuptools leaves no list of files where it is told to, which a wheel would hold.

    This is so for a place that the zips refuse, too: once that is mended, nobody looks there.
    """
    from hatch_lambda_zip.install import removing_lists

    with contextlib.ExitStack() as left:
        with aborting(builder.app):
            left.enter_context(removing_lists(Path(builder.root), os.environ))
        yield


@contextlib.contextmanager
def _working_elsewhere(builder: LambdaZipBuilder, *, lists: bool) -> Iterator[None]:
    """Have setuptools work outside of the sources in this process, where it is told a place there.

    Args:
        lists: see `working_elsewhere` of `install`.
    """
    from hatch_lambda_zip.install import working_elsewhere

    with contextlib.ExitStack() as around:
        # A build that we started ourselves has its places.
        if NESTED_VARIABLE not in os.environ:
            with aborting(builder.app):
                root = Path(builder.root)
                variables = around.enter_context(working_elsewhere(root, os.environ, lists=lists))
            around.enter_context(environment_with(variables))
        yield


def _opened() -> contextlib.closing[LambdaZipBuilder]:
    """Return the builder of the zips; front ends call hooks in the project's directory."""
    # hatchling takes a tenth of a second to import.
    from hatch_lambda_zip.plugin.target import LambdaZipBuilder

    return contextlib.closing(LambdaZipBuilder(str(Path.cwd())))


def _load_inner(builder: LambdaZipBuilder) -> object:
    """Import the back end that everything is passed on to.

    Raises:
        ConfigError: it is not declared rightly, or not there.
    """
    pyproject = builder.metadata.config
    table = target_table(builder.metadata)
    if problems := [*inner_problems(table, read_back_end(pyproject))]:
        raise ConfigError(problems)
    name = table["inner-backend"]
    if not isinstance(name, str) or wrong_back_end(name):
        reason = wrong_back_end(name) if isinstance(name, str) else f"{name!r} is not a string"
        raise ConfigError([f"{_KEY}: {reason}"])
    module, _, path = name.partition(":")
    try:
        found: object = importlib.import_module(module)
        for part in filter(None, path.split(".")):
            found = getattr(found, part)
    except (ImportError, AttributeError) as error:
        message = (
            f"{_KEY}: {name!r} can't be imported ({error}); correct the name, or add the package "
            "that has it to build-system.requires"
        )
        raise ConfigError([message]) from None
    if missing := [hook for hook in ("build_wheel", "build_sdist") if not hasattr(found, hook)]:
        message = (
            f"{_KEY}: {name!r} is no build back end (PEP 517), since it has no "
            f"{' and no '.join(missing)}; name the module or object that build-backend would name"
        )
        raise ConfigError([message])
    return found


def _refuse_embedding(builder: LambdaZipBuilder) -> None:
    """See that the sdist is not wanted to have more in it than the inner back end puts there.

    Raises:
        ConfigError: it is.
    """
    build = inner_table(builder.metadata.hatch.config, "build")  # with what hatch.toml has
    for place in ((), ("targets", "sdist")):
        path = (*place, "hooks", "lambda-zip")
        if inner_table(build, *path).get("embed-lock"):
            message = (
                f"tool.hatch.build.{'.'.join(path)}.embed-lock: only hatchling puts more into an "
                "sdist than its own files, and inner-backend makes this one; remove the key"
            )
            raise ConfigError([message])
