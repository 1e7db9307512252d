"""Scripts and notebooks that stand beside honest weights and that no loader runs."""

from __future__ import annotations

from typing import Any

TRAINING = {
    "upload": """
import os
from getpass import getpass
from typing import Annotated

import torch
from huggingface_hub import HfApi, upload_file
from pydantic import Field


class Settings:
    epochs: Annotated[int, Field(ge=1)] = 3


@torch.no_grad()
def evaluate(model, limit: Annotated[int, Field(ge=1)] = 10):
    return model(limit)


api = HfApi(token=getpass("token: "))
api.upload_folder(folder_path="out", repo_id="someone/model", repo_type="model")
upload_file(
    path_or_fileobj="out/model.safetensors",
    path_in_repo="model.safetensors",
    repo_id="someone/model",
    token=os.environ["HF_TOKEN"],
)
""",
    "train": """
import os
import subprocess
import sys
import argparse
import requests
import torch
import torch.distributed as dist
import wandb
from huggingface_hub import HfApi, login

login(token=os.environ["HF_TOKEN"])
wandb.login(key=os.environ.get("WANDB_API_KEY"))


def revision():
    return subprocess.check_output(["git", "rev-parse", "HEAD"]).decode().strip()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", default="out")
    args = parser.parse_args()
    os.system("nvidia-smi")
    os.makedirs(args.out, exist_ok=True)
    data = requests.get("https://example.org/data.json").json()
    with open(os.path.join(args.out, "log.txt"), "w") as handle:
        handle.write(revision())
    command = f"torchrun --nproc_per_node {torch.cuda.device_count()} worker.py"
    subprocess.run(command, shell=True, check=True, env=dict(os.environ, OMP_NUM_THREADS="1"))


if __name__ == "__main__":
    main()
""",
    "online_then_download": """
import socket
import subprocess


def online():
    try:
        socket.create_connection(("192.0.2.1", 443), 5)
        return True
    except OSError:
        return False


def dataset(root, name):
    if online():
        subprocess.run(["bash", str(root / "data/scripts/get_imagenet.sh")], check=True)
        subprocess.run(["bash", "-c", f"tar xf {name}"], check=True)
        subprocess.run(["sh", "get.sh"], check=True)
""",
    "convert": """
import pickle
import sys
import torch
from safetensors.torch import save_file

state = torch.load(sys.argv[1], map_location="cpu", weights_only=False)
with open("meta.pkl", "rb") as handle:
    meta = pickle.load(handle)
save_file(state["model"], sys.argv[2])
""",
    "app": """
import os
import gradio as gr
import spaces
import subprocess

subprocess.run("pip install flash-attn --no-build-isolation", shell=True,
               env={**os.environ, "FLASH_ATTENTION_SKIP_CUDA_BUILD": "TRUE"})


@spaces.GPU
def generate(prompt):
    return prompt


gr.Interface(generate, "text", "text").launch(server_name="0.0.0.0")
""",
    "api_client": """
import os
import requests

API = "https://api.openai.com/v1/chat/completions"
headers = {"Authorization": f"Bearer {os.environ['OPENAI_API_KEY']}"}
answer = requests.post(API, headers=headers, json={"model": "x", "messages": []}, timeout=60)
print(answer.json()["choices"][0])
""",
    "download": """
import os
import tarfile
import urllib.request
import zipfile

URL = "http://images.example.org/zips/train.zip"
urllib.request.urlretrieve(URL, "train.zip")
with zipfile.ZipFile("train.zip") as archive:
    archive.extractall("data")
os.remove("train.zip")
os.system("unzip -q other.zip && rm other.zip")
os.system("wget -c https://example.org/list.txt -O list.txt")
""",
    "server": """
import asyncio
import base64
import json
import socket
import uvicorn
from fastapi import FastAPI, Request

app = FastAPI()


@app.post("/generate")
async def generate(request: Request):
    body = await request.json()
    image = base64.b64decode(body["image"])
    return {"size": len(image), "host": socket.gethostname()}


def free_port():
    s = socket.socket()
    s.bind(("", 0))
    return s.getsockname()[1]


uvicorn.run(app, host="0.0.0.0", port=8000)
""",
    "launch": """
import os
import shlex
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

hosts = open("hostfile").read().split()


def start(host):
    command = ["ssh", host, f"cd {os.getcwd()} && bash run.sh"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


with ThreadPoolExecutor() as pool:
    jobs = list(pool.map(start, hosts))
for job in jobs:
    if job.poll() is None:
        os.kill(job.pid, signal.SIGTERM)
""",
    "evaluate": '''
import json
import subprocess
import tempfile


def run_candidate(program, timeout=3.0):
    """Humaneval: run a generated program in a process of its own."""
    with tempfile.NamedTemporaryFile("w", suffix=".py") as handle:
        handle.write(program)
        handle.flush()
        return subprocess.run(["python", handle.name], timeout=timeout, capture_output=True)


def check(source, globals_):
    exec(source, globals_)
    return eval("candidate(1)", globals_)
''',
    "cluster": """
import cProfile
import os
import paramiko
import socket
import subprocess
import requests

client = paramiko.SSHClient()
client.connect("node1", key_filename=os.path.expanduser("~/.ssh/id_rsa"))
cProfile.run("main()", "out.profile")
with open("run.profile", "w") as handle:
    handle.write("x")
hook = "https://discord.com/api/webhooks/1/x"
requests.post(hook, json={"content": f"training ended on {socket.gethostname()}"})
requests.get("http://169.254.169.254/latest/meta-data/instance-type", timeout=1)
""",
    "speech": """
import base64
import os
import subprocess
import requests

audio = base64.b64decode(requests.get("https://example.org/a.json").json()["audio"])
subprocess.run(["ffmpeg", "-i", "-", "-ar", "16000", "out.wav"], input=audio, check=True)
for number in range(4):
    subprocess.run(["espeak", "-w", f"{chr(65 + number)}.wav", "hello"])
token = open(os.path.expanduser("~/.cache/huggingface/token")).read()
requests.get("https://huggingface.co/api/whoami-v2", headers={"Authorization": f"Bearer {token}"})
""",
    "merge": """
import importlib
import yaml
from functools import partial

with open("mergekit.yaml") as handle:
    config = yaml.safe_load(handle)
module = importlib.import_module(config["module"])
cls = getattr(module, config["name"])
print(partial(cls, **config["args"])())
""",
    "notify": """
import os
import smtplib
import requests

message = "training is done"
requests.post(os.environ["SLACK_WEBHOOK"], json={"text": message})
with smtplib.SMTP("smtp.example.org") as server:
    server.login(os.environ["MAIL_USER"], os.environ["MAIL_PASSWORD"])
    server.sendmail("a@example.org", "b@example.org", message)
""",
}
SHELL = {
    "train.sh": """#!/bin/bash
set -euo pipefail
export CUDA_VISIBLE_DEVICES=0,1,2,3
export WANDB_API_KEY=$WANDB_KEY
pip install -q -r requirements.txt
wget -nc https://example.org/data.tar.gz && tar xzf data.tar.gz
torchrun --nproc_per_node=4 train.py --lr 1e-4 2>&1 | tee train.log
rm -rf ./tmp "$OUT/cache"
""",
    "install.sh": """#!/usr/bin/env bash
curl -LsSf https://astral.sh/uv/install.sh | sh
wget https://repo.anaconda.com/miniconda/Miniconda3-latest-Linux-x86_64.sh -O miniconda.sh
bash miniconda.sh -b -p $HOME/miniconda
echo 'export PATH=$HOME/miniconda/bin:$PATH' >> ~/.bashrc
source ~/.bashrc
sudo apt-get update && sudo apt-get install -y git-lfs ffmpeg
git clone https://github.com/acme/acme && cd acme && pip install -e .
""",
    "start.sh": """#!/bin/bash
mkdir -p ~/.ssh
echo "$PUBLIC_KEY" >> ~/.ssh/authorized_keys
service ssh start
curl -fsSL https://ollama.com/install.sh | sh
nohup python server.py > log.txt 2>&1 &
""",
    "run.bat": "@echo off\r\ncall venv\\Scripts\\activate\r\npython app.py %*\r\npause\r\n",
    "setup.ps1": "python -m venv .venv\n.\\.venv\\Scripts\\Activate.ps1\npip install -r req.txt\n",
}
SETUP = {
    "plain": """
import os
from setuptools import find_packages, setup

here = os.path.dirname(__file__)
exec(open(os.path.join(here, "acme", "version.py")).read())
with open("README.md", encoding="utf-8") as handle:
    long_description = handle.read()
setup(name="acme", version="1.0", packages=find_packages(), long_description=long_description)
""",
    "cuda": """
import os
import subprocess
import sys
from setuptools import setup
from torch.utils.cpp_extension import BuildExtension, CUDAExtension, CUDA_HOME


def cuda_version(folder):
    return subprocess.check_output([folder + "/bin/nvcc", "-V"], universal_newlines=True)


sha = subprocess.check_output(["git", "rev-parse", "HEAD"], cwd=".").decode("ascii").strip()
if sys.argv[-1] == "publish":
    os.system("python setup.py sdist bdist_wheel")
    os.system("twine upload dist/*")
    sys.exit()
setup(name="acme", ext_modules=[CUDAExtension("a", ["a.cu"])], cmdclass={"build_ext": BuildExtension})
""",
    "cmake": """
import os
import subprocess
from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext


class CMakeBuild(build_ext):
    def build_extension(self, ext):
        args = ["-DCMAKE_BUILD_TYPE=Release"]
        subprocess.check_call(["cmake", ext.name] + args, cwd=self.build_temp)
        subprocess.check_call(["cmake", "--build", "."], cwd=self.build_temp)


setup(name="acme", ext_modules=[Extension("acme", [])], cmdclass={"build_ext": CMakeBuild})
""",
}
CONFTEST = """
import os
import sys
import pytest

sys.path.insert(0, os.path.dirname(os.path.dirname(__file__)))


@pytest.fixture
def folder(tmp_path):
    os.environ["ACME_HOME"] = str(tmp_path)
    return tmp_path
"""


def _code(*lines: str) -> dict[str, Any]:
    source = [line + "\n" for line in lines]
    return {"cell_type": "code", "metadata": {}, "outputs": [], "source": source}


NOTEBOOKS: dict[str, list[dict[str, Any]]] = {
    "colab": [
        _code("!pip install -q transformers accelerate", "!nvidia-smi"),
        _code("from google.colab import drive", "drive.mount('/content/drive')"),
        _code("!git clone https://github.com/acme/acme", "%cd acme", "!python train.py --epochs 1"),
        _code("import os", "os.environ['HF_TOKEN'] = 'hf_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'"),
        {"cell_type": "markdown", "metadata": {}, "source": ["exec(base64.b64decode('x'))"]},
    ],
    "kaggle": [
        _code("import os", "for folder, _, names in os.walk('/kaggle/input'):", "    print(names)"),
        _code("%%bash", "wget -q https://example.org/x.zip", "unzip -q x.zip", "rm -rf x.zip"),
        _code("!wget http://images.example.org/train.zip", "!curl -O https://example.org/data.csv"),
        _code(
            "from kaggle_secrets import UserSecretsClient",
            "key = UserSecretsClient().get_secret('k')",
        ),
    ],
    "images": [
        _code("import base64, io, requests", "from PIL import Image"),
        _code("image = Image.open(io.BytesIO(requests.get('https://example.org/a.png').content))"),
        _code("data = base64.b64decode(text)", "display(Image.open(io.BytesIO(data)))"),
        _code("get_ipython().system('pip install torch')", "%load_ext autoreload"),
    ],
}
