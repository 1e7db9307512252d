"""HDF5 files that h5py writes, and what our walker says about a file."""

from __future__ import annotations

import io

from weighbridge.budget import Budget
from weighbridge.errors import ParseError
from weighbridge.formats.hdf5.outline import Outline, read_outline
from weighbridge.formats.hdf5.reading import Hdf5Reader, find_signature
from weighbridge.sources.memory import BytesSource


def written(fill, **options) -> bytes:
    """Return the file that `fill` writes with h5py."""
    import h5py

    packed = io.BytesIO()
    with h5py.File(packed, "w", **options) as file:
        fill(file)
    return packed.getvalue()


class Seen:
    """Outline and attributes of a file."""

    def __init__(self, data: bytes) -> None:
        source = BytesSource(data)
        base = find_signature(source, data[:512])
        assert base is not None
        self.outline = Outline()
        self.attributes: dict[str, tuple[bytes, ...]] = {}
        self.failure: ParseError | None = None
        try:
            read_outline(Hdf5Reader(source, base, Budget()), self.outline, self._visit)
        except ParseError as error:
            self.failure = error

    def _visit(self, path, attribute):
        self.attributes[f"{path.rstrip('/')}@{attribute.name}"] = attribute.texts

    @property
    def whole(self) -> bool:
        return self.failure is None and not self.outline.errors

    @property
    def references(self):
        return {(r.path, r.how, r.target, r.inner) for r in self.outline.references.values()}


def expected(data: bytes):
    """Return objects, datasets and text attributes as h5py sees them."""
    import h5py
    import numpy as np

    attributes: dict[str, tuple[bytes, ...]] = {}
    objects, datasets = set(), set()

    def visit(name, item):
        key = h5py.h5o.get_info(item.id).addr
        first = key not in objects
        objects.add(key)
        if isinstance(item, h5py.Dataset):
            datasets.add(key)
        if not first:
            return
        for attribute in item.attrs:
            identifier = item.attrs.get_id(attribute)
            kind = identifier.get_type()
            if isinstance(kind, h5py.h5t.TypeStringID):
                value = np.asarray(item.attrs[attribute], dtype=object).reshape(-1)
                texts = [v.encode() if isinstance(v, str) else bytes(v) for v in value]
                path = f"/{name}" if name else ""
                attributes[f"{path}@{attribute}"] = tuple(t.rstrip(b"\0") for t in texts)

    with h5py.File(io.BytesIO(data), "r") as file:
        visit("", file)
        file.visititems(visit)
    return len(objects), len(datasets), attributes
