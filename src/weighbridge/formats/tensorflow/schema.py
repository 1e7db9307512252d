"""Fields of TensorFlow's messages that are read, by the names that protobuf text uses.

A field is its number and what it holds: `int` (numbers, enumerations), `bytes` (strings), or the
name of a message. Fields that are left out are skipped.
"""

from __future__ import annotations

Kind = type[int] | type[bytes] | str
Schema = dict[str, tuple[int, Kind]]

SCHEMAS: dict[str, Schema] = {
    "SavedModel": {
        "saved_model_schema_version": (1, int),
        "meta_graphs": (2, "MetaGraphDef"),
    },
    "MetaGraphDef": {
        "meta_info_def": (1, "MetaInfoDef"),
        "graph_def": (2, "GraphDef"),
        "saver_def": (3, "SaverDef"),
        "collection_def": (4, "CollectionEntry"),
        "signature_def": (5, "Skipped"),
        "asset_file_def": (6, "AssetFileDef"),
        "object_graph_def": (7, "SavedObjectGraph"),
    },
    "MetaInfoDef": {
        "tags": (4, bytes),
        "tensorflow_version": (5, bytes),
        "tensorflow_git_version": (6, bytes),
    },
    "SaverDef": {"restore_op_name": (3, bytes)},
    "AssetFileDef": {"tensor_info": (1, "Named"), "filename": (2, bytes)},
    "CollectionEntry": {"key": (1, bytes), "value": (2, "CollectionDef")},
    "CollectionDef": {"any_list": (5, "AnyList")},
    "AnyList": {"value": (1, "Any")},
    "Any": {
        "[type.googleapis.com/tensorflow.AssetFileDef]": (2, "AssetFileDef"),
        "type_url": (1, bytes),
        "value": (2, bytes),
    },
    "Named": {"name": (1, bytes)},
    "GraphDef": {
        "node": (1, "NodeDef"),
        "library": (2, "FunctionDefLibrary"),
        "version": (3, int),
        "versions": (4, "Skipped"),
        "debug_info": (5, "Skipped"),
    },
    "NodeDef": {
        "name": (1, bytes),
        "op": (2, bytes),
        "input": (3, bytes),
        "attr": (5, "AttrEntry"),
    },
    "AttrEntry": {"key": (1, bytes), "value": (2, "AttrValue")},
    "AttrValue": {
        "list": (1, "ListValue"),
        "s": (2, bytes),
        "tensor": (8, "TensorProto"),
        "func": (10, "NameAttrList"),
    },
    "ListValue": {"s": (2, bytes), "func": (9, "NameAttrList")},
    "NameAttrList": {"name": (1, bytes)},
    "TensorProto": {"dtype": (1, int), "tensor_content": (4, bytes), "string_val": (8, bytes)},
    "FunctionDefLibrary": {"function": (1, "FunctionDef")},
    "FunctionDef": {
        "signature": (1, "OpDef"),
        "node_def": (3, "NodeDef"),
        "ret": (4, "TextEntry"),
    },
    "TextEntry": {"key": (1, bytes), "value": (2, bytes)},
    "OpDef": {"name": (1, bytes), "input_arg": (2, "Named")},
    "SavedObjectGraph": {
        "nodes": (1, "SavedObject"),
        "concrete_functions": (2, "ConcreteEntry"),
    },
    "SavedObject": {
        "user_object": (4, "SavedUserObject"),
        "asset": (5, "Skipped"),
        "constant": (9, "SavedConstant"),
    },
    "SavedUserObject": {"identifier": (1, bytes), "metadata": (3, bytes)},
    "SavedConstant": {"operation": (1, bytes)},
    "ConcreteEntry": {"key": (1, bytes), "value": (2, "SavedConcreteFunction")},
    "SavedConcreteFunction": {"bound_inputs": (2, int)},
    "Skipped": {},
}
