"""Further files of inert data, made by hand: pictures, sounds, scans, shapes, tables, corpora."""

import struct

from weighbridge.formats.data.tables import _masked_crc

FLOAT = struct.pack("<f", 0.5)


def boxed(size, *fields):
    """A header of `size` bytes with values at places: (offset, format, values...)."""
    data = bytearray(size)
    for at, form, *values in fields:
        struct.pack_into(form, data, at, *values)
    return bytes(data)


def dds(code=b"DXT1", bits=0):
    """A texture with one smaller copy, in blocks or plain."""
    head = boxed(128, (0, "<4sI", b"DDS ", 124), (12, "<II", 8, 8), (28, "<I", 2))
    head = head[:84] + code + struct.pack("<I", bits) + head[92:]
    return head + bytes(40 if code.strip(b"\0") else (64 + 16) * bits // 8)


def psd():
    """A picture of Photoshop whose rows are packed."""
    head = b"8BPS\0\1" + bytes(6) + struct.pack(">HIIHH", 3, 2, 4, 8, 3) + bytes(12)
    return head + b"\0\1" + struct.pack(">6H", *[2] * 6) + bytes([253, 7]) * 6


def jpeg(count=1):
    """Pictures one behind the other."""
    one = b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0\xff\xda\0\x08\1\1\0\0\x3f\0"
    return (one + b"\x12\xff\0\x34\xff\xd0\x56" + b"\xff\xff\xd9") * count


def targa():
    """A picture of four samples."""
    return boxed(18, (2, "B", 2), (12, "<HHBB", 2, 2, 24, 0)) + bytes(range(12))


def mrc():
    """A volume of eight floats."""
    return boxed(1024, (0, "<4i", 2, 2, 2, 2), (208, "4s2s", b"MAP ", b"\x44\x44")) + FLOAT * 8


def wave64():
    """Sound in Sony's form."""
    guid = bytes.fromhex("726966662e91cf11a5d628db04c10000")
    return guid + struct.pack("<Q", 60) + bytes(range(36))


def rf64():
    """Sound in the form for long recordings."""
    return b"RF64\xff\xff\xff\xffWAVEds64" + struct.pack("<IQQQI", 28, 52, 8, 4, 0) + bytes(12)


def avi():
    """A film in two parts."""
    part = b"RIFF" + struct.pack("<I", 12) + b"AVI " + bytes(8)
    return part + part.replace(b"AVI ", b"AVIX")


def midi():
    """A song of two tracks."""
    track = b"MTrk" + struct.pack(">I", 4) + b"\0\xff\x2f\0"
    return b"MThd" + struct.pack(">IHHH", 6, 1, 2, 96) + track * 2


def core_audio():
    """Sound in Apple's form."""
    chunks = b"desc" + struct.pack(">q", 32) + bytes(32) + b"data" + struct.pack(">q", 9)
    return b"caff\0\1\0\0" + chunks + bytes(range(9))


def aac():
    """Three frames."""
    frame = b"\xff\xf1\x50\x80" + bytes([30 >> 3, (30 & 7) << 5 | 0x1F, 0xFC])
    return (frame + bytes(23)) * 3


def flash_video():
    """A film of three tags."""
    tag = b"\x09" + (10).to_bytes(3, "big") + bytes(7) + bytes(range(10)) + struct.pack(">I", 21)
    return b"FLV\1\5" + struct.pack(">II", 9, 0) + tag * 3


def sphere():
    """A recording of nine samples."""
    text = (
        b"NIST_1A\n   1024\nchannel_count -i 1\nsample_n_bytes -i 2\nsample_count -i 9\nend_head\n"
    )
    return text.ljust(1024) + bytes(range(18))


def wavpack():
    """Two blocks."""
    return (b"wvpk" + struct.pack("<IH", 40, 0x410) + bytes(38)) * 2


def dicom(syntax=b"1.2.840.10008.1.2.1\0"):
    """A scan with a sequence that has no length."""
    meta = struct.pack("<HH2sH", 2, 0x10, b"UI", len(syntax)) + syntax
    data = struct.pack("<HH2sH", 0x10, 0x10, b"PN", 4) + b"A^B "
    opened = struct.pack("<HH2sHI", 8, 0x1115, b"SQ", 0, 0xFFFFFFFF)
    item = struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF) + data
    ends = struct.pack("<HHI", 0xFFFE, 0xE00D, 0) + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
    pixels = struct.pack("<HH2sHI", 0x7FE0, 0x10, b"OW", 0, 8) + bytes(range(8))
    return bytes(128) + b"DICM" + meta + opened + item + ends + pixels


def implicit_dicom():
    """A scan whose elements do not name their types."""
    syntax = b"1.2.840.10008.1.2\0"
    meta = struct.pack("<HH2sH", 2, 0x10, b"UI", len(syntax)) + syntax
    rows = struct.pack("<HHIH", 0x28, 0x10, 2, 4)
    return bytes(128) + b"DICM" + meta + rows + struct.pack("<HHI", 0x7FE0, 0x10, 4) + b"abcd"


def nifti():
    """A volume of eight floats."""
    sizes = (0, "<i", 348), (40, "<4h", 3, 2, 2, 2), (70, "<hh", 16, 32), (108, "<f", 352.0)
    return boxed(352, *sizes, (344, "4s", b"n+1\0")) + FLOAT * 8


def nifti2():
    """The same with the longer header."""
    head = (0, "<i8s", 540, b"n+2\0\r\n\x1a\n"), (12, "<hh", 16, 32), (16, "<4q", 3, 2, 2, 2)
    return boxed(544, *head, (168, "<q", 544)) + FLOAT * 8


def edf():
    """Two signals."""
    fields = (b"0", 8), (b"X", 80), (b"Y", 80), (b"01.01.20", 8), (b"00.00.00", 8), (b"512", 8)
    fields += (b"", 44), (b"2", 8), (b"1", 8), (b"1", 4)
    signal = b"EEG".ljust(216) + b"5".ljust(8) + b" " * 32
    return b"".join(text.ljust(size) for text, size in fields) + signal + bytes(range(20))


def nrrd():
    """A picture with its numbers inside."""
    text = b"NRRD0004\ntype: uchar\ndimension: 2\nsizes: 3 4\nencoding: raw\n\n"
    return text + bytes(range(128, 140))


def metaimage():
    """The same in ITK's form."""
    text = b"ObjectType = Image\nNDims = 2\nDimSize = 3 4\nElementType = MET_UCHAR\n"
    return text + b"ElementDataFile = LOCAL\n" + bytes(range(128, 140))


def xtc(atoms=12):
    """Two frames of packed places."""
    head = struct.pack(">iiif", 1995, atoms, 0, 0.0) + bytes(36) + struct.pack(">i", atoms)
    return (head + bytes(32) + struct.pack(">I", 5) + bytes(8)) * 2


def trr():
    """Two frames of two atoms."""
    head = struct.pack(">iii", 1993, 13, 12) + b"GMX_trn_file"
    head += struct.pack(">10i3i2f", 0, 0, 36, 0, 0, 0, 0, 24, 0, 0, 2, 0, 0, 0.0, 0.0)
    return (head + bytes(60)) * 2


def dcd():
    """Three records."""
    records = b"CORD" + bytes(80), b"title", bytes(12)
    return b"".join(
        struct.pack("<I", len(one)) + one + struct.pack("<I", len(one)) for one in records
    )


def bam():
    """Three reads."""
    read = struct.pack("<I", 32) + bytes(32)
    head = b"BAM\1" + struct.pack("<I", 4) + b"@HD\t" + struct.pack("<II", 1, 2) + b"c\0"
    return head + struct.pack("<I", 100) + read * 3


def fits():
    """A row of ten floats."""
    cards = b"SIMPLE  =                    T", b"BITPIX  =                  -32"
    cards += b"NAXIS   =                    1", b"NAXIS1  =                   10", b"END"
    return b"".join(card.ljust(80) for card in cards).ljust(2880) + bytes(2880)


def grib():
    """Two messages."""
    return (b"GRIB\0\0\0\2" + struct.pack(">Q", 40) + bytes(range(20)) + b"7777") * 2


def bufr():
    """One message."""
    return b"BUFR" + (20).to_bytes(3, "big") + b"\4" + bytes(8) + b"7777"


def glb():
    """A scene without buffers."""
    text = b'{"asset":{"version":"2.0"}}'.ljust(28)
    return b"glTF" + struct.pack("<III", 2, 20 + len(text), len(text)) + b"JSON" + text


def ply(order="little"):
    """Three points and two faces."""
    sign = "<" if order == "little" else ">"
    text = f"ply\nformat binary_{order}_endian 1.0\nelement vertex 3\nproperty float x\n"
    text += "element face 2\nproperty list uchar int vertex_indices\nend_header\n"
    return (
        text.encode()
        + struct.pack(f"{sign}3f", 0, 1, 2)
        + struct.pack(f"{sign}B3iB2i", 3, 0, 1, 2, 2, 0, 1)
    )


def stl():
    """Two triangles."""
    return b"made by hand".ljust(80) + struct.pack("<I", 2) + FLOAT * 25


def pcd():
    """Three points."""
    text = b"# .PCD v0.7\nVERSION 0.7\nFIELDS x y\nSIZE 4 4\nTYPE F F\nCOUNT 1 1\nWIDTH 3\n"
    return text + b"HEIGHT 1\nPOINTS 3\nDATA binary\n" + FLOAT * 6


def las():
    """Two points and a record behind them."""
    fields = (0, "4s", b"LASF"), (24, "BB", 1, 4), (94, "<HIIBH", 375, 375, 0, 6, 30)
    fields += (235, "<QIQ", 375 + 60, 1, 2), (104, "B", 6)
    return boxed(375, *fields) + bytes(60) + boxed(60, (20, "<Q", 5)) + bytes(5)


def shapefile():
    """One point."""
    point = struct.pack(">iiidd", 1, 10, 1, 1.0, 2.0)
    head = struct.pack(">7i", 9994, 0, 0, 0, 0, 0, (100 + len(point)) // 2)
    return head + struct.pack("<ii", 1000, 1) + bytes(64) + point


def dbase():
    """Two rows."""
    field = b"NAME".ljust(11, b"\0") + b"C" + bytes(4) + bytes([5]) + bytes(15)
    return (
        struct.pack("<4BIHH20x", 3, 120, 1, 1, 2, 65, 6) + field + b"\r" + b" abcde" * 2 + b"\x1a"
    )


def voxels():
    """A scene of nothing but its size."""
    chunk = b"SIZE" + struct.pack("<5i", 12, 0, 1, 1, 1)
    return b"VOX " + struct.pack("<i4sii", 150, b"MAIN", 0, len(chunk)) + chunk


def idx():
    """Fifteen bytes in two dimensions."""
    return struct.pack(">BBBBII", 0, 0, 8, 2, 3, 5) + bytes(range(15))


def matlab4():
    """Two matrices."""
    return (struct.pack("<5i", 0, 2, 3, 0, 2) + b"x\0" + struct.pack("<6d", *range(6))) * 2


def stata():
    """A table without rows."""
    head = b"<stata_dta><header><release>118</release><byteorder>LSF</byteorder></header><map>"
    rest = b"</map><data>\x01\x02</data></stata_dta>"
    return head + struct.pack("<14Q", *[0] * 13, len(head) + 112 + len(rest)) + rest


def sas():
    """A table of two pages."""
    magic = bytes(12) + bytes.fromhex("c2ea8160b31411cfbd92080009c7318c181f1011")
    fields = (37, "B", 1), (196, "<III", 1024, 512, 2)
    return magic + boxed(1024, *fields)[32:] + bytes(range(256)) * 4


def recordio():
    """Three records."""
    record = struct.pack("<II", 0xCED7230A, 5) + b"abcde" + bytes(3)
    return record * 3


def token_index():
    """Lengths and places of two sequences."""
    head = b"MMIDIDX\0\0" + struct.pack("<QBQQ", 1, 8, 2, 3)
    return head + struct.pack("<2i2q3q", 3, 4, 0, 6, 0, 1, 2)


def tokens():
    """Five tokens."""
    return struct.pack("<3i", 20240520, 1, 5).ljust(1024, b"\0") + struct.pack("<5H", *range(5))


def llama2c():
    """Weights of a small network."""
    d, hidden, layers, heads, vocabulary, length = 8, 16, 2, 2, 50, 4
    each = 2 * d + 4 * d * d + 3 * d * hidden
    count = vocabulary * d + layers * each + d + length * (d // heads)
    head = struct.pack("<7i", d, hidden, layers, heads, heads, vocabulary, length)
    return head + FLOAT * count


def pieces():
    """A vocabulary of ten words."""
    words = b"<unk>", b"<s>", b"the", b"of", b"and"
    return struct.pack("<i", 5) + b"".join(struct.pack("<fi", -1.5, len(w)) + w for w in words) * 2


def cifar():
    """As many pictures as a file of them has at least."""
    return b"".join(bytes([n % 10]) + bytes(range(256)) * 12 for n in range(64))


def imatrix():
    """Sums of two tensors."""
    names = b"blk.0.ffn_down.weight", b"blk.0.attn_q.weight"
    data = b"".join(
        struct.pack("<i", len(n)) + n + struct.pack("<ii", 5, 3) + FLOAT * 3 for n in names
    )
    return struct.pack("<i", 2) + data + struct.pack("<ii", 7, 9) + b"calib.txt"


def marian():
    """One tensor."""
    head = struct.pack("<6Q", 1, 1, 8, 0x104, 2, 16) + b"encoder\0" + struct.pack("<ii", 2, 2)
    return head + struct.pack("<Q", 4) + bytes(4) + FLOAT * 4


def kaldi():
    """A matrix, a vector, a packed matrix and a list."""
    matrix = b"\0BFM \4" + struct.pack("<ibi", 2, 4, 3) + FLOAT * 6
    vector = b"\0BFV \4" + struct.pack("<i", 3) + FLOAT * 3
    packed = b"\0BCM " + struct.pack("<ffii", 0, 1, 3, 2) + bytes(16 + 6)
    counts = b"\0B\4" + struct.pack("<ibibi", 2, 4, 7, 4, 8)
    return b"utt1 " + matrix + b"utt2 " + vector + b"utt3 " + packed + b"utt4 " + counts


def _named(text):
    return struct.pack("<i", len(text)) + text


def _symbols():
    rows = b"".join(
        _named(word) + struct.pack("<q", at) for at, word in enumerate((b"<eps>", b"a"))
    )
    return struct.pack("<I", 0x7EB2FB74) + _named(b"words") + struct.pack("<2q", 2, 2) + rows


def machine(states=2, kind=b"vector"):
    """A transducer of OpenFst with two tables of symbols, and an arc from each state."""
    head = struct.pack("<I", 0x7EB2FDD6) + _named(kind) + _named(b"standard")
    head += struct.pack("<2iQ3q", 2, 3, 0, 0, states, states) + _symbols() * 2
    arc = struct.pack("<2ifi", 1, 1, 0.5, 1)
    if kind == b"const":
        rows = (struct.pack("<f4I", 0.25, at, 1, 0, 0) for at in range(states))
        return head + b"".join(rows) + arc * states
    return head + (struct.pack("<fq", 0.25, 1) + arc) * states


def machines():
    """An archive of two."""
    out, places = struct.pack("<2I", 0x7EB2F35C, 1), []
    for name, kind in ((b"digits", b"vector"), (b"names", b"const")):
        places.append(len(out))
        out += _named(name) + machine(3, kind)
    return out + struct.pack("<4q", 2, *places, 2)


def knowledge_base():
    """One entity and one name."""
    entity = struct.pack("<Qfi", 0x735DFB835F73234B, 1.0, 0)
    name = struct.pack("<QQQf", 0xA52BE5B3F6674B2A, 1, 1, 0.5)
    return struct.pack("<QQ", 1, 3) + FLOAT * 3 + entity + struct.pack("<Q", 1) + name


def lance():
    """A table of one column."""
    tables = struct.pack("<QQ", 64, 8) + struct.pack("<QQ", 0, 64)
    return bytes(range(72)) + tables + struct.pack("<QQQIIHH4s", 64, 72, 88, 1, 1, 2, 1, b"LANC")


def lance_manifest():
    """A version of a table."""
    return bytes(9) + struct.pack("<I", 7) + b"version" + struct.pack("<QHH4s", 9, 0, 2, b"LANC")


def leveldb_log(start=b""):
    """Two records."""
    out = start
    for data in (b"first", b"second" * 9):
        record = b"\1" + data
        out += struct.pack("<IH", _masked_crc(record), len(data)) + record
    return out


def wandb_log():
    """The same behind the mark of wandb."""
    return leveldb_log(b":W&B\x94\xbe\0")


def apple_double():
    """Two entries."""
    head = bytes.fromhex("0005160700020000") + b"Mac OS X".ljust(16)
    return head + struct.pack(">HIIIIII", 2, 9, 50, 32, 2, 82, 20) + bytes(range(52))


def property_list():
    """One setting."""
    body = b"bplist00" + b"\xd1\x01\x02" + b"Qa" + b"Qb" + bytes([8, 11, 13])
    return body + bytes(6) + b"\1\1" + struct.pack(">QQQ", 3, 0, 15)


def torrent():
    """One file."""
    return b"d8:announce3:x:y4:infod6:lengthi10e6:pieces20:" + bytes(range(200, 220)) + b"ee"


def certificate():
    """A sequence."""
    inner = b"\x30\x03\x02\x01\x05" + bytes(range(100, 250))
    return b"\x30\x81" + bytes([len(inner)]) + inner


def embedded_font():
    """A font for old browsers."""
    return boxed(60, (0, "<III", 60, 20, 0x20001), (34, "2s", b"LP"))


# The first word is what reports call it; further ones tell forms of one format apart.
FURTHER = {
    "dds": dds, "dds plain": lambda: dds(bytes(4), 32), "psd": psd, "jpeg": jpeg,
    "jpeg pair": lambda: jpeg(2), "pfm": lambda: b"Pf\n2 2\n-1.0\n" + FLOAT * 4,
    "optical-flow": lambda: b"PIEH" + struct.pack("<ii", 2, 2) + FLOAT * 8,
    "netpbm pam": lambda: b"P7\nWIDTH 2\nHEIGHT 2\nDEPTH 3\nMAXVAL 255\nTUPLTYPE RGB\nENDHDR\n"
    + bytes(range(12)),
    "icns": lambda: b"icns" + struct.pack(">I4sI", 28, b"ic07", 20) + bytes(range(12)),
    "djvu": lambda: b"AT&TFORM" + struct.pack(">I4s", 12, b"DJVU") + bytes(8),
    "icc-profile": lambda: struct.pack(">I", 160).ljust(36, b"\0") + b"acsp" + bytes(120),
    "openfst": machine, "openfst const": lambda: machine(3, b"const"), "openfst-archive": machines,
    "targa": targa, "mrc": mrc, "wave w64": wave64, "wave rf64": rf64, "avi": avi,
    "riff": lambda: b"RIFF" + struct.pack("<I", 12) + b"sfbk" + bytes(8), "midi": midi,
    "sun-audio": lambda: b".snd" + struct.pack(">5I", 24, 9, 1, 8000, 1) + bytes(range(9)),
    "core-audio": core_audio, "aac": aac, "amr": lambda: b"#!AMR\n" + (b"\x04" + bytes(12)) * 3,
    "flash-video": flash_video, "mpeg-ts": lambda: (b"\x47\x40\0\x10" + bytes(184)) * 4,
    "sphere": sphere,
    "yuv4mpeg": lambda: b"YUV4MPEG2 W2 H2 F30:1\n" + (b"FRAME\n" + bytes(6)) * 2,
    "ivf": lambda: b"DKIF\0\0\x20\0VP80".ljust(32, b"\0")
    + (struct.pack("<IQ", 5, 0) + b"abcde") * 2,
    "voc": lambda: b"Creative Voice File\x1a\x1a\0\x0a\1\x29\x11" + b"\1\5\0\0abcde" + b"\0",
    "wavpack": wavpack, "dicom": dicom, "dicom implicit": implicit_dicom, "nifti": nifti,
    "nifti two": nifti2, "edf": edf, "nrrd": nrrd, "metaimage": metaimage, "xtc": xtc, "trr": trr,
    "dcd": dcd, "bam": bam, "fits": fits, "grib": grib, "bufr": bufr, "glb": glb, "ply": ply,
    "ply big": lambda: ply("big"), "stl": stl, "pcd": pcd, "las": las, "shapefile": shapefile,
    "dbase": dbase, "voxels": voxels,
    "3d-studio": lambda: struct.pack("<HIHI", 0x4D4D, 16, 2, 10) + bytes(4), "idx": idx,
    "matlab four": matlab4, "stata": stata, "sas": sas,
    "sas-transport": lambda: b"HEADER RECORD*******LIBRARY HEADER RECORD!!!!!!!".ljust(240)
    + b"\x41" * 80,
    "recordio": recordio, "token-index": token_index, "llm.c-tokens": tokens, "llama2.c": llama2c,
    "llama2.c-vocabulary": pieces, "cifar": cifar, "imatrix": imatrix, "marian": marian,
    "kaldi-archive": kaldi, "spacy-knowledge-base": knowledge_base, "lance": lance,
    "lance manifest": lance_manifest, "leveldb-log": leveldb_log, "wandb-log": wandb_log,
    "apple-double": apple_double, "property-list": property_list, "torrent": torrent,
    "certificate": certificate, "font embedded": embedded_font, "zeros": lambda: bytes(100),
    "tiff big": lambda: b"II+\0" + struct.pack("<HHQ", 8, 0, 16) + bytes(16),
    "iso-media jxl": lambda: struct.pack(">I4sI", 12, b"JXL ", 0x0D0A870A)
    + struct.pack(">I4s", 12, b"jxlc") + b"abcd",
}  # fmt: skip
