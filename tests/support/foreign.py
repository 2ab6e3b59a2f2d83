"""Small projects of poetry, pdm and pipenv with their locks, as these tools write them."""

from __future__ import annotations

from typing import Final

# The digests are what the tools themselves give for these tables.
POETRY: Final = {
    "pyproject.toml": """\
[tool.poetry]
name = "demo"
package-mode = false
[tool.poetry.dependencies]
python = "^3.12"
idna = "^3.0"

""",
    "poetry.lock": """\
[[package]]
name = "idna"
version = "3.10"
optional = false
python-versions = ">=3.6"
groups = ["main", "dev"]
markers = {main = "python_version > '3.5'", dev = "python_version > '3.4'"}
files = [
    {hash = "sha256:946d195a0d259cbba61165e88e65941f16e9b36ea6ddb97f00452bae8b1287d3"},
]

[[package]]
name = "iniconfig"
version = "2.0.0"
optional = false
python-versions = ">=3.7"
groups = ["dev"]
files = []

[[package]]
name = "colorama"
version = "0.4.6"
optional = true
python-versions = ">=3.7"
groups = ["main"]
markers = "extra == \\"color\\""
files = []

[metadata]
lock-version = "2.1"
python-versions = "^3.12"
content-hash = "0fe0415059940c61a800f7666373ae17c3b30ee4e2ac0854ee809bf858ff68d8"
""",
}
PDM: Final = {
    "pyproject.toml": """\
[project]
name = "demo"
version = "1.0"
requires-python = ">=3.12"
dependencies = ["idna>=3"]

""",
    "pdm.lock": """\
[metadata]
groups = ["default", "dev"]
strategy = ["inherit_metadata"]
lock_version = "4.5.0"
content_hash = "sha256:d538dc785e57f39e1cc925ab6c9a5fb2151c8b709f13fd4b2f0e661722af573f"

[[metadata.targets]]
requires_python = ">=3.12"

[[package]]
name = "idna"
version = "3.10"
requires_python = ">=3.6"
groups = ["default", "dev"]
marker = "python_version > \\"3.5\\""
files = [
    {hash = "sha256:946d195a0d259cbba61165e88e65941f16e9b36ea6ddb97f00452bae8b1287d3"},
]

[[package]]
name = "idna"
version = "3.10"
extras = ["all"]
groups = ["default"]
marker = "python_version > \\"3.5\\""
files = []

[[package]]
name = "iniconfig"
version = "2.0.0"
groups = ["dev"]
files = []
""",
}
PIPENV: Final = {
    "pyproject.toml": "",
    "Pipfile": """\
[[source]]
name = "main"
url = "index"
verify_ssl = true

[packages]
Idna = "*"
six = {version = "*", markers = "python_version < '3'"}

[dev-packages]
iniconfig = "*"
""",
    "Pipfile.lock": """\
{
    "_meta": {
        "hash": {"sha256": "0e9c1d374667265dacf537843f75551b268b7f9b7327c4e835c4132f6426308f"},
        "pipfile-spec": 6,
        "requires": {},
        "sources": [{"name": "main", "url": "index", "verify_ssl": true}]
    },
    "default": {
        "idna": {
            "hashes": ["sha256:946d195a0d259cbba61165e88e65941f16e9b36ea6ddb97f00452bae8b1287d3"],
            "index": "main",
            "markers": "python_version > '3.5'",
            "version": "==3.10"
        },
        "six": {"markers": "python_version < '3'", "version": "*"}
    },
    "develop": {"iniconfig": {"hashes": [], "version": "==2.0.0"}}
}
""",
}
