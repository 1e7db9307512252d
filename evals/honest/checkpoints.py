"""PyTorch: weights, whole modules, training state, old formats, TorchScript, FX, quantised."""

from __future__ import annotations

import argparse
import collections
import datetime
import functools
import json
import pathlib
import pickle
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evals.samples import Honest

NEEDS = ("torch", "numpy", "safetensors")


def samples() -> Iterator[Honest]:
    """Yield the samples."""
    import torch

    torch.manual_seed(0)
    torch.set_num_threads(1)
    for name, value in {**_states(), **_modules(), **_training()}.items():
        yield from saved(name, value)
    yield from _large()
    yield from _script()
    yield from _fx()
    yield from _package()
    yield from _safetensors()


def saved(name: str, value: Any, weakness: str = "", framework: str = "torch") -> Iterator[Honest]:
    """Yield a value in each form in which torch saves it."""
    import torch

    save = functools.partial(torch.save, value)
    yield Honest(f"torch-{name}", framework, save, weakness, "model.pt")
    old = functools.partial(torch.save, value, _use_new_zipfile_serialization=False)
    yield Honest(f"torch-legacy-{name}", framework, old, weakness, "model.pth")
    if name in ("state", "mlp", "checkpoint", "adam", "own-module"):
        for protocol in (3, 4, 5):
            save = functools.partial(torch.save, value, pickle_protocol=protocol)
            yield Honest(f"torch-{name}-protocol-{protocol}", framework, save, weakness, "model.pt")
        yield Honest(f"pickle-{name}", framework, pickle.dumps(value), weakness)


def net() -> Any:
    """Return a small network."""
    from torch import nn

    return nn.Sequential(
        nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.1), nn.Linear(8, 2)
    )


def _states() -> dict[str, Any]:
    import torch

    types = [
        torch.float16,
        torch.bfloat16,
        torch.float64,
        torch.int8,
        torch.uint8,
        torch.int64,
        torch.bool,
        torch.complex64,
        torch.float8_e4m3fn,
        torch.uint16,
        torch.uint32,
    ]
    base = torch.arange(24.0).reshape(2, 3, 4)
    return {
        "state": net().state_dict(),
        "types": {str(kind): torch.zeros(3).to(kind) for kind in types},
        "views": {
            "a": base,
            "b": base[0],
            "c": base.transpose(0, 2),
            "d": base[:, 1:, ::2],
            "e": base.expand(2, 3, 4),
        },
        "empty": {"a": torch.zeros(0), "b": torch.zeros(0, 3), "c": torch.tensor(1.0)},
        "sparse": {
            "coo": torch.eye(3).to_sparse(),
            "csr": torch.eye(3).to_sparse_csr(),
            "csc": torch.eye(3).to_sparse_csc(),
        },
        "quantised": torch.quantize_per_tensor(torch.randn(4), 0.1, 0, torch.qint8),
        "quantised-channels": torch.quantize_per_channel(
            torch.randn(2, 4), torch.ones(2), torch.zeros(2), 0, torch.qint8
        ),
        "meta": {"a": torch.empty(3, device="meta")},
        "parameter": torch.nn.Parameter(torch.ones(3)),
        "parameters": torch.nn.ParameterList([torch.nn.Parameter(torch.ones(3))]),
        "tensor": torch.ones(3),
        "storage": torch.ones(3).untyped_storage(),
        "size": {
            "a": torch.Size([1, 2]),
            "b": torch.float32,
            "c": torch.device("cpu"),
            "d": torch.strided,
        },
        "numpy-beside": {
            "a": torch.ones(3),
            "b": torch.ones(3).numpy(),
            "c": torch.ones(3).numpy()[0],
        },
        "conjugate": torch.ones(3, dtype=torch.complex64).conj(),
        "requires-grad": torch.ones(3, requires_grad=True),
        "with-attribute": _with_attribute(),
        "nested": torch.nested.nested_tensor([torch.ones(2), torch.ones(3)]),
        "hyphens": collections.OrderedDict(
            {"model.layers.0.self_attn.q_proj.weight": torch.ones(2, 2, dtype=torch.bfloat16)}
        ),
        "generator": torch.Generator().get_state(),
        "int4-like": {
            "qweight": torch.ones(4, dtype=torch.int32),
            "scales": torch.ones(2, dtype=torch.half),
        },
    }


def _with_attribute() -> Any:
    import torch

    parameter = torch.nn.Parameter(torch.ones(2))
    parameter.is_sharded = False
    return parameter


def _modules() -> dict[str, Any]:
    import torch
    from torch import nn
    from torch.nn.utils import parametrizations, weight_norm

    normed = nn.Linear(4, 4)
    weight_norm(normed)
    hooked = net()
    hooked.register_forward_hook(torch.nn.modules.module._global_forward_hooks.get(0) or torch.relu)
    return {
        "mlp": net(),
        "conv": nn.Sequential(
            nn.Conv2d(3, 4, 3), nn.GroupNorm(2, 4), nn.SiLU(), nn.MaxPool2d(2), nn.Flatten()
        ),
        "lstm": nn.LSTM(4, 5, 2, bidirectional=True),
        "transformer": nn.Transformer(8, 2, 1, 1, 16),
        "encoder": nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16), 2),
        "attention": nn.MultiheadAttention(8, 2),
        "embedding": nn.ModuleDict(
            {"a": nn.Embedding(5, 3), "b": nn.ModuleList([nn.GELU(), nn.Identity()])}
        ),
        "parallel": nn.DataParallel(net()),
        "weight-norm": normed,
        "spectral": parametrizations.spectral_norm(nn.Linear(4, 4)).state_dict(),
        "loss": [
            nn.CrossEntropyLoss(),
            nn.MSELoss(),
            nn.BCEWithLogitsLoss(pos_weight=torch.ones(1)),
        ],
        "dynamic-quantised": torch.ao.quantization.quantize_dynamic(
            net(), {nn.Linear}, torch.qint8
        ),
        "static-quantised": _static_quantised(),
        "activations": nn.Sequential(
            *[
                getattr(nn, n)()
                for n in "ELU Hardswish Mish PReLU Softplus Tanh Sigmoid Softmax LogSoftmax".split()
            ]
        ),
        "functional-activation": nn.TransformerEncoderLayer(
            8, 2, 16, activation=torch.nn.functional.gelu
        ),
        "hooked": hooked,
        "distributions": [
            torch.distributions.Normal(0.0, 1.0),
            torch.distributions.Categorical(torch.ones(3)),
        ],
        "swa": torch.optim.swa_utils.AveragedModel(net()),
    }


def _static_quantised() -> Any:
    import torch
    from torch.ao import quantization

    torch.backends.quantized.engine = (
        "qnnpack" if "qnnpack" in torch.backends.quantized.supported_engines else "fbgemm"
    )
    model = torch.nn.Sequential(
        quantization.QuantStub(), torch.nn.Linear(4, 4), quantization.DeQuantStub()
    ).eval()
    model.qconfig = quantization.get_default_qconfig(torch.backends.quantized.engine)
    prepared = quantization.prepare(model)
    prepared(torch.ones(1, 4))
    return quantization.convert(prepared)


def _training() -> dict[str, Any]:
    import numpy as np
    import torch
    from torch import optim

    layers = net()
    found: dict[str, Any] = {}
    for name in "Adam AdamW SGD RMSprop Adagrad NAdam LBFGS RAdam Adamax ASGD Rprop".split():
        optimiser = getattr(optim, name)(layers.parameters(), lr=0.1)
        if name != "LBFGS":
            layers(torch.ones(2, 4)).sum().backward()
            optimiser.step()
        found[name.lower()] = {"optimizer": optimiser.state_dict(), "epoch": 3}
        found[f"whole-{name.lower()}"] = optimiser
    optimiser = optim.AdamW(layers.parameters())
    schedules = {
        "step": optim.lr_scheduler.StepLR(optimiser, 2),
        "cosine": optim.lr_scheduler.CosineAnnealingLR(optimiser, 5),
        "plateau": optim.lr_scheduler.ReduceLROnPlateau(optimiser),
        "one-cycle": optim.lr_scheduler.OneCycleLR(optimiser, 0.1, 10),
        "warm": optim.lr_scheduler.CosineAnnealingWarmRestarts(optimiser, 5),
        "exponential": optim.lr_scheduler.ExponentialLR(optimiser, 0.9),
        "multi": optim.lr_scheduler.MultiStepLR(optimiser, [1, 2]),
        "cyclic": optim.lr_scheduler.CyclicLR(optimiser, 0.1, 0.2, cycle_momentum=False),
        "sequential": optim.lr_scheduler.SequentialLR(
            optimiser,
            [optim.lr_scheduler.ConstantLR(optimiser), optim.lr_scheduler.LinearLR(optimiser)],
            [2],
        ),
    }
    found |= {
        f"schedule-{name}": {"scheduler": item.state_dict()} for name, item in schedules.items()
    }
    arguments = argparse.Namespace(
        lr=0.1, data=pathlib.PurePosixPath("/data"), device=torch.device("cpu"), dtype=torch.float16
    )
    found["checkpoint"] = {
        "state_dict": layers.state_dict(),
        "optimizer": optimiser.state_dict(),
        "args": arguments,
        "config": collections.defaultdict(dict, a={"b": 1}),
        "best": np.float64(0.5),
        "history": [np.float32(1.0), np.int64(3)],
        "date": datetime.datetime(2024, 1, 1),
        "path": pathlib.Path("runs/x"),
        "rng": {
            "torch": torch.get_rng_state(),
            "numpy": np.random.get_state(),
            "python": random.getstate(),
        },
        "counter": collections.Counter(a=1),
    }
    found["deepspeed-like"] = {
        "module": layers.state_dict(),
        "mp_world_size": 1,
        "ds_config": {"zero": 1},
        "ds_version": "0.14",
        "param_shapes": [collections.OrderedDict(a=torch.Size([1, 2]))],
        "dp_world_size": 8,
        "optimizer": None,
    }
    found["fsdp-like"] = {
        "model": {f"_fsdp_wrapped_module.{k}": v for k, v in layers.state_dict().items()}
    }
    found["lightning-like"] = {
        "epoch": 1,
        "global_step": 5,
        "pytorch-lightning_version": "2.2.0",
        "state_dict": layers.state_dict(),
        "loops": {"fit_loop": {"state_dict": {}}},
        "callbacks": {
            "ModelCheckpoint{'monitor': 'loss'}": {
                "best_model_path": "/x",
                "best_model_score": torch.tensor(1.0),
            }
        },
        "optimizer_states": [optimiser.state_dict()],
        "lr_schedulers": [schedules["step"].state_dict()],
        "hparams_name": "kwargs",
        "hyper_parameters": {
            "lr": 0.1,
            "optimizer": torch.optim.Adam,
            "activation": torch.nn.ReLU,
            "norm": functools.partial(torch.nn.LayerNorm, eps=1e-6),
        },
    }
    found["gradient-scaler"] = torch.amp.GradScaler("cpu").state_dict()
    found["whole-loader"] = torch.utils.data.TensorDataset(torch.ones(3), torch.ones(3))
    return found


def _large() -> Iterator[Honest]:
    import torch

    state = {f"layer.{i}.weight": torch.full((1,), float(i)) for i in range(60_000)}
    yield Honest(
        "torch-60000-tensors", "torch", functools.partial(torch.save, state), file="model.pt"
    )
    shared = torch.zeros(60_000)
    state = {f"layer.{i}.weight": shared[i : i + 1] for i in range(60_000)}
    yield Honest(
        "torch-60000-views", "torch", functools.partial(torch.save, state), file="model.pt"
    )


class _Scripted:
    """What the compiler of TorchScript is given; built late, because it needs torch."""

    @staticmethod
    def models() -> dict[str, Any]:
        import torch
        from torch import nn

        example = torch.ones(2, 4)
        traced = torch.jit.trace(net().eval(), example)
        convolution = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1))
        return {
            "traced": traced,
            "scripted": torch.jit.script(net().eval()),
            "frozen": torch.jit.freeze(torch.jit.script(net().eval())),
            "convolution": torch.jit.trace(convolution, torch.ones(1, 3, 8, 8)),
            "lstm": torch.jit.script(nn.LSTM(4, 5)),
            "embedding": torch.jit.script(nn.EmbeddingBag(5, 3)),
            "quantised": torch.jit.script(
                torch.ao.quantization.quantize_dynamic(net().eval(), {nn.Linear})
            ),
            "transformer": torch.jit.trace(
                nn.TransformerEncoderLayer(8, 2, 16).eval(), torch.ones(3, 1, 8), check_trace=False
            ),
        }


def _script() -> Iterator[Honest]:
    import torch

    reason = "TorchScript is code by design"
    for name, model in _Scripted.models().items():
        yield Honest(
            f"script-{name}",
            "TorchScript",
            functools.partial(torch.jit.save, model),
            reason,
            "model.pt",
        )
    model = _Scripted.models()["scripted"]
    extra = {"config.json": json.dumps({"a": 1}), "labels.txt": "cat\ndog\n"}
    save = functools.partial(torch.jit.save, model, _extra_files=extra)
    yield Honest("script-extra-files", "TorchScript", save, reason, "model.pt")

    def mobile(path: Path) -> None:
        model._save_for_lite_interpreter(str(path))

    yield Honest("script-mobile", "TorchScript", mobile, reason, "model.ptl")


def _fx() -> Iterator[Honest]:
    import torch

    traced = torch.fx.symbolic_trace(net())
    yield from saved("fx", traced, "an FX module carries Python source", "torch.fx")
    from torch.ao.quantization import get_default_qconfig_mapping, quantize_fx

    prepared = quantize_fx.prepare_fx(
        net().eval(), get_default_qconfig_mapping("qnnpack"), torch.ones(1, 4)
    )
    prepared(torch.ones(1, 4))
    yield from saved(
        "fx-quantised",
        quantize_fx.convert_fx(prepared),
        "an FX module carries Python source",
        "torch.fx",
    )


def _package() -> Iterator[Honest]:
    from torch.package import PackageExporter

    def save(path: Path) -> None:
        with PackageExporter(str(path)) as exporter:
            exporter.extern("torch.**")
            exporter.save_pickle("model", "model.pkl", net().state_dict())
            exporter.save_text("model", "notes.txt", "hello")
            exporter.save_source_string("model.code", "def double(x):\n    return x * 2\n")

    yield Honest(
        "package", "torch.package", save, "torch.package carries Python source", "model.pt"
    )


def _safetensors() -> Iterator[Honest]:
    import numpy as np
    import torch
    from safetensors import numpy as safe_numpy
    from safetensors import torch as safe_torch

    trainer = {
        "ss_network_module": "networks.lora",
        "ss_sd_scripts_commit_hash": "0" * 40,
        "ss_tag_frequency": json.dumps({"a": {"eval": 3, "exec": 1}}),
        "ss_output_name": "os.system",
        "modelspec.thumbnail": "data:image/jpeg;base64,/9j/4AAQSkZJRg==",
        "ss_training_comment": "see https://example.org",
    }
    states = {
        "plain": (
            {"a": torch.ones(3, 4), "b": torch.zeros(2, dtype=torch.bfloat16)},
            {"format": "pt"},
        ),
        "trainer": ({"lora_up.weight": torch.ones(3, 4)}, trainer),
        "types": (
            {
                str(t): torch.zeros(3).to(t)
                for t in (torch.float16, torch.int8, torch.bool, torch.int64, torch.float8_e5m2)
            },
            None,
        ),
        "empty-tensor": (
            {"a": torch.zeros(0), "b": torch.tensor(1.0), "c": torch.zeros(0, 5)},
            None,
        ),
        "none": ({}, {"format": "pt"}),
        "many": ({f"layer.{i}": torch.ones(1) for i in range(3000)}, None),
    }
    for name, (state, metadata) in states.items():
        content = safe_torch.save(state, metadata)
        yield Honest(f"safetensors-{name}", "safetensors", content, file="model.safetensors")
    content = safe_numpy.save({"a": np.ones(3), "b": np.zeros((2, 2), "i4")})
    yield Honest("safetensors-numpy", "safetensors", content, file="model.safetensors")
