"""What differs between two zips as far as their manifests tell it, without either zip."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hatch_lambda_zip.contents import parse_manifest
from hatch_lambda_zip.errors import InputError
from hatch_lambda_zip.explain.diff.describe import describe_distribution, joined
from hatch_lambda_zip.explain.diff.difference import DistributionChange, KeyChange
from hatch_lambda_zip.explain.inspection import manifest_of
from hatch_lambda_zip.explain.read import read_source
from hatch_lambda_zip.files import failure_at, read_regular
from hatch_lambda_zip.text import plural

_FEW: Final = 3
_PLATFORM: Final = ("runtime", "architecture")
# What is compared by itself, follows from the rest, or is about the manifest alone.
_NOT_SETTINGS: Final = frozenset(
    (
        *("schema", "sha256", "sha256_base64", "zipped_bytes", "unzipped_bytes", "files"),
        *("distributions", "inputs", "include_files", "checksum", "left_out", "bytecode"),
        *("absent_distributions", "artifact", "unpacked", "tool", "sbom", "sbom_sha256"),
    )
)


@dataclass(frozen=True)
class ManifestDifference:
    """What two manifests say otherwise.

    Attributes:
        before: the path of the first.
        after: of the second.
        is_equal: whether the zips are the same bytes.
        distributions: those of other versions, added or removed.
        pins: distributions of one version that were made of other contents, by what pins them.
        shipped: distributions of one version that ship more, fewer or larger files, by these.
        files: of ``include-files`` and ``code``, by their digests.
        left_out: files of distributions that ship in one zip alone, by why they don't in the other.
        settings: all else that decides the bytes, by the manifest's keys.
    """

    before: Path
    after: Path
    is_equal: bool
    distributions: tuple[DistributionChange, ...]
    pins: tuple[KeyChange, ...]
    shipped: tuple[KeyChange, ...]
    files: tuple[KeyChange, ...]
    left_out: tuple[KeyChange, ...]
    settings: tuple[KeyChange, ...]


def is_manifest(path: Path) -> bool:
    """Tell whether a path is to be read as a manifest."""
    return path.suffix == ".json" and not path.is_dir()


def compare_manifests(before: Path, after: Path) -> ManifestDifference:
    """Compare two manifests, or a manifest and that beside a zip.

    Raises:
        InputError: one is none, or can't be read.
    """
    old, new = _read(before), _read(after)
    pins = _changes(_mapping(old, "inputs"), _mapping(new, "inputs"))
    versions = _versions(old), _versions(new)
    names = sorted(versions[0].keys() | versions[1].keys())
    # Of directories, layers may be in them too; a zip has none.
    directories = [
        {f"unpacked.{key}": value for key, value in _mapping(document, "unpacked").items()}
        for document in (old, new)
    ]
    unpacked = _changes(*directories) if all(directories) else ()
    changed = [name for name in names if versions[0].get(name) != versions[1].get(name)]
    # What is pinned need not ship.
    kept = {*names}.difference(changed)
    return ManifestDifference(
        before,
        after,
        is_equal=old.get("sha256") == new.get("sha256") and not unpacked,
        distributions=tuple(
            DistributionChange(name, versions[0].get(name, ""), versions[1].get(name, ""))
            for name in changed
        ),
        pins=tuple(pin for pin in pins if pin.key in kept),
        shipped=tuple(it for it in _changes(_sizes(old), _sizes(new)) if it.key in kept),
        files=_changes(_files(old), _files(new)),
        left_out=tuple(
            it
            for it in _changes(_left_out(old, changed), _left_out(new, changed))
            if not (it.before and it.after)
        ),
        settings=(*_changes(dict(_settings(old)), dict(_settings(new))), *unpacked),
    )


def manifest_verdict(found: ManifestDifference) -> str:
    """Return in one line why the zips of two manifests differ."""
    if found.is_equal:
        return "equal: the same bytes"
    platform = [it for it in found.settings if it.key in _PLATFORM]
    said = [f"for {change.after} instead of {change.before}" for change in platform]
    said += _listed([describe_distribution(it) for it in found.distributions], "distribution")
    said += _listed([_pinned(pin) for pin in found.pins], "pin")
    said += _listed([f"{file.key} {_became(file)}" for file in found.files], "file")
    settings = [it.key for it in found.settings if it.key not in _PLATFORM]
    if settings:
        said.append(f"other settings ({', '.join(settings[:_FEW])})")
    if said:
        return joined(said)
    shipped = _listed([it.key for it in found.shipped], "distribution")
    where = f" in {joined(shipped)}" if shipped else ""
    return f"the same inputs, and other bytes{where}: compare the zips themselves"


def _pinned(pin: KeyChange) -> str:
    kinds = {value.partition(":")[0] for value in (pin.before, pin.after)}
    if kinds == {"hashes"}:
        return f"other hashes that are allowed for {pin.key}"
    # Where a lock of another kind says it, it may be the same content.
    return f"other content of {pin.key}" if len(kinds) == 1 else f"another pin of {pin.key}"


def _listed(words: list[str], noun: str) -> list[str]:
    if len(words) <= _FEW:
        return words
    return [f"{plural(len(words), noun)} changed ({', '.join(words[:_FEW])}, …)"]


def _became(change: KeyChange) -> str:
    if change.before and change.after:
        return "changed"
    return "added" if change.after else "removed"


def _read(path: Path) -> Mapping[str, object]:
    if not is_manifest(path):
        beside, _ = manifest_of(read_source(path))
        if not beside:
            raise InputError(
                f"{path} has no manifest of its own beside it, so it can't be compared with one. "
                "Name two zips, or two manifests."
            )
        return beside
    try:
        content = read_regular(path)
    except OSError as error:
        raise InputError(f"{failure_at(error)}.") from None
    manifest = None if content is None else parse_manifest(content)
    if manifest is None:
        raise InputError(
            f"{path} is no manifest of hatch-lambda-zip. Name a zip, a directory, or the JSON file "
            "that a build writes beside a zip."
        )
    return manifest


def _mapping(manifest: Mapping[str, object], key: str) -> dict[str, str]:
    found = manifest.get(key)
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}


def _rows(manifest: Mapping[str, object], key: str) -> list[dict[str, object]]:
    found = manifest.get(key)
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


def _versions(manifest: Mapping[str, object]) -> dict[str, str]:
    rows = _rows(manifest, "distributions")
    return {str(row.get("name")): str(row.get("version")) for row in rows}


def _files(manifest: Mapping[str, object]) -> dict[str, str]:
    return {
        str(row.get("path")): str(row.get("digest")) for row in _rows(manifest, "include_files")
    }


def _sizes(manifest: Mapping[str, object]) -> dict[str, str]:
    return {
        str(row.get("name")): f"{row.get('files')} files, {row.get('bytes')} bytes"
        for row in _rows(manifest, "distributions")
    }


def _left_out(manifest: Mapping[str, object], changed: Sequence[str]) -> dict[str, str]:
    """Return why files do not ship of distributions that are of one version on both sides."""
    return {
        str(row.get("path")): str(row.get("reason"))
        for row in _rows(manifest, "left_out")
        if row.get("distribution") not in changed
    }


def _settings(manifest: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Yield what else decides the bytes, with the keys of options one level deep."""
    for key, value in manifest.items():
        if key in _NOT_SETTINGS:
            continue
        if isinstance(value, dict):
            for inner, item in value.items():
                yield f"{key}.{inner}", _shown(item)
        else:
            yield key, _shown(value)


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _changes(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[KeyChange, ...]:
    return tuple(
        KeyChange(key, old.get(key, ""), new.get(key, ""))
        for key in sorted(old.keys() | new.keys())
        if old.get(key) != new.get(key)
    )
