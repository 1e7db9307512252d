"""Telling Python that does something from everything else that is handed to calls."""

import pytest
from python_samples import quickly

from weighbridge.formats.python.shellish import looks_like_python


@pytest.mark.parametrize(
    "text",
    [
        "import os",
        "from os import system",
        "os.system('id')",
        "__import__('os').system('id')",
        "lambda x: x + 1",
        "print('hi')",
        "exec('x')",
        "x = 1\nfoo(x)",
        "def f(x): return x",
        "class A(B): pass",
        "for x in y:\n    f(x)",
        "().__class__.__bases__[0]",
        "    import os\n    os.getcwd()",
        "print 'python 2'\nimport os\nos.system('id')",
        "# comment\nimport os\nos.system('id'",
        "np.load('x')",
    ],
)
def test_code_is_recognised(text):
    assert looks_like_python(text)


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "word", "Ġhello", "##ing", "<s>", "pass", "None", "item(s)", "f(x) + g(y)",
        "conv2d(3, 64)", "global warming", "del rio", "raise awareness", "Warning: deprecated",
        "from here to there", "not good", "hello world", "A sentence. And (another) one.",
        '{"a": [1, 2], "b": {"c": null}}', "[1, 2, 3]", "(1, 2)", "1e-5", "a.b.c", "model.layers.0",
        "{{ message.content }}", "{% for m in messages %}{{ m['role'] }}{% endfor %}",
        "https://example.org/x?y=z", "/usr/share/x", "utf-8", "key: value\nother: value",
        "# Title\n\nUse `import os` and then os.system('id').", "SELECT * FROM x WHERE (y = 1)",
        "C:\\x", "int64", "<f4", "\0\0\0", "\ud800", "x = 1", "rm -rf /",
    ],
)  # fmt: skip
def test_other_text_is_not(text):
    assert not looks_like_python(text)


@pytest.mark.parametrize(
    "text",
    ["a" * 10_000_000, "(" * 1_000_000, "f(" * 1_000_000, "a: " * 500_000, "x.y " * 500_000,
     "import a\n" * 500_000, "-" * 100_000 + "(1)", "# \n" * 500_000, "\n" * 1_000_000 + "(",
     "[f(x)," * 180, "f();" * 49_000],
)  # fmt: skip
def test_hostile_text_is_quick(text):
    with quickly():
        looks_like_python(text)
