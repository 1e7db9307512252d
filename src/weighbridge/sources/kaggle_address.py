"""Names and web addresses of models on Kaggle."""

from __future__ import annotations

import re
from dataclasses import dataclass

from weighbridge.errors import TargetError
from weighbridge.sources.hubs import web_address

SCHEME = "kaggle://"
_HOSTS = ("www.kaggle.com", "kaggle.com")
_SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
_VERSION = re.compile(r"[1-9][0-9]{0,8}")
# kagglesdk 0.1.37, kagglesdk/models/types/model_enums.py
_FRAMEWORKS = (
    "TENSOR_FLOW_1 TENSOR_FLOW_2 TF_LITE TF_JS PY_TORCH JAX FLAX PAX MAX_TEXT GEMMA_CPP GGML GGUF "
    "CORAL SCIKIT_LEARN MXNET ONNX KERAS TRANSFORMERS API OTHER TENSOR_RT_LLM TRITON VLLM"
).split()
_BY_SPELLING = {name.replace("_", "").lower(): f"MODEL_FRAMEWORK_{name}" for name in _FRAMEWORKS}


@dataclass(frozen=True, slots=True)
class KaggleAddress:
    """A variation of a model as the user names it; `version` None is the latest."""

    owner: str
    model: str
    framework: str
    variation: str
    version: int | None = None

    @property
    def name(self) -> str:
        """The variation, without the version."""
        return "/".join((self.owner, self.model, self.framework, self.variation))

    @property
    def shown(self) -> str:
        """The address in its short form."""
        return f"{SCHEME}{self.name}" + (f"/{self.version}" if self.version else "")

    @property
    def framework_on_the_wire(self) -> str:
        """The framework as the interface spells it."""
        return _BY_SPELLING[_plain(self.framework)]

    def is_variation(self, framework: object, slug: object) -> bool:
        """Tell whether Kaggle means this variation by a framework in any spelling and a slug."""
        if not (isinstance(framework, str) and isinstance(slug, str)):
            return False
        spelt = _plain(framework).removeprefix("modelframework")
        return spelt == _plain(self.framework) and slug.lower() == self.variation.lower()


def parse(text: str) -> KaggleAddress | None:
    """Return what `text` names, None when it names nothing on Kaggle.

    Args:
        text: ``kaggle://owner/model/framework/variation[/version]`` or an address of kaggle.com.

    Raises:
        TargetError: it is meant for Kaggle, but names no variation of a model.
    """
    if text.lower().startswith(SCHEME):
        return _address(text, text[len(SCHEME) :].strip("/").split("/"))
    parts = web_address(text)
    if parts is None or parts.netloc.lower() not in _HOSTS:
        return None
    words = [one for one in parts.path.split("/") if one]
    if words[:1] != ["models"]:
        raise TargetError(f"{text}: of Kaggle only models are scanned")
    return _address(text, words[1:])


def _address(text: str, parts: list[str]) -> KaggleAddress:
    known = len(parts) in (4, 5) and all(map(_SLUG.fullmatch, parts))
    if not known or any(".." in part for part in parts):
        form = f"{SCHEME}owner/model/framework/variation[/version]"
        raise TargetError(f"{text}: not the name of a model's variation; write {form}")
    if _plain(parts[2]) not in _BY_SPELLING:
        raise TargetError(f"{text}: Kaggle knows no framework {parts[2]!r}")
    if len(parts) == 5 and not _VERSION.fullmatch(parts[4]):
        raise TargetError(f"{text}: a version is a number")
    version = int(parts[4]) if len(parts) == 5 else None
    return KaggleAddress(parts[0], parts[1], _usual(parts[2]), parts[3], version)


def _usual(framework: str) -> str:
    """Return the framework as Kaggle's own addresses spell it: ``pyTorch``."""
    first, *more = _BY_SPELLING[_plain(framework)].removeprefix("MODEL_FRAMEWORK_").split("_")
    return first.lower() + "".join(word.capitalize() for word in more)


def _plain(framework: str) -> str:
    return re.sub(r"[^a-z0-9]", "", framework.lower())
