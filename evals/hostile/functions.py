"""Functions saved by value with cloudpickle or dill whose code is hostile."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator
from typing import Any

from evals.opcodes import Build, call, pickled, sym
from evals.samples import COMMAND, Sample

RUN = ("process_exec",)
LOAD = ("pickle.load",)
ANY_EFFECT = ("process_exec", "code_exec", "network", "file_write", "native_code", "import_resolve")

_BODIES = {
    "import-inside": ("def f(x):\n    import os\n    os.system('echo x')\n    return x\n"),
    "lambda": ("f = lambda x: __import__('os').system('echo x')\n"),
    "default-argument": ("import os\ndef f(x, run=os.system):\n    return run('echo x')\n"),
    "closure": (
        "import os\n"
        "def make():\n"
        "    run = os.system\n"
        "    def inner(x):\n"
        "        return run('echo x')\n"
        "    return inner\n"
        "f = make()\n"
    ),
    "global-function": ("import subprocess\ndef f(x):\n    return subprocess.run(['echo', 'x'])\n"),
    "from-import": (
        "from subprocess import check_output as c\ndef f(x):\n    return c(['echo'])\n"
    ),
    "eval": ("def f(x):\n    return eval('1+1')\n"),
    "exec": ("def f(x):\n    exec('import os')\n"),
    "getattr": ("import os\ndef f(x):\n    return getattr(os, 'sys' + 'tem')('echo x')\n"),
    "importlib": (
        "import importlib\ndef f(x):\n    return importlib.import_module('os').system('echo')\n"
    ),
    "socket": (
        "import socket\n"
        "def f(x):\n"
        "    s = socket.socket()\n"
        "    s.connect(('192.0.2.1', 80))\n"
        "    return x\n"
    ),
    "urlopen": (
        "from urllib.request import urlopen\n"
        "def f(x):\n"
        "    return urlopen('http://192.0.2.1').read()\n"
    ),
    "open-write": ("def f(x):\n    with open('/tmp/x', 'w') as g:\n        g.write('x')\n"),
    "base64-exec": ("import base64\ndef f(x):\n    exec(base64.b64decode('cHJpbnQoMSk='))\n"),
    "class-method": (
        "class f:\n"
        "    def predict(self, x):\n"
        "        import os\n"
        "        return os.popen('echo x').read()\n"
    ),
    "decorated": (
        "import functools, os\n"
        "def d(g):\n"
        "    @functools.wraps(g)\n"
        "    def w(*a):\n"
        "        os.system('echo x')\n"
        "        return g(*a)\n"
        "    return w\n"
        "@d\n"
        "def f(x):\n"
        "    return x\n"
    ),
    "nested-function": (
        "def f(x):\n"
        "    def g():\n"
        "        def h():\n"
        "            import os\n"
        "            os.system('echo x')\n"
        "        return h\n"
        "    return g\n"
    ),
    "generator": ("def f(x):\n    import os\n    yield os.system('echo x')\n"),
    "ctypes": ("import ctypes\ndef f(x):\n    return ctypes.CDLL(None).system(b'echo')\n"),
    "pathlib": ("import pathlib\ndef f(x):\n    pathlib.Path('/tmp/x').write_text('x')\n"),
}


def made(body: str) -> Any:
    """Return `f` of the text, as if it had been written in a script."""
    module = types.ModuleType("__main__")
    exec(compile(body, "script.py", "exec"), module.__dict__)
    return module.__dict__["f"]


def _optional(name: str) -> Callable[[Any], bytes] | None:
    try:
        if name == "cloudpickle":
            import cloudpickle

            return lambda item: bytes(cloudpickle.dumps(item))
        import dill

        return lambda item: bytes(dill.dumps(item, recurse=True))
    except ImportError:
        return None


def samples() -> Iterator[Sample]:
    """Yield the samples; those of a library that is missing are left out."""
    for library in ("cloudpickle", "dill"):
        dumps = _optional(library)
        if dumps is None:
            continue
        for name, body in _BODIES.items():
            content = dumps({"post_process": made(body)})
            yield Sample(f"{library}-{name}", f"functions of {library}", ANY_EFFECT, LOAD, content)
    yield from _called()


def _called() -> Iterator[Sample]:
    """Hand-made ones that also call the function while loading."""
    code = compile("import os\nos.system('echo x')", "script.py", "exec")
    arguments = (
        0, 0, 0, 0, 2, 64, code.co_code, code.co_consts, code.co_names, (), "script.py", "f", "f",
        1, b"", b"", (), (),
    )  # fmt: skip
    built = call("types.CodeType", *arguments)
    items: dict[str, Any] = {
        "types": call(call("types.FunctionType", built, {})),
        "builtin-type": call(
            call(
                "cloudpickle.cloudpickle._make_function",
                call(call("cloudpickle.cloudpickle._builtin_type", "CodeType"), *arguments),
                {},
                None,
                None,
                None,
            )
        ),
        "dill-create": call(
            call(
                "dill._dill._create_function",
                call("dill._dill._create_code", *arguments),
                {},
                "f",
                None,
                None,
            )
        ),
        "dill-load-type": call(
            call(
                call("dill._dill._load_type", "FunctionType"),
                call(call("dill._dill._load_type", "CodeType"), *arguments),
                {},
            )
        ),
        "dill-eval": call("dill._dill._eval_repr", "__import__('os').system('echo x')"),
        "dill-getattr": call(
            call("dill._dill._get_attr", call("dill._dill._import_module", "os"), "system"), COMMAND
        ),
        "cloudpickle-skeleton": Build(
            call(
                "cloudpickle.cloudpickle._make_skeleton_class",
                sym("builtins.type"),
                "X",
                (sym("builtins.object"),),
                {"__reduce__": sym("os.system")},
                None,
                None,
            ),
            {},
        ),
        "cloudpickle-setstate": call(
            "cloudpickle.cloudpickle._class_setstate",
            call("builtins.type", "X", (), {}),
            ({"__del__": sym("os.system")}, {}),
        ),
        "type-with-system": call(
            call("builtins.type", "X", (sym("builtins.object"),), {"__init__": sym("os.system")}),
            COMMAND,
        ),
        "type-metaclass": call(
            "builtins.type", "X", (sym("builtins.object"),), {"__class_getitem__": sym("os.system")}
        ),
        "code-replace": call(call("builtins.getattr", built, "replace")),
        "dill-file": call("dill._dill._create_filehandle", "/tmp/x", "w", 0, False, False, 0, "x"),
    }
    for name, item in items.items():
        effects = (
            ("process_exec", "code_exec", "object_graph", "file_write")
            if name != "cloudpickle-setstate"
            else ()
        )
        yield Sample(f"rebuilt-{name}", "rebuilt functions", effects, LOAD, pickled(item))
