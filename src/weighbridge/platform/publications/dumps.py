"""The dump of all advisories in the layout of osv.dev's bucket.

::

    all.zip                     every record, withdrawn ones too, sorted by id
    modified_id.csv             <time>,<Ecosystem>/<ID>, newest first
    ecosystems.txt
    <Ecosystem>/all.zip  <Ecosystem>/modified_id.csv  <Ecosystem>/<ID>.json

A dump is made when it is first asked for and kept in memory until something is published: what is
published never changes, so the newest revision and the number of withdrawals name its state.
"""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from django.conf import settings

from weighbridge.platform.advisories.models import Revision, Withdrawal
from weighbridge.platform.advisories.numbers import parsed, spelled
from weighbridge.platform.publications.osv import ecosystems, public, published, record

_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(slots=True)
class Dump:
    """Every published record, and the files made from them so far."""

    state: str
    records: list[dict[str, Any]]
    files: dict[str, bytes] = field(default_factory=dict)

    def file(self, path: str) -> bytes | None:
        """Return a file of the dump, None when there is none of this name."""
        if path not in self.files:
            made = self._make(path)
            if made is None:
                return None
            if path.endswith(".json"):
                return made
            self.files[path] = made
        return self.files[path]

    def _make(self, path: str) -> bytes | None:
        folder, _, name = path.rpartition("/")
        if path == "ecosystems.txt":
            return "".join(f"{one}\n" for one in self._ecosystems()).encode()
        if folder and folder not in self._ecosystems():
            return None
        inside = [one for one in self.records if not folder or folder in ecosystems(one)]
        if name == "all.zip":
            return _zipped(inside)
        if name == "modified_id.csv":
            return _listed(inside, bool(folder))
        if folder and name.endswith(".json"):
            return _single(inside, name.removesuffix(".json"))
        return None

    def _ecosystems(self) -> list[str]:
        return sorted({name for one in self.records for name in ecosystems(one)})


_current: Dump | None = None
_lock = Lock()


def dump() -> Dump:
    """Return the dump of what is published now."""
    global _current
    state = _state()
    with _lock:
        if _current is None or _current.state != state:
            items = published(public())
            _current = Dump(
                state, sorted((record(one) for one in items), key=lambda r: str(r["id"]))
            )
        return _current


def _state() -> str:
    newest = Revision.objects.order_by("-pk").values_list("pk", "sha256", "created_at").first()
    withdrawn = Withdrawal.objects.order_by("-pk").values_list("pk", "at").first()
    return f"{settings.DATABASES['default']['NAME']}:{newest}:{withdrawn}"


def text_of(osv_record: dict[str, Any]) -> bytes:
    """Return a record as it is served."""
    return json.dumps(osv_record, indent=2, ensure_ascii=False).encode() + b"\n"


def _zipped(records: list[dict[str, Any]]) -> bytes:
    """Return a zip of records, the same bytes for the same records."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for one in records:
            entry = zipfile.ZipInfo(f"{one['id']}.json", _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, text_of(one))
    return buffer.getvalue()


def _listed(records: list[dict[str, Any]], bare_ids: bool) -> bytes:
    rows = [
        (one["modified"], one["id"] if bare_ids else f"{folder}/{one['id']}")
        for one in records
        for folder in ecosystems(one)[: 1 if bare_ids else None]
    ]
    rows.sort(key=lambda row: row[1])
    rows.sort(key=lambda row: row[0], reverse=True)
    return "".join(f"{modified},{name}\n" for modified, name in rows).encode()


def _single(records: list[dict[str, Any]], identifier: str) -> bytes | None:
    named = parsed(identifier)
    if named is None:
        return None
    wanted = f"x_{spelled(*named)}"
    return next((text_of(one) for one in records if one["id"] == wanted), None)
