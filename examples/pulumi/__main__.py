import json
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws

DIST = Path(__file__).parent / "dist"

role = aws.iam.Role(
    "shop",
    assume_role_policy=json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": "sts:AssumeRole",
                    "Principal": {"Service": "lambda.amazonaws.com"},
                }
            ],
        }
    ),
)
for name in ("api", "files"):
    built: dict[str, Any] = json.loads((DIST / f"{name}-lambda.json").read_text())
    aws.lambda_.Function(
        name,
        code=pulumi.FileArchive(str(DIST / built["artifact"])),
        source_code_hash=built["sha256_base64"],
        handler=built["handler"],
        runtime=built["runtime"],
        architectures=[built["architecture"]],
        role=role.arn,
    )
