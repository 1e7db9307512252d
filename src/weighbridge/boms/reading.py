"""Others' bills of materials: which models, files and packages they name (CycloneDX JSON, any 1.x).

Read as plain JSON with bounds, because libraries that read CycloneDX drop what they do not know.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from packageurl import PackageURL

from weighbridge.errors import WeighbridgeError

MOST_BYTES = 256 << 20
_MOST_COMPONENTS = 500_000
_DEEPEST = 40
_MODELS = ("huggingface", "generic")
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")


class BomError(WeighbridgeError):
    """What should be a bill of materials is none, or too large."""


@dataclass(frozen=True, slots=True)
class Named:
    """A component of a bill of materials.

    Attributes:
        purl: parsed, None when it has none or a wrong one.
        sha256: lower case, empty without.
    """

    type: str
    name: str
    version: str
    purl: PackageURL | None
    sha256: str

    @property
    def package(self) -> tuple[str, str] | None:
        """Name and version on PyPI, None for anything else or without a version."""
        if self.purl is None or self.purl.type != "pypi" or not (self.purl.version or self.version):
            return None
        return self.purl.name, self.purl.version or self.version

    @property
    def model(self) -> tuple[str, str] | None:
        """Bare purl and version (empty without) of the model that it is; None for others."""
        if self.purl is None or self.purl.type not in _MODELS:
            return None
        bare = PackageURL(self.purl.type, self.purl.namespace, self.purl.name).to_string()
        return bare, self.purl.version or self.version


def components(data: bytes) -> list[Named]:
    """Return everything that a bill of materials names, nested components too.

    Raises:
        BomError: it is none.
    """
    if len(data) > MOST_BYTES:
        raise BomError(f"a bill of materials larger than {MOST_BYTES >> 20} MiB is not read")
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BomError("this is no CycloneDX in JSON") from error
    if not isinstance(value, dict) or value.get("bomFormat") != "CycloneDX":
        raise BomError("this is no CycloneDX in JSON")
    metadata = value.get("metadata")
    main = metadata.get("component") if isinstance(metadata, dict) else None
    found = []
    for item in _walk([main, *_list(value.get("components"))]):
        found.append(_named(item))
        if len(found) >= _MOST_COMPONENTS:
            raise BomError("the bill of materials names too many components")
    return found


def _walk(items: list[object]) -> Iterator[dict[str, object]]:
    pending = [(item, 0) for item in reversed(items)]
    while pending:
        item, depth = pending.pop()
        if not isinstance(item, dict):
            continue
        yield item
        pedigree = item.get("pedigree")
        below = _list(item.get("components"))
        below += _list(pedigree.get("ancestors")) if isinstance(pedigree, dict) else []
        if below and depth >= _DEEPEST:
            raise BomError("the bill of materials is nested too deeply")
        pending += [(one, depth + 1) for one in reversed(below)]


def _named(item: dict[str, object]) -> Named:
    hashes = [one for one in _list(item.get("hashes")) if isinstance(one, dict)]
    contents = [one.get("content") for one in hashes if one.get("alg") == "SHA-256"]
    digest = next((one for one in contents if isinstance(one, str) and _SHA256.fullmatch(one)), "")
    group, name = _text(item, "group"), _text(item, "name")
    return Named(
        type=_text(item, "type"),
        name=f"{group}/{name}" if group else name,
        version=_text(item, "version"),
        purl=_purl(_text(item, "purl")),
        sha256=digest.lower(),
    )


def _purl(text: str) -> PackageURL | None:
    try:
        return PackageURL.from_string(text) if text else None
    except ValueError:
        return None


def _text(item: dict[str, object], name: str) -> str:
    value = item.get(name)
    return value[:1_000] if isinstance(value, str) else ""


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else []
