"""A selection -> installed distributions, read through their verified RECORDs.

uv installs what the lock takes from indexes, URLs and repositories, hash-checked and for the
function's platform. Local projects are built fresh, as wheels, by their declared back ends.
"""

from hatch_lambda_zip.install.build_requirements import directories_required
from hatch_lambda_zip.install.checked_locks import checking
from hatch_lambda_zip.install.dist_info import DistInfo, canonical_dist_info, is_license_file
from hatch_lambda_zip.install.entry_points import (
    read_entry_points,
    script_names,
    split_reference,
)
from hatch_lambda_zip.install.import_names import ImportNames
from hatch_lambda_zip.install.install import Installer
from hatch_lambda_zip.install.local_wheel import LocalWheel, OwnWheel, build_wheel
from hatch_lambda_zip.install.metadata import read_headers, refuse_credentials
from hatch_lambda_zip.install.old_setuptools import removing_traces
from hatch_lambda_zip.install.own_project import read_project
from hatch_lambda_zip.install.places_in_tree import leaving_nothing_built
from hatch_lambda_zip.install.read import (
    INSTALLER_FILES,
    Distribution,
    Installed,
    is_installers_file,
)
from hatch_lambda_zip.install.reasons import LeftOut, LeftOutDistribution, Reason
from hatch_lambda_zip.install.setuptools_configuration import (
    check_places,
    removing_lists,
    working_elsewhere,
)
from hatch_lambda_zip.install.wheel import content_digest, installed_place
from hatch_lambda_zip.install.zip_version import (
    VersionSource,
    find_version_source,
    keeping,
    keeping_version_files,
)

__all__ = [
    "INSTALLER_FILES",
    "DistInfo",
    "Distribution",
    "ImportNames",
    "Installed",
    "Installer",
    "LeftOut",
    "LeftOutDistribution",
    "LocalWheel",
    "OwnWheel",
    "Reason",
    "VersionSource",
    "build_wheel",
    "canonical_dist_info",
    "check_places",
    "checking",
    "content_digest",
    "directories_required",
    "find_version_source",
    "installed_place",
    "is_installers_file",
    "is_license_file",
    "keeping",
    "keeping_version_files",
    "leaving_nothing_built",
    "read_entry_points",
    "read_headers",
    "read_project",
    "refuse_credentials",
    "removing_lists",
    "removing_traces",
    "script_names",
    "split_reference",
    "working_elsewhere",
]
