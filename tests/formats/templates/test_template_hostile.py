"""Whatever a template holds, the scan ends in facts."""

import json
import time

from hypothesis import given, settings
from hypothesis import strategies as st

from formats.templates.attacks import CHAT, MALICIOUS
from formats.templates.families import FAMILIES
from formats.templates.scanning import Answer, in_json

PIECES = st.sampled_from(
    ["{{", "}}", "{%", "%}", "{#", "#}", " if ", "for m in messages", "endif", "endfor", "set a = ",
     "a", "'__cla'", "~", "|attr(", "(", ")", "[", "]", "'", '"', "\\x5f", "\n", "raw", "endraw",
     "9", "1e9", "not ", ".b", "is ", "macro f()", "endmacro", "\u202e", "\ud800", "{", "}"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=40))
def test_any_pieces(pieces):
    in_json("".join(pieces))


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(FAMILIES)), st.integers(0, 4000), st.integers(0, 0x10FFFF))
def test_truncated_and_altered_families(family, at, code):
    text = FAMILIES[family]
    at %= len(text)
    in_json(text[:at])
    char = chr(code) if not 0xD800 <= code < 0xE000 else "x"
    Answer((text[:at] + char + text[at + 1 :]).encode())


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(MALICIOUS)), st.binary(max_size=30))
def test_bytes_behind_a_template(name, tail):
    Answer((CHAT + MALICIOUS[name][0]).encode() + tail)


def test_large_templates_take_bounded_time():
    started = time.process_time()
    nested = "".join(f"{{% if 'w{n}' in message.content %}}" for n in range(60)) + "word " * 2000
    in_json(nested + "{% endif %}" * 60)
    in_json("{{ 'a' ~ b }}" * 12_000)
    in_json("{{ " + " + ".join(["a"] * 40_000) + " }}")
    in_json("{% set x = x ~ 'a' %}" * 5_000 + "{{ m[x] }}")
    assert time.process_time() - started < 15


def test_lone_surrogates_in_json():
    data = json.dumps({"chat_template": "{{ a['\ud800'] }}"}).encode()
    assert Answer(data).verdict == "clean"
