"""Hostile files, one module for each family of techniques."""

from evals.hostile import callables, consumers, names, opcodes, payloads, resolvers, streams
from evals.samples import HostileSet

SETS: dict[str, HostileSet] = {
    "opcodes": opcodes,
    "callables": callables,
    "resolvers": resolvers,
    "consumers": consumers,
    "payloads": payloads,
    "names": names,
    "streams": streams,
}
