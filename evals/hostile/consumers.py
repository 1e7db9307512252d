"""A function is handed over to something that calls it: maps and their consumers, keys, hooks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evals.opcodes import Build, Sym, call, pickled, sym
from evals.samples import COMMAND, SOURCE, Sample

PICKLE = ("pickle.load",)
SYSTEM = sym("posix.system")


def _mapped() -> dict[str, Any]:
    made = call("builtins.map", SYSTEM, [COMMAND])
    found: dict[str, Any] = {
        name: call(f"builtins.{name}", made)
        for name in (
            "list tuple set frozenset bytes bytearray any all max min sum sorted next".split()
        )
    }
    found |= {
        "dict-fromkeys": call("builtins.dict.fromkeys", made),
        "bytes-join": call(call("builtins.getattr", b"", "join"), made),
        "str-join": call("builtins.str.join", "", made),
        "bytes-dotted-join": call(Sym("builtins", "bytes.join"), b"", made),
        "deque": call("collections.deque", made),
        "counter": call("collections.Counter", made),
        "ordered-dict": call("collections.OrderedDict", made),
        "enumerate": call("builtins.list", call("builtins.enumerate", made)),
        "zip": call("builtins.list", call("builtins.zip", made)),
        "chain": call("builtins.list", call("itertools.chain", made)),
        "nsmallest": call("heapq.nsmallest", 1, made),
        "array": call("array.array", "b", made),
        "numpy-array": call("numpy._core.multiarray.array", call("builtins.list", made)),
        "list-extend": call("builtins.list.extend", [], made),
        "set-update": call("builtins.set.update", call("builtins.set"), made),
        "filter": call("builtins.list", call("builtins.filter", SYSTEM, [COMMAND])),
        "starmap": call("builtins.list", call("itertools.starmap", SYSTEM, [(COMMAND,)])),
        "accumulate": call(
            "builtins.list", call("itertools.accumulate", [1, 2], sym("builtins.exec"))
        ),
        "groupby": call("builtins.list", call("itertools.groupby", [COMMAND], SYSTEM)),
        "takewhile": call("builtins.list", call("itertools.takewhile", SYSTEM, [COMMAND])),
        "iter-sentinel": call("builtins.list", call("builtins.iter", SYSTEM, 0)),
        "py2-map": call(
            Sym("__builtin__", "list"), call(Sym("itertools", "imap"), SYSTEM, [COMMAND])
        ),
        "py2-apply": call(Sym("__builtin__", "apply"), SYSTEM, (COMMAND,)),
    }
    return found


def _keyed() -> dict[str, Any]:
    return {
        "sorted-key": call("builtins.sorted", [COMMAND], key=SYSTEM),
        "max-key": call("builtins.max", [COMMAND, "x"], key=SYSTEM),
        "min-key": call("builtins.min", [COMMAND, "x"], key=SYSTEM),
        "list-sort": call("builtins.list.sort", [COMMAND], key=SYSTEM),
        "heapq-key": call("heapq.nlargest", 1, [COMMAND], SYSTEM),
        "bisect-key": call("bisect.bisect", [COMMAND], 1, key=SYSTEM),
        "cmp-to-key": call("builtins.sorted", [1, 2], key=call("functools.cmp_to_key", SYSTEM)),
    }


def _wrapped() -> dict[str, Any]:
    partial = call("functools.partial", SYSTEM, COMMAND)
    return {
        "partial-called": call(partial),
        "partial-stored": {"callback": partial},
        "partial-of-partial": call(call("functools.partial", partial)),
        "reduce": call("functools.reduce", sym("builtins.exec"), [SOURCE, {}]),
        "method-type": call(call("types.MethodType", SYSTEM, COMMAND)),
        "lru-cache": call(call("functools.lru_cache", SYSTEM), COMMAND),
        "wraps": call(call("functools.singledispatch", SYSTEM), COMMAND),
        "defaultdict-missing": call(
            "operator.getitem", call("collections.defaultdict", partial), "x"
        ),
        "defaultdict-stored": call("collections.defaultdict", SYSTEM),
        "defaultdict-call-getattr": call(
            Sym("collections", "defaultdict.__missing__"),
            call("collections.defaultdict", partial),
            "x",
        ),
        "finalize": call("weakref.finalize", sym("collections.OrderedDict"), SYSTEM, COMMAND),
        "atexit": call("atexit.register", SYSTEM, COMMAND),
        "exit-stack": call(
            "contextlib.ExitStack.callback", call("contextlib.ExitStack"), SYSTEM, COMMAND
        ),
        "thread": call(
            "threading.Thread.start", call("threading.Thread", None, SYSTEM, None, (COMMAND,))
        ),
        "thread-low": call("_thread.start_new_thread", SYSTEM, (COMMAND,)),
        "timer": call("threading.Thread.start", call("threading.Timer", 0, SYSTEM, [COMMAND])),
        "executor": call(
            "concurrent.futures.Executor.submit",
            call("concurrent.futures.ThreadPoolExecutor", 1),
            SYSTEM,
            COMMAND,
        ),
        "executor-initializer": call(
            "concurrent.futures.thread.ThreadPoolExecutor", 1, "", SYSTEM, (COMMAND,)
        ),
        "process": call("multiprocessing.Process", None, SYSTEM, None, (COMMAND,)),
        "process-pool": call("multiprocessing.pool.Pool", 1, SYSTEM, (COMMAND,)),
        "joblib-parallel": call(call("joblib.Parallel", 1), [(SYSTEM, (COMMAND,), {})]),
        "joblib-batched": call(
            call("joblib.parallel.BatchedCalls", [(SYSTEM, [COMMAND], {})], ("loky", 1))
        ),
        "asyncio-shell": call("asyncio.run", call("asyncio.create_subprocess_shell", COMMAND)),
        "asyncio-transport": call(
            "asyncio.unix_events._UnixSubprocessTransport._start", None, COMMAND
        ),
        "signal": call("signal.signal", 14, SYSTEM),
        "sched": call("sched.scheduler", SYSTEM, SYSTEM),
        "settrace": call("sys.settrace", SYSTEM),
        "excepthook": call(
            "builtins.setattr", call("importlib.import_module", "sys"), "excepthook", SYSTEM
        ),
        "audit-hook": call("sys.addaudithook", SYSTEM),
        "gc-callback": call("builtins.list.append", sym("gc.callbacks"), SYSTEM),
        "json-hook": call("json.loads", '["x"]', object_hook=SYSTEM),
        "json-decoder": call("json.decoder.JSONDecoder", None, SYSTEM),
        "re-sub": call("re.sub", "x", SYSTEM, "x"),
        "re-scanner": call("re.Scanner", [("x", SYSTEM)]),
        "argparse-type": call(
            "argparse.ArgumentParser.parse_args", call("argparse.ArgumentParser"), [COMMAND]
        ),
        "argparse-filetype": call(call("argparse.FileType", "w"), "/tmp/weighbridge-eval"),
        "contextmanager": call("contextlib._GeneratorContextManager", SYSTEM, (COMMAND,), {}),
        "numpy-vectorize": call(call("numpy.vectorize", SYSTEM), [COMMAND]),
        "numpy-frompyfunc": call(call("numpy.frompyfunc", SYSTEM, 1, 1), [COMMAND]),
        "numpy-apply": call("numpy.apply_along_axis", SYSTEM, 0, [COMMAND]),
        "numpy-fromfunction": call("numpy.fromfunction", sym("builtins.exec"), (1,)),
        "numpy-piecewise": call("numpy.piecewise", [1], [True], [SYSTEM]),
        "pandas-apply": call(
            "pandas.core.series.Series.apply", call("pandas.core.series.Series", [COMMAND]), SYSTEM
        ),
        "torch-rebuild-from-type": call(
            "torch._tensor._rebuild_from_type_v2", SYSTEM, sym("torch.Tensor"), (COMMAND,), {}
        ),
        "torch-map": call("torch.utils._pytree.tree_map", SYSTEM, [COMMAND]),
        "jax-reconstruct": call(
            "jax._src.array._reconstruct_array", SYSTEM, (COMMAND,), None, None
        ),
        "dill-ftype": call(
            "dill._dill._create_ftype", sym("functools.partial"), SYSTEM, (COMMAND,), {}
        ),
        "dill-array": call("dill._dill._create_array", SYSTEM, (COMMAND,)),
        "sklearn-transformer": call(
            "sklearn.preprocessing._function_transformer.FunctionTransformer.transform",
            Build(
                call("sklearn.preprocessing._function_transformer.FunctionTransformer"),
                {"func": SYSTEM},
            ),
            COMMAND,
        ),
        "sklearn-function-state": Build(
            call("sklearn.preprocessing._function_transformer.FunctionTransformer", how="NEWOBJ"),
            {"func": SYSTEM, "validate": False},
        ),
        "estimator-attribute": Build(
            call("sklearn.linear_model._base.LinearRegression", how="NEWOBJ"), {"predict": SYSTEM}
        ),
        "module-forward": Build(
            call("torch.nn.modules.linear.Linear", how="NEWOBJ"),
            {"training": False, "forward": sym("builtins.eval")},
        ),
        "module-hook": Build(
            call("torch.nn.modules.linear.Linear", how="NEWOBJ"),
            {"_forward_hooks": {0: sym("subprocess.run")}},
        ),
    }


def samples() -> Iterator[Sample]:
    """Yield the samples."""
    for technique, table in (
        ("consumers of a map", _mapped()),
        ("key functions", _keyed()),
        ("wrapped callables", _wrapped()),
    ):
        prefix = technique.split()[0]
        for name, item in table.items():
            yield Sample(f"{prefix}-{name}", technique, _effects(name), PICKLE, pickled(item))


def _effects(name: str) -> tuple[str, ...]:
    special: dict[str, tuple[str, ...]] = {
        "accumulate": ("code_exec",),
        "reduce": ("code_exec", "process_exec"),
        "numpy-fromfunction": ("code_exec",),
        "module-forward": ("code_exec",),
        "argparse-filetype": (),
        "argparse-type": (),
    }
    return special.get(name, ("process_exec",))
