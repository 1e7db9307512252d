"""What a well-known library leaves in a file is known, needs the library, or is unusual."""

import pytest
from evals.opcodes import call, pickled, sym
from judging import findings, only

from weighbridge.findings.model import Kind

X = call("sympy.core.symbol.Symbol", "x", how="NEWOBJ")
TEXT = "__import__('os').system('echo weighbridge')"


def kinds(stream):
    return {finding.kind for finding in findings(stream)}


def test_a_class_of_a_package_that_models_are_saved_with_is_vouched_for():
    assert not findings(pickled(call("optuna.study.study.Study", how="NEWOBJ")))


def test_a_function_of_such_a_package_by_its_name_alone_needs_the_package():
    stream = pickled({"tokenizer": sym("nltk.tokenize.word_tokenize")})
    assert kinds(stream) == {Kind.WEAKNESS} and only(stream, "third-party-class")


@pytest.mark.parametrize(
    "stream",
    [
        pickled(call("xlrd.book.Book", how="NEWOBJ")),
        pickled({"client": sym("botocore_stubs.client")} | {"a": sym("celery.app.base.Celery")}),
        pickled(call("nltk.tokenize.word_tokenize", "x")),
        pickled({"a": sym("sklearn.tests.Whatever")}),
    ],
)
def test_anything_else_of_a_well_known_library_is_suspicious(stream):
    assert Kind.SUSPICIOUS in kinds(stream)


@pytest.mark.parametrize("how", ["NEWOBJ", "REDUCE"])
@pytest.mark.parametrize("arguments", [(TEXT,), (X, TEXT), ((X, (TEXT,)),)])
@pytest.mark.parametrize(
    "name",
    ["sympy.core.containers.Tuple", "sympy.core.add.Add", "sympy.polys.polytools.Poly"],
)
def test_sympy_evaluates_text_that_its_constructors_get(name, arguments, how):
    (finding,) = findings(pickled(call(name, *arguments, how=how)))
    assert finding.kind is Kind.MALICIOUS and finding.evidence["effects"] == ["code_exec"]


def test_an_expression_of_sympy_holds_other_expressions_only():
    expression = call("sympy.core.add.Add", X, call("sympy.core.mul.Mul", X, X, how="NEWOBJ"))
    assert not findings(pickled(call("sympy.core.containers.Tuple", expression, how="NEWOBJ")))


def test_a_polynomial_of_sympy_is_made_of_an_expression():
    expression = call("sympy.core.add.Add", X, X, how="NEWOBJ")
    assert not findings(pickled(call("sympy.polys.polytools.Poly", expression, X)))


MATRIX = "Bio.Align.substitution_matrices:Array"


@pytest.mark.parametrize(
    ("honest", "twin"),
    [
        (call("shapely.io.from_wkb", b"\x01\x01"), call("shapely.io.from_wkx", b"\x01\x01")),
        (call("pyproj.crs.crs.CRS", how="NEWOBJ"), call("pyproj.crs.crs.get_authority", "x")),
        (
            call("plotly.graph_objs._figure.Figure", {"data": []}),
            call("plotly.io._json.from_json", "{}"),
        ),
        (call(f"{MATRIX}.__new__", sym(MATRIX), "AB", 2), call(f"{MATRIX}.tofile", "x")),
    ],
)
def test_what_plain_values_are_made_into_is_vouched_for_by_its_exact_name(honest, twin):
    assert not findings(pickled(honest))
    assert kinds(pickled(twin)) & {Kind.SUSPICIOUS, Kind.MALICIOUS}


@pytest.mark.parametrize(
    "name", ["skorch.utils.to_numpy", "gpytorch.utils.transforms.inv_softplus"]
)
def test_a_function_that_a_fitted_object_keeps_is_no_call(name):
    assert not findings(pickled({"function": sym(name)}))
    assert Kind.SUSPICIOUS in kinds(pickled(call(name, "x")))


def test_text_that_is_computed_may_be_anything():
    computed = call("builtins.str", b"x", "latin1")
    assert Kind.SUSPICIOUS in kinds(pickled(call("sympy.core.add.Add", computed, how="NEWOBJ")))


def test_a_data_pipe_wrapper_loads_the_pickle_in_its_state():
    name = "torch.utils.data.datapipes.datapipe._IterDataPipeSerializationWrapper"
    stream = pickled(call(name, how="NEWOBJ"))
    assert {"deserialize"} <= {e for f in findings(stream) for e in f.evidence.get("effects", ())}
