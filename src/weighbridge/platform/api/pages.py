"""Cursor pagination: a page and the cursor of the next one, in one query of fixed cost."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from ninja import Field, Schema
from ninja.errors import HttpError

MOST = 200


class Paging(Schema):
    """What every list takes."""

    cursor: str = Field("", max_length=400)
    limit: int = Field(50, ge=1, le=MOST)


def page(
    rows: QuerySet[Any],
    paging: Paging,
    order: tuple[str, ...],
    show: Callable[[Any], dict[str, Any]],
) -> dict[str, Any]:
    """Return one page of `rows`.

    Args:
        rows: filtered, in any order.
        paging: from the request.
        order: field names, with ``-`` for descending; the last one must be unique.
        show: turns a row into plain data.

    Raises:
        HttpError: the cursor is none of ours.
    """
    if paging.cursor:
        try:
            rows = rows.filter(_after(order, _values(paging.cursor, len(order))))
        except (ValueError, TypeError, ValidationError):
            raise HttpError(422, "This cursor is none of ours; begin without one.") from None
    found = list(rows.order_by(*order)[: paging.limit + 1])
    more = len(found) > paging.limit
    shown = found[: paging.limit]
    following = _cursor(shown[-1], order) if more else None
    return {"items": [show(row) for row in shown], "next": following}


def _after(order: tuple[str, ...], values: list[Any]) -> Q:
    """Return the condition that a row comes after the one with `values`."""
    condition = Q(pk__in=[])
    equal = Q()
    for name, value in zip(order, values, strict=True):
        field = name.removeprefix("-")
        comparison = "lt" if name.startswith("-") else "gt"
        condition |= equal & Q(**{f"{field}__{comparison}": value})
        equal &= Q(**{field: value})
    return condition


def _cursor(row: Model, order: tuple[str, ...]) -> str:
    values = [getattr(row, name.removeprefix("-")) for name in order]
    plain = [value.isoformat() if hasattr(value, "isoformat") else value for value in values]
    return base64.urlsafe_b64encode(json.dumps(plain).encode()).decode().rstrip("=")


def _values(cursor: str, count: int) -> list[Any]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        values = json.loads(base64.urlsafe_b64decode(padded.encode("ascii")))
        if isinstance(values, list) and len(values) == count and all(map(_is_plain, values)):
            return values
    except (binascii.Error, RecursionError) as error:
        raise ValueError("no cursor") from error
    raise ValueError("no cursor")


def _is_plain(value: object) -> bool:
    if isinstance(value, bool):
        return False
    return isinstance(value, str) or (isinstance(value, int) and abs(value) < 1 << 63)
