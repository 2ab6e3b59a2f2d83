"""Why the hashes of two zips differ: what differs, as values, and that in words.

`compare` pairs the files (`pairs`), compares what zips say around them (`headers`) and what is in
them (`content`, `source`, `bytecode`), and returns a `Difference`, with what follows from what.
`verdict` says it in one line.
"""

from hatch_lambda_zip.explain.diff.compare import compare
from hatch_lambda_zip.explain.diff.describe import describe_distribution, describe_file
from hatch_lambda_zip.explain.diff.difference import (
    Aspect,
    Cause,
    Difference,
    DistributionChange,
    FileChange,
    FileKind,
    KeyChange,
    Status,
)
from hatch_lambda_zip.explain.diff.manifests import (
    ManifestDifference,
    compare_manifests,
    is_manifest,
    manifest_verdict,
)
from hatch_lambda_zip.explain.diff.text import unified_diff
from hatch_lambda_zip.explain.diff.verdict import verdict

__all__ = [
    "Aspect",
    "Cause",
    "Difference",
    "DistributionChange",
    "FileChange",
    "FileKind",
    "KeyChange",
    "ManifestDifference",
    "Status",
    "compare",
    "compare_manifests",
    "describe_distribution",
    "describe_file",
    "is_manifest",
    "manifest_verdict",
    "unified_diff",
    "verdict",
]
