"""Builders of real marshal data, from whatever interpreters there are, and of facts."""

import gc
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from functools import cache
from glob import glob
from os.path import expanduser

from weighbridge.budget import Budget
from weighbridge.formats.python.code_objects import code_fact
from weighbridge.formats.python.marshal_reader import read
from weighbridge.formats.python.source import source_fact

VERSIONS = ["2.7", "3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13", "3.14"]


@cache
def interpreter(version):
    """Return the path of a Python of this version, or None."""
    if sys.version_info[:2] == tuple(map(int, version.split("."))):
        return sys.executable
    found = [
        *glob(expanduser(f"~/.pyenv/versions/{version}.*/bin/python")),
        shutil.which(f"python{version}"),
    ]
    return next(filter(_runs, filter(None, found)), None)


def _runs(path):
    """Say whether a program is a Python; a shim of pyenv may lead to none."""
    return not subprocess.run([path, "-c", ""], capture_output=True).returncode


@cache
def marshalled(version, expression):
    """Return marshal.dumps of an expression, computed by a Python of this version."""
    script = (
        "import marshal, binascii, sys\n"
        f"sys.stdout.write(binascii.hexlify(marshal.dumps({expression})).decode())"
    )
    path = interpreter(version)
    if path is None:
        return None
    done = subprocess.run([path, "-c", script], capture_output=True, text=True, check=True)
    return bytes.fromhex(done.stdout)


def compiled(version, source):
    """Return the marshalled code object of a source text."""
    return marshalled(version, f"compile({source!r}, 'sample.py', 'exec')")


def fact_of_code(data):
    """Read marshalled code and describe it."""
    place = {"stream": 3, "member": "a!b", "offset": 7, "call": 1}
    return code_fact(read(data, Budget()), raw=data, **place)


def fact_of_source(text):
    """Describe source text."""
    place = {"stream": 3, "member": "a!b", "offset": 7, "call": 1}
    return source_fact(text, name="sample", budget=Budget(), **place)


@contextmanager
def quickly(seconds=1.0):
    """Fail when the block takes too much processor time, which other programs do not add to.

    What thousands of earlier tests left in memory is kept from the collector, as a worker keeps
    its own modules: walking it took most of the time of the longest of these blocks.
    """
    gc.collect()
    gc.freeze()
    started = time.process_time()
    try:
        yield
        taken = time.process_time() - started
    finally:
        gc.unfreeze()
    assert taken < seconds
