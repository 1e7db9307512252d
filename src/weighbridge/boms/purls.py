"""Package URLs of models (ECMA-427; the purl types `huggingface` and `generic`)."""

from __future__ import annotations

import re

from packageurl import PackageURL

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_KAGGLE = "https://www.kaggle.com/models"


def model_purl(provider: str, name: str, version: str | None = None) -> PackageURL | None:
    """Return a model's purl, None for one that has none.

    Kaggle has no type of its own: its models are generic ones of its repository. At Hugging Face a
    version is a commit; a branch is none.
    """
    owner, _, rest = name.strip("/").rpartition("/")
    try:
        if provider == "huggingface" and owner:
            commit = version if version and _COMMIT.fullmatch(version) else None
            return PackageURL("huggingface", owner, rest, commit)
        if provider == "kaggle" and owner:
            return PackageURL("generic", owner, rest, version, {"repository_url": _KAGGLE})
    except ValueError:
        return None
    return None
