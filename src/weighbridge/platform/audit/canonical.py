"""One spelling for everything that is hashed or kept: ASCII JSON with sorted keys.

What comes out of hostile files can hold NUL and lone surrogates, which PostgreSQL refuses in text
and in jsonb. Written as ASCII JSON they are escapes, and the same bytes on both databases.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from django.db import models

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models.expressions import Expression

    TextField = models.TextField[Any, Any]
else:
    TextField = models.TextField

_MARK = 17


def canonical(value: object) -> str:
    """Return `value` as JSON in its one spelling.

    Raises:
        ValueError: it holds a number that JSON cannot write.
        TypeError: it holds something that is no JSON.
    """
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
    )


def sha256(text: str) -> str:
    """Return the hex digest of canonical text."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def storable(text: str, limit: int | None = None) -> str:
    """Return text that every database accepts, as short as `limit`.

    NUL and lone surrogates become escapes; what is cut off is told apart by a digest at the end.
    """
    if not text.isascii():
        text = text.encode("utf-8", "backslashreplace").decode("utf-8")
    text = text.replace("\0", "\\x00")
    if limit is None or len(text) <= limit:
        return text
    return f"{text[: limit - _MARK]}…{sha256(text)[: _MARK - 1]}"


class CanonicalJSONField(TextField):
    """A JSON value kept as canonical text; a column `schema` beside it says how to read it."""

    if TYPE_CHECKING:
        _pyi_private_set_type: Any
        _pyi_private_get_type: Any

    def from_db_value(
        self, value: str | None, expression: Expression, connection: BaseDatabaseWrapper
    ) -> Any:
        """Return the value that the text spells."""
        return None if value is None else json.loads(value)

    def to_python(self, value: Any) -> Any:
        """Values are plain data already."""
        return value

    def get_prep_value(self, value: Any) -> Any:
        """Return the text that spells the value."""
        return None if value is None else canonical(value)

    def value_to_string(self, obj: models.Model) -> str:
        """Return what a serialiser writes."""
        return canonical(self.value_from_object(obj))
