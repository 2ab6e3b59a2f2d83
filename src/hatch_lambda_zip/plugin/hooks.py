"""Registers the plugins with hatchling."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hatchling.plugin import hookimpl

if TYPE_CHECKING:
    from hatch_lambda_zip.plugin.hook import LambdaZipBuildHook
    from hatch_lambda_zip.plugin.target import LambdaZipBuilder


@hookimpl
def hatch_register_builder() -> type[LambdaZipBuilder]:
    """Offer the ``lambda-zip`` build target."""
    from hatch_lambda_zip.plugin.target import LambdaZipBuilder

    return LambdaZipBuilder


@hookimpl
def hatch_register_build_hook() -> type[LambdaZipBuildHook]:
    """Offer the ``lambda-zip`` build hook."""
    from hatch_lambda_zip.plugin.hook import LambdaZipBuildHook

    return LambdaZipBuildHook
