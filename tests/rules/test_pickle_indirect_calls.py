"""What is called through something else is judged like what is called outright."""

import functools
import pickle

import pytest
from evals.opcodes import Appended, Build, Call, Items, call, pickled, sym
from judging import findings, only

from weighbridge.findings.model import Kind

TEXT = "__import__('os').system('echo weighbridge')"
TUPLE = sym("sympy.core.containers.Tuple")
EVALUATOR = sym("dill._dill._eval_repr")
UNKNOWN = sym("mypackage.shell.run")
SOURCE = sym("torch.fx.graph_module.reduce_graph_module")
ARRAY = sym("numpy.memmap")


def kinds(item):
    return {finding.kind for finding in findings(pickled(item))}


def partial_with_state(made_with, called, *args):
    """A `partial` as pickle writes one, though its state may name another function."""
    return Build(call("functools.partial", made_with), (called, args, {}, None))


APPLIED = {
    "map": call("builtins.map", EVALUATOR, [TEXT]),
    "map-of-unknown": call("builtins.map", UNKNOWN, ["id"]),
    "map-of-a-family": call("builtins.map", sym("nltk.toolbox.open_string"), ["id"]),
    "map-of-what-is-only-referred-to": call("builtins.map", sym("sklearn.base.clone"), [1]),
    "map-of-methods": call("builtins.map", call("operator.methodcaller", "query", TEXT), [1]),
    "filter": call("builtins.filter", UNKNOWN, ["id"]),
    "iter": call("builtins.iter", call("functools.partial", UNKNOWN, "id"), 0),
    "reduce": call("functools.reduce", SOURCE, [{"_code": ""}, TEXT]),
    "tensor": call(
        "torch._tensor._rebuild_from_type_v2", EVALUATOR, sym("torch.Tensor"), (TEXT,), {}
    ),
    "jax": call("jax._src.array._reconstruct_array", EVALUATOR, (TEXT,), {}, None),
    "dill": call("dill._dill._create_array", EVALUATOR, (TEXT,), {}, None),
}


@pytest.mark.parametrize("item", APPLIED.values(), ids=APPLIED)
def test_what_is_applied_to_unseen_arguments_has_to_be_harmless_with_any(item):
    assert Kind.SUSPICIOUS in kinds(item)


def test_an_iterator_over_values_applies_nothing():
    assert not kinds(
        [
            call("builtins.iter", [1, 2]),
            call("builtins.map", sym("builtins.int"), ["1"]),
            call("builtins.filter", None, [1]),
        ]
    )


BOUND = {
    "partial": call(call("functools.partial", TUPLE, TEXT)),
    "partial-with-state": call(partial_with_state(TUPLE, TUPLE, TEXT)),
    "methodcaller": call(call("operator.methodcaller", "__call__", TEXT), TUPLE),
    "newobj": call("copyreg.__newobj__", TUPLE, TEXT),
    "newobj-ex": call("copyreg.__newobj_ex__", TUPLE, (TEXT,), {}),
}


@pytest.mark.parametrize("item", BOUND.values(), ids=BOUND)
def test_the_arguments_count_that_the_callee_was_bound_to(item):
    assert kinds(item) == {Kind.MALICIOUS}


def test_the_state_of_a_partial_may_name_another_function():
    item = call(partial_with_state(sym("builtins.int"), UNKNOWN, "id"))
    assert Kind.SUSPICIOUS in kinds(item)


def test_a_partial_that_is_kept_runs_nothing():
    assert not findings(pickle.dumps({"activation": functools.partial(round, ndigits=2)}, 4))


CREATED = {
    "newobj": call("copyreg.__newobj__", ARRAY, "/tmp/weighbridge", "uint8", "w+", 0, (4,)),
    "index": call("pandas.core.indexes.base._new_Index", ARRAY, {"mode": "w+"}),
}


@pytest.mark.parametrize("item", CREATED.values(), ids=CREATED)
def test_a_mapped_array_creates_its_file_whoever_makes_it(item):
    assert kinds(item) == {Kind.MALICIOUS}


def test_a_base_that_copies_its_argument_is_one_written_in_c():
    made = "copyreg._reconstructor"
    assert Kind.SUSPICIOUS in kinds(call(made, TUPLE, TUPLE, TEXT))
    assert not kinds(call(made, sym("sklearn.utils.Bunch"), sym("builtins.dict"), {}))


HOLDERS = {
    "xarray": Build(
        call("xarray.backends.file_manager.PickleableFileManager", how="NEWOBJ"),
        (UNKNOWN, ("id",), "r", {}, None),
    ),
    "xarray-item": Items(
        Build(
            call("xarray.core.indexing.IndexCallable", how="NEWOBJ"), (None, {"setter": UNKNOWN})
        ),
        ("a", "b"),
    ),
    "tensorflow": Build(
        call("tensorflow.python.framework.c_api_util.UniquePtr", how="NEWOBJ"),
        (None, {"deleter": UNKNOWN, "_obj": "id"}),
    ),
    "transformers": Build(
        call("transformers.integrations.integration_utils.NeptuneCallback", how="NEWOBJ"),
        {"_volatile_checkpoints_dir": "/home/user", "_run": None},
    ),
    "tests-of-tensorflow": Build(
        call(
            "tensorflow.python.data.experimental.kernel_tests.service.test_base.TempDir",
            how="NEWOBJ",
        ),
        {"full_path": "/home/user"},
    ),
}


@pytest.mark.parametrize("item", HOLDERS.values(), ids=HOLDERS)
def test_some_classes_act_on_their_state_by_themselves(item):
    assert Kind.SUSPICIOUS in kinds(item)


HOOKED = {
    "parameter": Appended(
        call(
            "torch._utils._rebuild_parameter_with_state",
            call("torch.FloatTensor"),
            False,
            {},
            ({"append": TUPLE}, None),
        ),
        (TEXT,),
    ),
    "tensor": Build(
        call(
            "torch._tensor._rebuild_from_type_v2",
            sym("torch.FloatTensor"),
            sym("torch.nn.parameter.Parameter"),
            (),
            {"__setstate__": TUPLE},
        ),
        TEXT,
    ),
}


HOOKED |= {
    "setattr": call("builtins.setattr", call("types.SimpleNamespace"), "append", TUPLE),
    "class": call(
        "cloudpickle.cloudpickle._make_skeleton_class",
        sym("builtins.type"),
        "Acme",
        (),
        {"append": TUPLE},
        "id",
        None,
    ),
}


@pytest.mark.parametrize("item", HOOKED.values(), ids=HOOKED)
def test_nothing_imported_becomes_a_method_that_opcodes_call(item):
    assert kinds(item) == {Kind.SUSPICIOUS}


KEPT: dict[str, Call | dict] = {
    "value": {"f": SOURCE},
    "called-too": [call(EVALUATOR, "Ellipsis"), call("functools.partial", EVALUATOR, TEXT)],
}


@pytest.mark.parametrize("item", KEPT.values(), ids=KEPT)
def test_a_function_that_runs_its_arguments_is_called_and_never_kept(item):
    assert only(pickled(item), "unvouched-import").kind is Kind.SUSPICIOUS


def test_a_called_one_with_harmless_arguments_is_ordinary():
    assert not kinds(call(EVALUATOR, "Ellipsis"))
