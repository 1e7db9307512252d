"""The explicit list of inert formats, in the order in which they are asked."""

from __future__ import annotations

from weighbridge.budget import Budget
from weighbridge.formats.data import documents, media, recognisers, tables, vectors, weights
from weighbridge.formats.data.extent import Extent, Reader
from weighbridge.sources.base import Source

READERS: tuple[Reader, ...] = (
    media.bmp,
    media.tiff,
    media.icon,
    media.netpbm,
    media.boxes,
    media.ogg,
    media.flac,
    media.matroska,
    media.chunks,
    documents.pdf,
    documents.font,
    documents.folder_view,
    tables.parquet,
    tables.arrow_file,
    tables.arrow_stream,
    tables.orc,
    tables.avro,
    tables.sqlite,
    tables.tfrecord,
    tables.matlab,
    tables.netcdf,
    vectors.fasttext,
    vectors.kenlm,
    vectors.faiss,
    vectors.word2vec,
    vectors.sentencepiece,
    vectors.onnx_tensor,
    vectors.ctranslate2,
    vectors.hnswlib,
    vectors.darknet,
    recognisers.sphinx,
    recognisers.dlib,
    recognisers.crfsuite,
    recognisers.translations,
    recognisers.dictionary,
    recognisers.pronunciation,
    weights.coreml_blobs,
    weights.paddle_parameters,
    weights.mxnet_parameters,
    # Without a magic number of its own: after all others.
    media.mpeg_audio,
    vectors.annoy,
)


def recognise(source: Source, head: bytes, budget: Budget) -> Extent | None:
    """Return the format of inert data and where it ends, or None."""
    found = (reader(source, head, budget) for reader in READERS)
    return next((extent for extent in found if extent is not None), None)
