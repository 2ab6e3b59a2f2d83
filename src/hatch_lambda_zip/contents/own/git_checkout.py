"""The files of another commit, in a directory of their own; the repository stays as it is."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from hatch_lambda_zip.contents.own.git_index import git_environment
from hatch_lambda_zip.errors import ToolError
from hatch_lambda_zip.process import ending, run


def check_out(
    repository: Path, reference: str, directory: Path, *, environ: Mapping[str, str], timeout: float
) -> None:
    """Write the files of a commit, as a clone would have them.

    They are written by way of an index of their own: neither the working tree nor the index, nor
    the list of work trees changes. (`git archive` would leave out what `export-ignore` says.) In
    the place of `.git` lies an empty file, so that searches for a repository end there.

    Args:
        reference: what git takes for a commit, such as `origin/main` or `HEAD~1`.
        directory: does not exist yet.
        timeout: in seconds, of each command.

    Raises:
        ToolError: there is no git, or no such commit, or git fails.
    """
    git = shutil.which("git", path=environ.get("PATH"))
    if git is None:
        raise ToolError("git is not installed, which knows what a commit has. Install it.")
    index = directory.with_name(f"{directory.name}.index")
    variables = {**git_environment(environ), "GIT_INDEX_FILE": str(index)}

    def ask(*words: str) -> subprocess.CompletedProcess[bytes]:
        # All files, with no other program's help.
        settings = ("-c", "core.fsmonitor=false", "-c", "core.sparseCheckout=false")
        command = [git, *settings, *words]
        try:
            return run(command, cwd=repository, environment=variables, timeout=timeout)
        except subprocess.TimeoutExpired:
            raise ToolError(
                f"`git {words[0]}` in {repository} did not end within {timeout:g} seconds. Run it "
                "there to see what it waits for."
            ) from None

    found = ask("rev-parse", "--verify", "--quiet", f"{reference}^{{commit}}")
    if found.returncode != 0 or reference.startswith("-"):
        is_shallow = ask("rev-parse", "--is-shallow-repository").stdout.strip() == b"true"
        raise ToolError(_no_commit(repository, reference, is_shallow=is_shallow))
    directory.mkdir()
    commit = found.stdout.decode().strip()
    for words in (
        ("read-tree", commit),
        ("checkout-index", "--all", "--quiet", f"--prefix={directory}/"),
    ):
        done = ask(*words)
        if done.returncode != 0:
            said = done.stderr.decode("utf-8", "replace").strip()
            raise ToolError(
                f"the files of {reference} can't be written: `git {words[0]}` in {repository} "
                f"failed: {said or ending(done.returncode)}"
            )
    (directory / ".git").touch()


def _no_commit(repository: Path, reference: str, *, is_shallow: bool) -> str:
    if is_shallow:
        return (
            f"{reference} is no commit that {repository} has, which is a shallow clone: fetch it "
            "too (actions/checkout: `fetch-depth: 0`; GitLab: `GIT_DEPTH: 0`; `git fetch "
            "--unshallow`)."
        )
    return (
        f"{reference} is no commit that {repository} has. Correct the name, or fetch it "
        "(`git fetch`); `git log` shows those that are there."
    )
