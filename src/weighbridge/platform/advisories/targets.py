"""How the target of an advisory is named."""

from __future__ import annotations

import re
from urllib.parse import quote

from packageurl import PackageURL

from weighbridge.boms.purls import model_purl
from weighbridge.libraries.names import PYPI
from weighbridge.platform.advisories.content import Target
from weighbridge.platform.audit.errors import Refused
from weighbridge.platform.catalog.models import Model

_PACKAGE = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,212}[A-Za-z0-9])?")
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.!+_-]{0,99}")


def of_model(model: Model) -> Target:
    """Return the target that a model is, without revisions and files."""
    return Target(model.provider, model.name, purl(model.provider, model.name), url(model))


def of_package(name: str, versions: tuple[str, ...]) -> Target:
    """Return the target that a package on PyPI is.

    Raises:
        Refused: that is no name of a package, or no version is given.
    """
    if _PACKAGE.fullmatch(name) is None or not all(map(_VERSION.fullmatch, versions)):
        raise Refused("name a package and its versions as PyPI spells them")
    try:
        address = PackageURL("pypi", None, name).to_string()
    except ValueError as error:
        raise Refused(f"not a package: {name}") from error
    if not versions:
        raise Refused("name every affected version of the package")
    return Target(PYPI, name, address, "", versions)


def purl(provider: str, name: str) -> str:
    """Return the package URL of a model, without a version."""
    known = model_purl(provider, name)
    if known is None:
        owner, _, rest = name.strip("/").rpartition("/")
        namespace = "/".join(part for part in (provider, owner) if part)
        known = PackageURL("generic", namespace, rest or "model")
    return known.to_string()


def url(model: Model) -> str:
    """Return the address of a model's page, empty where it has none."""
    name = quote(model.name)
    if model.provider == "huggingface":
        return f"https://huggingface.co/{name}"
    if model.provider == "kaggle":
        owner, slug, *rest = [*name.split("/"), "", ""]
        return f"https://www.kaggle.com/models/{owner}/{slug}/{'/'.join(p for p in rest if p)}"
    return ""
