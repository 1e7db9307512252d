"""Models in XML: the intermediate representation of OpenVINO, and PMML.

| module | does |
| --- | --- |
| `events` | reads XML as a row of events, bounded, with no entity followed |
| `openvino` | layers, constants and edges of an OpenVINO model |
| `pmml` | functions that a PMML model calls |
| `model` | recognises the file by its root, states facts |
"""
