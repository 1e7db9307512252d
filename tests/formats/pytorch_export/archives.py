"""Writes pt2 archives member by member, the way torch.export.save does, so that any can lie."""

import io
import json
import pickle
import zipfile

META = {
    "dtype": 7,
    "sizes": [{"as_int": 3}, {"as_int": 4}],
    "strides": [{"as_int": 4}, {"as_int": 1}],
    "storage_offset": {"as_int": 0},
}


class Runs:
    """A pickle that would evaluate a number."""

    def __reduce__(self):
        return (eval, ("1",))


EVIL = pickle.dumps(Runs())


def program(expressions=(), guards=(), targets=("torch.ops.aten.relu.default",)):
    sizes = [{"as_expr": {"expr_str": text, "hint": {"as_int": 2}}} for text in expressions]
    nodes = [{"target": target, "inputs": []} for target in targets]
    return {
        "graph_module": {"graph": {"nodes": nodes, "tensor_values": {"x": {"sizes": sizes}}}},
        "guards_code": list(guards),
        "schema_version": {"major": 8, "minor": 20},
        "torch_version": "2.13.0",
    }


def configuration(path="weight_0", use_pickle=False, meta=META):
    entry = {"path_name": path, "is_param": True, "use_pickle": use_pickle, "tensor_meta": meta}
    return {"config": {"layer.weight": entry}}


def honest(**changes):
    """The members of an honest archive; `changes` put others in their places, None drops one."""
    members = {
        "data/weights/weight_0": bytes(48),
        "data/weights/model_weights_config.json": configuration(),
        "data/constants/model_constants_config.json": {"config": {}},
        "models/model.json": program(
            ["Symbol('s77', positive=True, integer=True)", "FloorDiv(Symbol('s0'), Integer(2))"],
            ["L['x'].size()[0] > 4", "L['x'].size()[0] == L['d']['k'][0].size()[0]"],
            ["torch.ops.aten.linear.default", "_operator.floordiv", "torch.sym_max"],
        ),
        "archive_format": b"pt2",
        "archive_version": b"0",
        "byteorder": b"little",
        ".data/version": b"6\n",
    }
    members.update({name.replace("__", "/"): content for name, content in changes.items()})
    return {name: content for name, content in members.items() if content is not None}


def built(members, root="m/"):
    """The bytes of the archive."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            data = content if isinstance(content, bytes) else json.dumps(content).encode()
            archive.writestr(zipfile.ZipInfo(root + name), data)
    return file.getvalue()


def with_member(name, content):
    """An honest archive with one member more, or another in its place."""
    return built({**honest(), name: content})
