"""Reading of the table files."""

from functools import cache
from importlib import resources


def _check(cells: list[str], width: int, place: str) -> None:
    if len(cells) != width:
        raise ValueError(f"{place}: {len(cells)} fields instead of {width}")
    if not all(cells):
        raise ValueError(f"{place}: empty field")


def parse(text: str, columns: tuple[str, ...], filename: str) -> list[tuple[str, ...]]:
    """Split the text of a table into rows.

    Args:
        text: The whole file, header included.
        columns: The header the file must have.
        filename: Name used in errors.

    Returns:
        The rows without the header, in the order of the file.

    Raises:
        ValueError: If the header differs or a row lacks a field; names the file and the line.
    """
    header, *lines = text.removesuffix("\n").split("\n")
    if header != "\t".join(columns):
        raise ValueError(f"{filename}, line 1: header is {header!r}")
    width = len(columns)
    rows = []
    for number, line in enumerate(lines, start=2):
        cells = line.split("\t")
        # Thousands of rows are read at start-up, so the good case is one comparison here.
        if len(cells) != width or "" in cells:
            _check(cells, width, f"{filename}, line {number}")
        rows.append(tuple(cells))
    return rows


@cache
def rows(filename: str, *columns: str) -> list[tuple[str, ...]]:
    """Read a table file of this package once and keep its rows.

    Args:
        filename: Name of the file in this folder.
        *columns: The header the file must have.

    Returns:
        The rows without the header, in the order of the file.
    """
    text = resources.files(__package__).joinpath(filename).read_text(encoding="utf-8")
    return parse(text, columns, filename)


@cache
def by_name(filename: str, *columns: str) -> dict[tuple[str, str], tuple[str, ...]]:
    """Index a table by its first two columns, which are module and name.

    Args:
        filename: Name of the file in this folder.
        *columns: The header the file must have.

    Returns:
        The rows by (module, name).
    """
    return {(row[0], row[1]): row for row in rows(filename, *columns)}
