"""The first sentence of the README, with a real Terraform: a plan stays empty until it should not.

The example's rehearsal has `terraform_data` in place of functions and layer, which needs no
provider; what it takes from manifests and zips is the same.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hcl2
import pytest

from tests.support.commands import CHECKOUT
from tests.support.loose import build, lock
from tests.support.pages import BLOCKS
from tests.support.shared import made_once
from tests.support.terraform import Terraform, terraform_in

pytestmark = pytest.mark.shared_cache

EXAMPLE = CHECKOUT / "examples/terraform"
ORDERS = "functions/orders/main.py"
FUNCTIONS = ('terraform_data.function["invoices"]', 'terraform_data.function["orders"]')

# What terraform-aws-modules/lambda has of variables and outputs, as far as the example uses them,
# and what it makes of a package that is there: it hashes the file.
MODULE = """
variable "create_package" { type = bool }
variable "local_existing_package" { type = string }
variable "create_layer" {
  type    = bool
  default = false
}
variable "layer_name" { default = "" }
variable "compatible_runtimes" { default = [] }
variable "compatible_architectures" { default = [] }
variable "function_name" { default = "" }
variable "handler" { default = "" }
variable "runtime" { default = "" }
variable "architectures" { default = [] }
variable "layers" { default = [] }

resource "terraform_data" "function" {
  count = var.create_layer ? 0 : 1
  input = {
    configuration = [var.function_name, var.handler, var.runtime, var.architectures, var.layers]
    code          = filebase64sha256(var.local_existing_package)
  }
  lifecycle {
    precondition {
      condition     = !var.create_package
      error_message = "The module would zip by itself."
    }
  }
}

resource "terraform_data" "layer" {
  count            = var.create_layer ? 1 : 0
  triggers_replace = filebase64sha256(var.local_existing_package)
}

output "lambda_layer_arn" { value = join("", terraform_data.layer[*].id) }
"""


@pytest.fixture(scope="session")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example, locked, built and applied. Not to be changed."""

    def make(root: Path) -> None:
        ignored = shutil.ignore_patterns("dist", "pylock.toml", ".terraform", "terraform.tfstate*")
        shutil.copytree(EXAMPLE, root, ignore=ignored)
        lock(root)
        build(root)
        terraform_in(root / "rehearsal").apply()

    return made_once(tmp_path_factory, "terraform-example", make)


@pytest.fixture
def root(applied: Path, tmp_path: Path) -> Path:
    """A copy of it at another path, to change; with the state that says what is deployed."""
    return shutil.copytree(applied, tmp_path / "elsewhere/deep")


@pytest.fixture
def terraform(root: Path) -> Terraform:
    return terraform_in(root / "rehearsal")


def edit(root: Path, old: str = "201", new: str = "200", file: str = ORDERS) -> None:
    text = (root / file).read_text(encoding="utf-8")
    assert old in text
    (root / file).write_text(text.replace(old, new), encoding="utf-8")


def touch(root: Path) -> None:
    for path in root.rglob("*"):
        if path.is_file():
            path.chmod(0o700)
            path.touch()


def build_from_nothing(root: Path) -> None:
    """As in a fresh clone on another machine: no zips, and nothing kept of earlier builds."""
    shutil.rmtree(root / "dist")
    build(root)


@pytest.mark.parametrize("change", [build, build_from_nothing, touch])
def test_a_rebuild_plans_nothing(
    root: Path, terraform: Terraform, change: Callable[[Path], object]
) -> None:
    change(root)
    build(root)
    plan = terraform.plan()
    assert plan.actions == {}, plan.output
    assert plan.returncode == 0
    assert "No changes. Your infrastructure matches the configuration." in plan.output


def test_an_edit_plans_its_function_and_its_undo_nothing(root: Path, terraform: Terraform) -> None:
    edit(root)
    build(root)
    plan = terraform.plan()
    assert plan.actions == {FUNCTIONS[1]: "updated in-place"}, plan.output
    edit(root, "200", "201")
    build(root)
    assert terraform.plan().actions == {}


@pytest.mark.exhaustive
def test_another_release_in_the_layer_plans_the_layer(root: Path, terraform: Terraform) -> None:
    edit(root, "humanize>=4", "humanize==4.12.0", "requirements.txt")
    lock(root)
    build(root)
    plan = terraform.plan()
    of_functions = dict.fromkeys(FUNCTIONS, "updated in-place")
    assert plan.actions == {"terraform_data.libraries": "replaced", **of_functions}, plan.output


def test_a_tampered_zip_fails(root: Path, terraform: Terraform) -> None:
    with (root / "dist/orders-lambda.zip").open("ab") as zipped:
        zipped.write(b"more")
    plan = terraform.plan()
    assert plan.returncode == 1
    assert "orders-lambda.zip is not what its manifest describes" in plan.output


def test_the_readme_shows_what_terraform_says(root: Path, terraform: Terraform) -> None:
    readme = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    match = re.search(r"<!-- plan -->\n```console\n(.*?)```", readme, re.DOTALL)
    assert match
    said = []
    for change in (build, edit):
        change(root)
        build(root)
        output = re.sub(r'"[\w+/=]{44}"', '"…"', terraform.plan().output)
        said += output.splitlines()
    shown = [line for line in match[1].splitlines() if line and not line.startswith("$")]
    assert len(shown) > 2
    for line in shown:
        assert line in said
        said = said[said.index(line) :]


def blocks(file: Path) -> dict[str, Any]:
    """Return the bodies of a file's resources by their types, and its local values."""
    document = hcl2.loads(file.read_text(encoding="utf-8"))
    found = {"locals": document["locals"]}
    for resource in document["resource"]:
        for kind, named in resource.items():
            for name, body in named.items():
                found[f"{kind}.{name}".replace('"', "")] = body
    return found


def test_what_deploys_is_what_is_rehearsed() -> None:
    deployed, rehearsed = blocks(EXAMPLE / "aws/main.tf"), blocks(EXAMPLE / "rehearsal/main.tf")
    assert deployed["locals"] == rehearsed["locals"]
    function, copy = deployed["aws_lambda_function.function"], rehearsed["terraform_data.function"]
    for key in ("for_each", "lifecycle"):
        assert function[key] == copy[key]
    for key in ("filename", "source_code_hash"):
        assert function[key] == copy["input"][key]
    layer = deployed["aws_lambda_layer_version.libraries"]
    replaced_by = rehearsed["terraform_data.libraries"]["triggers_replace"]
    assert layer["source_code_hash"] == replaced_by


@pytest.mark.exhaustive
def test_the_public_module_sees_edits_and_nothing_else(root: Path) -> None:
    file = root / "aws-module/main.tf"
    text, references = re.subn(
        'source( +)= "terraform-aws-modules/lambda/aws"\n  version +=.*\n',
        r'source\1= "./lambda"\n',
        file.read_text(encoding="utf-8"),
    )
    assert references == 2
    file.write_text(text, encoding="utf-8")
    (file.parent / "lambda").mkdir()
    (file.parent / "lambda/main.tf").write_text(MODULE, encoding="utf-8")
    terraform = terraform_in(file.parent)
    terraform.apply()

    build_from_nothing(root)
    assert terraform.plan().actions == {}
    edit(root)
    build(root)
    plan = terraform.plan()
    address = 'module.function["orders"].terraform_data.function[0]'
    assert plan.actions == {address: "updated in-place"}, plan.output
    assert hcl2.loads(text)["locals"] == blocks(EXAMPLE / "aws/main.tf")["locals"]


def test_what_a_reader_copies_is_as_terraform_writes_it(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLE, tmp_path / "example", ignore=shutil.ignore_patterns("dist"))
    found = [block.text for block in BLOCKS if block.language == "hcl"]
    assert found
    for number, block in enumerate(found):
        (tmp_path / f"{number}.tf").write_text(block, encoding="utf-8")
    result = terraform_in(tmp_path).run("fmt", "-check", "-diff", "-recursive", check=False)
    assert (result.returncode, result.stdout) == (0, ""), result.stderr
