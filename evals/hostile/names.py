"""Names spelled so that a scanner reads something else than the unpickler."""

from __future__ import annotations

from collections.abc import Iterator

from evals.opcodes import Sym, call, pickled, sym
from evals.samples import COMMAND, SOURCE, Sample

PICKLE = ("pickle.load",)
ANY: tuple[str, ...] = ()


def samples() -> Iterator[Sample]:
    """Yield the samples."""
    for protocol in (0, 1, 2):
        for module, name, effect in (
            ("__builtin__", "eval", "code_exec"),
            ("__builtin__", "execfile", "code_exec"),
            ("commands", "getoutput", "process_exec"),
            ("cPickle", "loads", "deserialize"),
            ("urllib2", "urlopen", "network"),
            ("__builtin__", "apply", "object_graph"),
            ("UserDict", "os.system", ""),
        ):
            item = call(Sym(module, name), COMMAND)
            effects = (effect, "process_exec", "code_exec") if effect else ANY
            yield Sample(
                f"py2-{module}-{name}-{protocol}".replace("_", "").replace(".", "-").lower(),
                "Python 2 names",
                effects,
                PICKLE,
                pickled(item, protocol),
            )
    spelled = {
        "trailing-space": ("os ", "system"),
        "leading-space": (" os", "system"),
        "leading-dot": (".os", "system"),
        "leading-dots": ("..os", "system"),
        "trailing-dot": ("os.", "system"),
        "tab": ("os\t", "system"),
        "fullwidth": ("\uff4f\uff53", "system"),
        "homoglyph": ("o\u0455", "system"),
        "zero-width": ("o\u200bs", "system"),
        "combining": ("os\u0301", "system"),
        "upper-case": ("OS", "system"),
        "nul": ("os\0", "system"),
        "name-space": ("os", "system "),
        "name-dunder-call": ("os", "system.__call__"),
        "name-dots": ("os", "path.os.system"),
        "module-path": ("os.path", "os.system"),
        "main": ("__main__", "os.system"),
        "empty-module": ("", "system"),
        "empty-name": ("os", ""),
        "posixpath": ("posixpath", "os.system"),
        "bidi": ("os\u202e", "system"),
        "form-feed": ("os\f", "system"),
    }
    for name, (module, attribute) in spelled.items():
        content = pickled(call(Sym(module, attribute), COMMAND))
        yield Sample(f"spelling-{name}", "odd spellings", ANY, PICKLE, content)
    for name, code in {
        "crlf": b"cos\r\nsystem\r\n",
        "cr-in-name": b"cos\nsystem\r\n",
        "space-line": b"cos \nsystem\n",
        "vertical-tab": b"cos\x0b\nsystem\n",
    }.items():
        content = code + b"(S'echo weighbridge-eval'\ntR."
        yield Sample(f"newline-{name}", "odd spellings", ANY, PICKLE, content)
    crlf = b"cbuiltins\nexec\n(Vimport os\\u000aos.system('echo x')\ntR."
    yield Sample("newline-escaped", "odd spellings", ("code_exec", "process_exec"), PICKLE, crlf)
    private = {
        "frozen-importlib": sym("_frozen_importlib_external.SourceFileLoader.exec_module"),
        "frozen-importlib-load": sym("_frozen_importlib._call_with_frames_removed"),
        "sitebuiltins": sym("_sitebuiltins.Quitter"),
        "pyrepl": sym("_pyrepl.pager.pipe_pager"),
        "osx-support": sym("_osx_support.compiler_fixup"),
        "posixshmem": sym("_posixshmem.shm_open"),
        "winreg": sym("winreg.SetValue"),
        "msvcrt": sym("msvcrt.open_osfhandle"),
        "xxsubtype": sym("_testcapi.run_in_subinterp"),
        "interpreters": sym("_xxsubinterpreters.run_string"),
        "ast-unparse": sym("ast.parse"),
        "opcode": sym("_opcode.stack_effect"),
        "asyncio-events": sym("asyncio.unix_events.SelectorEventLoop"),
        "nturl": sym("nturl2path.url2pathname"),
        "encodings": sym("encodings.search_function"),
        "turtledemo": sym("turtledemo.__main__.main"),
        "this": sym("this.c"),
        "wsgiref": sym("wsgiref.simple_server.make_server"),
        "curses": sym("curses.wrapper"),
        "tkinter": sym("tkinter.Tcl"),
        "readline": sym("readline.read_init_file"),
        "rlcompleter": sym("rlcompleter.Completer.attr_matches"),
        "pyclbr": sym("pyclbr.readmodule"),
        "modulefinder": sym("modulefinder.ModuleFinder.run_script"),
        "zipapp": sym("zipapp.create_archive"),
        "compileall": sym("compileall.compile_dir"),
        "sre": sym("sre_compile.compile"),
        "string-template": sym("string.Template.substitute"),
        "operator-setitem": sym("operator.setitem"),
        "operator-delitem": sym("operator.delitem"),
        "operator-iconcat": sym("operator.iconcat"),
        "itertools-tee": sym("itertools.tee"),
        "copy-deepcopy": sym("copy.deepcopy"),
        "weakref-proxy": sym("weakref.proxy"),
        "inspect-getsource": sym("inspect.getsource"),
        "sys-exc-info": sym("sys.exc_info"),
        "enum-convert": sym("enum.Enum._convert_"),
    }
    for name, target in private.items():
        content = pickled(call(target, SOURCE))
        yield Sample(f"private-{name}", "less known stdlib", ANY, PICKLE, content)
    flow = (
        "numpy.distutils.misc_util.generate_config_py",
        "torch._inductor.codecache.PyCodeCache.load",
        "torch._dynamo.debug_utils.run_fwd_maybe_bwd",
        "torch.utils._content_store.ContentStoreReader.read_storage",
        "torch.distributed.run.run",
        "sklearn.utils._testing.assert_run_python_script_without_output",
        "pandas.util._tester.test",
        "scipy._lib._testutils.PytestTester",
        "joblib.externals.loky.backend.spawn.prepare",
        "setuptools.sandbox.run_setup",
        "pkg_resources.run_script",
        "torch.testing._internal.common_utils.run_tests",
        "torch.onnx.utils.export",
        "torch.ao.quantization.fx.tracer.QuantizationTracer",
        "transformers.utils.import_utils._LazyModule",
        "transformers.testing_utils.run_command",
        "huggingface_hub.utils._subprocess.run_subprocess",
        "numpy.f2py.f2py2e.run_main",
        "numpy.f2py.diagnose.run_command",
        "polars.io.database.functions.read_database",
    )
    for dotted in flow:
        content = pickled(call(dotted, COMMAND))
        name = dotted.replace(".", "-").replace("_", "").lower()
        yield Sample(f"package-{name}", "package gadgets", ANY, PICKLE, content)
