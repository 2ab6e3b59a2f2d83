"""What import-linter can't say: nothing below imports the root, which imports from above."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import hatch_lambda_zip

ROOT = Path(hatch_lambda_zip.__file__).parent
ABOVE = {"cli", "explain", "plugin", "build"}  # these may; the root is not among the modules
MODULES = [
    path.relative_to(ROOT)
    for path in sorted(ROOT.rglob("*.py"))
    if path != ROOT / "__init__.py" and path.relative_to(ROOT).parts[0] not in ABOVE
]


@pytest.mark.parametrize("module", MODULES, ids=Path.as_posix)
def test_no_module_below_imports_the_root(module: Path) -> None:
    tree = ast.parse((ROOT / module).read_bytes())
    imported = [
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "hatch_lambda_zip"
        for alias in node.names
    ]
    assert not imported
