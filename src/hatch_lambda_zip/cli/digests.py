"""The input digests of a project's functions and layers: what `list` says of them, and compares."""

from __future__ import annotations

from hatch_lambda_zip.cli.project import OpenProject
from hatch_lambda_zip.errors import LambdaZipError
from hatch_lambda_zip.plugin.app import shown_failure


def digests_of(opened: OpenProject) -> dict[str, tuple[str | None, str | None]]:
    """Return the input digest of each function and layer, by its name.

    Returns:
        For each the digest, or None and a sentence on why it can't be told.
    """
    names = [artifact.name for artifact in opened.builder.lambda_config.artifacts]
    try:
        return _digests(opened)
    except LambdaZipError as error:
        return dict.fromkeys(names, (None, shown_failure(str(error))))


def _digests(opened: OpenProject) -> dict[str, tuple[str | None, str | None]]:
    from hatch_lambda_zip.build import Job  # a plain list needs neither
    from hatch_lambda_zip.build.digest import input_digest
    from hatch_lambda_zip.plugin.own_wheel import hooks_apart

    builder = opened.builder
    artifacts = builder.lambda_config.artifacts
    if hooks := hooks_apart(builder):
        names = ", ".join(map(repr, hooks))
        unknown = f"the build hook {names} has a say in the zip, or may have"
        return {artifact.name: (None, unknown) for artifact in artifacts}
    found: dict[str, tuple[str | None, str | None]] = {}
    output = opened.root / builder.config.directory
    outputs = builder.outputs(output)
    with builder.keeping_version_files(), builder.open_session() as session:
        own = builder.own_wheel(outputs)
        for artifact in artifacts:
            layers = builder.lambda_config.layers_of(artifact)
            try:
                digest = input_digest(Job(artifact, layers, output, own, outputs), session)
            except LambdaZipError as error:
                found[artifact.name] = None, shown_failure(str(error))
            else:
                found[artifact.name] = digest.value, digest.unknown or None
    return found
