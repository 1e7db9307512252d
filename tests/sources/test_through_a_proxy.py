"""Everything goes through the proxy that the environment names: no name is resolved here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hub_scans import TOKEN, model

from hub.proxy import LoopbackProxy
from hub.server import LoopbackHub

NAME = "hub.invalid"
"""Resolves nowhere (RFC 2606)."""
FILES = {"README.md", "config.json", "evil.bin", "weights/model.safetensors"}


def run(target: str, proxy: LoopbackProxy, home: Path, **more: str) -> tuple[int, Any, str]:
    """Scan as a user would, with nothing in the environment but what a company sets."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "HF_ENDPOINT": f"http://{NAME}",
        "HF_TOKEN": TOKEN,
        "WEIGHBRIDGE_KAGGLE_ENDPOINT": f"http://{NAME}",
        "KAGGLE_API_TOKEN": TOKEN,
        "http_proxy": proxy.url,
        "https_proxy": proxy.url,
        **more,
    }
    done = subprocess.run(
        [sys.executable, "-m", "weighbridge", "scan", target, "--format", "json"],
        env=environment, cwd=home, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    return done.returncode, json.loads(done.stdout) if done.stdout else None, done.stderr


@pytest.mark.parametrize("target", ["hf://org/model", "kaggle://org/model/pyTorch/small"])
def test_a_model_is_scanned_through_a_proxy_that_asks_for_a_login(
    hub: LoopbackHub, tmp_path: Path, target: str
) -> None:
    hub.kaggle.add("org/model/pyTorch/small/1", model().files)
    with LoopbackProxy({NAME: hub.url}, login="user:secret") as proxy:
        status, report, said = run(target, proxy, tmp_path)
    assert status == 1, said
    assert {file["path"] for file in report["files"]} == FILES
    assert len(proxy.log) == len(hub.log)
    of_hub = [seen for seen in hub.log if seen.origin == "hub"]
    of_storage = [seen for seen in hub.log if seen.origin == "storage"]
    assert {seen.authorization for seen in of_hub} == {f"Bearer {TOKEN}"}
    assert of_storage and {seen.authorization for seen in of_storage} == {None}


def test_a_proxy_that_says_no_is_named_and_its_password_is_not(
    hub: LoopbackHub, tmp_path: Path
) -> None:
    with LoopbackProxy({NAME: hub.url}, login="user:secret") as proxy:
        wrong = proxy.url.replace("secret", "sesame")
        status, report, said = run("hf://org/model", proxy, tmp_path, http_proxy=wrong)
    assert (status, report) == (2, None)
    assert "407" in said and "sesame" not in said
    assert not hub.log


@pytest.mark.parametrize("target", ["hf://org/model", "kaggle://org/model/pyTorch/small"])
def test_https_goes_through_a_tunnel(hub: LoopbackHub, tmp_path: Path, target: str) -> None:
    secure = f"https://{NAME}"
    both = {"HF_ENDPOINT": secure, "WEIGHBRIDGE_KAGGLE_ENDPOINT": secure}
    with LoopbackProxy({NAME: hub.url}) as proxy:
        status, report, said = run(target, proxy, tmp_path, **both)
    assert (status, report) == (2, None)
    assert {one[0] for one in proxy.log} == {"CONNECT"}
    assert {one[1] for one in proxy.log} == {f"{NAME}:443"}
    assert "see the variables http_proxy and https_proxy" in said and not hub.log
