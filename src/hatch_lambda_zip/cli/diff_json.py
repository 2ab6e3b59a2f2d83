"""What `hatch-lambda-zip diff --json` prints, in the terms of docs/diff.schema.json."""

from __future__ import annotations

from typing import Final

from hatch_lambda_zip.cli.inspect import describe_hash
from hatch_lambda_zip.explain import Source
from hatch_lambda_zip.explain.diff import (
    Difference,
    DistributionChange,
    FileChange,
    KeyChange,
    ManifestDifference,
    manifest_verdict,
    verdict,
)

_SCHEMA: Final = 1


def describe(found: Difference) -> dict[str, object]:
    """Describe what differs between two zips or directories."""
    return {
        "schema": _SCHEMA,
        "verdict": verdict(found),
        "equal": found.is_equal,
        "same_code": found.is_same_code,
        "before": _source(found.before),
        "after": _source(found.after),
        "architectures": None if found.machines is None else [*found.machines],
        "pythons": None if found.pythons is None else [*found.pythons],
        "distributions": [_distribution(change) for change in found.distributions],
        "files": [_file(change) for change in found.files],
        "stale": [*found.stale],
        "aspects": {aspect.value: [*names] for aspect, names in found.aspects.items()},
    }


def describe_manifests(found: ManifestDifference) -> dict[str, object]:
    """Describe what differs between two manifests."""
    return {
        "schema": _SCHEMA,
        "verdict": manifest_verdict(found),
        "equal": found.is_equal,
        "before": {"path": str(found.before)},
        "after": {"path": str(found.after)},
        "distributions": [_distribution(change) for change in found.distributions],
        "pins": [*map(_key, found.pins)],
        "shipped": [*map(_key, found.shipped)],
        "included_files": [*map(_key, found.files)],
        "left_out": [*map(_key, found.left_out)],
        "settings": [*map(_key, found.settings)],
    }


def _source(source: Source) -> dict[str, object]:
    return {"path": str(source.path), **describe_hash(source.sha256), "files": len(source.files)}


def _distribution(change: DistributionChange) -> dict[str, object]:
    return {
        "name": change.name,
        "before": change.before or None,
        "after": change.after or None,
    }


def _key(change: KeyChange) -> dict[str, object]:
    return {
        "key": change.key,
        "before": change.before or None,
        "after": change.after or None,
    }


def _file(change: FileChange) -> dict[str, object]:
    old, new, bytecode = change.before, change.after, change.bytecode
    return {
        "path": change.name,
        "old_path": change.old_name,
        "status": change.status.value,
        "kind": change.kind.value,
        "distribution": change.owner or None,
        "before_bytes": None if old is None else old.size,
        "after_bytes": None if new is None else new.size,
        "because_of": change.cause.value,
        "same_code": change.is_harmless,
        "places": [
            {
                "part": place.part.value,
                "scope": place.scope or None,
                "line": place.line,
                "before": place.before or None,
                "after": place.after or None,
            }
            for place in change.places
        ],
        "bytecode": bytecode
        and {
            "ways": [way.value for way in bytecode.ways],
            "before": bytecode.before or None,
            "after": bytecode.after or None,
            "functions": [
                {
                    "name": function.name,
                    "line": function.line,
                    "details": [
                        {
                            "kind": detail.kind,
                            "before": detail.before or None,
                            "after": detail.after or None,
                        }
                        for detail in function.details
                    ],
                }
                for function in bytecode.functions
            ],
        },
        "keys": [*map(_key, change.keys)],
    }
