"""What Lambda's runtimes bring along, as sets that make sense only as a whole."""

from __future__ import annotations

from typing import Final

PROVIDED_SETS: Final = {
    # AWS Lambda developer guide, "Runtime-included SDK versions": boto3 and what it is made of.
    # The members are released for one another, so a part from the runtime and a part from the
    # zip would be a combination that nobody has tested.
    "aws-sdk": frozenset(("boto3", "botocore", "jmespath", "s3transfer")),
}
"""The value of ``provided`` -> normalized names of distributions."""
