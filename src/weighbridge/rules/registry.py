"""The explicit list of rules, and the version of what they know."""

from __future__ import annotations

import hashlib
from importlib import resources

from weighbridge.rules import (
    code,
    configuration,
    documents,
    exports,
    gguf,
    graphs,
    hdf5,
    host_code,
    java_objects,
    keras,
    metadata,
    native,
    packages,
    payloads,
    r_data,
    scripts,
    skops,
    structure,
    templates,
    tensorflow,
    tflite,
    trees,
    xml_models,
)
from weighbridge.rules.model import Rule
from weighbridge.rules.pickles import dormant, oddities, state
from weighbridge.rules.pickles import rules as pickles
from weighbridge.rules.repository import registry as repository

RULES: tuple[Rule, ...] = (
    *pickles.RULES,
    *state.RULES,
    *oddities.RULES,
    *dormant.RULES,
    *code.RULES,
    *structure.RULES,
    *skops.RULES,
    *metadata.RULES,
    *keras.RULES,
    *hdf5.RULES,
    *templates.RULES,
    *gguf.RULES,
    *native.RULES,
    *payloads.RULES,
    *exports.RULES,
    *graphs.RULES,
    *tensorflow.RULES,
    *tflite.RULES,
    *trees.RULES,
    *host_code.RULES,
    *xml_models.RULES,
    *r_data.RULES,
    *java_objects.RULES,
    *scripts.RULES,
    *configuration.RULES,
    *packages.RULES,
    *documents.RULES,
    *repository.RULES,
)

RULES_RELEASE = "2026.11"


def _version() -> str:
    """Return the rules' version: their release and a digest of the tables they judge by."""
    digest = hashlib.sha256()
    folder = resources.files("weighbridge.tables")
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        if entry.name.endswith(".tsv"):
            digest.update(entry.name.encode())
            digest.update(entry.read_bytes())
    return f"{RULES_RELEASE}+{digest.hexdigest()[:12]}"


RULES_VERSION: str = _version()


def rule(identifier: str) -> Rule | None:
    """Return the rule with this id, or None."""
    return next((item for item in RULES if item.id == identifier), None)
