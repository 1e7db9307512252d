"""A script as users write them: it saves its own functions and classes with cloudpickle and dill.

It is run as a program, because both libraries save what is in `__main__` by value. Usage:
`python script.py FOLDER`.
"""

# What users write, so that it looks like what users save.
# ruff: noqa: D101, D102, D103, E731, UP028

import abc
import collections
import dataclasses
import enum
import functools
import json
import math
import re
import sys
import typing
from pathlib import Path

import cloudpickle
import dill
import numpy as np

SCALE = 3
add_one = lambda x: x + 1


def square(x: float, by: int = 2) -> float:
    """Square it."""
    return math.pow(x, by) * SCALE


def make(n):
    def inner(x):
        return x * n

    return inner


closure = make(5)


def normalise(x):
    x = np.asarray(x, dtype=float)
    return (x - x.mean()) / (x.std() + 1e-9)


def tokens(text):
    return re.findall(r"\w+", text.lower())


def recursive(n):
    return 1 if n < 2 else n * recursive(n - 1)


def generator(n):
    for i in range(n):
        yield i


def keyword(*args, key=None, **rest):
    try:
        return sorted(args, key=key)
    except TypeError as error:
        raise ValueError("bad") from error


partial = functools.partial(square, by=3)


class Model:
    """A model of a script."""

    rate = 0.1

    def __init__(self, n=1):
        self.n = n

    def predict(self, x):
        return [self.n * v for v in x]

    @property
    def size(self):
        return self.n

    @staticmethod
    def static(x):
        return x

    @classmethod
    def build(cls):
        return cls(2)


class Child(Model):
    def predict(self, x):
        return super().predict(x)


class Base(abc.ABC):
    @abc.abstractmethod
    def run(self): ...


class Colour(enum.Enum):
    RED = 1


@dataclasses.dataclass
class Data:
    a: int = 1
    b: list[int] = dataclasses.field(default_factory=list)


Pair = collections.namedtuple("Pair", "a b")
T = typing.TypeVar("T")


class Slots:
    __slots__ = ("a",)


def decorate(f):
    @functools.wraps(f)
    def wrapper(*a):
        return f(*a)

    return wrapper


@decorate
def decorated(x):
    return x


@functools.lru_cache
def cached(x):
    return x


NAMES = (
    "add_one square closure normalise tokens recursive generator keyword partial Model Child Base "
    "Colour Data Pair Slots decorated cached T"
).split()


def values() -> dict:
    found = {name: globals()[name] for name in NAMES}
    found |= {
        "instance": Model(3),
        "child-instance": Child(3),
        "bound-method": Model(3).predict,
        "enum-member": Colour.RED,
        "data-instance": Data(),
        "pair-instance": Pair(1, 2),
        "dict": {"transform": normalise, "model": Model(1), "weights": [1.0]},
        "list": [add_one, square],
        "module": {"math": math, "json": json, "np": np},
    }
    try:
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import FunctionTransformer, StandardScaler

        found["transformer"] = make_pipeline(FunctionTransformer(normalise), StandardScaler())
    except ImportError:
        pass
    try:
        import torch

        class Net(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.layer = torch.nn.Linear(2, 2)

            def forward(self, x):
                return torch.relu(self.layer(x))

        found["net"] = Net()
    except ImportError:
        pass
    return found


WRITERS = {
    "cloudpickle": cloudpickle.dumps,
    "cloudpickle-2": functools.partial(cloudpickle.dumps, protocol=2),
    "dill": dill.dumps,
    "dill-recurse": functools.partial(dill.dumps, recurse=True),
    "dill-byref": functools.partial(dill.dumps, byref=True),
    "dill-2": functools.partial(dill.dumps, protocol=2),
}


def main(folder: Path) -> None:
    for name, value in values().items():
        for library, dumps in WRITERS.items():
            try:
                content = dumps(value)
            except Exception:
                continue  # not everything can be saved by everyone
            (folder / f"{library}-{name.lower()}").write_bytes(content)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
