"""For each rule about pickles: what triggers it, what just does not, and an honest shape."""

import collections
import io
import pickle
import zipfile

import pytest
from evals.opcodes import Appended, Build, Items, Pid, Raw, Sym, call, pickled, shell, sym
from judging import findings, only, rules_of

from weighbridge.findings.model import Kind

SYSTEM = sym("posix.system")
ESTIMATOR = "sklearn.linear_model._base.LinearRegression"
OWN = call(
    "cloudpickle.cloudpickle._make_function",
    call(
        call("cloudpickle.cloudpickle._builtin_type", "CodeType"),
        1,
        0,
        0,
        1,
        1,
        3,
        b"\x97\0|\0S\0",
        (None,),
        (),
        ("x",),
        "a.py",
        "f",
        "f",
        1,
        b"",
        b"",
        (),
        (),
    ),
    {},
    None,
    None,
    None,
)
FACTORY = call("collections.defaultdict", sym("builtins.list"))

HITS = {
    "dangerous-call": shell(),
    "dangerous-import": pickled({"callback": SYSTEM}),
    "computed-name": pickled(call(Raw(b"\x82\x01"), "x")),
    "computed-call": pickled(call(call("collections.OrderedDict"), "x")),
    "unusual-arguments": pickled(call("_codecs.encode", "uryyb jbeyq", "rot13")),
    "own-code-called": pickled(call(OWN, 1)),
    "unvouched-call": pickled(call("textwrap.dedent", "x")),
    "unvouched-import": pickled({"a": sym("textwrap.dedent")}),
    "third-party-call": pickled(call("mypackage.io.restore", "/path")),
    "third-party-class": pickled(Build(call("mypackage.Model", how="NEWOBJ"), {"a": 1})),
    "attribute-overwrite": pickled(Build(sym("numpy.prod"), {"helper": "x"})),
    "tensor-setitem": pickled(
        Items(
            call(
                "torch._utils._rebuild_tensor_v2",
                Pid(("storage", sym("torch.FloatStorage"), "0", "cpu", 4)),
                0,
                (4,),
                (1,),
                False,
                call("collections.OrderedDict"),
            ),
            (0, 1.0),
        ),
        2,
    ),
}
NEAR_MISSES = {
    "dangerous-call": pickled({"note": "os.system('x')", "module": "os", "name": "system"}),
    "dangerous-import": pickled(["os", "system", "posix.system"]),
    "computed-name": pickled(Raw(b"Vcollections\nVOrderedDict\n\x93")),
    "computed-call": pickled(
        call(call("builtins.getattr", sym("zoneinfo.ZoneInfo"), "_unpickle"), "UTC", True)
    ),
    "unusual-arguments": pickled(call("_codecs.encode", "\xff", "latin1")),
    "own-code-called": pickled({"f": OWN}),
    "unvouched-call": pickled(call("collections.OrderedDict", [("a", 1)])),
    "unvouched-import": pickled({"a": sym("collections.OrderedDict")}),
    "third-party-call": pickled(call("mypackage.Colour", 1)),
    "third-party-class": pickled(Build(call(ESTIMATOR, how="NEWOBJ"), {"a": 1})),
    "attribute-overwrite": pickled(Build(call(ESTIMATOR, how="NEWOBJ"), {"coef_": 1.0})),
    "tensor-setitem": pickled(Items(call("collections.OrderedDict"), ("a", 1))),
}
HONEST = {
    "dangerous-call": pickle.dumps(collections.OrderedDict(a=[1.0])),
    "dangerous-import": pickle.dumps({"type": int, "function": len}),
    "computed-name": pickle.dumps(["collections", "OrderedDict", collections.OrderedDict()]),
    "computed-call": pickle.dumps("text".upper),
    "unusual-arguments": pickle.dumps({"a": b"\x80\xff", "b": "x".join}, 2),
    "own-code-called": pickle.dumps(collections.Counter("abc")),
    "unvouched-call": pickle.dumps(collections.defaultdict(list, a=[1])),
    "unvouched-import": pickle.dumps([ValueError("x"), range(3)]),
    "third-party-call": pickle.dumps(complex(1, 2), 2),
    "third-party-class": pickled(Build(call(ESTIMATOR, how="NEWOBJ"), {"coef_": 1.0}), 2),
    "attribute-overwrite": pickle.dumps(collections.deque([1], 3), 2),
    "tensor-setitem": pickle.dumps({"w": bytearray(4)}, 5),
}


@pytest.mark.parametrize("rule", HITS)
def test_hit(rule):
    found = only(HITS[rule], rule)
    assert found.title and found.loaders and found.remediation
    assert found.fingerprint and found.behaviour
    assert found.evidence["symbols"] or found.evidence.get("code")


@pytest.mark.parametrize("rule", NEAR_MISSES)
def test_near_miss(rule):
    assert rule not in rules_of(NEAR_MISSES[rule])


@pytest.mark.parametrize("rule", HONEST)
def test_honest_shape(rule):
    assert not findings(HONEST[rule])


def test_a_chain_is_one_finding_that_names_what_it_comes_to():
    chain = call(call("builtins.getattr", call("builtins.__import__", "os"), "system"), "id")
    found = findings(pickled(chain))
    assert [item.rule for item in found] == ["dangerous-call"]
    assert "process_exec" in found[0].evidence["effects"]
    assert found[0].evidence["code"] == "getattr(__import__('os'), 'system')('id')"


def test_a_nested_stream_is_reported_with_the_call_that_loads_it():
    found = only(pickled(call("pickle.loads", shell())), "dangerous-call")
    assert found.evidence["effects"][0] == "process_exec"
    assert found.evidence["inside"] == ["os.system('echo weighbridge-eval')"]
    assert "starts a process" in found.title and "os.system" in found.title
    assert len(findings(pickled(call("pickle.loads", shell())))) == 1


def test_a_nested_stream_below_an_honest_call_stands_alone():
    found = only(pickled(call("torch.storage._load_from_bytes", shell())), "dangerous-call")
    assert found.member == "call-0"


def test_a_deep_chain_stays_readable():
    item = sym("builtins.list")
    for _ in range(40):
        item = call("functools.partial", item, "x" * 100)
    code = only(pickled(call(call(item), SYSTEM)), "dangerous-call").evidence["code"]
    assert len(code) < 4000 and not code.startswith("…")


@pytest.mark.parametrize(
    ("item", "effect"),
    [
        (call("builtins.open", "/tmp/x", "w"), "file_write"),
        (call("builtins.open", "/tmp/x"), "file_read"),
        (call("_io.FileIO", "/tmp/x", "rb"), "file_read"),
        (call(call("builtins.getattr", call("pathlib.PosixPath", "x"), "unlink")), "file_delete"),
        (call(call("dill._dill._load_type", "FileType"), "/tmp/x", "w"), "file_write"),
        (
            call("operator.getitem", call("builtins.vars", call("builtins.__import__", "os")), "x"),
            "object_graph",
        ),
        (call(call("operator.itemgetter", "os"), sym("sys.modules")), "object_graph"),
        (call(call("operator.getitem", Sym("builtins", "__dict__"), "exec"), "1"), "code_exec"),
        (call("dill._dill._create_type", SYSTEM, "id"), "process_exec"),
        (call("dill._dill._eval_repr", "__import__('os')"), "code_exec"),
        (call("dataclasses._create_fn", "f", [], ["pass"]), "code_exec"),
        (Appended(sym("sys.path"), ("/tmp",)), "tamper"),
    ],
)
def test_the_effect_is_named(item, effect):
    flags = [found for found in findings(pickled(item)) if found.kind is Kind.MALICIOUS]
    assert effect in {name for found in flags for name in found.evidence["effects"]}


def test_a_class_that_torch_kept_with_its_source_is_judged_as_a_class():
    def module(dotted):
        return pickled(Build(call(Pid(("module", sym(dotted), "a.py", "class A: pass"))), {}), 2)

    assert not rules_of(module("torch.nn.modules.linear.Linear")) - {"torch-structure"}
    assert "third-party-class" in rules_of(module("mypackage.nets.Net"))
    assert "dangerous-call" in rules_of(module("subprocess.Popen"))


def test_the_script_itself_is_a_package_like_any_other():
    found = findings(pickled(Build(call(Sym("__main__", "Model"), how="NEWOBJ"), {"a": 1})))
    assert [item.kind for item in found] == [Kind.WEAKNESS]
    assert "third-party-call" in rules_of(pickled(call(Sym("__main__", "run"), "x")))


def test_a_reference_to_an_ml_library_is_a_weakness_and_a_call_is_suspicious():
    assert {f.kind for f in findings(pickled([sym("timm.data.loader.fast_collate")]))} == {
        Kind.WEAKNESS
    }
    called = pickled(call("timm.data.loader.fast_collate", [1]))
    assert {f.kind for f in findings(called)} == {Kind.SUSPICIOUS}


TEMPLATE = """
def _parse_args(self, a,  loc=0, scale=1):
    return (a, ), loc, scale

def _parse_args_rvs(self, a,  loc=0, scale=1, size=None):
    return self._argcheck_rvs(a,  loc, scale, size=size)

def _parse_args_stats(self, a,  loc=0, scale=1, moments='mv'):
    return (a, ), loc, scale, moments
"""
EVIL_TEMPLATE = {"_parse_arg_template": TEMPLATE + "\nimport os"}


def _distribution(state, name="scipy.stats._continuous_distns.gamma_gen"):
    return Build(call(name, how="NEWOBJ"), state)


@pytest.mark.parametrize(
    "hostile",
    [
        _distribution(EVIL_TEMPLATE),
        _distribution((("_parse_arg_template", "import os"), ("numargs", 0))),
        _distribution(EVIL_TEMPLATE, "mypackage.Distribution"),
        Build(
            call(
                "copyreg._reconstructor",
                sym("scipy.stats._continuous_distns.gamma_gen"),
                sym("builtins.object"),
                None,
            ),
            EVIL_TEMPLATE,
        ),
        [_distribution({"_parse_arg_template": TEMPLATE, "name": str(n)}) for n in range(40)]
        + [_distribution(EVIL_TEMPLATE)],
    ],
)
def test_a_distribution_of_scipy_runs_a_text_of_its_state(hostile):
    assert only(pickled(hostile), "unusual-arguments").kind is Kind.MALICIOUS


@pytest.mark.parametrize(
    "odd",
    [
        _distribution({**{f"k{n}": n for n in range(200)}, **EVIL_TEMPLATE}),
        _distribution(Items(call("collections.OrderedDict"), ("_parse_arg_template", "x"))),
        [
            _distribution({"_parse_arg_template": TEMPLATE.replace("a,", f"a{n},")})
            for n in range(90)
        ],
    ],
)
def test_a_state_that_hides_such_a_text_is_suspicious(odd):
    assert only(pickled(odd), "unusual-arguments").kind is Kind.SUSPICIOUS


def test_honest_distributions_are_clean():
    many = [_distribution({"_parse_arg_template": TEMPLATE, "a": n}) for n in range(90)]
    assert findings(pickled(many)) == []


def test_a_formula_is_evaluated_when_statsmodels_loads_it():
    def data(formula):
        state = {"restore_design_info": True, "formula": formula}
        return pickled(Build(call("statsmodels.base.data.PandasData", how="NEWOBJ"), state))

    assert not findings(data("y ~ a + np.log(b) + C(c)"))
    assert "unusual-arguments" in rules_of(data("y ~ __import__('os').getcwd()"))


def test_dill_describes_a_method_in_words_that_it_evaluates():
    def described(text):
        return pickled(call("dill._dill._getattr", sym("builtins.str"), "split", text))

    assert not findings(described("<method 'split' of 'str' objects>"))
    hostile = described("<a 'b' c '__import__(\"os\").system(\"id\")' d>")
    assert "code_exec" in only(hostile, "unusual-arguments").evidence["effects"]


@pytest.mark.parametrize("count", [0, 1, 30])
def test_calls_that_differ_only_in_a_long_constant_are_told_apart(count):
    def loaded(data):
        text = call("_codecs.encode", data.decode("latin-1"), "latin1")
        return call("torch.storage._load_from_bytes", text)

    harmless = [loaded(pickled({"a": 1}, 2))] * count
    content = pickled([*harmless, loaded(shell(2))], 2)
    assert "dangerous-call" in rules_of(content)


def test_calls_that_are_folded_into_one_finding_still_tell_behaviours_apart():
    def twice(second):
        restore = "mypackage.io.restore"
        return findings(pickled([call(restore, "/a"), call(restore, second)]))

    (one,), (other,) = twice("/b"), twice("/c")
    assert one.rule == other.rule == "third-party-call"
    assert one.evidence["code"] == other.evidence["code"]
    assert one.behaviour != other.behaviour


def test_own_code_is_worse_when_what_is_called_starts_a_process():
    plain, hostile = _function("len(x)"), _function("__import__('os').system('echo x')")
    assert only(pickled(call(plain)), "own-code-called").kind is Kind.SUSPICIOUS
    found = only(pickled(call(hostile)), "own-code-called")
    assert found.kind is Kind.MALICIOUS
    assert found.title.startswith("Loading it starts a process")


def _function(text):
    code = compile(text, "a.py", "eval")
    built = call(
        call("cloudpickle.cloudpickle._builtin_type", "CodeType"),
        *(0, 0, 0, 0, code.co_stacksize, 3, code.co_code, code.co_consts, code.co_names, ()),
        *("a.py", "f", "f", 1, code.co_linetable, b"", (), ()),
    )
    return call("cloudpickle.cloudpickle._make_function", built, {}, None, None, None)


def _keras_model():
    with io.BytesIO() as file:
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("metadata.json", '{"keras_version": "3.15.0"}')
            archive.writestr("config.json", '{"class_name": "Sequential", "config": {}}')
        return file.getvalue()


def _loaded_by_keras(content, owner):
    file = Build(call("_io.BytesIO", how="NEWOBJ"), (content, 0, None))
    return pickled(call(call("builtins.getattr", sym(owner), "_unpickle_model"), file))


def test_a_pickled_keras_model_is_a_model_inside_a_pickle():
    model = _loaded_by_keras(_keras_model(), "keras.src.models.sequential.Sequential")
    assert findings(model) == []


def test_what_keras_unpickles_has_to_be_a_model():
    owner = "keras.src.models.sequential.Sequential"
    assert rules_of(_loaded_by_keras(b"\1" * 64, owner)) == {"unusual-arguments"}
    other = _loaded_by_keras(_keras_model(), "mypackage.Model")
    assert rules_of(other) >= {"computed-call"}


def test_bytes_around_an_archive_are_told_where_no_pickle_accounts_for_them():
    around = b"\x80\x04\x95" + b"x" * 60 + _keras_model()
    assert "hidden-content" in rules_of(around)


@pytest.mark.parametrize(
    "member",
    [
        call("optuna.trial._state.TrialState", 1),
        call("lifelines.utils.CensoringType", "right"),
        call("sktime.datatypes._dtypekind.DtypeKind", 4),
    ],
)
def test_members_of_enumerations_are_saved_as_a_class_and_a_value(member):
    assert findings(pickled({"state": member})) == []


@pytest.mark.parametrize(
    "odd",
    [
        call("optuna.storages.JournalStorage", "journal"),
        call("optuna.trial._state.TrialState", "../x"),
        call("optuna.trial._state.TrialState", 1, 2),
        call("optuna.trial._state.trial_state", 1),
    ],
)
def test_other_calls_of_such_a_package_are_suspicious(odd):
    assert {finding.kind for finding in findings(pickled(odd))} == {Kind.SUSPICIOUS}


def test_a_cache_of_joblib_may_be_rebuilt_but_not_made():
    backend = Build(
        call("joblib._store_backends.FileSystemStoreBackend", how="NEWOBJ"), {"location": "/cache"}
    )
    state = {"location": "/cache", "store_backend": backend}
    rebuilt = Build(call("joblib.memory.Memory", how="NEWOBJ"), state)
    assert findings(pickled(rebuilt)) == []
    assert only(pickled(call("joblib.memory.Memory", "/x")), "unusual-arguments").kind is (
        Kind.MALICIOUS
    )


def test_a_call_through_its_own_method_is_the_call():
    for name in ("eval.__call__", "eval.__call__.__call__"):
        hostile = pickled(call(Sym("builtins", name), "1"), 4)
        assert only(hostile, "dangerous-call").kind is Kind.MALICIOUS


def test_a_function_of_a_class_may_be_referred_to_but_not_called():
    made = Sym("river.naive_bayes.gaussian", "GaussianNB._make_unlisted")
    assert [f.kind for f in findings(pickled({"factory": made}, 4))] == [Kind.WEAKNESS]
    assert [f.kind for f in findings(pickled(call(made), 4))] == [Kind.SUSPICIOUS]
    deeper = Sym("river.naive_bayes.gaussian", "GaussianNB.__init__.__globals__")
    assert [f.kind for f in findings(pickled({"factory": deeper}, 4))] == [Kind.MALICIOUS]
