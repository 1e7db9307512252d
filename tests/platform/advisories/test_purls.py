"""A model has one purl, in advisories and in bills of materials."""

from __future__ import annotations

import pytest
from packageurl import PackageURL

from weighbridge.boms.purls import model_purl
from weighbridge.platform.advisories.targets import purl


@pytest.mark.parametrize(
    ("provider", "name", "text"),
    [
        ("huggingface", "Acme/Demo", "pkg:huggingface/Acme/Demo"),
        (
            "kaggle",
            "acme/demo/pyTorch/small",
            "pkg:generic/acme/demo/pyTorch/small?repository_url=https://www.kaggle.com/models",
        ),
        ("local", "upload/ada/model.pkl", "pkg:generic/local/upload/ada/model.pkl"),
    ],
)
def test_the_purl_of_a_model(provider: str, name: str, text: str) -> None:
    assert PackageURL.from_string(purl(provider, name)) == PackageURL.from_string(text)
    known = model_purl(provider, name)
    assert known is None or known == PackageURL.from_string(text)
    assert (known is None) == (provider == "local")
