"""What the pages in a notebook have the browser do: outputs, Markdown, and cells of HTML.

Jupyter shows them beside the code. JavaScript of a notebook that is trusted (and of any, where
sanitizing failed: CVE-2021-32798, CVE-2024-43805) runs with the rights of the page, which can hand
Python to the kernel and commands to a terminal of the server. JavaScript is not followed: only
Python that stands in it as one text, commands in a page that opens a terminal, and text that is
decoded and run, are seen.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from weighbridge.formats.configuration.shell_file import hostile_lines

_MOST_PAGES = 2000
_MOST_CHARACTERS = 4 << 20
_MOST_FOUND = 20
_MAGICS = ("%%javascript", "%%js", "%%html", "%%HTML", "%%svg")
_SCRIPTS = frozenset({"application/javascript", "text/javascript"})
_PAGES = frozenset({"text/html", "image/svg+xml", "text/markdown"})
_IN_PAGE = re.compile(
    r"<script\b[^>]{0,500}>(.*?)(?:</script|\Z)|\bon\w{3,20}\s*=\s*(?:\"([^\"]*)\"|'([^']*)')|"
    r"javascript:([^\"'<>]+)",
    re.IGNORECASE | re.DOTALL,
)
# Jupyter's own interface: kernel.execute(code) and kernel.requestExecute({code: ...}).
_KERNEL = re.compile(
    r"\bkernel\s*\.\s*(?:execute\s*\(\s*|requestExecute\s*\(\s*\{\s*[\"']?code[\"']?\s*:\s*)"
    r"(?:\"((?:[^\"\\\n]|\\.){0,20000})\"|'((?:[^'\\\n]|\\.){0,20000})'|`((?:[^`\\]|\\.){0,20000})`)",
    re.DOTALL,
)
_HIDDEN = re.compile(r"\b(?:eval|Function)\s*\(\s*(?:window\s*\.\s*)?atob\s*\(")
_TERMINAL = re.compile(r"[\"'`/]api/terminals\b")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))", re.DOTALL)
_LETTERS = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}


@dataclass(frozen=True, slots=True)
class FromPage:
    """Something that a page has done.

    Attributes:
        kind: `python` (handed to the kernel), `shell` (a hostile line for a terminal of the
            server) or `hidden` (JavaScript that is decoded and run).
        text: the Python, the line, or the JavaScript around the place.
    """

    kind: str
    text: str


def from_pages(notebook: object) -> Iterator[FromPage]:
    """Yield what the pages of a notebook have done, 20 of it at the most."""
    found = 0
    for script in _scripts(notebook):
        for one in _in_script(script):
            yield one
            found += 1
            if found == _MOST_FOUND:
                return


def _in_script(script: str) -> Iterator[FromPage]:
    for match in _KERNEL.finditer(script):
        yield FromPage("python", _unescaped(match[1] or match[2] or match[3] or ""))
    for _, line in hostile_lines(script) if _TERMINAL.search(script) else ():
        yield FromPage("shell", line)
    place = _HIDDEN.search(script)
    if place is not None:
        yield FromPage("hidden", script[max(0, place.start() - 80) : place.end() + 120])


def _scripts(notebook: object) -> Iterator[str]:
    left = _MOST_CHARACTERS
    for kind, page in _pages(notebook):
        page = page[:left]
        left -= len(page)
        if kind in _SCRIPTS:
            yield page
            continue
        for match in _IN_PAGE.finditer(page):
            yield next(text for text in (*match.groups(), "") if text is not None)


def _pages(notebook: object) -> Iterator[tuple[str, str]]:
    """Yield type and text of what a browser shows."""
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    for cell in (cells if isinstance(cells, list) else [])[:_MOST_PAGES]:
        if not isinstance(cell, dict):
            continue
        source = _text(cell.get("source"))
        magic = source.lstrip()
        if cell.get("cell_type") == "markdown":
            yield "text/markdown", source
        elif magic.startswith(_MAGICS):
            script = magic.startswith(("%%javascript", "%%js"))
            yield "text/javascript" if script else "text/html", magic.partition("\n")[2]
        outputs = cell.get("outputs")
        for output in (outputs if isinstance(outputs, list) else [])[:_MOST_PAGES]:
            data = output.get("data") if isinstance(output, dict) else None
            if isinstance(data, dict):
                shown = sorted((_SCRIPTS | _PAGES) & data.keys())
                yield from ((kind, _text(data[kind])) for kind in shown)


def _text(value: object) -> str:
    if isinstance(value, list):
        value = "".join(line for line in value if isinstance(line, str))
    return value if isinstance(value, str) else ""


def _unescaped(literal: str) -> str:
    """Return the text that a string of JavaScript stands for (ECMA-262, section 12.9.4)."""
    return _ESCAPE.sub(
        lambda match: (
            json.loads(f'"\\u{match[1]}"')
            if match[1]
            else chr(int(match[2], 16))
            if match[2]
            else _LETTERS.get(match[3], "" if match[3] == "\n" else match[3])
        ),
        literal,
    )
