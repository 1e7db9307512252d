"""Payloads inside payloads, encoded or not, and strings that are code for somebody else."""

from __future__ import annotations

import base64
import binascii
import bz2
import codecs
import gzip
import io
import lzma
import marshal
import pickle
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Any

from evals.opcodes import Call, Sym, call, pickled, shell, sym
from evals.samples import SOURCE, Sample

PICKLE = ("pickle.load",)
RUN = ("process_exec",)
Wrapped = Callable[[Any], Any]


def _decoders() -> dict[str, tuple[Callable[[bytes], Any], Wrapped]]:
    """Name, how we encode, and the call that decodes."""
    return {
        "base64": (base64.b64encode, lambda data: call("base64.b64decode", data)),
        "base64-text": (
            lambda data: base64.b64encode(data).decode(),
            lambda data: call("base64.b64decode", data),
        ),
        "urlsafe": (base64.urlsafe_b64encode, lambda data: call("base64.urlsafe_b64decode", data)),
        "base32": (base64.b32encode, lambda data: call("base64.b32decode", data)),
        "base85": (base64.b85encode, lambda data: call("base64.b85decode", data)),
        "ascii85": (base64.a85encode, lambda data: call("base64.a85decode", data)),
        "hex": (bytes.hex, lambda data: call(Sym("builtins", "bytes.fromhex"), data)),
        "unhexlify": (binascii.hexlify, lambda data: call("binascii.unhexlify", data)),
        "zlib": (zlib.compress, lambda data: call("zlib.decompress", data)),
        "bz2": (bz2.compress, lambda data: call("bz2.decompress", data)),
        "lzma": (lzma.compress, lambda data: call("lzma.decompress", data)),
        "gzip": (gzip.compress, lambda data: call("gzip.decompress", data)),
        "codec-zip": (zlib.compress, lambda data: call("_codecs.decode", data, "zip")),
        "codec-hex": (binascii.hexlify, lambda data: call("codecs.decode", data, "hex")),
        "codec-base64": (base64.b64encode, lambda data: call("codecs.decode", data, "base64")),
        "bytearray": (bytes, lambda data: call("builtins.bytearray", data)),
        "latin1": (
            lambda data: data.decode("latin-1"),
            lambda t: call("_codecs.encode", t, "latin1"),
        ),
        "numbers": (list, lambda data: call("builtins.bytes", data)),
        "base64-zlib": (
            lambda data: base64.b64encode(zlib.compress(data)),
            lambda data: call("zlib.decompress", call("base64.b64decode", data)),
        ),
        "three-stages": (
            lambda data: base64.b64encode(bz2.compress(zlib.compress(data))).decode(),
            lambda t: call("zlib.decompress", call("bz2.decompress", call("base64.b64decode", t))),
        ),
        "memoryview": (bytes, lambda data: call("builtins.memoryview", data)),
        "reversed": (
            lambda data: data[::-1],
            lambda d: call("operator.getitem", d, call("builtins.slice", None, None, -1)),
        ),
        "joined": (
            lambda data: [data[:10], data[10:]],
            lambda parts: call(Sym("builtins", "bytes.join"), b"", parts),
        ),
    }


def samples() -> Iterator[Sample]:
    """Yield the samples."""
    inner = shell()
    for name, (encode, decode) in _decoders().items():
        item = call("pickle.loads", decode(encode(inner)))
        yield Sample(
            f"encoded-pickle-{name}",
            "encoded payloads",
            (*RUN, "deserialize"),
            PICKLE,
            pickled(item),
        )
        if name in ("reversed", "joined", "memoryview"):
            continue
        item = call("builtins.exec", decode(encode(SOURCE.encode())))
        yield Sample(
            f"encoded-source-{name}", "encoded payloads", (*RUN, "code_exec"), PICKLE, pickled(item)
        )
    rot = call("codecs.decode", codecs.encode(SOURCE, "rot13"), "rot13")
    yield Sample(
        "encoded-source-rot13", "encoded payloads", RUN, PICKLE, pickled(call("builtins.exec", rot))
    )
    yield from _nested()
    yield from _code()


def _bytesio(data: bytes) -> Call:
    return call("_io.BytesIO", data)


def _nested() -> Iterator[Sample]:
    inner = shell()
    loaders: dict[str, Any] = {
        "pickle": call("pickle.loads", inner),
        "c-pickle": call("_pickle.loads", inner),
        "python-pickle": call("pickle._loads", inner),
        "pickle-load": call("pickle.load", _bytesio(inner)),
        "unpickler": call(
            Sym("_pickle", "Unpickler.load"), call("_pickle.Unpickler", _bytesio(inner))
        ),
        "dill": call("dill.loads", inner),
        "dill-private": call("dill._dill.loads", inner),
        "cloudpickle": call("cloudpickle.loads", inner),
        "torch-storage": call("torch.storage._load_from_bytes", inner),
        "torch-load": call("torch.load", _bytesio(inner)),
        "joblib": call("joblib.load", _bytesio(inner)),
        "numpy": call("numpy.load", _bytesio(inner), None, True),
        "numpy-old": call("numpy.lib._npyio_impl.load", _bytesio(inner)),
        "numpy-loads": call("numpy.core.multiarray.loads", inner),
        "pandas": call("pandas.read_pickle", _bytesio(inner)),
        "pandas-compat": call("pandas.compat.pickle_compat.load", _bytesio(inner)),
        "multiprocessing": call(Sym("multiprocessing.reduction", "ForkingPickler.loads"), inner),
        "grammar": call(Sym("lib2to3.pgen2.grammar", "Grammar.loads"), None, inner),
        "torch-config": call(
            Sym("torch.utils._config_module", "ConfigModule.load_config"), None, inner
        ),
        "keras": call("keras.src.saving.pickle_utils.deserialize_model_from_bytecode", inner),
        "numba": call("numba.core.serialize._numba_unpickle", 0, inner, b"x"),
        "spacy": call("spacy.vocab.unpickle_vocab", None, None, None, None, inner),
        "text": call("pickle.loads", call(Sym("builtins", "str.encode"), shell(0).decode())),
        "statsmodels": call("statsmodels.iolib.smpickle.load_pickle", _bytesio(inner)),
        "xgboost-state": call("xgboost.core.Booster", None, None, inner),
        "sklearn-compat": call("sklearn.utils._joblib.load", _bytesio(inner)),
        "zodb": call("zodbpickle.loads", inner),
        "ray": call("ray.cloudpickle.loads", inner),
        "pyspark": call("pyspark.cloudpickle.loads", inner),
        "distributed": call("distributed.protocol.pickle.loads", inner),
        "transformers": call("transformers.utils.hub.pickle.loads", inner),
        "shared-memory": call("multiprocessing.reduction.rebuild_connection", inner),
        "torch-reductions": call(
            "torch.multiprocessing.reductions.rebuild_storage_filename", None, "x", "/tmp/x", 1
        ),
    }
    for name, item in loaders.items():
        effects = (*RUN, "deserialize", "code_exec")
        yield Sample(f"nested-in-{name}", "nested loaders", effects, PICKLE, pickled(item))
    twice = pickled(call("pickle.loads", pickled(call("torch.storage._load_from_bytes", inner))))
    thrice = pickled(call("_pickle.loads", call("base64.b64decode", base64.b64encode(twice))))
    four = pickled(call("torch.storage._load_from_bytes", thrice), 2)
    for level, content in ((2, twice), (3, thrice), (4, four)):
        yield Sample(f"nested-levels-{level}", "nested loaders", RUN, PICKLE, content)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("archive/data.pkl", shell(2))
        archive.writestr("archive/version", "3\n")
    item = call("torch.storage._load_from_bytes", packed.getvalue())
    yield Sample("nested-torch-zip", "nested loaders", RUN, PICKLE, pickled(item))
    for number, held in enumerate(
        (
            {"weights": [1.0], "blob": inner},
            ["note", base64.b64encode(inner).decode()],
            {"layers": [{"cache": [bytearray(inner)]}]},
            (pickle.dumps({"twice": inner}), 1),
        )
    ):
        for protocol in (2, 4):
            name = f"dormant-data-{number}-{protocol}"
            content = pickle.dumps(held, protocol)
            yield Sample(name, "dormant payloads", RUN, (), content)
    state = {"weights": [1.0], "blob": inner}
    yield Sample(
        "dormant-in-state",
        "dormant payloads",
        (),
        (),
        pickled(call("pickle.loads", call("operator.getitem", state, "blob"))),
    )


def _compiled(source: str = SOURCE) -> bytes:
    return marshal.dumps(compile(source, "model", "exec"))


def _code() -> Iterator[Sample]:
    data = _compiled()
    items: dict[str, Any] = {
        "marshal-function": call(call("types.FunctionType", call("marshal.loads", data), {})),
        "marshal-exec": call("builtins.exec", call("marshal.loads", data)),
        "marshal-base64": call(
            "builtins.exec", call("marshal.loads", call("base64.b64decode", base64.b64encode(data)))
        ),
        "marshal-zlib": call(
            "builtins.exec", call("marshal.loads", call("zlib.decompress", zlib.compress(data)))
        ),
        "marshal-wrapped-in-list": call("builtins.map", sym("builtins.exec"), [SOURCE]),
        "compile-exec": call("builtins.exec", call("builtins.compile", SOURCE, "model", "exec")),
        "eval-nested-string": call("builtins.eval", "eval(\"exec('import os')\")"),
        "exec-base64-inside": call(
            "builtins.exec",
            f"exec(__import__('base64').b64decode({base64.b64encode(SOURCE.encode())!r}))",
        ),
        "exec-chr": call(
            "builtins.exec", "exec(''.join(chr(c) for c in " + repr([ord(c) for c in SOURCE]) + "))"
        ),
        "exec-getattr": call(
            "builtins.exec", "getattr(__import__('o'+'s'), 'sys'+'tem')('echo x')"
        ),
        "exec-harmless": call("builtins.exec", "x = 1"),
        "eval-unparsable": call("builtins.eval", "((("),
        "exec-python2": call("builtins.exec", "exec 'import os'\nprint 1"),
        "function-state": call(
            "cloudpickle.cloudpickle._make_function", sym("builtins.exec"), {}, None, None, None
        ),
    }
    for name, item in items.items():
        yield Sample(
            f"code-{name}",
            "carried code",
            ("code_exec", "process_exec", "object_graph"),
            PICKLE,
            pickled(item),
        )
