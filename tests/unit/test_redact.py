from __future__ import annotations

import base64
import html
import json
import os
import re
import shlex
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hatch_lambda_zip.redact import (
    has_password,
    has_query,
    has_token,
    redact,
    redact_urls,
    secret_values,
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://user:pass@host/path", "https://***@host/path"),
        ("https://token@host", "https://***@host"),
        ("{'Authorization': b'Basic dTpwYXNz'}", "{'Authorization': b'Basic ***'}"),
        ("git+https://token@host/a@b", "git+https://***@host/a@b"),
        ("git+ssh://git@host/a", "git+ssh://git@host/a"),
        ("git+ssh://git:pass@host/a", "git+ssh://***@host/a"),
        ("https://host/a.whl?token=secret#sha256=1", "https://host/a.whl?***#sha256=1"),
        ("https://user:pa'ss@host/a", "https://***@host/a"),
        ("https://user:@host", "https://***@host"),
        ("https://:pass@host", "https://***@host"),
        ("https://us%40er:p%2Fss@host", "https://***@host"),
        ("a https://u:p@h/x, b http://u:p@h/y", "a https://***@h/x, b http://***@h/y"),
        ("'https://u:p@h'", "'https://***@h'"),
        ("https://user:p@ss@host/path", "https://***@host/path"),
        ("https://host/path", "https://host/path"),
        ("https://host.invalid/a@b", "https://host.invalid/a@b"),
        ("https://host.invalid:8080/a@b", "https://host.invalid:8080/a@b"),
        ("https://localhost:8080/a@b", "https://localhost:8080/a@b"),
        ("https://[::1]:8080/a@b", "https://[::1]:8080/a@b"),
        ("git+https://host/a@v1", "git+https://host/a@v1"),
        ("git+ssh://git@host/a@v1", "git+ssh://git@host/a@v1"),
        ("ssh://git@host/a@v1", "ssh://git@host/a@v1"),
        ("file:///a@b", "file:///a@b"),
        # What should have been escaped.
        ("https://user:pa/ss@host/a", "https://***@host/a"),
        ("https://user:12/34@host/a", "https://***@host/a"),
        ("https://user:pa#ss@host/a", "https://***@host/a"),
        ("https://user:pa?ss@host/a", "https://***@host/a"),
        ("https://user:p@s/s@host/a", "https://***@host/a"),
        ("https://user:p/s@s@host/a", "https://***@host/a"),
        ("https://to#ken@host/a", "https://***@host/a"),
        ("git+https://user:pa/ss@host/a@v1", "git+https://***@host/a@v1"),
        ("git+https://user:p@s/s@host/a@v1", "git+https://***@host/a@v1"),
        ("git+ssh://git:pa/ss@host/a@v1", "git+ssh://***@host/a@v1"),
        ("https://user: pass@host/a", "https://***@host/a"),
        ("https://user:two pass@host/a", "https://***@host/a"),
        ("https://user:two words here@host/a", "https://***@host/a"),
        ("https://user:tw/o words@host/a", "https://***@host/a"),
        ("https://user:tw@o words@host/a", "https://***@host/a"),
        ("https://user:two\u00a0words@host/a", "https://***@host/a"),
        ("http://localhost:8080 me@host", "http://localhost:8080 me@host"),
        ("http://localhost:8080, me@host", "http://localhost:8080, me@host"),
        # Without a scheme.
        ("user:pass@host/a", "***@host/a"),
        ("user:pa/ss@host/a?token=x", "***@host/a?***"),
        ("--index-url=user:pass@host/a", "--index-url=***@host/a"),
        ("'user:pass@host'", "'***@host'"),
        ("//user:pass@host/a", "//***@host/a"),
        ("me@work.invalid:pass@proxy:8080", "***@proxy:8080"),
        ("'http_proxy=me@work.invalid:pa/ss@proxy'", "'http_proxy=***@proxy'"),
        ("git@host.invalid:a/b@v1", "git@host.invalid:a/b@v1"),
        ("C:\\folder\\a@b", "C:\\folder\\a@b"),
        ("https://user:pass\uff20host/a", "https://***@host/a"),
        # Without a host.
        ("(https://user:pass).", "(https://user:***)."),
        ("https://user:pa/ss", "https://user:***"),
        ("https://host:8080,https://user:pa,ss", "https://host:8080,https://user:pa,ss"),
        (
            "'https://host:8080', https://host:, https://host:/a",
            "'https://host:8080', https://host:, https://host:/a",
        ),
        ("git+ssh://host:a/b", "git+ssh://host:a/b"),
        ("http://me@work.invalid:pass%40proxy:8080", "http://***@work.invalid:***"),
        # Fragments.
        ("https://host/a#token=secret", "https://host/a#***"),
        ("https://host/a#secret", "https://host/a#***"),
        ("https://host/a#sha256=0a1b&egg=demo[x]", "https://host/a#sha256=0a1b&egg=demo[x]"),
        ("https://host/a#egg=demo&token=secret", "https://host/a#***"),
        ("('https://host/a#secret').", "('https://host/a#***')."),
        (f"git+https://host/a#{'0a' * 20}", f"git+https://host/a#{'0a' * 20}"),
        # Of several in one word, only the last one's place may be left.
        ("https://u:p@h/x,https://v:q@i/y", "https://***@i/y"),
        ("https://a.invalid/x,https://u:p@h", "https://***@h"),
        # Headers.
        ("> Authorization: Basic dXNlcjpwYXNz", "> Authorization: Basic ***"),
        ("{'authorization': 'Bearer a.b-c'}", "{'authorization': 'Bearer ***'}"),
        # Control characters.
        ("\x1b[1;31mred\x1b[0m\x1b]0;title\x07", "red"),
        ("a\rb\x07c\x9bd\u202ee", "a\\rb\\x07c\\x9bd\\u202ee"),
        ("a\r\n\tb\n", "a\n\tb\n"),
        ("https://host me@example.invalid", "https://host me@example.invalid"),
        ("me@example.invalid", "me@example.invalid"),
        ("", ""),
    ],
)
def test_redaction(text: str, shown: str) -> None:
    assert redact(text) == shown


words = st.text("abcXYZ019._~%:-!$&*+,;=()", min_size=1)
unescaped = st.text("ab:@/#?.=&'", min_size=1)


@given(words, words, st.sampled_from(["https", "http", "git+ssh", "ftp"]), st.booleans())
def test_no_user_information_is_left(
    user: str,
    password: str,
    scheme: str,
    quoted: bool,  # noqa: FBT001
) -> None:
    url = f"{scheme}://<{user}:{password}>@host.invalid/x"
    text = f"error: '{url}'" if quoted else f"error: {url} failed"
    shown = redact(text)
    assert shown == text.replace(f"<{user}:{password}>", "***")
    assert redact(shown) == shown


@example("://", "user:")
@example("a://b", "user:")
@given(unescaped, st.sampled_from(["https://user:", "http://user:", "user:"]))
def test_what_should_have_been_escaped_does_not_appear(password: str, start: str) -> None:
    shown = redact(f"error: {start}<{password}>@host.invalid/simple failed")
    assert "<" not in shown
    assert ">" not in shown


@pytest.mark.parametrize(
    ("text", "has"),
    [
        ("https://user:pass@host/simple", True),
        ("a https://token@host/simple", False),
        ("https://host/simple", False),
        ("ssh://git:pass@host/a", True),
    ],
)
def test_a_user_alone_is_no_password(text: str, has: bool) -> None:  # noqa: FBT001
    assert has_password(text) is has


@pytest.mark.parametrize(
    ("text", "has"),
    [
        ('url = "https://host/a.whl?X-Amz-Signature=1"', True),
        ("a @ https://host/a.whl?sig=1#sha256=2", True),
        ("https://host/a.whl#a?b", False),
        ("what? https://host/a.whl", False),
        ("", False),
    ],
)
def test_a_query_is_found(text: str, has: bool) -> None:  # noqa: FBT001
    assert has_query(text) is has


LONG = [
    *("x", "a://", "@", ":", "a:b@", "#", "=", "a==b ", "password ", "\x1b[", "\x1b]", "'", "a@/"),
    *("https://h.invalid/#", "&egg=", "?a=b"),
]


@pytest.mark.parametrize("part", LONG)
def test_a_long_word_takes_no_longer_than_many_short_ones(part: str) -> None:
    """Half a million characters: with time as their square, this would take an hour."""
    word = part * (500_000 // len(part))
    redact(word)
    redact(f"https://h.invalid/{word}")


SECRET = "s3cret/value1"  # noqa: S105 - of nobody


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("UV_INDEX_PRIVATE_PASSWORD", SECRET),
        ("UV_INDEX_PRIVATE_USERNAME", SECRET),
        ("GITHUB_TOKEN", SECRET),
        ("AWS_SECRET_ACCESS_KEY", SECRET),
        ("service_api_key", SECRET),
        ("CREDENTIALS", f"first line\n{SECRET}\n"),
        ("UV_INDEX_URL", f"https://user:{SECRET}@host.invalid/simple"),
        ("UV_EXTRA_INDEX_URL", f"https://a.invalid/x https://user:{SECRET}@host.invalid/simple"),
        ("UV_DEFAULT_INDEX", "https://user:s3cret%2Fvalue1@host.invalid/simple"),
        ("UV_INDEX", f"https://{SECRET}@host.invalid/simple"),
        ("HTTPS_PROXY", f"user:{SECRET}@proxy.invalid:8080"),
        ("HTTPS_PROXY", f"me@work.invalid:{SECRET}@proxy.invalid:8080"),
        ("https_proxy", f"http://me@work.invalid:{SECRET}@proxy.invalid:8080"),
        ("GIT_CONFIG_VALUE_0", f"PRIVATE-TOKEN: {SECRET}"),
        ("GIT_CONFIG_VALUE_1", f"me@work.invalid:{SECRET}@proxy.invalid:8080"),
        ("ANYTHING", f"see https://user:{SECRET}@host.invalid/simple"),
        ("SIGNED_URL", "https://host.invalid/a?x=1&X-Amz-Security-Token=s3cret/value1"),
        ("PIP_INDEX_URL", "https://host.invalid/simple#token=s3cret/value1"),
        ("UV_FIND_LINKS", f"https://a.invalid/x,https://user:{SECRET}@host.invalid/y"),
        ("DB_PASS", SECRET),
        ("MYSQL_PWD", SECRET),
        ("SSHPASS", SECRET),
        ("GITHUB_PAT", SECRET),
        ("GITHUB_PAT_READ", SECRET),
        ("DB_PW", SECRET),
        ("HTTP_AUTHORIZATION", f"Bearer {SECRET}"),
        ("OTLP_HEADERS", f"Authorization=Basic%20{SECRET}"),
        ("NETRC_CONTENT", f"machine host.invalid\n login me\n password {SECRET}"),
        ("CI_JOB_JWT", SECRET),
        ("REPOSITORY_CREDS", SECRET),
        ("REGISTRY_AUTH_HEADER", SECRET),
        ("GIT_CONFIG_VALUE_0", f"AUTHORIZATION: basic {SECRET}"),
        ("SERVICE_ACCOUNT", f'{{"type": "x", "private_key": "{SECRET}"}}'),
        ("DEPLOY_KEY", SECRET),
        ("SESSION_COOKIE", SECRET),
        ("REPOSITORY_CREDENTIALS", f"user:{SECRET}"),
        ("REPOSITORY_TOKEN", f"Bearer {SECRET}"),
        ("STORAGE", f"AccountName=a;AccountKey={SECRET};EndpointSuffix=b"),
        ("UPLOAD", f"--user me --password={SECRET} --verbose"),
        (
            "PLACES",
            f"https://h.invalid/x;https://user:{SECRET}@i.invalid|https://v:other@j.invalid",
        ),
    ],
)
def test_secrets_of_the_environment(name: str, value: str, tmp_path: Path) -> None:
    values = secret_values({name: value, "HOME": str(tmp_path)})
    for spelled in (SECRET, "s3cret%2Fvalue1", f"invalid port: {SECRET!r}"):
        assert "s3cret" not in redact(f"uv says {spelled}!", values)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PATH", "/usr/bin:/opt/python@3.11/bin"),
        ("SSH_AUTH_SOCK", "/run/agent.1"),
        ("PWD", "/home/user"),
        ("TOKENIZERS_PARALLELISM", "false"),
        ("UV_KEYRING_PROVIDER", "subprocess"),
        ("SECRET_FILE", "/run/secrets/it"),
        ("UPLOAD", "--token-file=/run/secrets/it"),
        ("UV_INDEX_URL", "https://pypi.invalid/simple"),
        ("UV_INDEX_URL", "https://__token__@pypi.invalid/simple"),
        ("GIT_REMOTE", "ssh://git@host.invalid/a"),
        ("OLDPWD", "/home/user"),
        ("MAKE", "env PWD=/home/user make"),
        ("SMART_API", "https://a.invalid"),
        ("MESSAGE", r"C:\new\tokens"),
        ("SECRETS_DIRECTORY", "/home/runner/work"),
        ("ACCESS_TOKEN_EXPIRE_MINUTES", "1440"),
        ("AUTH_BACKEND", "python3"),
        ("ANYTHING", "token:/usr/bin\nSECRET_FILE: /run/secrets/it"),
    ],
)
def test_what_is_no_secret(name: str, value: str, tmp_path: Path) -> None:
    assert secret_values({name: value, "HOME": str(tmp_path)}) == ()


def test_a_webhook_is_a_secret_as_a_whole(tmp_path: Path) -> None:
    place = f"https://host.invalid/services/{SECRET}"
    values = secret_values({"SLACK_WEBHOOK_URL": place, "HOME": str(tmp_path)})
    assert redact(f"posting to {place} failed", values) == "posting to *** failed"


def test_a_token_may_be_the_name_of_a_user(tmp_path: Path) -> None:
    """As GitHub takes it: whatever the password is."""
    token = "ghp_" + "0a1B" * 9
    environ = {"UV_INDEX_URL": f"https://{token}:x-oauth-basic@host.invalid/simple"}
    values = secret_values({**environ, "HOME": str(tmp_path)})
    assert redact(f"it is {token}, with x-oauth-basic", values) == "it is ***, with x-oauth-basic"
    environ = {"UV_INDEX_URL": "https://somebody:anything@host.invalid/simple"}
    assert secret_values({**environ, "HOME": str(tmp_path)}) == ("anything",)


def test_a_name_of_a_user_is_no_secret(tmp_path: Path) -> None:
    """Azure shows the URLs of repositories with one, and a local database needs no password."""
    environ = {
        "BUILD_REPOSITORY_URI": "https://contoso@dev.azure.com/contoso/p/_git/r",
        "DATABASE_URL": "postgresql://myapp@localhost/myapp",
        "POSTGRES_PASSWORD": "password",
    }
    assert secret_values({**environ, "HOME": str(tmp_path)}) == ()


def test_a_space_in_a_password_is_part_of_it(tmp_path: Path) -> None:
    url = f"https://user:two {SECRET}@host.invalid/simple"
    values = secret_values({"UV_INDEX": url, "HOME": str(tmp_path)})
    assert SECRET not in redact(f"error: invalid value '{url}' for '--index'", values)


@pytest.mark.parametrize("secret", ["back\\slash", "quo'te\"s", "gr\u00f6\u00dfe-1"])
@pytest.mark.parametrize("spell", [str, repr, json.dumps])
def test_a_secret_that_is_shown_as_a_string_of_a_program(
    secret: str, spell: Callable[[str], str]
) -> None:
    assert spell(secret)[2:-2] not in redact(f"environ: {spell(secret)}", [secret])


ODD = "s3/cr+et 'q\"%x&<\u00e9\n\\end"
SPELLERS: dict[str, Callable[[str], str]] = {
    "a URL's path": quote,
    "a form": quote_plus,
    "JavaScript": lambda text: quote(text, safe="!'()*~"),
    "small hexadecimal": lambda text: re.sub("%..", lambda it: it[0].lower(), quote(text)),
    "a URL in a URL": lambda text: quote(quote(text, safe=""), safe=""),
    "HTML": html.escape,
    "HTML's text": lambda text: html.escape(text, quote=False),
    "a shell": shlex.quote,
    "a string": lambda text: repr(f"it's {text}\""),
    "ASCII": ascii,
    "bytes": lambda text: repr(text.encode()),
    "JSON": lambda text: json.dumps(text, ensure_ascii=False),
    "JSON in JSON": lambda text: json.dumps(json.dumps(text)),
    "Rust": lambda text: json.dumps(text).replace("\\u00e9", "\\u{e9}"),
    "INI": lambda text: text.replace("%", "%%"),
    "Windows": lambda text: text.replace("\n", "\r\n"),
}


@pytest.mark.parametrize("spell", SPELLERS.values(), ids=SPELLERS)
def test_a_secret_whose_characters_are_escaped_in_part(spell: Callable[[str], str]) -> None:
    shown = redact(f"it is {spell(ODD)}!", [ODD])
    assert "***" in shown
    assert not {*re.findall(r"\w+", shown)} & {"s3", "cr", "et", "q", "x", "end"}


@pytest.mark.parametrize("secret", ["\\/" * 15, "%" * 30, "\\" * 30, "'" * 20, "%25" * 8])
def test_what_nearly_is_a_secret_takes_no_long_time(secret: str) -> None:
    """With a choice at each character it would take longer than anybody lives."""
    for almost in ("\\", "%", "%25", "'", secret[:-1] + " "):
        redact(almost * 2_000, [secret])


def test_a_secret_that_is_shown_in_colours() -> None:
    assert redact("token-\x1b[1;36m12345\x1b[0m-abc!", ["token-12345-abc"]) == "***!"


def test_a_secret_that_is_no_text() -> None:
    """As where its bytes were typed in a locale of ISO-8859-1."""
    secret = b"gr\xf6\xdfe-12345"
    values = secret_values({"A_PASSWORD": os.fsdecode(secret), "HOME": "nowhere"})
    assert redact(f"it is {os.fsdecode(secret)}", values) == "it is ***"
    assert redact(f"it is {secret.decode('utf-8', 'replace')}", values) == "it is ***"


def test_a_netrc_with_quotes(tmp_path: Path) -> None:
    text = 'machine a.invalid login me password "one \\"two\\" three"\nmachine b password plain-1\n'
    (tmp_path / ".netrc").write_text(text, encoding="utf-8")
    values = secret_values({"HOME": str(tmp_path)})
    assert {'one "two" three', "plain-1"} <= {*values}


def test_blanks_in_a_password_in_a_file_are_part_of_it(tmp_path: Path) -> None:
    text = '[[index]]\nurl = "https://user:two words here@host.invalid/simple"\n'
    (tmp_path / "pylock.toml").write_text(text, encoding="utf-8")
    assert secret_values({"HOME": str(tmp_path)}, tmp_path) == ("two words here",)


def test_uvs_settings_above_a_project_may_be_secret(tmp_path: Path) -> None:
    (tmp_path / "uv.toml").write_text("password = s3cretive\n", encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text('tokenize = "spacy"\n', encoding="utf-8")
    assert secret_values({"HOME": "nowhere"}, tmp_path / "a/b") == ("s3cretive",)


def test_settings_of_all_users_may_be_secret(tmp_path: Path) -> None:
    for name, password in (("pip/pip.conf", "of-pip"), ("uv/uv.toml", "of-uv")):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(f"password = {password}\n", encoding="utf-8")
    places = f"{tmp_path / 'other'}{os.pathsep}{os.pathsep}{tmp_path}"
    assert secret_values({"HOME": "nowhere", "XDG_CONFIG_DIRS": places}) == ("of-pip", "of-uv")


@pytest.mark.parametrize(
    ("variable", "place", "name"),
    [
        ("PDM_CONFIG_FILE", "settings", "settings"),
        ("AWS_CONFIG_FILE", "settings", "settings"),
        ("AWS_SHARED_CREDENTIALS_FILE", "settings", "settings"),
        ("NPM_CONFIG_USERCONFIG", "settings", "settings"),
        ("NPM_CONFIG_GLOBALCONFIG", "settings", "settings"),
        ("REGISTRY_AUTH_FILE", "settings", "settings"),
        ("CARGO_HOME", "", "credentials.toml"),
        ("CARGO_HOME", "", "credentials"),
        ("DOCKER_CONFIG", "", "config.json"),
        ("GH_CONFIG_DIR", "", "hosts.yml"),
        ("POETRY_CONFIG_DIR", "", "auth.toml"),
        ("PROGRAMDATA", "", "pip/pip.ini"),
    ],
)
def test_settings_that_lie_elsewhere_may_be_secret(
    variable: str, place: str, name: str, tmp_path: Path
) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("password = s3cretive\n", encoding="utf-8")
    environ = {"HOME": "nowhere", variable: str(tmp_path / place)}
    assert secret_values(environ) == ("s3cretive",)


@pytest.mark.parametrize(
    "text",
    [
        '[remote "origin"]\n\turl = https://gitlab-ci-token:s3cretive@host.invalid/demo.git\n',
        '[http "https://host.invalid/"]\n\textraheader = AUTHORIZATION: basic s3cretive\n',
        '[url "https://s3cretive-0123456789@host.invalid/"]\n\tinsteadOf = https://host.invalid/\n',
    ],
)
def test_the_configuration_of_a_checkout_may_be_secret(tmp_path: Path, text: str) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_text(text, encoding="utf-8")
    found = secret_values({"HOME": str(tmp_path)}, tmp_path / "functions" / "demo")
    assert any(value.startswith("s3cretive") for value in found)


def test_secrets_of_a_netrc_and_of_files(tmp_path: Path) -> None:
    text = "machine a.invalid login me password first-one\nmachine b login me\n  password second1\n"
    (tmp_path / ".netrc").write_text(text, encoding="utf-8")
    (tmp_path / "other").write_text("machine c.invalid password third-one", encoding="utf-8")
    pyproject = '[[tool.uv.index]]\nurl = "https://user:in-a-file@host.invalid/simple"\n'
    (tmp_path / "pyproject.toml").write_text(pyproject, encoding="utf-8")
    values = secret_values({"HOME": str(tmp_path)}, tmp_path)
    assert values == ("first-one", "in-a-file", "second1")
    assert secret_values({"HOME": str(tmp_path), "NETRC": str(tmp_path / "other")}) == (
        "third-one",
    )


def test_a_password_in_a_pyproject(tmp_path: Path) -> None:
    """A source of pdm's has one beside its URL."""
    text = (
        '[[tool.pdm.source]]\nusername = "me"\npassword = "s3cretive"\n'
        '[tool.other]\ntokenize = "spacy"\npassword-file = "a"\n'
    )
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
    assert secret_values({"HOME": str(tmp_path)}, tmp_path) == ("s3cretive",)


KEPT = {
    ".config/pip/pip.conf": "[global]\nindex-url=https://user:s3cretive@host.invalid/simple\n",
    ".pip/pip.conf": "[global]\nextra-index-url =\n  https://user:s3cretive@host.invalid/simple\n",
    ".config/uv/uv.toml": '[[index]]\nurl = "https://u:s3cretive@host.invalid/simple"\n',
    ".local/share/uv/credentials/credentials.toml": '[[credential]]\npassword = "s3cretive"\n',
    ".pypirc": "[pypi]\nusername = me\npassword: s3cretive\n",
    ".config/pypoetry/auth.toml": "[pypi-token]\npypi-token = 's3cretive'\n",
    "named": "[global]\nindex-url = https://user:s3cretive@host.invalid/simple\n",
    ".config/pip/pip.conf ": "\ufeffpassword = s3cretive\n",
    ".pypirc ": "[pypi]\npassword = s3cretive ; for uploads\n",
    ".config/pypoetry/auth.toml ": "[http-basic]\na = { password = 's3cretive' }\n",
    ".config/pdm/config.toml": '[repository.pypi]\n"password" = "s3cretive"\n',
    ".config/hatch/config.toml": '[publish.index]\nuser = "me"\nauth = "s3cretive"\n',
    ".gitconfig": '[url "https://me:s3cretive@host.invalid/"]\n\tinsteadOf = https://host.invalid/\n',
    ".config/git/config": "[http]\n\textraheader = AUTHORIZATION: basic s3cretive\n",
    ".gitconfig ": "[http]\n\tproxy = me@work.invalid:s3cretive@proxy.invalid:8080\n",
    ".config/git/config ": "[http]\n\textraHeader = PRIVATE-TOKEN: s3cretive\n",
    ".aws/credentials": "[default]\naws_secret_access_key = s3cretive\n",
    ".npmrc": "//host.invalid/:_authToken=s3cretive\n",
    ".cargo/credentials.toml": '[registry]\ntoken = "s3cretive"\n',
    ".config/gh/hosts.yml": "github.com:\n    oauth_token: s3cretive\n",
    ".docker/config.json ": '{"auths": {"host.invalid": {"auth": "bWU6czNjcmV0aXZl"}}}\n',
    ".docker/config.json": '{"auths": {"host.invalid": {"auth": "s3cretive"}}}\n',
}


@pytest.mark.parametrize("name", KEPT)
def test_secrets_of_the_configuration_of_tools(name: str, tmp_path: Path) -> None:
    path = tmp_path / name.strip()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(KEPT[name], encoding="utf-8")
    values = secret_values({"HOME": str(tmp_path), "PIP_CONFIG_FILE": str(tmp_path / "named")})
    assert "s3cretive" in values
    assert redact("the index says that s3cretive is wrong", values) == (
        "the index says that *** is wrong"
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ALL_SECRETS", '{\n  "A": "s3cretive",\n  "B": "other-one"\n}'),
        ("COMPOSER_AUTH", '{"bearer": {"host.invalid": "s3cretive"}}'),
        ("INDEX_TOKENS", "a=s3cretive,b=other-one"),
        ("DOCKER_AUTH_CONFIG", '{"auths": {"host.invalid": {"auth": "bWU6czNjcmV0aXZl"}}}'),
        ("GIT_CONFIG_VALUE_0", "AUTHORIZATION: basic bWU6czNjcmV0aXZl"),
        ("PASS", "s3cretive"),
        ("AZURE_STORAGE_KEY", "s3cretive"),
        ("NEXUS_PSW", "s3cretive"),
        ("GIT_CONFIG_VALUE_0", "X-JFrog-Art-Api: s3cretive"),
        ("ODBC", "Driver=x;Uid=me;Pwd=s3cretive;"),
        ("NPMRC", "registry=https://a.invalid/\n//a.invalid/:_authToken=s3cretive\n"),
        ("PIP_CONF", "[a]\nuser = me\npassword = s3cretive ; mine\n"),
        ("DOTENV", "A=1\\npassword = s3cretive\\n"),
        ("A_PRIVATE_KEY", r"-----BEGIN KEY-----\ns3cretive\n-----END KEY-----\n"),
        ("ACCOUNT", r'{"private_key": "-----BEGIN KEY-----\ns3cretive\n-----END KEY-----\n"}'),
        ("KEYS", base64.b64encode(b'{"client_secret": "s3cretive"}').decode()),
        ("A_PRIVATE_KEY", base64.encodebytes(b"-----BEGIN KEY-----\ns3cretive\n").decode()),
        *((name, "s3cretive") for name in ("JWT", "PAT", "GITLAB_PAT1", "DB_PASS_1", "HMAC_KEY")),
    ],
)
def test_a_variable_with_several_secrets_or_an_encoded_one(
    name: str, value: str, tmp_path: Path
) -> None:
    assert "s3cretive" in secret_values({"HOME": str(tmp_path), name: value})


def test_the_configuration_of_all_users_and_of_setuptools_counts(tmp_path: Path) -> None:
    system = tmp_path / "system"
    system.write_text('[url "https://me:s3cretive@host/"]\n\tinsteadOf = x:\n')
    (tmp_path / "setup.cfg").write_text("[upload]\npassword = ab%other-one\n")
    home = {"HOME": str(tmp_path)}
    for variable in ("GIT_CONFIG_SYSTEM", "DIST_EXTRA_CONFIG"):
        values = secret_values({**home, variable: str(system)}, tmp_path)
        assert {"s3cretive", "ab%other-one", "%other-one"} <= {*values}


@pytest.mark.parametrize("is_common", [True, False])
def test_the_configuration_of_a_worktree_or_submodule_is_elsewhere(
    tmp_path: Path,
    is_common: bool,  # noqa: FBT001
) -> None:
    git = tmp_path / "main" / ".git"
    own = git / "worktrees" / "demo"
    own.mkdir(parents=True)
    if is_common:
        (own / "commondir").write_text("../..\n")
    text = '[remote "origin"]\n\turl = https://ci:s3cretive@host.invalid/demo.git\n'
    (git if is_common else own).joinpath("config").write_text(text)
    (own / "config.worktree").write_text("[http]\n\tproxy = http://me:other-one@host.invalid\n")
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / ".git").write_text("gitdir: ../main/.git/worktrees/demo\n")
    found = secret_values({"HOME": str(tmp_path)}, tmp_path / "demo")
    assert found == ("other-one", "s3cretive")


@pytest.mark.parametrize("section", ["include", 'includeIf "gitdir:/demo/.git"'])
def test_git_may_include_a_configuration(tmp_path: Path, section: str) -> None:
    (tmp_path / ".git").mkdir()
    text = f'[{section}]\n\tpath = config\n\tpath = "../kept for a job"\n'
    (tmp_path / ".git" / "config").write_text(text)
    kept = "[http]\n\textraheader = AUTHORIZATION: basic bWU6czNjcmV0aXZl\n"
    (tmp_path / "kept for a job").write_text(kept)
    found = secret_values({"HOME": str(tmp_path)}, tmp_path)
    assert {"bWU6czNjcmV0aXZl", "s3cretive"} <= {*found}


def test_a_short_secret_is_blotted_out_only_where_it_stands_alone() -> None:
    assert redact("test: tests of test-app, 'test'", ["test"]) == "***: tests of ***-app, '***'"
    assert redact("abc 1 true", ["abc", "1"]) == "abc 1 true"


def test_a_secret_that_holds_another_is_gone_whole() -> None:
    assert redact("longer-secret-1", ["secret-1", "longer-secret-1"]) == "***"


def test_users_are_found_in_urls_alone() -> None:
    assert has_token("demo @ https://ghp_0123456789abcdef@host/x")
    assert has_token("demo @ https://short/one@host.invalid/x")
    assert has_token("Homepage, https://user:pass@host")
    assert not has_token("git+ssh://git@host/x, me@host, https://host/x?y=z#a")
    # As git hosts show them.
    assert not has_token("https://contoso@dev.azure.com/contoso/p/_git/r")
    assert not has_token("https://git@host/x https://user:@host/x")
    assert not has_token("https://an-organization-of-many@dev.azure.com/an-organization-of-many/p")


def test_urls_alone_are_cleaned() -> None:
    text = "user:pass@host \x1b https://user:pass@host/a?b"
    assert redact_urls(text) == "user:pass@host \x1b https://***@host/a?***"


def test_a_configuration_that_changes_is_read_again(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path), "USERPROFILE": str(tmp_path)}
    credentials = tmp_path / ".git-credentials"
    credentials.write_text("https://user:first-password@git.example\n")
    assert "first-password" in secret_values(environ)
    credentials.write_text("https://user:other-password@git.example\n")
    assert "other-password" in secret_values(environ)


@pytest.mark.parametrize("option", ["--file={}", "--file {}", "--file '{}'"])
def test_git_may_keep_passwords_in_another_file(tmp_path: Path, option: str) -> None:
    store = tmp_path / "kept here" if "'" in option else tmp_path / "kept"
    store.write_text("https://user:s3cretive@git.example\n")
    helper = "store " + option.format(store)
    (tmp_path / ".gitconfig").write_text(f'[credential]\n\thelper = "{helper}"\n')
    assert secret_values({"HOME": str(tmp_path), "USERPROFILE": str(tmp_path)}) == ("s3cretive",)


def test_a_configuration_is_where_the_command_was_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command works in the project's directory, and uv is given the path that was meant."""
    typed, project = tmp_path / "typed", tmp_path / "project"
    typed.mkdir()
    project.mkdir()
    (typed / "netrc").write_text("machine a.invalid login me password s3cretive\n")
    (typed / "uv.toml").write_text('url = "https://user:other-one@host.invalid"\n')
    monkeypatch.chdir(project)
    environ = {"HOME": str(tmp_path), "PWD": str(typed)}
    values = secret_values({**environ, "NETRC": "netrc", "UV_CONFIG_FILE": "uv.toml"})
    assert values == ("other-one", "s3cretive")


def test_a_configuration_that_changes_within_its_size_and_time(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path), "USERPROFILE": str(tmp_path)}
    credentials = tmp_path / ".git-credentials"
    credentials.write_text("https://user:first-password@git.example\n")
    before = credentials.stat().st_mtime_ns
    assert "first-password" in secret_values(environ)
    time.sleep(0.02)  # a time of change is as coarse as the system's clock
    credentials.write_text("https://user:other-password@git.example\n")
    os.utime(credentials, ns=(before, before))
    assert "other-password" in secret_values(environ)


@pytest.mark.parametrize("user", ["", "u:", "me:", "you:", "user:"])
@pytest.mark.parametrize("after", ["", "1", "12", " more"])
def test_a_secret_in_base64_or_hexadecimal_is_no_less_one(user: str, after: str) -> None:
    secret = "pa~ss?wo>rd\u00e4"  # noqa: S105 - of no account
    data = f"{user}{secret}{after}".encode()
    encodings = (base64.b64encode, base64.urlsafe_b64encode, bytes.hex)
    for text in (encode(data) for encode in encodings):
        written = text if isinstance(text, str) else text.decode().rstrip("=")
        shown = redact(f"sent {written} to the index", [secret])
        assert "***" in shown
        kept = shown.removeprefix("sent ").removesuffix(" to the index").replace("***", "")
        assert len(kept) <= len(written) - len(secret)
    assert redact(f"sent {data.hex().upper()}", [secret]).endswith(
        f"***{after.encode().hex().upper()}"
    )
