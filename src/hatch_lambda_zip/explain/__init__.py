"""Any zip for Lambda, wheel or directory, explained and brought into canonical form.

Sources are read as hostile input (`read_source`), files get their distributions
(`find_distributions`), and the canonical form is a plan for each file (`make_plan`) that
`write_canonical` carries out. `compare` finds all that differs between two of them, and `verdict`
says why in one line.
"""

from hatch_lambda_zip.explain.canonical import Normalized, look, write_canonical
from hatch_lambda_zip.explain.describe import describe_distribution, describe_file
from hatch_lambda_zip.explain.deviations import Deviation, Finding
from hatch_lambda_zip.explain.diff import compare
from hatch_lambda_zip.explain.diff_manifests import (
    ManifestDifference,
    compare_manifests,
    is_manifest,
    manifest_verdict,
)
from hatch_lambda_zip.explain.diff_text import unified_diff
from hatch_lambda_zip.explain.difference import (
    Aspect,
    Cause,
    Difference,
    FileChange,
    FileKind,
    KeyChange,
    Status,
)
from hatch_lambda_zip.explain.distributions import (
    OWN,
    FoundDistribution,
    Owners,
    find_distributions,
)
from hatch_lambda_zip.explain.inspection import Inspection, NativeLibrary, inspect_source
from hatch_lambda_zip.explain.plan import Bytecode
from hatch_lambda_zip.explain.read import Member, Source, read_source, read_zip
from hatch_lambda_zip.explain.verdict import verdict

__all__ = [
    "OWN",
    "Aspect",
    "Bytecode",
    "Cause",
    "Deviation",
    "Difference",
    "FileChange",
    "FileKind",
    "Finding",
    "FoundDistribution",
    "Inspection",
    "KeyChange",
    "ManifestDifference",
    "Member",
    "NativeLibrary",
    "Normalized",
    "Owners",
    "Source",
    "Status",
    "compare",
    "compare_manifests",
    "describe_distribution",
    "describe_file",
    "find_distributions",
    "inspect_source",
    "is_manifest",
    "look",
    "manifest_verdict",
    "read_source",
    "read_zip",
    "unified_diff",
    "verdict",
    "write_canonical",
]
