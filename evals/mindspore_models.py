"""Builds graphs of MindSpore (core/proto/mind_ir.proto)."""

from __future__ import annotations

from evals.protobufs import message

_STRING, _TENSORS, _UMONAD = 8, 19, 23


def text_attribute(name, text):
    """An attribute that is a text."""
    return message((1, name), (11, text), (16, _STRING))


def constant(name, text):
    """A node that is a text."""
    return message((2, name), (3, name), (4, "Constant"), (5, text_attribute("value", text)))


def node(operator, inputs=("x",), output="y", attributes=()):
    """A node that applies an operator."""
    shape = message((1, "shape"), (12, message((1, 1), (1, 3), (2, 1))), (16, _TENSORS))
    return message(
        *((1, name) for name in inputs),
        (2, output),
        (3, output),
        (4, operator),
        *((5, attribute) for attribute in (shape, *attributes)),
        (7, "Default/op"),
    )


def primitive(name, operator, **texts):
    """An operator that nodes refer to."""
    given = ((3, text_attribute(key, text)) for key, text in texts.items())
    return message((1, name), (2, operator), *given, (5, 1))


def outside(location, offset=0, length=24):
    """A parameter whose numbers stand in a file."""
    where = message((1, location), (2, offset), (3, length))
    return message((1, 2), (1, 3), (2, 1), (7, "fc.weight"), (12, where))


def model(*nodes, primitives=(), parameters=(), functions=()):
    """A model."""
    weights = parameters or (message((1, 2), (1, 3), (2, 1), (7, "fc.weight"), (9, bytes(24))),)
    graph = message(
        *((1, one) for one in nodes),
        (2, "main"),
        *((3, one) for one in weights),
        (5, message((1, "x"))),
        (6, message((1, "y"))),
    )
    return message(
        (1, "1.1"),
        (2, "MindSpore"),
        (5, "2.10.0"),
        (7, graph),
        *((8, message((1, one), (2, "branch"))) for one in functions),
        (10, 1),
        *((12, one) for one in primitives),
    )


def plain(location=""):
    """A layer of a network, its weights in a file where one is named."""
    known = (primitive("MatMul:1", "MatMul"), primitive("BiasAdd:2", "BiasAdd"))
    nodes = (
        message((2, "m"), (3, "m"), (4, "Constant"), (5, message((1, "value"), (16, _UMONAD)))),
        node("REF::MatMul:1", ("x", "fc.weight"), "a"),
        node("REF::BiasAdd:2", ("a", "fc.bias"), "y"),
    )
    return model(*nodes, primitives=known, parameters=(outside(location),) if location else ())


def executing(script, operator="PyExecute", referring=True, inside=False):
    """A graph that has a text run as Python when it is compiled."""
    name = f"REF::{operator}:9" if referring else operator
    nodes = (constant("s", script), node(name, ("s", "k", "v"), "y"))
    known = (primitive(f"{operator}:9", operator),) if referring else ()
    if inside:
        return model(node("ReLU"), primitives=known, functions=nodes)
    return model(*nodes, primitives=known)


def custom(kind, **texts):
    """A graph with an operator that is not MindSpore's own."""
    known = primitive("Custom:9", "Custom", func_type=kind, **texts)
    return model(node("REF::Custom:9"), primitives=(known,))
