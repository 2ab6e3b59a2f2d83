"""Where the target's table is, and which of its keys are hatchling's own."""

from __future__ import annotations

from typing import Final

TOOL_NAME: Final = "hatch-lambda-zip"
TARGET_KEY: Final = "tool.hatch.build.targets.lambda-zip"

# What hatchling reads from every target's table, and which of its properties checks the value.
# Its `include` and `exclude` are not among them: here they choose among the wheel's files.
HATCHLING_SELECTION_KEYS: Final = {
    "artifacts": "artifact_spec",
    "force-include": "force_include",
    "ignore-vcs": "ignore_vcs",
    "only-include": "only_include",
    "only-packages": "only_packages",
    "packages": "packages",
    "skip-excluded-dirs": "skip_excluded_dirs",
    "sources": "sources",
}
HATCHLING_KEYS: Final = {
    **HATCHLING_SELECTION_KEYS,
    "dependencies": "dependencies",
    "dev-mode-dirs": "dev_mode_dirs",
    "dev-mode-exact": "dev_mode_exact",
    "directory": "directory",
    "hooks": "hook_config",
    "reproducible": "reproducible",
    "require-runtime-dependencies": "require_runtime_dependencies",
    "require-runtime-features": "require_runtime_features",
}
