"""METADATA of locally built distributions, in a form that no back end's release has a say in.

hatchling 1.21, 1.27 and 1.33 write three Metadata-Versions for one project; others differ in
order, spelling and deprecated fields. What code reads through ``importlib.metadata`` stays; the
description, which is most of a file and runs nothing, does not. The rules stand in docs/format.md.
"""

from __future__ import annotations

import binascii
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from packaging.requirements import InvalidRequirement
from packaging.specifiers import InvalidSpecifier
from packaging.utils import canonicalize_name

from hatch_lambda_zip.errors import DistributionError
from hatch_lambda_zip.install.requirement import canonical_requirement, canonical_specifiers
from hatch_lambda_zip.redact import has_token, redact

METADATA_VERSION: Final = "2.4"

# Core metadata specification, in the order of the output. What is not here does not ship:
# Description and its type, Dynamic, and what only newer releases write (Import-Name).
_FIELDS: Final = (
    *("Platform", "Supported-Platform", "Summary", "Keywords"),
    *("Author", "Author-email", "Maintainer", "Maintainer-email"),
    *("License", "License-Expression", "License-File"),
    *("Classifier", "Project-URL", "Requires-Python", "Requires-External"),
    *("Requires-Dist", "Provides-Extra", "Provides-Dist", "Obsoletes-Dist"),
    *("Requires", "Provides", "Obsoletes"),
)
_PEOPLE: Final = frozenset(("Author", "Author-email", "Maintainer", "Maintainer-email"))
# Deprecated fields (metadata 1.2), and the label of the URL that stands for them (PEP 753).
_URL_FIELDS: Final = {"Home-page": "Homepage", "Download-URL": "Download"}
# RFC 2047, section 2: as what email.utils, and so some releases of pdm-backend, write a name.
_ENCODED_WORD: Final = re.compile(r"=\?utf-8\?([bq])\?([!->@-~]+)\?=", re.IGNORECASE)

# What poetry-core adds by itself, for each Python that its release knows.
_ADDED_BY_POETRY: Final = re.compile(r"(Programming Language :: Python :: 3|License ::).*")


def read_headers(metadata: bytes, source: str) -> dict[str, list[str]]:
    """Read the fields of a METADATA file.

    Args:
        source: what to call it in an error.

    Returns:
        The values of each field, by its name in lower case, in one line each.

    Raises:
        DistributionError: it is malformed.
    """
    try:
        text = metadata.decode()
    except UnicodeDecodeError:
        raise DistributionError(f"{source} is not UTF-8. Build it with another back end.") from None
    fields: dict[str, list[str]] = defaultdict(list)
    last: list[str] = []
    for line in re.split(r"\r\n|\r|\n", text):
        if not line:
            break  # the description follows
        if line[0] in " \t" and last:
            last[-1] += f" {line}"
            continue
        name, colon, value = line.partition(":")
        if not colon or not re.fullmatch(r"[!-9;-~]+", name):  # RFC 5322, 3.6.8
            raise DistributionError(
                f"{source} has the line {line!r}, which is no field. Correct what it comes from, "
                "such as a description of more than one line."
            )
        last = fields[name.lower()]
        last.append(value)
    return {name: [" ".join(value.split()) for value in values] for name, values in fields.items()}


def canonical_metadata(
    fields: Mapping[str, list[str]],
    *,
    name: str,
    version: str,
    license_files: Iterable[str],
    built_by_poetry: bool,
) -> bytes:
    """Write METADATA anew.

    Args:
        fields: from ``read_headers``.
        license_files: their paths below ``licenses/``.
        built_by_poetry: whether some classifiers are poetry-core's own.

    Raises:
        DistributionError: a requirement is none (PEP 508), or a specifier (PEP 440); or a URL has
            credentials.
    """
    found: dict[str, list[str]] = {}
    for field in _FIELDS:
        values = [value for value in fields.get(field.lower(), ()) if value not in {"", "UNKNOWN"}]
        if values:
            found[field] = sorted(set(_canonical_values(field, values, name)))
    found["License-File"] = sorted(license_files)
    found["Project-URL"] = _urls(fields)
    for field, values in found.items():
        refuse_credentials(name, field, values)
    if built_by_poetry:
        found["Classifier"] = [
            value for value in found.get("Classifier", ()) if not _ADDED_BY_POETRY.fullmatch(value)
        ]
    lines = [f"Metadata-Version: {METADATA_VERSION}", f"Name: {name}", f"Version: {version}"]
    lines += [f"{field}: {value}" for field in _FIELDS for value in found.get(field, ())]
    return "".join(f"{line}\n" for line in lines).encode()


def refuse_credentials(name: str, field: str, values: Iterable[str]) -> None:
    """See that no value of METADATA would spread a secret.

    Args:
        name: the distribution's.
        field: the field, or what will be one.
        values: its values.

    Raises:
        DistributionError: a URL has credentials.
    """
    # A query is common in other URLs; in those of requirements it may well be a token.
    rules = {"Requires-Dist": _has_secret_url, "Project-URL": _has_login}
    is_secret = rules.get(field, has_token)
    if any(map(is_secret, values)):
        raise DistributionError(
            f"METADATA of {name} has a URL with credentials (or a query, which may be one) as "
            f"{field}, which a zip must not spread. Take them out of its pyproject.toml, and "
            "give them to uv through its variables, netrc or keyring instead."
        )


def _canonical_values(field: str, values: list[str], name: str) -> list[str]:
    if field in _PEOPLE:
        # Whether a name with a comma is quoted is a matter of the release.
        decoded = [_ENCODED_WORD.sub(_decoded, value).replace('"', "") for value in values]
        return [" ".join(value.split()) for value in decoded]
    if field == "Keywords":
        separated = [value.split("," if "," in value else None) for value in values]
        words = {word.strip() for value in separated for word in value} - {""}
        return [",".join(sorted(words))] if words else []
    if field == "Provides-Extra":
        return [canonicalize_name(value) for value in values]
    rule: Callable[[str], str] | None = {
        "Requires-Dist": canonical_requirement,
        "Requires-Python": canonical_specifiers,
    }.get(field)
    if rule is None:
        return values
    try:
        return [rule(value) for value in values]
    except (InvalidRequirement, InvalidSpecifier) as error:
        raise DistributionError(
            f"METADATA of {name} has a {field} that is none: {error}. Correct it there, or choose "
            "another version of it."
        ) from None


def _has_secret_url(requirement: str) -> bool:
    _, _, url = requirement.partition(" @ ")
    url = url.partition(" ;")[0]
    return redact(url) != url


def _has_login(labelled: str) -> bool:
    """Tell whether a project's URL has credentials, carelessly spelled ones too."""
    url = labelled.partition(",")[2].strip() or labelled
    is_address = url.lower().startswith("mailto:")
    # What has a scheme may have a query, which stays, and an @ in its path.
    is_bare = "://" not in url and not is_address
    spelled = url.partition("?")[0]
    return (
        has_token("".join(spelled.split()))
        or has_token(url)
        or (is_bare and redact(spelled) != spelled)
    )


def _decoded(word: re.Match[str]) -> str:
    text = word[2].encode()
    try:
        if word[1].lower() == "b":
            return binascii.a2b_base64(text).decode()
        return binascii.a2b_qp(text, header=True).decode()
    except ValueError:
        return word[0]


def _urls(fields: Mapping[str, list[str]]) -> list[str]:
    """Return the project's URLs with their labels; one that is said twice, once.

    Labels are compared without regard to case (PEP 753), and old releases of pdm-backend change
    it: all letters but the first are in lower case.
    """
    urls = {}
    for field, label in _URL_FIELDS.items():
        for url in fields.get(field.lower(), ()):
            if url not in {"", "UNKNOWN"}:
                urls[label.lower()] = f"{label}, {url}"
    for value in fields.get("project-url", ()):
        label, _, url = (part.strip() for part in value.partition(","))
        urls[label.lower()] = f"{label[:1].upper()}{label[1:].lower()}, {url}"
    return sorted(urls.values())
