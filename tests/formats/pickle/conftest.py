"""Every test that asks for `run` runs on the compiled and on the uncompiled machine."""

from __future__ import annotations

import copyreg
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
for folder in (HERE, HERE.parent, HERE.parent.parent):
    if str(folder) not in sys.path:
        sys.path.append(str(folder))

from machines import INTERPRETERS, trace_of  # noqa: E402

from builders.pickles import EXTENSIONS  # noqa: E402
from weighbridge.formats.pickle.trace import Trace  # noqa: E402


@pytest.fixture(scope="session", params=sorted(INTERPRETERS))
def run(request: pytest.FixtureRequest) -> Callable[..., Trace]:
    """A function that runs a stream and returns its trace."""
    return partial(trace_of, name=request.param)


@pytest.fixture(scope="session", autouse=True)
def _extensions() -> Iterator[None]:
    """What EXT opcodes stand for while these tests run."""
    for code, names in EXTENSIONS.items():
        copyreg.add_extension(*names, code)
    yield
    for code, names in EXTENSIONS.items():
        copyreg.remove_extension(*names, code)


@pytest.fixture(scope="session", params=sorted(INTERPRETERS))
def machine_name(request: pytest.FixtureRequest) -> str:
    """The name of a machine."""
    return str(request.param)
