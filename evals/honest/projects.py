"""Checkpoints with classes of projects, and what packs them: agents, archives, TorchServe."""

from __future__ import annotations

import collections
import functools
import io
import json
import pathlib
import pickle
from collections.abc import Iterator
from typing import Any

from evals.archives import gzipped, tarred, zipped
from evals.honest import fakes
from evals.honest.checkpoints import net, saved
from evals.samples import Honest
from evals.stable_baselines import saved as agent
from evals.stable_baselines import serialized

NEEDS = ("torch", "numpy")


def samples() -> Iterator[Honest]:
    """Yield the samples."""
    import torch

    torch.manual_seed(0)
    torch.set_num_threads(1)
    yield from _own_classes()


def _own_classes() -> Iterator[Honest]:
    import torch
    from torch import nn

    with fakes.pretending():
        yield from _yolo()
        needs = "a class of a package outside the known libraries"
        own = fakes.make("mymodels.net.Net", nn.Module, __init__=nn.Module.__init__)()
        own.layer = nn.Linear(2, 2)
        yield from saved("own-module", own, needs, "torch, own classes")
        config = fakes.make("mymodels.config.Config")()
        config.width = 5
        yield from saved(
            "own-config", {"model": own.state_dict(), "cfg": config}, needs, "torch, own classes"
        )
        callback = fakes.make("pytorch_lightning.callbacks.model_checkpoint.ModelCheckpoint")
        image = fakes.make("main.ImageLogger")
        state = {
            "state_dict": net().state_dict(),
            "callbacks": {callback: {"best": torch.tensor(1.0)}},
            "epoch": 0,
        }
        yield from saved("diffusion-like", state, framework="Lightning-like")
        state = {**state, "callbacks": {callback: {}, image: {}}}
        yield from saved("diffusion-own-callback", state, needs, "Lightning-like")
        attribute = fakes.make("pytorch_lightning.utilities.parsing.AttributeDict", dict)(lr=0.1)
        yield from saved(
            "lightning-hparams",
            {"hyper_parameters": attribute, "state_dict": {}},
            framework="Lightning-like",
        )
        dictionary = fakes.make("omegaconf.dictconfig.DictConfig")()
        meta = fakes.make("omegaconf.base.ContainerMetadata")()
        dictionary.__dict__.update(_metadata=meta, _content={"a": 1}, _parent=None)
        yield from saved("omegaconf", {"hyper_parameters": dictionary}, framework="Lightning-like")
        learner = fakes.make("fastai.learner.Learner")()
        learner.model = net()
        learner.loss_func = fakes.make("fastai.losses.CrossEntropyLossFlat")()
        learner.opt_func = functools.partial(torch.optim.Adam, betas=(0.9, 0.99))
        learner.path = pathlib.Path(".")
        yield from saved("fastai", learner, framework="fastai-like")
        timm = fakes.make("timm.models.resnet.ResNet", nn.Module, __init__=nn.Module.__init__)()
        timm.conv1, timm.act = nn.Conv2d(3, 4, 3), nn.ReLU(inplace=True)
        yield from saved("timm", timm, framework="vision models")
        resnet = fakes.make(
            "torchvision.models.resnet.ResNet", nn.Module, __init__=nn.Module.__init__
        )()
        resnet.layer = fakes.make(
            "torchvision.models.resnet.Bottleneck", nn.Module, __init__=nn.Module.__init__
        )()
        yield from saved("torchvision", resnet, framework="vision models")
        bert = fakes.make(
            "transformers.models.bert.modeling_bert.BertLayer",
            nn.Module,
            __init__=nn.Module.__init__,
        )()
        bert.dense = nn.Linear(2, 2)
        yield from saved("bert-whole", bert, framework="vision models")
        yield from _agents()


def _yolo() -> Iterator[Honest]:
    from torch import nn

    def module(dotted: str, **parts: Any) -> Any:
        item = fakes.make(dotted, nn.Module, __init__=nn.Module.__init__)()
        for name, value in parts.items():
            setattr(item, name, value)
        return item

    conv = module(
        "ultralytics.nn.modules.conv.Conv",
        conv=nn.Conv2d(3, 4, 3),
        bn=nn.BatchNorm2d(4),
        act=nn.SiLU(),
    )
    detect = module(
        "ultralytics.nn.modules.head.Detect",
        dfl=module("ultralytics.nn.modules.block.DFL", conv=nn.Conv2d(4, 1, 1)),
    )
    model = module("ultralytics.nn.tasks.DetectionModel", model=nn.Sequential(conv, detect))
    model.args = fakes.make("ultralytics.utils.IterableSimpleNamespace")()
    model.names, model.yaml = {0: "cat"}, {"nc": 1, "backbone": [[-1, 1, "Conv", [64]]]}
    model.criterion = None
    checkpoint = {
        "epoch": -1,
        "model": model,
        "ema": None,
        "train_args": {"lr0": 0.01, "data": "coco.yaml"},
        "date": "2024-01-01T00:00:00",
        "version": "8.3.0",
        "license": "AGPL-3.0",
        "docs": "https://docs.ultralytics.com",
        "git": {"root": "/x", "branch": "main"},
    }
    yield from saved("yolo-8", checkpoint, framework="YOLO-like")
    old = module(
        "models.yolo.Model",
        model=nn.Sequential(
            module("models.common.Conv", conv=nn.Conv2d(3, 4, 3)),
            module("models.yolo.Detect", m=nn.ModuleList([nn.Conv2d(4, 4, 1)])),
        ),
    )
    yield from saved(
        "yolo-5", {"model": old, "epoch": 1}, "classes of a project folder", "YOLO-like"
    )


def _agents() -> Iterator[Honest]:
    """Files of stable-baselines3: JSON with cloudpickled text, and checkpoints."""
    import torch

    try:
        import cloudpickle
    except ImportError:
        return
    schedule = cloudpickle.dumps(lambda progress: 0.0003 * progress)
    values = {
        "policy_class": serialized(pickle.dumps(collections.OrderedDict)),
        "lr_schedule": serialized(schedule, "<class 'function'>"),
    }
    packed = io.BytesIO()
    torch.save(net().state_dict(), packed)
    weights = {"policy.pth": packed.getvalue(), "policy.optimizer.pth": packed.getvalue()}
    yield Honest(
        "stable-baselines",
        "reinforcement learning",
        agent(values, others=weights),
        "a schedule saved as a function",
        "model.zip",
    )
    yield Honest(
        "torch-in-tar-gz",
        "torch",
        tarred({"m/model.pt": packed.getvalue(), "m/config.json": b"{}"}, mode="w:gz"),
    )
    yield Honest("torch-gzipped", "torch", gzipped(packed.getvalue()))
    yield Honest(
        "torch-in-zip", "torch", zipped({"model.pt": packed.getvalue(), "README.md": b"# x\n"})
    )
    manifest = {
        "runtime": "python",
        "model": {"modelName": "m", "handler": "handler.py", "serializedFile": "model.pt"},
    }
    handler = (
        b"import torch\nclass Handler:\n    def handle(self, data, context):\n"
        b"        return self.model(torch.tensor(data))\n"
    )
    mar = {
        "MAR-INF/MANIFEST.json": json.dumps(manifest).encode(),
        "model.pt": packed.getvalue(),
        "handler.py": handler,
    }
    yield Honest("mar", "TorchServe", zipped(mar, 8), "a handler of its own", "model.mar")
    builtin = {**manifest, "model": {**manifest["model"], "handler": "image_classifier"}}  # type: ignore[dict-item]
    mar = {"MAR-INF/MANIFEST.json": json.dumps(builtin).encode(), "model.pt": packed.getvalue()}
    yield Honest("mar-built-in", "TorchServe", zipped(mar, 8), "", "model.mar")
