"""HDF5 files: models and weights of Keras, and any other file of that format.

A model that Keras 2 or 3 saves as HDF5 has its configuration in the root attribute `model_config`,
the compilation in `training_config`, versions in `keras_version` and `backend`, and the groups
`model_weights` and `optimizer_weights` (keras/src/legacy/saving/legacy_h5_format.py). Weights alone
have the groups `layers`, `optimizer`, `vars` (Keras 3) or one group per layer and the attribute
`layer_names`. The data of datasets is opaque.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from weighbridge.errors import ParseError
from weighbridge.facts.keras import Hdf5Reference
from weighbridge.formats.context import Context, Place
from weighbridge.formats.hdf5.attributes import Attribute
from weighbridge.formats.hdf5.outline import Outline, Reference, read_outline
from weighbridge.formats.hdf5.reading import SIGNATURE, Hdf5Reader, find_signature
from weighbridge.formats.keras.config import read_config
from weighbridge.formats.keras.literals import excerpt
from weighbridge.formats.numpy_array import trailing
from weighbridge.formats.pickle import raw
from weighbridge.sources.base import Source
from weighbridge.sources.memory import BytesSource, SliceSource

NAME = "hdf5"
MODEL = "keras-h5"
WEIGHTS = "keras-weights"
KERAS_LOADERS = ("keras.models.load_model", "keras.Model.load_weights")
READERS = ("h5py.File", "pandas.read_hdf", "tables.open_file")
PICKLE_LOADERS = ("tables.open_file", "pandas.read_hdf")
_CONFIGS = ("model_config", "training_config")
_VERSIONS = ("keras_version", "backend")
_WEIGHT_GROUPS = frozenset({"layers", "_layer_checkpoint_dependencies", "model_weights"})
_WEIGHT_ATTRIBUTES = frozenset({"layer_names", "weight_names", "keras_version"})
# Filters that HDF5 itself or h5py contains: deflate, shuffle, fletcher32, szip, nbit, scaleoffset,
# and LZF.
_BUILT_IN = frozenset({"1", "2", "3", "4", "5", "6", "32000"})
_MATLAB = b"MATLAB 7.3 MAT-file"
# What JLD2.jl puts before a file, and JLD.jl, which evaluated the names of types.
_JULIA = (b"HDF5-based Julia Data Format, version ", b"Julia data file (HDF5), version ")
_JULIA_BLOCK = 512
_MOST_PICKLES = 200
_BLOCK_SEEN = 1 << 20
_SHORTEST_PICKLE = 3


def claims(source: Source, head: bytes) -> bool:
    """Say whether a signature stands where the library looks for it."""
    return find_signature(source, head) is not None


@dataclass(slots=True)
class _Attributes:
    """What is kept of the attributes while the file is walked."""

    configs: list[tuple[str, str, bytes]] = field(default_factory=list)
    versions: list[tuple[str, str]] = field(default_factory=list)
    pickles: list[tuple[str, bytes]] = field(default_factory=list)
    pickled_arrays: list[tuple[str, int]] = field(default_factory=list)
    weights: bool = False

    def visit(self, path: str, attribute: Attribute) -> None:
        """Keep an attribute that matters."""
        name, text = attribute.name, attribute.texts[0] if attribute.texts else b""
        if path in ("/", "/model_weights") and name in _WEIGHT_ATTRIBUTES:
            self.weights = True
        if name in _CONFIGS or (text[:1] == b"{" and b'"class_name"' in text):
            if path == "/" or name not in _CONFIGS:
                self.configs.append((path, name, text))
        elif path == "/" and name in _VERSIONS:
            self.versions.append((name, excerpt(text.decode("utf-8", "replace"), 100)))
        elif name == "PSEUDOATOM" and text == b"object":
            self.pickled_arrays.append((path, attribute.address))
        else:
            for value in attribute.texts[:8]:
                self._pickle(f"{path}@{name}", value)

    def _pickle(self, place: str, value: bytes) -> None:
        if len(value) < _SHORTEST_PICKLE or len(self.pickles) >= _MOST_PICKLES:
            return
        if value[:1] == b"\x80" or (value[-1:] == b"." and raw.claims(BytesSource(value), value)):
            self.pickles.append((place, value))


def parse(context: Context, source: Source, place: Place) -> bool:
    """Examine an HDF5 file; always True, because the signature says what it is."""
    base = find_signature(source, source.read_at(0, 512)) or 0
    reader, outline, found = Hdf5Reader(source, base, context.budget), Outline(), _Attributes()
    failure: ParseError | None = None
    try:
        read_outline(reader, outline, found.visit)
    except ParseError as error:
        failure = error
    weights = found.weights or _keras_groups(outline) or _within_model(place)
    has_model = any(name == "model_config" for _path, name, _text in found.configs)
    name = MODEL if has_model else WEIGHTS if weights else NAME
    version = None if outline.superblock is None else outline.superblock.version
    context.format(
        place,
        name,
        source.size,
        superblock=version,
        objects=outline.objects,
        datasets=outline.datasets,
    )
    for key, value in found.versions:
        context.metadata(place, name, key, value)
    _configurations(context, place, found)
    _pickles(context, place, found)
    loaders = (*KERAS_LOADERS, *READERS[:1]) if weights or has_model else READERS
    for reference in outline.references.values():
        _reference(context, place, reference, weights or has_model, loaders, base)
    _oddities(context, place, outline, failure, base)
    _around(context, source, place, outline, base)
    return True


def _keras_groups(outline: Outline) -> bool:
    names = set(outline.root_names)
    return not _WEIGHT_GROUPS.isdisjoint(names) or {"vars", "optimizer"} <= names


def _within_model(place: Place) -> bool:
    return place.member is not None and place.member.endswith(".weights.h5")


def _configurations(context: Context, place: Place, found: _Attributes) -> None:
    for path, name, text in found.configs:
        where = name if path == "/" else f"{path}@{name}"
        try:
            read_config(context, place, text, excerpt(where, 200), KERAS_LOADERS[:1])
        except ParseError as error:
            context.gap_from(place, MODEL, error)


def _pickles(context: Context, place: Place, found: _Attributes) -> None:
    """PyTables keeps attributes as pickles and loads them when the file is opened."""
    for where, data in found.pickles:
        inner = place.inside(excerpt(where, 300), PICKLE_LOADERS, "literal")
        try:
            context.budget.take_payload(len(data))
            raw.parse(context.child(), BytesSource(data), inner)
        except ParseError as error:
            context.gap_from(inner, NAME, error)
    for path, address in found.pickled_arrays[:50]:
        text = f"{excerpt(path, 200)} holds pickled objects, which are not looked at"
        context.gap(place, NAME, "unsupported-pickled-array", text, address)


def _reference(
    context: Context,
    place: Place,
    found: Reference,
    weights: bool,
    loaders: tuple[str, ...],
    base: int,
) -> None:
    if found.how == "filter" and found.target.partition(" ")[0] in _BUILT_IN:
        return
    context.add(
        Hdf5Reference(
            member=place.member,
            offset=base + found.address,
            path=excerpt(found.path, 500),
            how=found.how,
            target=excerpt(found.target, 500),
            inner=excerpt(found.inner, 300),
            weights=weights,
            loaders=loaders,
        )
    )


def _oddities(
    context: Context, place: Place, outline: Outline, failure: ParseError | None, base: int
) -> None:
    for bomb in outline.bombs[:10]:
        text = f"{excerpt(bomb.path, 200)} declares {bomb.declared} bytes and stores {bomb.stored}"
        context.anomaly(place, NAME, "hdf5-shape-bomb", text, base + bomb.address)
    if outline.overrun is not None:
        text = f"the data of {excerpt(outline.overrun, 200)} ends behind the file"
        context.gap(place, NAME, "malformed-truncated", text, carries_code=False)
    seen: set[str] = set()
    errors = [*outline.errors, *([("the file", failure)] if failure is not None else [])]
    for path, error in errors:
        if error.code in ("hdf5-cycle", "hdf5-address"):
            text = f"{excerpt(path, 200)}: {error.text}"
            context.anomaly(place, NAME, error.code, text, error.offset)
        if error.code not in seen:
            seen.add(error.code)
            context.gap_from(place, NAME, error)


def _around(context: Context, source: Source, place: Place, outline: Outline, base: int) -> None:
    """Look at the user block before the file, and at what follows its end."""
    if base:
        _user_block(context, source, place, base)
    end = None if outline.superblock is None else outline.superblock.end
    if end is None:
        return
    if base + end < source.size:
        trailing(context, source, place, NAME, base + end)
    elif base + end > source.size:
        text = f"the file should have {base + end} bytes"
        context.gap(place, NAME, "malformed-truncated", text, carries_code=False)


def _user_block(context: Context, source: Source, place: Place, base: int) -> None:
    """Whatever stands there, another reader takes it for the beginning of the whole file."""
    block = SliceSource(source, 0, base)
    head = block.read_at(0, _BLOCK_SEEN)
    if head.startswith(_MATLAB) or not head.strip(b"\0") and base <= _BLOCK_SEEN:
        return
    if head.startswith(_JULIA) and base == _JULIA_BLOCK and head.isascii():
        text = "it is a file of Julia, and the types that it names are not judged"
        context.gap(place, NAME, "unsupported-julia-types", text, 0)
        return
    inner = place.inside("user-block", origin="hidden")
    for body in (_Unsigned(source, base), block):
        if context.walk(context.child(), body, inner) is not None:
            return
    text = f"{base} bytes stand before the HDF5 file"
    context.anomaly(place, NAME, "hdf5-user-block", text, 0)
    context.gap(inner, NAME, "malformed-user-block", text, 0)


class _Unsigned:
    """A source without the signature at `base`, so that other readers get their turn."""

    def __init__(self, parent: Source, base: int) -> None:
        self._parent = parent
        self._hidden = range(base, base + len(SIGNATURE))

    @property
    def size(self) -> int:
        """Length in bytes."""
        return self._parent.size

    def read_at(self, offset: int, count: int) -> bytes:
        """See :class:`weighbridge.sources.base.Source`."""
        data = self._parent.read_at(offset, count)
        begin = max(self._hidden.start - offset, 0)
        end = min(self._hidden.stop - offset, len(data))
        if begin >= end:
            return data
        return data[:begin] + bytes(end - begin) + data[end:]
