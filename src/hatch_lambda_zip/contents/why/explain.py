"""Asks everybody who may know why something ships, or does not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from packaging.utils import canonicalize_name

from hatch_lambda_zip.config import Kind, Modules, Options
from hatch_lambda_zip.contents.why.model import Answer, Decided, Rule
from hatch_lambda_zip.contents.why.rules import key_of, rule_of
from hatch_lambda_zip.contents.why.sources import explain_source
from hatch_lambda_zip.contents.why.ways import imports_to, requirements_to
from hatch_lambda_zip.entry import Entry
from hatch_lambda_zip.install import (
    Installed,
    LeftOut,
    LeftOutDistribution,
    Reason,
    is_installers_file,
)
from hatch_lambda_zip.lock import Origin


def explain(name: str, decided: Decided) -> Answer | None:
    """Say why something ships, or why not.

    Args:
        name: of a distribution, or the path of a file or directory in the zip (or of a file of
            the project, relative to it).

    Returns:
        None for what nobody knows.

    Raises:
        DistributionError: a file is not what RECORD says.
        ContentsError: a .gitignore can't be read.
    """
    path = name.removeprefix("./").rstrip("/")
    path = {source: entry.name for source, entry in decided.added}.get(path, path)
    # Of a layer's zip, only code directories have paths with `python/` in them.
    paths = tuple(dict.fromkeys((path, _in_record(path, decided))))
    return (
        _shipped(path, decided)
        or _first(_left_out, paths, decided)
        or _distribution(canonicalize_name(name), decided)
        or _directory(path, decided)
        or _first(_of_left_out, paths, decided)
        or _first(explain_source, paths, decided)
        or _locked(canonicalize_name(name), decided)
    )


def _first(
    ask: Callable[[str, Decided], Answer | None], paths: Iterable[str], decided: Decided
) -> Answer | None:
    answers = (ask(path, decided) for path in paths)
    return next((answer for answer in answers if answer is not None), None)


def names_known(decided: Decided) -> list[str]:
    """Return what can be asked for, for a suggestion."""
    names = {item.name for item in decided.installed} | {*decided.locked}
    names |= {entry.name for entry in decided.contents.entries}
    return sorted(names | {left.path for left in decided.contents.left_out})


def _in_record(path: str, decided: Decided) -> str:
    return path.removeprefix(decided.artifact.kind.prefix)


def _item(name: str, decided: Decided) -> Installed | None:
    return next((item for item in decided.installed if item.name == name), None)


# What ships.


def _shipped(path: str, decided: Decided) -> Answer | None:
    entry = next((entry for entry in decided.contents.entries if entry.name == path), None)
    if entry is None:
        return None
    source = next((source for source, added in decided.added if added.name == path), None)
    if source is not None:
        return _added(path, source, decided)
    owner = _item(entry.distribution, decided)
    if owner is None:
        return Answer(path, "file", ships=True, why=f"it is of {entry.distribution}")
    why, rule = _origin(entry, owner, decided)
    if owner.distribution.origin is Origin.LOCAL and path.endswith(".py"):
        return _own_module(Answer(path, "file", ships=True, why=why, rule=rule), decided)
    way = requirements_to(owner.name, decided)
    return Answer(path, "file", ships=True, why=why, rule=rule, requirements=way)


def _added(path: str, source: str, decided: Decided) -> Answer:
    artifact = decided.artifact
    is_code = any(entry.name == path for _, entry in decided.code.files)
    option, pairs = (
        (Options.code, artifact.code)
        if is_code
        else (Options.include_files, artifact.own_files.added)
    )
    named = {it: place for it, place in pairs if it == "." or f"{source}/".startswith(f"{it}/")}
    rule = Rule(key_of(artifact, option), named)
    answer = Answer(path, "file", ships=True, why=f"it is the project's {source}", rule=rule)
    return _own_module(answer, decided) if path.endswith(".py") else answer


def _origin(entry: Entry, owner: Installed, decided: Decided) -> tuple[str, Rule | None]:
    """Say where a file of a distribution comes from, and by which rule."""
    artifact, distribution = decided.artifact, owner.distribution
    path = _in_record(entry.name, decided)
    whose = f"{distribution.name} {distribution.version}"
    if path == f"{owner.dist_info}/RECORD":
        return f"it lists what ships of {whose}, and is written anew", None
    if any(it.name == path for it in owner.entries):
        record = "the wheel of" if distribution.origin is Origin.LOCAL else "RECORD of"
        return f"{record} {whose} has it", None
    option = Options.bytecode if path.endswith(".pyc") else Options.scripts
    rule = Rule(key_of(artifact, option), option.value.to_json(artifact.options.value_of(option)))
    made = "it is compiled from a module" if option is Options.bytecode else "it is a script"
    return f"{made} of {whose}", rule


def _own_module(answer: Answer, decided: Decided) -> Answer:
    """Add how the handler comes to an own module."""
    chain = imports_to(answer.name, decided)
    artifact = decided.artifact
    if chain:
        more = ""
    elif chain is not None:
        more = "; the handler is in it, or it is a package around that"
    elif artifact.handler is None:
        more = "; without `handler`, nobody knows who imports it"
    elif artifact.options.modules is Modules.IMPORTED:
        more = "; no import leads to it, but something that ships mentions its name"
    else:
        more = "; no import leads to it from the handler"
    return Answer(
        answer.name,
        answer.kind,
        answer.ships,
        answer.why + more,
        rule=answer.rule,
        imports=chain or (),
    )


# What does not.


def _left_out(path: str, decided: Decided) -> Answer | None:
    """Answer for a file that the decision lists, or for one in a directory that it lists."""
    for left in decided.contents.left_out:
        if path == left.path or path.startswith(f"{left.path}/"):
            return _without(path, left, decided)
    return _by_layer(path, decided)


def _without(path: str, left: LeftOut, decided: Decided) -> Answer:
    why = left.reason.explanation.rstrip(".")
    rule = rule_of(left.reason, path, decided.artifact)
    chain = imports_to(path, decided) if left.reason is not Reason.UNREACHED else None
    return Answer(
        path,
        "file",
        ships=False,
        why=f"{why[0].lower()}{why[1:]}"
        + (f" (of {left.distribution})" if left.distribution else ""),
        reason=left.reason,
        rule=rule,
        imports=chain or (),
    )


def _by_layer(path: str, decided: Decided) -> Answer | None:
    """Answer for a file that a layer of the function ships, or leaves out."""
    key = Rule(key_of(decided.artifact, Options.layers))
    inside = Kind.LAYER.prefix + path.removeprefix(Kind.LAYER.prefix)
    for name, layer in decided.layers.items():
        if any(entry.name in {path, inside} for entry in layer.entries):
            why = f"the layer {name!r} ships it, as {inside}"
            return Answer(path, "file", ships=False, why=why, reason=Reason.LAYER, rule=key)
        for left in layer.left_out:
            if left.path == path.removeprefix(Kind.LAYER.prefix):
                text = left.reason.explanation.rstrip(".")
                why = f"the layer {name!r} ships {left.distribution}, without it: {text}"
                return Answer(path, "file", ships=False, why=why, reason=left.reason, rule=key)
    return None


def _of_left_out(path: str, decided: Decided) -> Answer | None:
    """Answer for a file of a distribution that does not ship, or that an installer wrote."""
    for item in decided.installed:
        if is_installers_file(path, item.dist_info):
            why = f"it says how {item.name} was installed here, which no two machines do alike"
            return Answer(path, "file", ships=False, why=why)
        names = [*(entry.name for entry in item.entries), *(left.path for left in item.left_out)]
        if path in names and (answer := _distribution(item.name, decided)) and not answer.ships:
            why = f"it is of {item.name}, which does not ship: {answer.why}"
            return Answer(
                path,
                "file",
                ships=False,
                why=why,
                reason=answer.reason,
                rule=answer.rule,
                requirements=answer.requirements,
            )
    return None


def _directory(path: str, decided: Decided) -> Answer | None:
    inside = f"{path}/"
    shipped = [it for it in decided.contents.entries if it.name.startswith(inside)]
    record = f"{_in_record(path, decided)}/"
    left = Counter(
        it.reason for it in decided.contents.left_out if it.path.startswith(record)
    ).most_common()
    if not shipped and not left:
        return None
    owners = sorted({entry.distribution for entry in shipped})
    counts = [f"{count} left out: {reason.explanation.rstrip('.')}" for reason, count in left]
    files = f"{len(shipped)} of its files ship" + (f", of {', '.join(owners)}" if owners else "")
    way = requirements_to(owners[0], decided) if len(owners) == 1 else ()
    return Answer(
        path,
        "directory",
        ships=bool(shipped),
        why="; ".join((files, *counts)),
        reason=left[0][0] if left and not shipped else None,
        rule=rule_of(left[0][0], record, decided.artifact) if left and not shipped else None,
        requirements=way,
    )


# Distributions.


def _distribution(name: str, decided: Decided) -> Answer | None:
    contents = decided.contents
    item = _item(name, decided)
    way = requirements_to(name, decided) if item else ()
    for shipped in contents.distributions:
        if shipped.name == name:
            why = f"version {shipped.version}, {_who_wants(name, decided, is_led=bool(way))}"
            return Answer(name, "distribution", ships=True, why=why, requirements=way)
    for left in contents.left_out_distributions:
        if left.name == name:
            return _absent(left, decided)
    if item is not None:
        option = Options.distributions
        why = "the layer does not name it, nor does what it names need it"
        return Answer(
            name,
            "distribution",
            ships=False,
            why=why,
            rule=Rule(key_of(decided.artifact, option)),
            requirements=way,
        )
    return None


def _who_wants(name: str, decided: Decided, *, is_led: bool) -> str:
    if is_led:
        return "which is required"
    if name in {project.name for project in decided.requirers}:
        return "which is the project itself"
    return "which the lock has, though nothing here requires it"


def _absent(left: LeftOutDistribution, decided: Decided) -> Answer:
    why = left.reason.explanation.rstrip(".")
    why = why[0].lower() + why[1:]
    if left.layer is not None:
        why = f"the layer {left.layer!r} ships it"
    return Answer(
        left.name,
        "distribution",
        ships=False,
        why=why,
        reason=left.reason,
        rule=rule_of(left.reason, "", decided.artifact),
        requirements=requirements_to(left.name, decided),
    )


def _locked(name: str, decided: Decided) -> Answer | None:
    if name not in decided.locked:
        return None
    why = (
        f"the lock has {name} {decided.locked[name]}, but for other extras, groups, projects or "
        f"platforms: nothing that this {decided.artifact.kind.value} requires on "
        f"{decided.artifact.platform} leads to it"
    )
    return Answer(name, "distribution", ships=False, why=why)
