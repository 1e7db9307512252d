"""Sizes on the command line."""

from __future__ import annotations

import click


class Size(click.ParamType[int]):
    """A number of bytes: ``500M``, ``2G``, ``1000000``."""

    name = "size"
    _units = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        """Return the bytes that `value` stands for."""
        if isinstance(value, int):
            return value
        text = str(value).strip().upper().removesuffix("IB").removesuffix("B")
        number, unit = (text[:-1], text[-1:]) if text[-1:] in "KMGT" else (text, "")
        if not number.isascii() or not number.isdigit() or len(number) > 15:
            self.fail(f"{value!r} is no size; write 500M or 2G", param, ctx)
        return int(number) * self._units[unit]
