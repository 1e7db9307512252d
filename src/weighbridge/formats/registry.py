"""The explicit list of formats that are parsed, in the order in which they may claim bytes.

Every format whose `claims` says yes is parsed, because each stands for a loader that would accept
the bytes; the first whose `parse` confirms names the file.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from weighbridge.formats import (
    bson,
    caffe,
    chunked_arrays,
    cntk,
    coreml,
    espeak,
    executables,
    executorch,
    mindir,
    mlir,
    mnn,
    msgpack,
    ncnn_binary,
    numpy_array,
    paddle,
    rknn,
    safetensors,
    tflite,
    token_index,
)
from weighbridge.formats.context import Context, Place
from weighbridge.formats.gguf import legacy as ggml
from weighbridge.formats.gguf import model as gguf
from weighbridge.formats.java_objects import model as java_objects
from weighbridge.formats.keras import hdf5_file, json_file
from weighbridge.formats.onnx import model as onnx
from weighbridge.formats.pickle import raw
from weighbridge.formats.python import bytecode_file
from weighbridge.formats.pytorch import legacy
from weighbridge.formats.r_data import model as r_data
from weighbridge.formats.tensorflow import checkpoint as tensorflow_checkpoint
from weighbridge.formats.tensorflow import model as tensorflow
from weighbridge.formats.tensorflow import text as tensorflow_text
from weighbridge.formats.torch7 import model as torch7
from weighbridge.formats.trees import catboost, lightgbm, xgboost_file
from weighbridge.formats.xml_models import model as xml_models
from weighbridge.sources.base import Source


@dataclass(frozen=True, slots=True)
class FormatEntry:
    """One parsed format.

    Attributes:
        name: as reports show it.
        claims: cheap look at the first bytes.
        parse: adds facts; returns False when the bytes are something else after all.
        covers: formats that need not be tried as well, because this one reads them too.
    """

    name: str
    claims: Callable[[Source, bytes], bool]
    parse: Callable[[Context, Source, Place], bool]
    covers: tuple[str, ...] = ()


# Recognised by plausible fields alone: nothing with a magic number is one of these as well, unless
# the number is itself a field of protobuf, of a kind that is passed over (`RKNN`, `ML\xefR`).
_WITHOUT_MAGIC = (
    onnx.NAME,
    tensorflow.NAME,
    tensorflow_text.NAME,
    tensorflow_checkpoint.NAME,
)

FORMATS: tuple[FormatEntry, ...] = (
    FormatEntry(hdf5_file.NAME, hdf5_file.claims, hdf5_file.parse, covers=_WITHOUT_MAGIC),
    FormatEntry(json_file.NAME, json_file.claims, json_file.parse),
    FormatEntry(numpy_array.NAME, numpy_array.claims, numpy_array.parse, covers=_WITHOUT_MAGIC),
    FormatEntry(legacy.NAME, legacy.claims, legacy.parse, covers=(raw.NAME,)),
    FormatEntry(safetensors.NAME, safetensors.claims, safetensors.parse, covers=_WITHOUT_MAGIC),
    FormatEntry(gguf.NAME, gguf.claims, gguf.parse, covers=_WITHOUT_MAGIC),
    FormatEntry(ggml.NAME, ggml.claims, ggml.parse, covers=_WITHOUT_MAGIC),
    FormatEntry(executorch.NAME, executorch.claims, executorch.parse, covers=_WITHOUT_MAGIC),
    FormatEntry(executables.NAME, executables.claims, executables.parse, covers=_WITHOUT_MAGIC),
    FormatEntry(bytecode_file.NAME, bytecode_file.claims, bytecode_file.parse),
    FormatEntry(r_data.NAME, r_data.claims, r_data.parse, covers=_WITHOUT_MAGIC),
    FormatEntry(java_objects.NAME, java_objects.claims, java_objects.parse, covers=_WITHOUT_MAGIC),
    FormatEntry(catboost.NAME, catboost.claims, catboost.parse, covers=_WITHOUT_MAGIC),
    FormatEntry(lightgbm.NAME, lightgbm.claims, lightgbm.parse, covers=_WITHOUT_MAGIC),
    FormatEntry(xgboost_file.NAME, xgboost_file.claims, xgboost_file.parse, covers=_WITHOUT_MAGIC),
    FormatEntry(torch7.NAME, torch7.claims, torch7.parse, covers=(*_WITHOUT_MAGIC, raw.NAME)),
    FormatEntry(xml_models.NAME, xml_models.claims, xml_models.parse, covers=_WITHOUT_MAGIC),
    FormatEntry(raw.NAME, raw.claims, raw.parse),
    FormatEntry(msgpack.NAME, msgpack.claims, msgpack.parse),
    FormatEntry(bson.NAME, bson.claims, bson.parse, covers=_WITHOUT_MAGIC),
    FormatEntry(tflite.NAME, tflite.claims, tflite.parse, covers=_WITHOUT_MAGIC),
    FormatEntry(
        chunked_arrays.OCDBT, chunked_arrays.claims, chunked_arrays.parse, covers=_WITHOUT_MAGIC
    ),
    FormatEntry(
        ncnn_binary.NAME, ncnn_binary.claims, ncnn_binary.parse, covers=(*_WITHOUT_MAGIC, raw.NAME)
    ),
    FormatEntry(espeak.NAME, espeak.claims, espeak.parse, covers=_WITHOUT_MAGIC),
    FormatEntry(rknn.NAME, rknn.claims, rknn.parse),
    FormatEntry(token_index.NAME, token_index.claims, token_index.parse, covers=_WITHOUT_MAGIC),
    FormatEntry(mlir.NAME, mlir.claims, mlir.parse),
    FormatEntry(mnn.NAME, mnn.claims, mnn.parse, covers=_WITHOUT_MAGIC),
    FormatEntry(coreml.NAME, coreml.claims, coreml.parse, covers=_WITHOUT_MAGIC),
    FormatEntry(paddle.NAME, paddle.claims, paddle.parse, covers=_WITHOUT_MAGIC),
    FormatEntry(mindir.NAME, mindir.claims, mindir.parse),
    FormatEntry(cntk.NAME, cntk.claims, cntk.parse),
    FormatEntry(onnx.NAME, onnx.claims, onnx.parse, covers=_WITHOUT_MAGIC),
    FormatEntry(tensorflow.NAME, tensorflow.claims, tensorflow.parse),
    FormatEntry(tensorflow_text.NAME, tensorflow_text.claims, tensorflow_text.parse),
    FormatEntry(caffe.NAME, caffe.claims, caffe.parse, covers=_WITHOUT_MAGIC),
    FormatEntry(
        tensorflow_checkpoint.NAME, tensorflow_checkpoint.claims, tensorflow_checkpoint.parse
    ),
)
