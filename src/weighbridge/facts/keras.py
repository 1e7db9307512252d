"""What a Keras model configuration names, and what an HDF5 file takes from other files."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KerasObject:
    """One distinct object of a configuration; `count` says how often it stands there.

    Attributes:
        member: place inside the file.
        config: which configuration: `config.json`, `model_config`, `training_config`, ...
        path: where in the configuration the first one stands, such as `config.layers[2]`.
        kind: `class`, `function`, `operator` (a function of TensorFlow that a layer applies),
            `lambda` (marshalled Python code; the fact about it has the same `sha256`), or
            `lambda-source` (the same of source text where the name of a function belongs).
        module: as written; None when the configuration gives none.
        name: of the class or function.
        registered: the name it is registered under, if the configuration gives one.
        legacy: the object has no place for a module; such classes are looked up by name alone.
        arguments: literals worth showing, by key; an empty key for a positional one.
        loaders: load calls that build the object.
    """

    member: str | None
    config: str
    path: str
    kind: str
    module: str | None
    name: str
    registered: str | None
    legacy: bool
    arguments: tuple[tuple[str, str], ...]
    count: int
    loaders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hdf5Reference:
    """Something outside the HDF5 file that reading it brings in.

    Attributes:
        member: place inside the file.
        offset: of the header of the object that refers.
        path: of the object within the HDF5 file.
        how: `external-link`, `external-storage`, `virtual-dataset`, `user-link` or `filter`.
        target: the other file; for a filter its number and name.
        inner: the object within the other file, empty where none is named.
        weights: the file holds Keras weights, so that a Keras loader reads it.
        loaders: load calls that follow it.
    """

    member: str | None
    offset: int | None
    path: str
    how: str
    target: str
    inner: str
    weights: bool
    loaders: tuple[str, ...]
