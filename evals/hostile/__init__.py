"""Hostile files, one module for each family of techniques."""

from evals.hostile import (
    callables,
    consumers,
    containers,
    functions,
    handed_over,
    names,
    opcodes,
    payloads,
    resolvers,
    streams,
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
}
