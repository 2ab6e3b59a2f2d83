"""The build hook's table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hatch_lambda_zip.config.tables import TableReader
from hatch_lambda_zip.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

HOOK_KEY: Final = "tool.hatch.build.hooks.lambda-zip"

# What hatchling itself reads from every build hook's table.
_HATCHLING_HOOK_KEYS: Final = (
    *("dependencies", "enable-by-default"),
    *("require-runtime-dependencies", "require-runtime-features"),
)


@dataclass(frozen=True)
class HookConfig:
    """The build hook's table.

    Attributes:
        embed_lock: put what the functions need into the sdist.
    """

    embed_lock: bool


def parse_hook_config(table: Mapping[str, object]) -> HookConfig:
    """Check the build hook's table and turn it into a :class:`HookConfig`.

    Raises:
        ConfigError: with every mistake of the table.
    """
    reader = TableReader(HOOK_KEY, table, [])
    reader.refuse_unknown(("embed-lock", *_HATCHLING_HOOK_KEYS))
    config = HookConfig(reader.flag("embed-lock") or False)
    if reader.problems:
        raise ConfigError(reader.problems)
    return config
