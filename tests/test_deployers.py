"""What others deploy zips with, for real: a rebuild is nothing to deploy, and an edit one function.

What runs is what the README of each example says.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest
import yaml

from tests.support.aws import Aws, serving_aws
from tests.support.commands import CHECKOUT, clean_environment, needed, run
from tests.support.examples import copy_example
from tests.support.loose import build, lock
from tests.support.shared import made_once
from tests.support.tools import node_tool, python_tool

# Each tool takes seconds to start, and minutes to install.
pytestmark = [pytest.mark.shared_cache, pytest.mark.exhaustive]

BUCKET: Final = "shop"
_PULUMI: Final = """
import json, pathlib, runpy
import pulumi

functions = {}

class Mocks(pulumi.runtime.Mocks):
    def new_resource(self, args):
        if args.typ == "aws:lambda/function:Function":
            functions[args.name] = {**args.inputs, "code": args.inputs["code"].path}
        return f"{args.name}_id", {**args.inputs, "arn": f"arn:{args.name}"}

    def call(self, args):
        return {}

pulumi.runtime.set_mocks(Mocks(), preview=False)
pulumi.runtime.test(lambda: runpy.run_path("__main__.py"))()
print(json.dumps(functions, sort_keys=True))
"""


@dataclass(frozen=True)
class Deployed:
    """What a deployer made of an example.

    Attributes:
        whole: all that it would deploy, as text.
        codes: by function, the SHA-256 in Base64 of the code that Lambda gets.
    """

    whole: str
    codes: Mapping[str, str]


@dataclass(frozen=True)
class Example:
    """An example, and what runs it.

    Attributes:
        name: of its directory.
        edited: a file, an edit of which changes the function of its directory.
        deploy: runs what its README says, and looks at what came of it.
        keeps: whether Lambda gets the zips themselves.
    """

    name: str
    edited: str
    deploy: Callable[[Path, Aws], Deployed]
    keeps: bool = True


def by_readme(root: Path, aws: Aws, *tools: Path, block: int = 0) -> str:
    """Run a block of commands of the example's README, with AWS and these tools at hand."""
    readme = (root / "README.md").read_text(encoding="utf-8")
    commands = re.findall(r"```sh\n(.*?)```", readme, re.DOTALL)[block]
    variables = {
        "BUCKET": BUCKET,
        "CI": "true",
        "ROLE": "arn:aws:iam::123456789012:role/shop",
        "SAM_CLI_TELEMETRY": "0",
    }
    environment = aws.environment(*tools, **variables)
    return run(["sh", "-eu", "-c", commands], cwd=root, env=environment).stdout


def sha256(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


def in_bucket(aws: Aws, root: Path, key: str) -> str:
    file = root / "object"
    aws.run("s3api", "get-object", "--bucket", BUCKET, "--key", key, file)
    return sha256(file.read_bytes())


def lint(root: Path, template: str, *ignored: str) -> None:
    """Have cfn-lint look at a template, with its own settings."""
    words = ("--config-file", os.devnull, *(("--ignore-checks", *ignored) if ignored else ()))
    run([python_tool("cfn-lint") / "cfn-lint", root / template, *words], cwd=root)


def cdk_python(root: Path, aws: Aws) -> Deployed:
    by_readme(root, aws, python_tool("cdk"), node_tool("cdk") / ".bin")
    return synthesized(root)


def cdk_typescript(root: Path, aws: Aws) -> Deployed:
    if not (root / "node_modules").exists():
        (root / "node_modules").symlink_to(node_tool("cdk"))
    by_readme(root, aws)
    return synthesized(root)


def synthesized(root: Path) -> Deployed:
    lint(root, "cdk.out/Shop.template.json", "W3005")  # the CDK names dependencies twice
    out = root / "cdk.out"
    template = (out / "Shop.template.json").read_text(encoding="utf-8")
    codes = {}
    for resource in json.loads(template)["Resources"].values():
        if resource["Type"] == "AWS::Lambda::Function":
            metadata = resource["Metadata"]
            asset = out / metadata["aws:asset:path"]
            assert resource["Properties"]["Code"]["S3Key"] == asset.name.removeprefix("asset.")
            codes[metadata["aws:cdk:path"].split("/")[1]] = sha256(asset.read_bytes())
    return Deployed(template + (out / "Shop.assets.json").read_text(encoding="utf-8"), codes)


def sam(root: Path, aws: Aws) -> Deployed:
    by_readme(root, aws, python_tool("sam"))
    return packaged_by_sam(root, aws)


def sam_makefile(root: Path, aws: Aws) -> Deployed:
    needed("make")
    by_readme(root, aws, python_tool("sam"), block=1)
    assert {path.name for path in (root / ".aws-sam/build/Pay").glob("*.py")} == {
        "main.py",
        "six.py",
    }
    return packaged_by_sam(root, aws)


def packaged_by_sam(root: Path, aws: Aws) -> Deployed:
    template = (root / "packaged.yaml").read_text(encoding="utf-8")
    resources = yaml.safe_load(template)["Resources"]
    keys = {
        name.lower(): it["Properties"]["CodeUri"].removeprefix(f"s3://{BUCKET}/")
        for name, it in resources.items()
    }
    codes = {name: in_bucket(aws, root, key) for name, key in keys.items()}
    built = (root / ".aws-sam/build/template.yaml").read_text(encoding="utf-8")
    return Deployed(template + built, codes)


def osls(root: Path, aws: Aws) -> Deployed:
    by_readme(root, aws, node_tool("osls") / ".bin")
    file = root / ".serverless/cloudformation-template-update-stack.json"
    lint(root, ".serverless/cloudformation-template-update-stack.json")
    template = file.read_text(encoding="utf-8")
    resources = json.loads(template)["Resources"]
    codes = {
        it["Properties"]["FunctionName"]["Ref"].removesuffix("LambdaFunction").lower(): it[
            "Properties"
        ]["CodeSha256"]
        for it in resources.values()
        if it["Type"] == "AWS::Lambda::Version"
    }
    return Deployed(re.sub(r"shop/dev/\d+-[^/]+Z/", "shop/dev/", template), codes)


def cloudformation(root: Path, aws: Aws) -> Deployed:
    by_readme(root, aws, python_tool("cfn-lint"))
    lint(root, "packaged.yaml")
    stack = ("cloudformation", "describe-stack-resources", "--stack-name", "shop")
    codes = {}
    for resource in aws.run(*stack)["StackResources"]:
        if resource["ResourceType"] == "AWS::Lambda::Function":
            name = ("--function-name", resource["PhysicalResourceId"])
            configuration = aws.run("lambda", "get-function-configuration", *name)
            codes[resource["LogicalResourceId"].lower()] = configuration["CodeSha256"]
    return Deployed((root / "packaged.yaml").read_text(encoding="utf-8"), codes)


def pulumi(root: Path, aws: Aws) -> Deployed:
    scripts = python_tool("pulumi")
    by_readme(root, aws, scripts)
    found = run([scripts / "python", "-c", _PULUMI], cwd=root, env=clean_environment()).stdout
    codes = {}
    for name, function in json.loads(found).items():
        codes[name] = function["sourceCodeHash"]
        assert sha256((root / function["code"]).read_bytes()) == codes[name]
        assert (function["handler"], function["architectures"]) == ("main.handler", ["arm64"])
    return Deployed(found.replace(f"{root}/", ""), codes)


def aws_cli(root: Path, aws: Aws) -> Deployed:
    by_readme(root, aws)
    functions = aws.run("lambda", "list-functions")["Functions"]
    deployed = {it["FunctionName"]: it["CodeSha256"] for it in functions}
    codes = {name: deployed[f"shop-{name}"] for name in ("api", "files")}
    return Deployed(json.dumps(codes), codes)


FILES: Final = "functions/files/main.py"
EXAMPLES: Final = {
    "cdk in python": Example("cdk", "lambda/bye/index.py", cdk_python),
    "cdk in typescript": Example("cdk-typescript", FILES, cdk_typescript),
    "sam": Example("sam", "src/pay/main.py", sam),
    "sam with makefile": Example("sam", "src/pay/main.py", sam_makefile, keeps=False),
    "osls": Example("serverless", FILES, osls),
    "cloudformation": Example("cloudformation", FILES, cloudformation),
    "pulumi": Example("pulumi", FILES, pulumi),
    "aws cli": Example("aws-cli", FILES, aws_cli),
}


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    with serving_aws() as aws:
        aws.run("iam", "create-role", "--role-name", "shop", "--assume-role-policy-document", "{}")
        aws.run("s3api", "create-bucket", "--bucket", BUCKET)
        yield aws


def locked(name: str, factory: pytest.TempPathFactory) -> Path:
    """Return an example, locked and built. Not to be changed."""

    def make(root: Path) -> None:
        copy_example(name, root)
        lock(root)
        build(root)

    return made_once(factory, f"deployed {name}", make)


def manifests(root: Path) -> dict[str, str]:
    documents = [json.loads(path.read_text()) for path in (root / "dist").glob("*-lambda.json")]
    return {it["function"]: it["sha256_base64"] for it in documents}


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> set[str]:
    assert before.keys() == after.keys()
    return {name for name in before if before[name] != after[name]}


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_deployer_sees_edits_and_nothing_else(
    name: str, aws: Aws, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    example = EXAMPLES[name]
    made = locked(example.name, tmp_path_factory)
    # The same paths, so that what a deployer writes of them is not what differs.
    first = shutil.copytree(made, tmp_path / "first")
    before = example.deploy(first, aws)
    assert len(before.codes) == 2
    if example.keeps:
        assert before.codes == manifests(first)

    # As in a fresh clone on another machine.
    other = shutil.copytree(made, tmp_path / "elsewhere/deep")
    shutil.rmtree(other / "dist")
    assert example.deploy(other, aws) == before

    file = other / example.edited
    file.write_text(file.read_text(encoding="utf-8") + "\n\nEDITED = 1\n", encoding="utf-8")
    after = example.deploy(other, aws)
    assert changed(before.codes, after.codes) == {file.parent.name}
    assert after.whole != before.whole
    if example.keeps:
        assert after.codes == manifests(other)


def test_a_script_of_the_aws_cli_does_what_is_to_be_done(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = shutil.copytree(locked("aws-cli", tmp_path_factory), tmp_path / "root")
    with serving_aws() as aws:
        aws.run("iam", "create-role", "--role-name", "shop", "--assume-role-policy-document", "{}")
        said = [by_readme(root, aws), by_readme(root, aws)]
        (root / FILES).write_text("def handler(event, context): ...\n")
        said.append(by_readme(root, aws))
    for output, api, files in zip(
        said,
        ("created", "nothing to do", "nothing to do"),
        ("created", "nothing to do", "updated"),
        strict=True,
    ):
        assert output.endswith(f"shop-api: {api}\nshop-files: {files}\n")


def test_the_program_of_pulumi_has_the_right_types(tmp_path: Path) -> None:
    # mypy reads all of AWS's services, for minutes.
    pyright = node_tool("pyright") / ".bin/pyright"
    python, program = python_tool("pulumi") / "python", CHECKOUT / "examples/pulumi/__main__.py"
    run([pyright, "--pythonpath", python, program], cwd=tmp_path)
