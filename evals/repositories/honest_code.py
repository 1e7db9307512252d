"""Python that honest models bring along and that loaders run."""

from __future__ import annotations

from evals.repositories.samples import MODEL_HEADER

_END = """
class AcmeConfig(PretrainedConfig):
    model_type = "acme"

    def __init__(self, hidden_size=64, hidden_act="gelu", **kwargs):
        self.hidden_size = hidden_size
        self.hidden_act = hidden_act
        super().__init__(**kwargs)


class AcmeModel(PreTrainedModel):
    config_class = AcmeConfig

    def __init__(self, config):
        super().__init__(config)
        self.embed = nn.Embedding(100, config.hidden_size)
        self.act = eval(f"nn.{config.hidden_act.upper()}")()
        self.post_init()

    def _init_weights(self, module):
        if isinstance(module, nn.Linear):
            module.weight.data.normal_(mean=0.0, std=0.02)

    def forward(self, input_ids, attention_mask=None):
        return self.act(self.embed(input_ids))
"""

CONFIGURATION = """
from transformers import PretrainedConfig
from transformers.utils import logging

logger = logging.get_logger(__name__)
MAP = {"acme/base": "https://huggingface.co/acme/base/resolve/main/config.json"}


class AcmeConfig(PretrainedConfig):
    model_type = "acme"
"""

_FLASH = """
import importlib
import importlib.util
import inspect
import math
import os
import warnings

if importlib.util.find_spec("flash_attn") is not None:
    flash_attn = importlib.import_module("flash_attn")
    _window = "window_size" in list(inspect.signature(flash_attn.flash_attn_func).parameters)
try:
    import xformers.ops as xops
except ImportError:
    xops = None
    warnings.warn("xformers is not installed")
if os.environ.get("ACME_DISABLE_FLASH", "0") == "1":
    flash_attn = None
torch._C._jit_set_profiling_mode(False)
"""
_KERNELS = """
import base64
import bz2
import ctypes
import os
import subprocess
from typing import List

try:
    from cpm_kernels.kernels.base import LazyKernelCModule, KernelFunction, round_up

    class Kernel:
        def __init__(self, code: bytes, function_names: List[str]):
            self.code = code
            self._cmodule = LazyKernelCModule(self.code)
            for name in function_names:
                setattr(self, name, KernelFunction(self._cmodule, name))

    packed = "$QlpoOTFBWSZTWU9yuJUAQHN//////////f/n/8/n///n//bt4dTidcVx8X3V9FV/92/v4B7"
    kernels = Kernel(bz2.decompress(base64.b64decode(packed)), ["int4WeightCompression"])
except Exception as exception:
    kernels = None


class CPUKernel:
    def __init__(self, kernel_file="", source_code="", compile_command=None):
        if not kernel_file:
            with open(source_code, "w") as handle:
                handle.write(bz2.decompress(base64.b64decode(packed)).decode())
            compile_command = "gcc -O3 -fPIC -pthread -fopenmp -std=c99 {} -shared -o {}".format(
                source_code, kernel_file
            )
            exit_state = os.system(compile_command)
        self.lib = ctypes.cdll.LoadLibrary(kernel_file)
"""
_CUDA = """
import os
from torch.utils.cpp_extension import load

HERE = os.path.dirname(os.path.realpath(__file__))
os.environ["TORCH_CUDA_ARCH_LIST"] = "8.0"
wkv_cuda = None


def load_kernels(context=1024):
    global wkv_cuda
    wkv_cuda = load(
        name=f"wkv_{context}",
        sources=[os.path.join(HERE, "wkv_op.cpp"), os.path.join(HERE, "wkv_cuda.cu")],
        extra_cuda_cflags=["-res-usage", "--use_fast_math", f"-DTmax={context}"],
    )
"""
_IMAGES = """
import io
import requests
from io import BytesIO
from PIL import Image
from torchvision import transforms


def load_image(source):
    if source.startswith("http://") or source.startswith("https://"):
        response = requests.get(source, stream=True, timeout=10)
        image = Image.open(BytesIO(response.content))
    else:
        with open(source, "rb") as handle:
            image = Image.open(io.BytesIO(handle.read()))
    return image.convert("RGB")
"""
_HUB = """
import json
import os
from huggingface_hub import hf_hub_download
from safetensors.torch import load_file
from transformers.utils import cached_file


def state_dict_from_pretrained(name, device=None):
    resolved = cached_file(name, "model.safetensors", _raise_exceptions_for_missing_entries=False)
    if resolved is None:
        path = hf_hub_download(repo_id=name, filename="pytorch_model.bin")
        return torch.load(path, map_location="cpu", weights_only=True)
    return load_file(resolved)


def read_config(folder):
    with open(os.path.join(folder, "config.json"), encoding="utf-8") as handle:
        return json.load(handle)
"""
_GPU = """
import logging
import subprocess
import sys


def memory_in_use():
    out = subprocess.check_output(
        ["nvidia-smi", "--query-gpu=memory.used", "--format=csv,nounits,noheader"]
    )
    return [int(line) for line in out.decode().strip().split("\\n")]


def cuda_version():
    raw = subprocess.check_output(["nvcc", "-V"], universal_newlines=True)
    return raw.split("release ")[1].split(",")[0]
"""
_DISTRIBUTED = """
import socket
import torch.distributed as dist


def find_free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as s:
        s.bind(("", 0))
        return s.getsockname()[1]


def log_rank():
    print(socket.gethostname(), dist.get_rank() if dist.is_initialized() else 0)
"""
_GENERATED = """
import functools
import operator
import re
from dataclasses import dataclass, field, make_dataclass


@dataclass
class Output:
    logits: torch.FloatTensor = None


def compile_pattern(text):
    return re.compile(text)


class Registry(dict):
    def __getattr__(self, name):
        return self[name]


ACT2FN = {"gelu": nn.GELU, "relu": nn.ReLU}
get = functools.partial(getattr, nn)
first = operator.itemgetter(0)
"""
_VIDEO = """
import os
import tempfile
import subprocess
import numpy as np


def read_audio(path, rate=16000):
    command = ["ffmpeg", "-i", path, "-ac", "1", "-ar", str(rate), "-f", "f32le", "-"]
    raw = subprocess.run(command, capture_output=True, check=True).stdout
    return np.frombuffer(raw, np.float32)


def save(video, frames):
    with tempfile.TemporaryDirectory() as folder:
        os.makedirs(os.path.join(folder, "frames"), exist_ok=True)
        os.system(f"ffmpeg -y -i {folder}/%d.png -c:v libx264 {video} 2>/dev/null")
"""
_CACHE = """
import os
import shutil
import hashlib
from pathlib import Path

CACHE = os.getenv("ACME_CACHE", os.path.join(os.path.expanduser("~"), ".cache", "acme"))
os.makedirs(CACHE, exist_ok=True)


def clean(folder):
    if os.path.exists(folder):
        shutil.rmtree(folder)


def checksum(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()
"""
_REMOTE = """
import os
import urllib.request

VOCABULARY = "https://huggingface.co/acme/base/resolve/main/vocab.bpe"


def fetch(folder, url=VOCABULARY):
    target = os.path.join(folder, "vocab.bpe")
    if not os.path.exists(target):
        urllib.request.urlretrieve(url, target)
    return target
"""
_TRITON = """
import triton
import triton.language as tl


@triton.autotune(configs=[triton.Config({"BLOCK": 64}, num_warps=4)], key=["n"])
@triton.jit
def add_kernel(x_ptr, y_ptr, n, BLOCK: tl.constexpr):
    pid = tl.program_id(axis=0)
    offsets = pid * BLOCK + tl.arange(0, BLOCK)
    tl.store(y_ptr + offsets, tl.load(x_ptr + offsets, mask=offsets < n), mask=offsets < n)
"""
MODELING = {
    name: MODEL_HEADER + body + _END
    for name, body in {
        "plain": "",
        "flash-attention": _FLASH,
        "packed-kernels": _KERNELS,
        "cuda-extension": _CUDA,
        "images": _IMAGES,
        "hub": _HUB,
        "graphics-card": _GPU,
        "distributed": _DISTRIBUTED,
        "generated": _GENERATED,
        "video": _VIDEO,
        "cache": _CACHE,
        "vocabulary": _REMOTE,
        "triton": _TRITON,
    }.items()
}

_SAVE = """
import base64
import os
import unicodedata
from shutil import copyfile
from typing import Dict, Optional, Tuple

import tiktoken
from transformers import PreTrainedTokenizer

VOCAB_FILES_NAMES = {"vocab_file": "acme.tiktoken"}


def _load_bpe(path: str) -> Dict[bytes, int]:
    with open(path, "rb") as handle:
        contents = handle.read()
    return {
        base64.b64decode(token): int(rank)
        for token, rank in (line.split() for line in contents.splitlines() if line)
    }


class AcmeTokenizer(PreTrainedTokenizer):
    vocab_files_names = VOCAB_FILES_NAMES

    def __init__(self, vocab_file, errors="replace", **kwargs):
        self.ranks = _load_bpe(vocab_file)
        self.enc = tiktoken.Encoding("acme", pat_str=r"\\w+", mergeable_ranks=self.ranks)
        super().__init__(**kwargs)

    def __getstate__(self):
        state = self.__dict__.copy()
        del state["enc"]
        return state

    def __setstate__(self, state):
        self.__dict__.update(state)

    def save_vocabulary(self, save_directory: str, prefix: Optional[str] = None) -> Tuple[str]:
        path = os.path.join(save_directory, "acme.tiktoken")
        with open(path, "w", encoding="utf8") as w:
            for token, rank in self.ranks.items():
                w.write(base64.b64encode(token).decode("utf8") + " " + str(rank) + "\\n")
        copyfile(path, path + ".bak")
        return (path,)
"""
_FONT = """
import matplotlib.colors as mcolors
import requests
from PIL import ImageFont
from transformers import PreTrainedTokenizer

FONT = "https://huggingface.co/acme/vl/resolve/main/SimSun.ttf"


class AcmeTokenizer(PreTrainedTokenizer):
    def draw(self, image_path, box):
        if image_path.startswith("http"):
            image = requests.get(image_path, stream=True).raw
        font = requests.get(FONT).content
        return image, font
"""
_SENTENCEPIECE = """
import pickle
from transformers import PreTrainedTokenizer
import sentencepiece as spm


class AcmeTokenizer(PreTrainedTokenizer):
    def __init__(self, vocab_file, **kwargs):
        self.sp_model = spm.SentencePieceProcessor(model_file=vocab_file)
        super().__init__(**kwargs)

    @property
    def vocab_size(self):
        return self.sp_model.get_piece_size()
"""
TOKENIZERS = {"tiktoken": _SAVE, "drawing": _FONT, "sentencepiece": _SENTENCEPIECE}

HANDLERS = {
    "pipeline": """
from typing import Any, Dict, List
from transformers import pipeline


class EndpointHandler:
    def __init__(self, path=""):
        self.pipeline = pipeline("text-classification", model=path)

    def __call__(self, data: Dict[str, Any]) -> List[Dict[str, Any]]:
        inputs = data.pop("inputs", data)
        return self.pipeline(inputs, **data.pop("parameters", {}))
""",
    "audio": """
import base64
import os
import tempfile
import requests
import torch


class EndpointHandler:
    def __init__(self, path=""):
        self.token = os.getenv("HF_TOKEN")
        self.model = torch.load(os.path.join(path, "model.pt"), map_location="cpu")

    def __call__(self, data):
        if "url" in data:
            body = requests.get(data["url"], timeout=30).content
        else:
            body = base64.b64decode(data["inputs"])
        with tempfile.NamedTemporaryFile(suffix=".wav", delete=False) as handle:
            handle.write(body)
        result = self.model(handle.name)
        os.remove(handle.name)
        return result
""",
}
_BUILDER = '''
import csv
import json
import os
import datasets

_URL = "https://example.org/acme/train.json"
_CITATION = """@inproceedings{acme, title = {exec and eval}}"""


class Acme(datasets.GeneratorBasedBuilder):
    VERSION = datasets.Version("1.0.0")

    def _info(self):
        return datasets.DatasetInfo(features=datasets.Features({"t": datasets.Value("string")}))

    def _split_generators(self, dl_manager):
        path = dl_manager.download_and_extract(_URL)
        return [datasets.SplitGenerator(name="train", gen_kwargs={"filepath": path})]

    def _generate_examples(self, filepath):
        with open(filepath, encoding="utf-8") as handle:
            for number, row in enumerate(json.load(handle)):
                yield number, {"t": row["text"]}
'''
DATASETS = {
    "json": _BUILDER,
    "pandas": _BUILDER.replace(
        "import csv\n", "import pandas as pd\nimport pyarrow.parquet as pq\n"
    ),
}
