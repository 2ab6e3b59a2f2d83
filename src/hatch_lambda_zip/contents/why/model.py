"""What a question is asked of, and what comes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hatch_lambda_zip.config import Artifact, Project
from hatch_lambda_zip.contents.decide import Contents
from hatch_lambda_zip.contents.imports.walk import Chain
from hatch_lambda_zip.contents.own.code import Code
from hatch_lambda_zip.contents.own.own_files import Surroundings
from hatch_lambda_zip.contents.requirements_graph import Requires
from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.install import Installed, Reason


@dataclass(frozen=True)
class Decided:
    """What was decided of one zip, and what it was decided from.

    Attributes:
        artifact: the function or layer.
        requirers: the projects whose requirements it has.
        contents: what ships, and what does not.
        layers: what its layers do, by their names.
        installed: all that the lock selects, and the package itself.
        added: files of the project that ship besides, by their sources.
        code: what of them code directories brought, and what not.
        around: what decided which of these ship.
        places: the directories of the local projects whose wheels may ship, by their names.
        locked: the versions that the lock has altogether, by names, as far as it says them.
    """

    artifact: Artifact
    requirers: tuple[Project, ...]
    contents: Contents
    layers: Mapping[str, Contents] = field(default_factory=dict)
    installed: tuple[Installed, ...] = ()
    added: tuple[tuple[str, Entry], ...] = ()
    code: Code = field(default_factory=Code)
    around: Surroundings | None = None
    places: Mapping[str, Path] = field(default_factory=dict)
    locked: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Rule:
    """What decided.

    Attributes:
        key: the full configuration key; or a file such as ``.gitignore``.
        value: what of it did, if that can be told.
    """

    key: str
    value: object = None


@dataclass(frozen=True)
class Answer:
    """Why something ships, or why not.

    Attributes:
        name: a path in the zip, or a distribution's name.
        kind: ``file``, ``directory`` or ``distribution``.
        ships: whether it is in this very zip; what a layer ships instead is not.
        why: the reason in one sentence.
        reason: the same as manifests have it, if they do.
        rule: which option said so.
        requirements: who requires the distribution, from the project on.
        imports: the imports that lead to the module, from the handler's on.
    """

    name: str
    kind: str
    ships: bool
    why: str
    reason: Reason | None = None
    rule: Rule | None = None
    requirements: tuple[Requires, ...] = ()
    imports: Chain = ()
