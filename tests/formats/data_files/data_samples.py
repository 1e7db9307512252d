"""One small file of each format of inert data, made by hand."""

import io
import sqlite3
import struct
import tempfile
import wave
from pathlib import Path

from evals.data_files import FURTHER
from evals.parameter_files import PARAMETERS
from evals.protobufs import message

from weighbridge.formats.data.tables import _masked_crc


def bmp() -> bytes:
    return (
        b"BM" + struct.pack("<IIIIii", 58, 0, 54, 40, 1, 1) + struct.pack("<HH", 1, 24) + bytes(28)
    )


def tiff() -> bytes:
    return b"II*\0" + struct.pack("<IHHHIII", 8, 1, 256, 3, 1, 1, 0)


def icon() -> bytes:
    return (
        struct.pack("<HHH", 0, 1, 1)
        + struct.pack("<BBBBHHII", 1, 1, 0, 0, 1, 24, 44, 22)
        + bytes(44)
    )


def netpbm() -> bytes:
    return b"P6\n2 2\n255\n" + bytes(12)


def boxes() -> bytes:
    brand = struct.pack(">I4s4sI", 16, b"ftyp", b"isom", 0)
    return brand + struct.pack(">I4sQ", 1, b"mdat", 24) + bytes(8) + struct.pack(">I4s", 8, b"free")


def ogg() -> bytes:
    page = b"OggS\0" + bytes(21) + bytes([2, 255, 3]) + bytes(258)
    return page * 3


def flac() -> bytes:
    return b"fLaC" + b"\x80\0\0\x22" + bytes(34) + b"\xff\xf8" + bytes(60)


def mpeg_audio() -> bytes:
    frame = b"\xff\xfb\x90\x00".ljust(417, b"\0")
    return b"ID3\4\0\0\0\0\0\x0a" + bytes(10) + frame * 4


def matroska() -> bytes:
    return b"\x1a\x45\xdf\xa3\x84" + bytes(4) + b"\x18\x53\x80\x67\x88" + bytes(8)


def aiff() -> bytes:
    return b"FORM" + struct.pack(">I", 20) + b"AIFF" + bytes(16)


def wav() -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(200))
    return out.getvalue()


def pdf() -> bytes:
    return b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\nstartxref\n0\n%%EOF\n"


def font() -> bytes:
    return (
        b"\0\1\0\0"
        + struct.pack(">HHHH", 1, 16, 0, 0)
        + struct.pack(">4sIII", b"head", 0, 28, 8)
        + bytes(8)
    )


def woff() -> bytes:
    return b"wOF2" + b"\0\1\0\0" + struct.pack(">I", 64) + bytes(52)


def parquet() -> bytes:
    return b"PAR1" + bytes(40) + struct.pack("<I", 20) + b"PAR1"


def arrow_file() -> bytes:
    return b"ARROW1\0\0" + bytes(40) + struct.pack("<I", 20) + b"ARROW1"


def orc() -> bytes:
    return b"ORC" + bytes(30) + b"\x08\x03ORC" + bytes([5])


def avro() -> bytes:
    marker = bytes(range(16))
    return b"Obj\1\0" + marker + b"\2\2\2" + marker


def sqlite() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.db")
        connection = sqlite3.connect(path)
        connection.execute("create table words (word text)")
        connection.commit()
        connection.close()
        return path.read_bytes()


def tfrecord() -> bytes:
    out = b""
    for data in (b"one", b"two" * 20):
        length = struct.pack("<Q", len(data))
        out += length + struct.pack("<I", _masked_crc(length)) + data
        out += struct.pack("<I", _masked_crc(data))
    return out


def matlab() -> bytes:
    head = b"MATLAB 5.0 MAT-file, Platform: posix".ljust(124) + b"\0\1IM"
    return head + struct.pack("<II", 14, 12) + bytes(16) + struct.pack("<II", 15, 5) + bytes(5)


def netcdf() -> bytes:
    return b"CDF\1" + struct.pack(">III", 0, 0, 0) + bytes(16)


def fasttext() -> bytes:
    return struct.pack("<4i", 793712314, 12, 100, 5) + bytes(80)


def kenlm() -> bytes:
    return b"mmap lm http://kheafield.com/code format version 5\n\0" + bytes(64)


def faiss() -> bytes:
    return (
        b"IxFI"
        + struct.pack("<iqqqBi", 2, 1, 1 << 20, 1 << 20, 1, 1)
        + struct.pack("<Q", 2)
        + bytes(8)
    )


def word2vec() -> bytes:
    return b"2 2\n" + b"a " + bytes(8) + b"\nb " + bytes(8) + b"\n"


def hnswlib() -> bytes:
    head = struct.pack("<6Q", 0, 10, 2, 84, 76, 68) + struct.pack("<iI3Qd", 0, 0, 16, 32, 16, 0.5)
    return head.ljust(96, b"\0") + bytes(2 * 84 + 8)


def annoy(items: int = 6, dimensions: int = 200) -> bytes:
    size = 12 + 4 * dimensions
    nodes = [struct.pack("<iii", 1, 0, 0) for _ in range(items)]
    nodes += [struct.pack("<iii", 3, 0, 1), struct.pack("<iii", items, 6, 2)]
    return b"".join(one + struct.pack("<f", 0.5) * ((size - 12) // 4) for one in nodes)


def darknet() -> bytes:
    return struct.pack("<iiiq", 0, 2, 5, 32_000_000) + struct.pack("<f", 0.125) * 2000


def sentencepiece() -> bytes:
    words = ("<unk>", "the", "of", "and")
    pieces = [(1, message((1, word), (2, -1.5), (3, 1))) for word in words]
    return message(*pieces, (2, message((1, "corpus.txt"))), (3, message((1, "nmt_nfkc"))))


def ctranslate2() -> bytes:
    def text(value: bytes) -> bytes:
        return struct.pack("<H", len(value) + 1) + value + b"\0"

    variable = text(b"encoder/weight") + b"\2" + struct.pack("<II", 2, 3) + b"\0"
    variable += struct.pack("<I", 24) + bytes(24)
    head = struct.pack("<I", 6) + text(b"WhisperSpec") + struct.pack("<II", 3, 1)
    return head + variable + struct.pack("<I", 1) + text(b"a/alias") + text(b"encoder/weight")


def sphinx() -> bytes:
    header = b"s3\nversion 1.0\nchksum0 yes\n      endhdr\n"
    return header + b"\x44\x33\x22\x11" + struct.pack("<3I", 1, 1, 2) + bytes(8)


def dlib() -> bytes:
    return b"\1\1\1\x0dloss_metric_2\x03\x0a\xd7\xa3\x81\x1c" + bytes(40)


def crfsuite() -> bytes:
    return b"lCRF" + struct.pack("<I", 64) + b"FOMC" + bytes(52)


def gettext() -> bytes:
    head = struct.pack("<7I", 0x950412DE, 0, 1, 28, 36, 0, 44)
    return head + struct.pack("<4I", 2, 44, 3, 47) + b"hi\0" + b"hey\0"


def onnx_tensor() -> bytes:
    return message((1, 2), (1, 2), (2, 1), (8, "x"), (9, bytes(16)))


def folder_view() -> bytes:
    return b"\0\0\0\1Bud1" + struct.pack(">III", 32, 16, 32) + bytes(32)


def mecab() -> bytes:
    return struct.pack("<3I", 72 ^ 0xEF718F77, 102, 0) + bytes(60)


def mecab_matrix() -> bytes:
    return struct.pack("<2H", 40, 30) + bytes(2 * 40 * 30)


def pronunciation() -> bytes:
    """Two words in the chains of eSpeak, and a group of two rules."""
    chains = b"\x04\x02ab\0" + b"\0" * 500 + b"\x03\x01x\0" + b"\0" * 522
    rules = b"\x06a\0a\x03b\0\x01A\0\x07\0"
    return struct.pack("<2I", 1024, 8 + len(chains)) + chains + rules


def sudachi() -> bytes:
    return b"SudachiBinaryDic" + bytes(64)


MADE = {
    "bmp": bmp, "tiff": tiff, "icon": icon, "netpbm": netpbm, "iso-media": boxes, "ogg": ogg,
    "flac": flac, "mpeg-audio": mpeg_audio, "matroska": matroska, "aiff": aiff, "wave": wav,
    "pdf": pdf, "font": font, "parquet": parquet, "arrow": arrow_file, "orc": orc, "avro": avro,
    "sqlite": sqlite, "tfrecord": tfrecord, "matlab": matlab, "netcdf": netcdf,
    "fasttext": fasttext, "kenlm": kenlm, "faiss": faiss, "word2vec": word2vec,
    "hnswlib": hnswlib, "darknet": darknet, "sentencepiece": sentencepiece,
    "ctranslate2": ctranslate2, "sphinx": sphinx, "dlib": dlib, "crfsuite": crfsuite,
    "gettext": gettext, "onnx-tensor": onnx_tensor,
    "annoy": annoy, "ds-store": folder_view, "mecab": mecab, "sudachi": sudachi,
    "espeak-dictionary": pronunciation, **FURTHER,
    **PARAMETERS,
}  # fmt: skip

# Their structure does not say where it ends.
ENDLESS = {
    "tiff", "flac", "orc", "netcdf", "fasttext", "kenlm", "faiss", "word2vec", "hnswlib", "darknet",
    "mpeg-audio", "annoy", "sphinx", "dlib", "ds-store", "mecab", "sudachi", "tiff big", "zeros",
}  # fmt: skip
