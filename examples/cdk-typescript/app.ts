import { readFileSync } from "node:fs";
import { join } from "node:path";
import { App, Stack } from "aws-cdk-lib";
import { Architecture, Code, Function, Runtime, RuntimeFamily } from "aws-cdk-lib/aws-lambda";

const dist = join(import.meta.dirname, "dist");
const stack = new Stack(new App(), "Shop");
for (const name of ["api", "files"]) {
  const built = JSON.parse(readFileSync(join(dist, `${name}-lambda.json`), "utf-8"));
  new Function(stack, name, {
    code: Code.fromAsset(join(dist, built.artifact)),
    handler: built.handler,
    runtime: new Runtime(built.runtime, RuntimeFamily.PYTHON),
    architecture: Architecture.custom(built.architecture),
  });
}
