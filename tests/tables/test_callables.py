"""Look-ups by exact name, by module and by family."""

import time

import pytest

from weighbridge.tables.callables import (
    benign,
    dangerous,
    dangerous_through,
    family,
    operand,
)
from weighbridge.tables.libraries import library_kind

KNOWN_BYPASSES = [
    ("_aix_support", "_read_cmd_output", "process_exec"),
    ("_io", "FileIO", "file_write"),
    ("_osx_support", "_find_build_tool", "process_exec"),
    ("_osx_support", "anything_at_all", "process_exec"),
    ("_pickle", "loads", "deserialize"),
    ("_posixsubprocess", "fork_exec", "process_exec"),
    ("asyncio.unix_events", "_UnixSubprocessTransport._start", "process_exec"),
    ("builtins", "eval", "code_exec"),
    ("__builtin__", "execfile", "code_exec"),
    ("code", "InteractiveInterpreter.runcode", "code_exec"),
    ("commands", "getoutput", "process_exec"),
    ("ctypes", "CDLL", "native_code"),
    ("distutils.file_util", "write_file", "file_write"),
    ("fickling.hook", "remove_hook", "tamper"),
    ("idlelib.run", "Executive.runcode", "code_exec"),
    ("lib2to3.pgen2.grammar", "Grammar.loads", "deserialize"),
    ("linecache", "getline", "file_read"),
    ("logging", "FileHandler", "file_write"),
    ("nt", "system", "process_exec"),
    ("numpy.f2py.crackfortran", "getlincoef", "code_exec"),
    ("numpy.testing._private.utils", "runstring", "code_exec"),
    ("os", "remove", "file_delete"),
    ("os", "system", "process_exec"),
    ("pathlib", "Path.write_text", "file_write"),
    ("pickle", "_loads", "deserialize"),
    ("pip", "main", "process_exec"),
    ("pkgutil", "resolve_name", "import_resolve"),
    ("posix", "system", "process_exec"),
    ("profile", "run", "debugger_test"),
    ("profile", "Profile.run", "debugger_test"),
    ("pydoc", "locate", "import_resolve"),
    ("runpy", "run_path", "code_exec"),
    ("ssl", "get_server_certificate", "network"),
    ("test.support.script_helper", "assert_python_ok", "process_exec"),
    ("torch.fx.graph_module", "reduce_package_graph_module", "code_exec"),
    ("torch.jit.unsupported_tensor_ops", "execWrapper", "code_exec"),
    ("torch.utils._config_module", "ConfigModule.load_config", "deserialize"),
    ("torch.utils.bottleneck.__main__", "run_cprofile", "code_exec"),
    ("torch.utils.collect_env", "run", "process_exec"),
    ("types", "CodeType", "code_exec"),
    ("urllib.request", "urlopen", "network"),
    ("urllib2", "urlopen", "network"),
    ("uuid", "_get_command_stdout", "process_exec"),
    ("weighbridge.tables.callables", "benign", "tamper"),
]


@pytest.mark.parametrize(("module", "name", "effect"), KNOWN_BYPASSES)
def test_names_that_beat_a_scanner_before_are_known(module, name, effect):
    row = dangerous(module, name)
    assert row is not None
    assert (row.effect, row.judge) == (effect, "always")
    assert benign(module, name) is None and family(module, name) is None


def test_torch_hub_is_dangerous_by_name():
    row = dangerous("torch.hub", "load")
    assert row is not None and row.name == "load" and row.severity == "critical"


def test_exact_row_beats_the_row_of_its_module():
    exact, module = dangerous("os", "remove"), dangerous("os", "anything_else")
    assert exact is not None and exact.effect == "file_delete"
    assert module is not None and module.name == "*"


def test_a_module_row_covers_submodules_by_segment_only():
    assert dangerous("asyncio.made.up", "x") is not None
    assert dangerous("asynciox", "x") is None
    assert dangerous("torch.hubris", "load") is None


def test_the_nearest_module_row_wins():
    row = dangerous("os.path", "anything_else")
    assert row is not None and row.module == "os.path"


def test_a_class_row_says_nothing_about_its_members():
    assert dangerous("torch.utils.hooks", "RemovableHandle") is not None
    assert dangerous("torch.utils.hooks", "RemovableHandle.remove") is None


@pytest.mark.parametrize("name", ["", ".", "..", "*", "a" * 100_000, "a." * 100_000])
def test_strange_names_are_cheap_and_unknown(name):
    started = time.process_time()
    assert dangerous(name, name) is None
    assert dangerous_through("a", name) is None
    assert benign(name, name) is None and family(name, name) is None
    assert operand(name, name) is None and library_kind(name) is None
    assert time.process_time() - started < 0.5


def test_a_deep_path_below_a_dangerous_module_is_still_found():
    assert dangerous("os" + ".path" * 50_000, "system") is not None


@pytest.mark.parametrize(
    ("module", "name", "found"),
    [
        ("torch", "serialization.os.system", ("os", "system")),
        ("torch", "hub.load", ("torch.hub", "load")),
        ("numpy", "f2py.os.system", ("numpy.f2py", "*")),
        ("random", "_os.system", ("os", "system")),
        ("collections", "abc._sys.modules", ("sys", "modules")),
        ("torch", "nn.Module", None),
        ("torch", "Tensor", None),
    ],
)
def test_dotted_names_are_followed_to_their_end(module, name, found):
    row = dangerous_through(module, name)
    assert (None if row is None else (row.module, row.name)) == found


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("sklearn.svm._classes", "SomethingNew"),
        ("sklearn.linear_model._glm.glm", "_PrivateRegressor"),
        ("torch.nn.modules.activation", "SomethingNew"),
        ("__torch__.model.___torch_mangle_3", "Block"),
    ],
)
def test_a_family_vouches_for_classes(module, name):
    row = family(module, name)
    assert row is not None and row.use == "family" and benign(module, name) is None


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("sklearn.base", "clone"),
        ("sklearn.base", "_clone_parametrized"),
        ("sklearn.svm._classes", "SVC.fit"),
        ("sklearn.svm._classes", "__Class__"),
        ("sklearn.svm._classes", "__getattr__"),
        ("sklearn.svm._classes", "*"),
        ("sklearn.svm.tests.test_svm", "Helper"),
        ("sklearn.utils._testing", "TempMemmap"),
        ("sklearn.conftest", "Helper"),
        ("sklearnx.svm", "SVC"),
        ("sklearn.preprocessing._function_transformer", "FunctionTransformer"),
        ("torch.nn.functional", "Whatever"),
        ("os", "Whatever"),
    ],
)
def test_a_family_never_vouches_for_anything_else(module, name):
    assert family(module, name) is None


def test_benign_rows_are_exact():
    assert benign("collections", "OrderedDict") is not None
    assert benign("collections", "OrderedDict.fromkeys") is None
    assert benign("sklearn.*", "*") is None


def test_the_numpy_spellings_of_both_major_versions_are_known():
    for module in ("numpy.core.multiarray", "numpy._core.multiarray"):
        for name in ("_reconstruct", "scalar"):
            row = benign(module, name)
            assert row is not None and row.use == "any"


def test_classes_that_read_files_are_vouched_for_as_rebuilt_only():
    row = benign("xgboost.core", "Booster")
    assert row is not None and row.use == "rebuild"


@pytest.mark.parametrize(
    ("module", "name", "judge"),
    [
        ("builtins", "getattr", "attribute-read"),
        ("__builtin__", "setattr", "attribute-write"),
        ("copy_reg", "_reconstructor", "rebuild-class"),
        ("_codecs", "encode", "codec"),
        ("torch.storage", "_load_from_bytes", "nested-bytes"),
        ("torch.fx.graph_module", "reduce_graph_module", "python-source"),
        ("cloudpickle.cloudpickle", "_make_function", "code-object"),
        ("ray.cloudpickle.cloudpickle", "_make_function", "code-object"),
        ("dill._dill", "_create_code", "code-object"),
        ("types", "SimpleNamespace", "plain-state"),
        ("torch._tensor", "_rebuild_from_type_v2", "wrapped-callable"),
    ],
)
def test_operands_decide_for_names_that_honest_files_share(module, name, judge):
    row, known = operand(module, name), dangerous(module, name)
    assert row is not None and row.judge == judge
    assert known is not None and known.judge == "operands"


def test_libraries_are_told_by_their_top_level_name():
    assert library_kind("os.path") == "stdlib"
    assert library_kind("__builtin__") == "stdlib"
    assert library_kind("annotationlib") == "stdlib"
    assert library_kind("torch.nn.modules.linear") == "ml"
    assert library_kind("models.common") is None
    assert library_kind("") is None
