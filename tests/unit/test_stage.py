"""What an sdist with locks must not spread."""

from __future__ import annotations

import sys

import pytest

from hatch_lambda_zip.errors import ConfigError
from hatch_lambda_zip.plugin.stage import refuse_passwords

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

URL = "https://user:s3cretive@a.invalid/simple"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (f'[[tool.uv.index]]\nname = "a"\nurl = "{URL}"', "tool.uv.index"),
        (f'[tool.uv]\nindex-url = "{URL}"', "tool.uv.index-url"),
        (f'[tool.uv]\nextra-index-url = ["https://b.invalid", "{URL}"]', "tool.uv.extra-index-url"),
        (f'[tool.uv]\nfind-links = ["{URL}"]', "tool.uv.find-links"),
        (f'[tool.uv.pip]\nindex-url = "{URL}"', "tool.uv.pip.index-url"),
        (f'[tool.uv.sources]\nsix = {{ git = "{URL}" }}', "tool.uv.sources.six.git"),
        (f'[tool.uv.sources]\nsix = [{{ url = "{URL}" }}]', "tool.uv.sources.six"),
        (
            f'[tool.hatch.envs.default.env-vars]\nUV_INDEX = "{URL}"',
            "tool.hatch.envs.default.env-vars.UV_INDEX",
        ),
        (
            "[tool.hatch.envs.a.env-vars]\nUV_INDEX = 'https://u:{env:X:s3cretive}@a.invalid/x'",
            "tool.hatch.envs.a.env-vars.UV_INDEX",
        ),
    ],
)
def test_a_password_in_a_url_is_refused_by_its_key(text: str, key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        refuse_passwords(tomllib.loads(text), {})
    assert f"{key}: a URL has a password" in str(caught.value)
    assert "s3cretive" not in str(caught.value)


@pytest.mark.parametrize("text", [f'index-url = "{URL}"', f'index-url = ["{URL}'])
def test_what_else_goes_along_is_named(text: str) -> None:
    with pytest.raises(ConfigError, match=r"uv\.toml: a URL has a password"):
        refuse_passwords({}, {"uv.toml": text})


def test_a_comment_is_no_setting() -> None:
    refuse_passwords({}, {"uv.toml": "# url = 'https://user:password@host.invalid/simple'\n"})


@pytest.mark.parametrize(
    "text",
    [
        '[[tool.uv.index]]\nurl = "https://user@a.invalid/simple"',
        '[tool.uv.sources]\nsix = { git = "ssh://git@a.invalid/six" }',
        '[tool.hatch.envs.default.env-vars]\nDATABASE = "postgresql://me:me@localhost/test"',
        "[tool]\nuv = 1\nhatch.envs.a = 2",
        "[tool.hatch.envs.a.env-vars]\nPIP_INDEX_URL = 'https://me:{env:PYPI_TOKEN}@a.invalid/x'",
        '[[tool.uv.index]]\nurl = "https://user:@a.invalid/simple"',
    ],
)
def test_what_opens_nothing_is_let_through(text: str) -> None:
    refuse_passwords(tomllib.loads(text), {})
