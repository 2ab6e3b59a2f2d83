"""Any zip for Lambda, wheel or directory, explained and brought into canonical form.

Sources are read as hostile input (`read_source`), files get their distributions
(`find_distributions`), and the canonical form is a plan for each file (`make_plan`) that
`write_canonical` carries out. Why two of them differ is the affair of ``explain.diff``.
"""

from hatch_lambda_zip.explain.canonical import Normalized, look, write_canonical
from hatch_lambda_zip.explain.deviations import Deviation, Finding
from hatch_lambda_zip.explain.distributions import (
    OWN,
    FoundDistribution,
    Owners,
    find_distributions,
)
from hatch_lambda_zip.explain.inspection import Inspection, NativeLibrary, inspect_source
from hatch_lambda_zip.explain.plan import Bytecode
from hatch_lambda_zip.explain.read import Member, Source, read_source, read_zip
from hatch_lambda_zip.explain.report import ReportedFile, list_files, render_page

__all__ = [
    "OWN",
    "Bytecode",
    "Deviation",
    "Finding",
    "FoundDistribution",
    "Inspection",
    "Member",
    "NativeLibrary",
    "Normalized",
    "Owners",
    "ReportedFile",
    "Source",
    "find_distributions",
    "inspect_source",
    "list_files",
    "look",
    "read_source",
    "read_zip",
    "render_page",
    "write_canonical",
]
