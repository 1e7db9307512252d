"""The dangerous name is data: something harmless-looking turns it into a callable."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from evals.opcodes import Raw, Seq, Sym, call, pickled, sym
from evals.samples import COMMAND, Sample

RUN = ("process_exec",)
RESOLVE = ("process_exec", "import_resolve", "object_graph", "code_exec")
PICKLE = ("pickle.load",)


def _chains() -> dict[str, Any]:
    """Each comes to `os.system(COMMAND)`."""
    imported = call("importlib.import_module", "os")
    dunder = call("builtins.__import__", "os")
    getattr_ = sym("builtins.getattr")
    getitem = sym("operator.getitem")
    system = call(getattr_, imported, "system")
    modules = sym("sys.modules")
    return {
        "getattr-import": call(system, COMMAND),
        "getattr-dunder-import": call(call(getattr_, dunder, "system"), COMMAND),
        "getattr-computed-name": call(
            call(getattr_, imported, call("builtins.str.lower", "SYSTEM")), COMMAND
        ),
        "getattr-joined-name": call(
            call(getattr_, imported, call("builtins.str.join", "", ["sys", "tem"])), COMMAND
        ),
        "attrgetter": call(call(call("operator.attrgetter", "system"), imported), COMMAND),
        "attrgetter-deep": call(
            call(call("operator.attrgetter", "_os.system"), sym("random.Random")), COMMAND
        ),
        "methodcaller": call(call("operator.methodcaller", "system", COMMAND), imported),
        "methodcaller-on-symbol": call(
            call("operator.methodcaller", "__call__", COMMAND), sym("posix.system")
        ),
        "operator-call": call("operator.call", sym("posix.system"), COMMAND),
        "resolve-name": call(call("pkgutil.resolve_name", "os:system"), COMMAND),
        "resolve-name-dotted": call(call("pkgutil.resolve_name", "os.system"), COMMAND),
        "pydoc-locate": call(call("pydoc.locate", "os.system"), COMMAND),
        "pydoc-resolve": call("pydoc.resolve", "os.system"),
        "logging-resolve": call(call("logging.config._resolve", "os.system"), COMMAND),
        "mock-importer": call(call("unittest.mock._importer", "os.system"), COMMAND),
        "gcd-import": call(
            call(getattr_, call("importlib._bootstrap._gcd_import", "os"), "system"), COMMAND
        ),
        "frozen-importlib": call(
            call(getattr_, call("_frozen_importlib._gcd_import", "os"), "system"), COMMAND
        ),
        "importlib-dunder": call(
            call(getattr_, call("importlib.__import__", "os"), "system"), COMMAND
        ),
        "getitem-sys-modules": call(
            call(getattr_, call(getitem, modules, "os"), "system"), COMMAND
        ),
        "dict-get-sys-modules": call(
            call(getattr_, call("builtins.dict.get", modules, "os"), "system"), COMMAND
        ),
        "sys-modules-method": call(
            call(getattr_, call(Sym("sys", "modules.get"), "os"), "system"), COMMAND
        ),
        "getitem-builtins": call(call(getitem, call("builtins.vars", imported), "system"), COMMAND),
        "getitem-globals": call(call(getitem, call("builtins.globals"), "exec"), "print(1)"),
        "getitem-function-globals": call(
            call(
                getattr_, call(getitem, Sym("random", "Random.seed.__globals__"), "_os"), "system"
            ),
            COMMAND,
        ),
        "getattr-globals": call(
            call(getitem, call(getattr_, sym("collections.namedtuple"), "__globals__"), "_sys"),
            COMMAND,
        ),
        "itemgetter-modules": call(
            call(getattr_, call(call("operator.itemgetter", "os"), modules), "system"), COMMAND
        ),
        "object-getattribute": call(
            call("builtins.object.__getattribute__", imported, "system"), COMMAND
        ),
        "type-getattribute": call(
            call("builtins.type.__getattribute__", sym("builtins.object"), "__subclasses__")
        ),
        "subclasses": call(call(getattr_, sym("builtins.object"), "__subclasses__")),
        "mro-walk": call(
            call(getitem, call(getattr_, sym("collections.OrderedDict"), "__mro__"), -1)
        ),
        "inspect-getattr-static": call(call("inspect.getattr_static", imported, "system"), COMMAND),
        "reduce-getattr": call(call("functools.reduce", getattr_, [imported, "system"]), COMMAND),
        "map-getattr": call(
            call("builtins.next", call("builtins.map", getattr_, [imported], ["system"])), COMMAND
        ),
        "pickle-getattribute": call(call("pickle._getattribute", imported, "system"), COMMAND),
        "unpickler-find-class": call(
            call("pickle.Unpickler.find_class", None, "os", "system"), COMMAND
        ),
        "whichmodule": call(call("_pickle.Unpickler.find_class", None, "os", "system"), COMMAND),
        "copyreg-reduce": call("copyreg.constructor", sym("posix.system")),
        "partial-getattr": call(
            call(call("functools.partial", getattr_, imported), "system"), COMMAND
        ),
        "zope-resolve": call(call("zope.dottedname.resolve.resolve", "os.system"), COMMAND),
        "twisted-named-any": call(call("twisted.python.reflect.namedAny", "os.system"), COMMAND),
        "django-import-string": call(
            call("django.utils.module_loading.import_string", "os.system"), COMMAND
        ),
        "setuptools-entry-point": call(
            call("importlib.metadata.EntryPoint", "a", "os:system", "b")
        ),
        "hydra-locate": call(call("hydra._internal.utils._locate", "os.system"), COMMAND),
        "hydra-instantiate": call(
            "hydra.utils.instantiate", {"_target_": "os.system", "_args_": [COMMAND]}
        ),
        "numpy-ufunc-reconstruct": call(
            call("numpy.core._ufunc_reconstruct", "os", "system"), COMMAND
        ),
        "scipy-uarray": call(
            call("scipy._lib._uarray._backend.unpickle_function", "os", "system", None), COMMAND
        ),
        "dill-import-module": call(
            call(getattr_, call("dill._dill._import_module", "os"), "system"), COMMAND
        ),
        "dill-import-module-dotted": call(call("dill._dill._import_module", "os.system"), COMMAND),
        "dill-get-attr": call(call("dill._dill._get_attr", imported, "system"), COMMAND),
        "cloudpickle-subimport": call(
            call(getattr_, call("cloudpickle.cloudpickle.subimport", "os"), "system"), COMMAND
        ),
        "cloudpickle-getattr": call(
            call("cloudpickle.cloudpickle._getattribute", imported, "system"), COMMAND
        ),
        "joblib-func-code": call("joblib.func_inspect.get_func_code", sym("posix.system")),
        "transformers-dynamic": call(
            "transformers.dynamic_module_utils.get_class_in_module",
            "Model",
            "/tmp/weighbridge-eval.py",
        ),
        "site-builtins-dotted": call(Sym("functools", "__builtins__.__getitem__"), "exec"),
        "numpy-builtins": call(call(getitem, Sym("numpy", "__builtins__"), "exec"), "print(1)"),
        "method-of-text": call(call(getattr_, "", "__class__")),
        "format-attribute": call(
            "builtins.str.format", "{0.__init__.__globals__[os]}", sym("random.Random")
        ),
        "string-formatter": call(
            "string.Formatter.get_field",
            call("string.Formatter"),
            "0.__globals__",
            [sym("collections.namedtuple")],
            {},
        ),
    }


def samples() -> Iterator[Sample]:
    """Yield the samples."""
    for name, item in _chains().items():
        for protocol in (
            (2, 4) if name in ("getattr-import", "attrgetter", "methodcaller") else (4,)
        ):
            yield Sample(
                f"resolver-{name}-{protocol}",
                "resolver chains",
                RESOLVE,
                PICKLE,
                pickled(item, protocol),
            )
    yield from _dotted()
    yield from _computed()


def _dotted() -> Iterator[Sample]:
    """From protocol 4 on a name may walk through attributes."""
    for module, name in (
        ("torch", "serialization.os.system"),
        ("torch", "os.system"),
        ("torch.serialization", "os.system"),
        ("torch._utils", "sys.modules"),
        ("torch.nn.modules.linear", "math.__loader__"),
        ("numpy", "f2py.os.system"),
        ("numpy", "__builtins__"),
        ("numpy._core.multiarray", "os.system"),
        ("collections", "_sys.modules"),
        ("collections", "OrderedDict.__init__.__globals__"),
        ("random", "_os.system"),
        ("joblib.numpy_pickle", "os.system"),
        ("sklearn.base", "os.system"),
        ("pandas.core.frame", "sys.modules"),
        ("copyreg", "_reconstructor.__globals__"),
        ("re", "_compile.__builtins__"),
        ("datetime", "sys.modules"),
        ("pathlib", "os.system"),
        ("argparse", "_os.system"),
        ("enum", "sys.modules"),
        ("uuid", "os.system"),
    ):
        shown = f"{module}--{name}".replace(".", "-").replace("_", "")
        content = pickled(call(Sym(module, name), COMMAND))
        effects = ("process_exec", "object_graph", "tamper", "code_exec", "import_resolve")
        yield Sample(f"dotted-{shown}", "dotted names", effects, PICKLE, content)


def _computed() -> Iterator[Sample]:
    """STACK_GLOBAL whose operands are no constants."""
    module = call("builtins.str.lower", "POSIX")
    name = call("builtins.str.join", "", ["sys", "tem"])
    from evals.opcodes import Assembler

    write = Assembler(4).value
    looked = write(module) + write(name) + b"\x93"
    yield _stack_global("both-computed", looked)
    yield _stack_global("module-computed", write(module) + write("system") + b"\x93")
    yield _stack_global("name-computed", write("posix") + write(name) + b"\x93")
    memo = write("system") + b"\x940" + write("posix") + b"\x94" + b"h\x00\x93"
    yield _stack_global("through-memo", memo)
    yield _stack_global(
        "through-put-and-memoize",
        write("os") + b"q\x05\x940" + write("x") + b"q\x000h\x05" + write("system") + b"\x93",
    )
    swapped = write("system") + b"q\x00" + b"0" + write("posix") + b"h\x00" + b"\x93"
    yield _stack_global("popped-and-fetched", swapped)
    string = b"U\x05posixU\x06system\x93"
    yield _stack_global("short-binstring", string)
    yield _stack_global("string", b"S'posix'\nS'system'\n\x93")
    yield _stack_global("binstring", b"T\x05\x00\x00\x00posixT\x06\x00\x00\x00system\x93")
    yield _stack_global("unicode", b"Vposix\nVsystem\n\x93")
    yield _stack_global("escaped-unicode", b"V\\u0070osix\nVs\\u0079stem\n\x93")
    yield _stack_global(
        "binunicode8", b"\x8d" + (5).to_bytes(8, "little") + b"posix" + write("system") + b"\x93"
    )
    yield _stack_global("dup", write("posix") + b"20" + write("system") + b"\x93")
    yield _stack_global("between-tuples", write("posix") + b"(1" + write("system") + b"20\x93")
    item = Seq((1, Raw(write("posix") + write("system") + b"\x93")))
    yield Sample("stack-global-first", "computed names", RUN, PICKLE, pickled(call(item, COMMAND)))


def _stack_global(name: str, code: bytes) -> Sample:
    content = pickled(call(Raw(code), COMMAND))
    effects = () if "computed" in name else RUN
    return Sample(f"stack-global-{name}", "computed names", effects, PICKLE, content)
