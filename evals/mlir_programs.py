"""Builds programs of StableHLO: as text, and what ``jax.export`` wraps byte code in."""

import struct

CALLBACK = "xla_ffi_python_cpu_callback"


def program(call="Sharding", generic=False):
    """Return a module as text that makes one custom call."""
    called = f"stablehlo.custom_call @{call}(%arg0)"
    if generic:
        called = f'"stablehlo.custom_call"(%arg0) <{{call_target_name = "{call}"}}>'
    kind = "(tensor<3xf32>) -> tensor<3xf32>"
    body = f"func.func public @main(%arg0: tensor<3xf32>) {{\n    %0 = {called} : {kind}\n  }}"
    return f"module @jit_f attributes {{mhlo.num_partitions = 1 : i32}} {{\n  {body}\n}}\n".encode()


def bytecode(call="lapack_sgeqrf_ffi"):
    """Return what begins as byte code does, with a name in its section of texts."""
    head = b"ML\xefR\x0dStableHLO_v1.15.0\0\x01\x1f\x05\x01"
    return head + bytes(range(60)) + call.encode() + b"\0main\0"


def exported(call="lapack_sgeqrf_ffi"):
    """Return a table with byte code in it, as ``jax.export`` serialises it."""
    layout = struct.pack("<HHHH", 8, 8, 4, 0)
    table = struct.pack("<ii", len(layout), 4)
    code = bytecode(call)
    start = 4 + len(layout) + 4
    return (
        struct.pack("<I", start - 4 + 4)
        + bytes(4)
        + layout
        + table
        + struct.pack("<I", len(code))
        + code
    )
