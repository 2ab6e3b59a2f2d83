import json
from pathlib import Path

import aws_cdk
from aws_cdk import aws_lambda

DIST = Path(__file__).parent / "dist"


class Shop(aws_cdk.Stack):
    def __init__(self, scope, name):
        super().__init__(scope, name)
        for function in ("hello", "bye"):
            built = json.loads((DIST / f"{function}-lambda.json").read_text())
            aws_lambda.Function(
                self,
                function,
                code=aws_lambda.Code.from_asset(str(DIST / built["artifact"])),
                handler=built["handler"],
                runtime=aws_lambda.Runtime(built["runtime"], aws_lambda.RuntimeFamily.PYTHON),
                architecture=aws_lambda.Architecture.custom(built["architecture"]),
            )


app = aws_cdk.App()
Shop(app, "Shop")
app.synth()
