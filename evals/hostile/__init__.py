"""Hostile files, one module for each family of techniques."""

from evals.hostile import (
    callables,
    consumers,
    containers,
    exports,
    functions,
    graphs,
    handed_over,
    java_objects,
    keras,
    makers,
    names,
    opcodes,
    payloads,
    r_objects,
    resolvers,
    streams,
    templates,
    torch_files,
)
from evals.samples import HostileSet

SETS: dict[str, HostileSet] = {
    "opcodes": opcodes,
    "callables": callables,
    "resolvers": resolvers,
    "consumers": consumers,
    "payloads": payloads,
    "names": names,
    "streams": streams,
    "torch": torch_files,
    "containers": containers,
    "functions": functions,
    "handed-over": handed_over,
    "keras": keras,
    "graphs": graphs,
    "exports": exports,
    "makers": makers,
    "templates": templates,
    "r-objects": r_objects,
    "java-objects": java_objects,
}
