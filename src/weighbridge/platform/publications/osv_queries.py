"""What a client of OSV asks for: a commit, or a package with a version (osv.dev, POST /v1/query).

The refusals are osv.dev's own, so that a client meets nothing here that it does not meet there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from packageurl import PackageURL

from weighbridge.libraries.names import PYPI, canonical_name

GIT = "GIT"
MOST_QUERIES = 1_000
_ECOSYSTEMS = frozenset(
    "AlmaLinux|Alpaquita|Alpine|Android|Azure Linux|BellSoft Hardened Containers|Bioconductor|"
    "Bitnami|Chainguard|CleanStart|ConanCenter|CRAN|crates.io|Debian|Docker Hardened Images|Echo|"
    "FreeBSD|GHC|GitHub Actions|GIT|Go|Hackage|Hex|Julia|Kubernetes|Linux|Mageia|Maven|MinimOS|npm|"
    "NuGet|opam|openEuler|openSUSE|OSS-Fuzz|Packagist|Photon OS|Pub|PyPI|Red Hat|Rocky Linux|Root|"
    "RubyGems|SUSE|SwiftURL|TuxCare|Ubuntu|VSCode|Wolfi".split("|")
)
_OF_PURL = {"pypi": PYPI, "npm": "npm", "cargo": "crates.io", "gem": "RubyGems", "nuget": "NuGet"}
_MODELS = ("huggingface", "generic")
_COMMIT = re.compile(r"[0-9a-fA-F]{1,64}")
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
_TEXT = 1_000


class BadQuery(ValueError):
    """A query that osv.dev would refuse; says why."""


@dataclass(frozen=True, slots=True)
class Query:
    """One question; exactly one of its subjects is given.

    Attributes:
        commit: of a model, in full.
        sha256: of a file of a model; our own extension.
        name: of a package, as its ecosystem compares it; `ecosystem` is empty when none was named.
        purl: of a model, without version.
        version: None asks for any.
        nothing: the package is of a kind that no record is about.
        offset: records that were answered before.
    """

    commit: str = ""
    sha256: str = ""
    ecosystem: str = ""
    name: str = ""
    purl: str = ""
    version: str | None = None
    nothing: bool = False
    offset: int = 0


def parsed(value: object) -> Query:
    """Return the query that a JSON value is.

    Raises:
        BadQuery: it is none.
    """
    if not isinstance(value, dict):
        raise BadQuery("a query is an object")
    offset = _offset(value.get("page_token"))
    commit, sha256 = _text(value, "commit"), _text(value, "sha256")
    if commit:
        if not _COMMIT.fullmatch(commit):
            raise BadQuery("Invalid commit hash")
        return Query(commit=commit.lower(), offset=offset)
    if sha256:
        if not _SHA256.fullmatch(sha256):
            raise BadQuery("Invalid SHA-256")
        return Query(sha256=sha256.lower(), offset=offset)
    package = value.get("package")
    if not isinstance(package, dict):
        raise BadQuery("a query names a commit or a package")
    return _of_package(package, _text(value, "version") or None, offset)


def _of_package(package: dict[str, object], version: str | None, offset: int) -> Query:
    purl = _text(package, "purl")
    name, ecosystem = _text(package, "name"), _text(package, "ecosystem")
    if purl:
        if name or ecosystem:
            raise BadQuery("name or ecosystem provided along with a package URL")
        return _of_purl(purl, version, offset)
    if not name:
        raise BadQuery("a package has a name or a package URL")
    if ecosystem and ecosystem.partition(":")[0] not in _ECOSYSTEMS:
        raise BadQuery("invalid ecosystem")
    if not ecosystem and version is None:
        raise BadQuery("a name without ecosystem needs a version")
    if ecosystem in (PYPI, ""):
        name = canonical_name(name) if ecosystem == PYPI or "/" not in name else name
    return Query(ecosystem=ecosystem, name=name, version=version, offset=offset)


def parsed_batch(value: object) -> list[Query]:
    """Return the queries of a batch; one that is bad fails them all.

    Raises:
        BadQuery: it is no batch, or a bad one.
    """
    listed = value.get("queries") if isinstance(value, dict) else None
    if not isinstance(listed, list):
        raise BadQuery("a batch has queries")
    if len(listed) > MOST_QUERIES:
        raise BadQuery(f"Too many queries: {MOST_QUERIES} at most")
    return [parsed(one) for one in listed]


def _of_purl(text: str, version: str | None, offset: int) -> Query:
    try:
        purl = PackageURL.from_string(text)
    except ValueError as error:
        raise BadQuery("Invalid package URL") from error
    if purl.version and version is not None:
        raise BadQuery("version specified along with a versioned package URL")
    version = version if version is not None else purl.version
    if purl.type in _OF_PURL:
        name = f"{purl.namespace}/{purl.name}" if purl.namespace else purl.name
        ecosystem = _OF_PURL[purl.type]
        name = canonical_name(name) if ecosystem == PYPI else name
        return Query(ecosystem=ecosystem, name=name, version=version, offset=offset)
    if purl.type not in _MODELS:
        return Query(nothing=True)
    return Query(purl=bare_purl(purl), version=version, offset=offset)


def bare_purl(purl: PackageURL) -> str:
    """Return a model's purl as it is compared: without version, file and qualifiers."""
    return PackageURL(purl.type, purl.namespace, purl.name).to_string()


def _text(value: dict[str, object], name: str) -> str:
    text = value.get(name)
    if text is None:
        return ""
    if not isinstance(text, str) or len(text) > _TEXT:
        raise BadQuery(f"{name} is no text")
    return text


def _offset(token: object) -> int:
    if token is None or token == "":
        return 0
    if not isinstance(token, str) or not token.isascii() or not token.isdigit() or len(token) > 9:
        raise BadQuery("Invalid page token")
    return int(token)
