"""Ways around the judgement of single calls: own functions handed over, merged and closed calls."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evals.opcodes import Appended, Build, Call, Raw, Sym, call, pickled, shell, sym
from evals.samples import SOURCE, Sample

PICKLE = ("pickle.load",)


def _function() -> Call:
    """A function of one harmless line, as cloudpickle writes it."""
    code = compile("lambda x: x", "script.py", "eval").co_consts[0]
    arguments = (
        1, 0, 0, 1, 1, 3, code.co_code, (None,), (), ("x",), "script.py", "<lambda>", "<lambda>",
        1, b"", b"", (), (),
    )  # fmt: skip
    built = call(call("cloudpickle.cloudpickle._builtin_type", "CodeType"), *arguments)
    return call("cloudpickle.cloudpickle._make_function", built, {}, None, None, None)


def samples() -> Iterator[Sample]:
    """Yield the samples."""
    for name, item in _own().items():
        yield Sample(
            f"own-{name}", "own functions handed over", ("code_exec",), PICKLE, pickled(item)
        )
    for name, content in _merged().items():
        yield Sample(f"merged-{name}", "calls alike", ("process_exec",), PICKLE, content)
    for name, item in _evaluated().items():
        yield Sample(
            f"evaluated-{name}", "constructors that evaluate", ("code_exec",), PICKLE, pickled(item)
        )
    for name, item in _restored().items():
        yield Sample(
            f"restored-{name}", "states that are run", ("code_exec",), PICKLE, pickled(item)
        )
    for name, item in _indirect().items():
        yield Sample(
            f"indirect-{name}", "calls through another", ("code_exec",), PICKLE, pickled(item)
        )
    for name, item in _held().items():
        yield Sample(f"held-{name}", "states that are called", (), PICKLE, pickled(item))
    for name, item in _constructors().items():
        yield Sample(f"constructor-{name}", "constructors", (), PICKLE, pickled(item, 2))


def _evaluated() -> dict[str, Any]:
    """Text that constructors of sympy hand to sympify."""
    x = call("sympy.core.symbol.Symbol", "x", how="NEWOBJ")
    return {
        "tuple": call("sympy.core.containers.Tuple", SOURCE, how="NEWOBJ"),
        "sum": call("sympy.core.add.Add", x, SOURCE, how="NEWOBJ"),
        "function": call("sympy.functions.elementary.exponential.exp", SOURCE),
        "nested": call("sympy.core.containers.Tuple", (x, (SOURCE,)), how="NEWOBJ"),
    }


def _restored() -> dict[str, Any]:
    """Text in the state of a distribution, which scipy compiles while it restores the object."""
    gamma = call("scipy.stats._continuous_distns.gamma_gen", how="NEWOBJ")
    state = {"_parse_arg_template": SOURCE, "numargs": 0, "moment_type": 0}
    rebuilt = call(
        "copyreg._reconstructor",
        sym("scipy.stats._continuous_distns.norm_gen"),
        sym("builtins.object"),
        None,
    )
    return {
        "state": Build(gamma, state),
        "pairs": Build(gamma, tuple(state.items())),
        "reconstructed": Build(rebuilt, state),
        "after-others": [Build(gamma, {"name": str(n)}) for n in range(30)] + [Build(gamma, state)],
        "formula": [
            Build(
                call("statsmodels.base.data.PandasData", how="NEWOBJ"),
                {"formula": formula, "restore_design_info": True},
            )
            for formula in (*(f"y ~ x{n}" for n in range(20)), "y ~ __import__('os')")
        ],
    }


def _indirect() -> dict[str, Any]:
    """Functions whose arguments decide, called by another with arguments that nobody looks at."""
    evaluator = sym("dill._dill._eval_repr")
    expression = sym("sympy.core.containers.Tuple")
    source = sym("torch.fx.graph_module.reduce_graph_module")
    deleter = {"deleter": evaluator, "_obj": SOURCE}
    return {
        "map": call("builtins.list", call("builtins.map", evaluator, [SOURCE])),
        "reduce": call("functools.reduce", source, [{"_code": ""}, SOURCE]),
        "tensor": call(
            "torch._tensor._rebuild_from_type_v2", evaluator, sym("torch.Tensor"), (SOURCE,), {}
        ),
        "array": call("dill._dill._create_array", evaluator, (SOURCE,), {}, None),
        "methodcaller": call(call("operator.methodcaller", "__call__", SOURCE), expression),
        "partial-state": call(
            Build(call("functools.partial", sym("builtins.int")), (expression, (SOURCE,), {}, None))
        ),
        "newobj": call("copyreg.__newobj__", expression, SOURCE),
        "base": call("copyreg._reconstructor", expression, expression, SOURCE),
        "deleter": Build(
            call("tensorflow.python.framework.c_api_util.UniquePtr", how="NEWOBJ"), (None, deleter)
        ),
    }


def _held() -> dict[str, Any]:
    """Functions and folders in the state of a class that acts on them by itself."""
    unknown = sym("mypackage.shell.run")
    return {
        "opener": Build(
            call("xarray.backends.file_manager.PickleableFileManager", how="NEWOBJ"),
            (unknown, ("id",), "r", {}, None),
        ),
        "folder": Build(
            call("transformers.integrations.integration_utils.NeptuneCallback", how="NEWOBJ"),
            {"_volatile_checkpoints_dir": "/tmp/weighbridge-eval", "_run": None},
        ),
        "attribute-of-a-tensor": Appended(
            call(
                "torch._utils._rebuild_parameter_with_state",
                call("torch.FloatTensor"),
                False,
                {},
                {"append": sym("sympy.core.containers.Tuple")},
            ),
            (SOURCE,),
        ),
        "map": call("collections.deque", call("builtins.map", unknown, ["id"])),
    }


def _own() -> dict[str, Any]:
    own = _function()
    armed = {"__setstate__": own, "append": own, "extend": own}
    return {
        "called": call(own, 1),
        "map": call("builtins.list", call("builtins.map", own, [1])),
        "reduce": call("functools.reduce", own, [1, 2]),
        "generator-constructor": call("numpy.random._pickle.__generator_ctor", "x", own),
        "rebuild-from-type": call(
            "torch._tensor._rebuild_from_type_v2", own, sym("torch.Tensor"), (1,), None
        ),
        "setstate": Build(Build(call("types.SimpleNamespace"), armed), "x"),
        "append": Appended(Build(call("types.SimpleNamespace"), armed), (1,)),
    }


def _merged() -> dict[str, bytes]:
    def loaded(data: bytes) -> Call:
        text = call("_codecs.encode", data.decode("latin-1"), "latin1")
        return call("torch.storage._load_from_bytes", text)

    plain = pickled({"a": 1}, 2)
    return {
        "codec-calls": pickled([loaded(plain), loaded(shell(2))], 2),
        "codec-calls-short": pickled([loaded(plain), loaded(b"cposix\nsystem\n(S'id'\ntR.")], 2),
        "hundred-codec-calls": pickled([loaded(plain)] * 100 + [loaded(shell(0))], 2),
    }


def _constructors() -> dict[str, Any]:
    many = [call("sklearn.svm._classes.SVC", str(at), how="NEWOBJ") for at in range(20)]
    base = call("copyreg._reconstructor", sym("mypackage.Model"), sym("mypackage.Base"), "command")
    data = call("statsmodels.base.data.PandasData", how="NEWOBJ")
    formula = {"restore_design_info": True, "formula": "y ~ __import__('os').getcwd()", "frame": {}}
    length = call(call("builtins.getattr", sym("builtins.len"), "__self__"))
    return {
        "after-many-rebuilds": [*many, call("sklearn.svm._classes.SVC", "http://192.0.2.1")],
        "of-a-foreign-base": base,
        "that-evaluates-a-formula": Build(data, formula),
        "of-a-family": call("fastai.learner.Learner", "path"),
        "by-metaclass": call("dill._dill._create_type", sym("mypackage.run"), "command"),
        "self-of-a-builtin": length,
        "type-of-dill": call(
            call("dill._dill._load_type", "FileType"), "/tmp/weighbridge-eval", "w"
        ),
        "text-lookup": call(Sym("builtins", "str.format"), "{0.__class__}", Raw(b"N")),
    }
