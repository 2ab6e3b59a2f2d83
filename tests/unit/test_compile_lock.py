"""What uv is asked for to make a lock, and what is made of its answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from hatch_lambda_zip.errors import LockError, UvError, UvFailure
from hatch_lambda_zip.lock.compile import RequirementsLock, constraints_of, locked_versions
from hatch_lambda_zip.lock.recorded import NEW_FILE
from hatch_lambda_zip.uv import Uv
from tests.support.foreign import PDM, PIPENV
from tests.support.loose import write

HEAD = 'lock-version = "1.0"\ncreated-by = "uv"\nrequires-python = ">=3.13"\n'
PACKAGE = '[[packages]]\nname = "{}"\nversion = "{}"\n'
IDNA = "946d195a0d259cbba61165e88e65941f16e9b36ea6ddb97f00452bae8b1287d3"
WITHOUT_FILES = HEAD + PACKAGE.format("idna", "3.10")
ANSWER = f'{WITHOUT_FILES}sdist = {{ path = "idna-3.10.tar.gz", hashes = {{ sha256 = "0" }} }}\n'


class Answering(Uv):
    """Writes what it is to answer, and keeps what it was asked."""

    asked: list[str]
    found: list[str | None]
    answer: str | UvError

    def run(
        self,
        arguments: Iterable[str | Path],
        *,
        cwd: Path,
        variables: Mapping[str, str] | None = None,
        without: Iterable[str] = (),
    ) -> str:
        del variables, without
        asked = [*map(str, arguments)]
        constraints, source = (Path(asked[asked.index("--constraint") + n]) for n in (1, 2))
        new = cwd / asked[-1]
        state = self.__dict__  # the class is frozen
        self.found.append(new.read_text() if new.exists() else None)
        state["asked"] = [
            {str(constraints): f"constraints {constraints.read_text()!r}"}.get(word, word)
            for word in asked
        ]
        if source.is_absolute():
            state["asked"][-3] = f"pins {source.read_text()!r}"
        if isinstance(self.answer, UvError):
            raise self.answer
        new.write_text(self.answer)
        return ""


def answering(answer: str | UvError = ANSWER) -> Answering:
    uv = Answering(Path("uv"), {}, 1, print)
    uv.__dict__.update(answer=answer, found=[])
    return uv


@pytest.fixture
def lock(tmp_path: Path) -> RequirementsLock:
    (tmp_path / "requirements.txt").write_text("idna\n")
    return RequirementsLock(tmp_path / "requirements.txt", "3.13")


def foreign(root: Path, files: Mapping[str, str]) -> RequirementsLock:
    write(root, files)
    (name,) = (name for name in files if name.endswith(".lock"))
    return RequirementsLock(root / name, "3.13")


def failing(lock: RequirementsLock, *constraints: str) -> str:
    error = UvError("uv failed", failure=UvFailure.NO_WHEEL, said="it did")
    with pytest.raises(UvError) as caught:
        lock.compile(answering(error), constraints=constraints)
    assert (caught.value.failure, caught.value.said) == (UvFailure.NO_WHEEL, "it did")
    assert not lock.path.with_name(NEW_FILE).exists()
    return str(caught.value)


def test_what_uv_is_asked_for(lock: RequirementsLock) -> None:
    uv = answering()
    made = lock.compile(uv)
    assert uv.asked == [
        *("pip", "compile", "--universal", "--format", "pylock.toml", "--quiet"),
        *("--python-version", "3.13", "--custom-compile-command", "hatch-lambda-zip lock"),
        *("--constraint", "constraints ''", "requirements.txt", "--output-file", NEW_FILE),
    ]
    assert made.startswith(ANSWER)
    assert 'requirements = [\n    "idna",\n]' in made
    assert not lock.path.with_name(NEW_FILE).exists()
    lock.compile(uv, upgrade=True, packages=["a", "b"], constraints=["c==1", "d==2"])
    assert uv.asked[10:-3] == [
        *("--upgrade", "--upgrade-package", "a", "--upgrade-package", "b"),
        *("--constraint", r"constraints 'c==1\nd==2'"),
    ]


def test_versions_stay(lock: RequirementsLock) -> None:
    uv = answering()
    assert lock.before() == ""
    made = lock.compile(uv)
    lock.write(made)
    lock.check()
    assert lock.before() == made
    assert lock.compile(uv) == made
    # One in which nothing is required yet, uv would not read.
    lock.write(lock.compile(answering(HEAD)))
    lock.compile(uv)
    assert uv.found == [None, made, None]


def test_a_lock_that_does_not_fit(lock: RequirementsLock) -> None:
    with pytest.raises(LockError, match=r"pylock\.toml is missing\. Run `hatch-lambda-zip lock`"):
        lock.check()
    lock.write(lock.compile(answering()))
    other = RequirementsLock(lock.requirements, "3.12")
    with pytest.raises(LockError, match=r"for Python >=3\.13, while 3\.12 is the lowest in use"):
        other.check()


@pytest.mark.parametrize("text", [ANSWER, f"tool = 1\n{ANSWER}"])
def test_a_lock_that_another_tool_made_is_left_alone(lock: RequirementsLock, text: str) -> None:
    lock.write(text)
    for call in (lock.check, lock.before, lambda: lock.compile(answering())):
        with pytest.raises(LockError, match=r"another tool.* make one of requirements\.txt\."):
            call()
    assert lock.path.read_text() == text
    lock.write("no toml")
    with pytest.raises(LockError, match=r"can't be read: .*\. Remove it\."):
        lock.before()


def test_what_is_said_where_uv_fails(tmp_path: Path, lock: RequirementsLock) -> None:
    assert failing(lock) == "uv failed"
    assert failing(lock, "c==1", "d==2") == (
        f"uv failed\nFor {lock.requirements}, what the locks of the layers pin holds too: c==1, "
        "d==2. Require versions that fit, or change those of the layers."
    )
    assert failing(foreign(tmp_path / "pdm", PDM)) == (
        f"uv failed\nSo the versions of pdm.lock can't be kept in {tmp_path / 'pdm/pylock.toml'}."
    )
    assert failing(foreign(tmp_path / "pipenv", PIPENV)).endswith(
        "\nPipfile.lock takes packages from the index main. Name the same one to uv, by UV_INDEX "
        "or in uv.toml."
    )


def wheel(digest: str) -> str:
    return f'    {{ name = "{digest}.whl", hashes = {{ sha256 = "{digest}" }} }},\n'


def test_files_that_another_tools_lock_does_not_allow_stay_out(tmp_path: Path) -> None:
    lock = foreign(tmp_path, PDM)
    both = f"{WITHOUT_FILES}wheels = [\n{wheel('0' * 64)}{wheel(IDNA)}]\n"
    uv = answering(both + PACKAGE.format("other", "1"))
    made = lock.compile(uv)
    assert uv.asked[-3].startswith("pins 'idna==3.10 ; python_version")
    assert wheel(IDNA) in made
    assert "0" * 64 not in made
    sdist = f'sdist = {{ name = "a", hashes = {{ sha256 = "{"1" * 64}" }} }}\n'
    assert "1" * 64 not in lock.compile(
        answering(WITHOUT_FILES + sdist + both[len(WITHOUT_FILES) :])
    )
    for found in (f"wheels = [\n{wheel('0' * 64)}]\n", sdist):
        with pytest.raises(LockError, match=r"^uv finds other files of idna than pdm\.lock allows"):
            lock.compile(answering(WITHOUT_FILES + found))
    # Of what the other lock has no hash of, all is taken.
    assert lock.compile(answering(both.replace("idna", "unknown"))).count("sha256") == 2


def test_what_a_lock_pins() -> None:
    packages = [("b", "2"), ("a", "1"), ("b", "10")]
    text = "".join(PACKAGE.format(*package) for package in packages)
    assert locked_versions(f'{text}[[packages]]\nname = "local"\n') == {"a": "1", "b": "10, 2"}
    assert locked_versions(text.replace("packages", "package")) == {"a": "1", "b": "10, 2"}
    assert [*constraints_of(text)] == ["a==1"]
