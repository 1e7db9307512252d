"""Names in code of Lua that reach outside; byte code keeps them as constants."""

import re
from functools import cache

from weighbridge.tables.host_code import HostCode
from weighbridge.tables.reader import rows


@cache
def _patterns() -> tuple[tuple[str, tuple[re.Pattern[bytes], ...]], ...]:
    found = rows("host_code.tsv", *HostCode.__slots__)
    names = [row[2] for row in found if row[0] == "torch7" and row[1] == "lua"]
    return tuple(
        (
            name,
            tuple(re.compile(rb"(?<!\w)" + part.encode() + rb"(?!\w)") for part in name.split(".")),
        )
        for name in names
        if name != "function"
    )


def lua_names(code: bytes) -> list[str]:
    """Return the names of the table that stand in a function, byte code or text.

    Byte code names a table and what is taken from it apart from each other, so `os.execute` counts
    as named where both of its parts are.
    """
    return [name for name, parts in _patterns() if all(part.search(code) for part in parts)]
