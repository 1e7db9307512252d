"""What a file is for, by its name; counts for what is said, never for whether it is examined."""

from __future__ import annotations

import os
from fnmatch import fnmatchcase

# Names first, then endings; the first match counts.
_NAMES = (
    ("optimizer*.pt", "training-state"),
    ("optimizer*.bin", "training-state"),
    ("scheduler*.pt", "training-state"),
    ("scheduler*.bin", "training-state"),
    ("scaler*.pt", "training-state"),
    ("rng_state*", "training-state"),
    ("random_states*.pkl", "training-state"),
    ("training_args.bin", "training-state"),
    ("trainer_state.json", "training-state"),
    ("*_optim_states.pt", "training-state"),
    ("license*", "document"),
    ("readme*", "document"),
)
_ENDINGS = {
    "code": ".py .pyc .ipynb .sh .so .dll .js",
    "configuration": ".json .yaml .yml .toml .cfg .ini .jinja .gitattributes .gitignore",
    "document": ".md .txt .rst .pdf .png .jpg .jpeg .gif .svg .webp .html .csv",
    "weights": (
        ".bin .pt .pth .ckpt .pkl .pickle .joblib .safetensors .gguf .ggml .h5 .hdf5 .keras .onnx "
        ".pb .tflite .npy .npz .mar .msgpack .model .dill .skops .mlmodel .engine .zip .tar .gz .7z"
    ),
}
_BY_ENDING = {ending: role for role, endings in _ENDINGS.items() for ending in endings.split()}


def role_of(path: str) -> str:
    """Return the role of the file at `path`."""
    name = os.path.basename(path).lower()
    for pattern, role in _NAMES:
        if fnmatchcase(name, pattern):
            return role
    ending = os.path.splitext(name)[1] or name
    return _BY_ENDING.get(ending, "other")
