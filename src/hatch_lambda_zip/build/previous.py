"""What an earlier build left: manifests, and the zips that they describe."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hatch_lambda_zip.build.inputs import Source
from hatch_lambda_zip.build.manifest import describe_left_out, is_as_made
from hatch_lambda_zip.config import sbom_of
from hatch_lambda_zip.contents import LARGEST_DESCRIPTION, is_artifact, parse_manifest
from hatch_lambda_zip.files import read_regular
from hatch_lambda_zip.install import LeftOut, Reason

_OF_CODE: Final = frozenset((Reason.NOT_CODE.value, Reason.PATTERN.value))


@dataclass(frozen=True)
class Previous:
    """Outputs of an earlier build, found whole.

    Attributes:
        manifest: the document.
        sha256: of the zip, in hexadecimal.
        is_as_made: whether the manifest is the one that was written, to the byte, and so is the
            bill of materials, if it names one; else there is none.
    """

    manifest: Mapping[str, object]
    sha256: str
    is_as_made: bool

    def is_made_from(
        self,
        inputs: Mapping[str, object],
        sources: Mapping[str, Source],
        left_out: Iterable[LeftOut] | None = None,
    ) -> bool:
        """Tell whether a build from these very inputs would write the same, manifest included.

        Args:
            inputs: as ``describe_inputs`` has them.
            sources: of all distributions, by their names.
            left_out: what does not ship of code directories; None where there are none.
        """
        return (
            self.is_as_made
            and _has(self.manifest, inputs)
            and all(_is_of(row, sources) for row in self._distributions())
            and (left_out is None or self._leaves_out(left_out))
        )

    def is_of(self, artifact: Mapping[str, object], layers: Sequence[Mapping[str, object]]) -> bool:
        """Tell whether it was made, and is as made, for this configuration of it and its layers.

        Args:
            artifact: as ``describe_artifact`` has it.
            layers: as ``describe_layer`` has each.
        """
        found = self.manifest.get("layers")
        rows = found if isinstance(found, list) else []
        return (
            self.is_as_made
            and _has(self.manifest, artifact)
            and len(rows) == len(layers)
            and all(map(_has, rows, layers))
        )

    def has_content(self, package: str, digest: str) -> bool:
        """Tell whether a package in the zip is the one that a wheel of this digest installs."""
        pins = self.manifest.get("inputs")
        return isinstance(pins, dict) and pins.get(package) == f"content:{digest}"

    def _leaves_out(self, left_out: Iterable[LeftOut]) -> bool:
        """Tell whether these files, and no others, are noted for what code directories have."""
        noted = self.manifest.get("left_out")
        rows = noted if isinstance(noted, list) else [None]
        wanted = describe_left_out(left_out)
        # Those of the package's wheel have such reasons too, and then none is kept.
        of_code = [
            row for row in rows if not isinstance(row, dict) or row.get("reason") in _OF_CODE
        ]
        return len(of_code) == len(wanted) and all(row in of_code for row in wanted)

    def _distributions(self) -> Iterator[object]:
        for key in ("distributions", "absent_distributions"):
            rows = self.manifest.get(key)
            yield from rows if isinstance(rows, list) else (None,)


def _is_of(row: object, sources: Mapping[str, Source]) -> bool:
    if not isinstance(row, dict):
        return False  # its checksum may be right, and it of another form all the same
    name = row.get("name")
    return isinstance(name, str) and name in sources and sources[name].is_described_by(row)


def _has(found: Mapping[str, object], wanted: Mapping[str, object]) -> bool:
    return all(key in found and found[key] == value for key, value in wanted.items())


def read_previous(artifact: Path) -> Previous | None:
    """Read the manifest of an existing zip.

    Returns:
        None unless both are there and the zip's bytes are those that the manifest names.
    """
    try:
        text = read_regular(artifact.with_suffix(".json"), LARGEST_DESCRIPTION)
        manifest = None if text is None else parse_manifest(text)
        size = None if manifest is None else manifest.get("zipped_bytes")
        content = read_regular(artifact, size) if isinstance(size, int) else None
    except OSError:
        return None  # then it is written, and that says what is wrong
    if text is None or manifest is None or content is None or len(content) != size:
        return None
    sha256 = hashlib.sha256(content).hexdigest()
    if manifest.get("artifact") != artifact.name or manifest.get("sha256") != sha256:
        return None
    sbom = sbom_of(artifact)
    # One of an earlier build would be removed.
    has_sbom = not is_artifact(sbom) if manifest.get("sbom") is None else is_sbom_of(manifest, sbom)
    return Previous(manifest, sha256, is_as_made(text) and has_sbom)


def is_sbom_of(manifest: Mapping[str, object], path: Path) -> bool:
    """Tell whether a file is, to the byte, the bill of materials that a manifest names."""
    try:
        content = read_regular(path, LARGEST_DESCRIPTION)
    except OSError:
        return False
    if content is None or manifest.get("sbom") != path.name:
        return False
    return manifest.get("sbom_sha256") == hashlib.sha256(content).hexdigest()
