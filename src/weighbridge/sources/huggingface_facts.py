"""What a Hugging Face Hub tells about a model, brought into our words and within bounds.

Lineage, licence and library are what the author claims; counts are the Hub's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from weighbridge.sources.hubs import ScannerResult, count_of, list_of, mapping_of, text_of

_MOST_BASES = 20
_MOST_SCANNERS = 20
_RELATIONS = ("adapter", "merge", "quantized", "finetune")


def about(info: Mapping[str, Any]) -> dict[str, Any]:
    """Return the model's description from the answer to a question about it."""
    card = mapping_of(info.get("cardData"))
    gated = info.get("gated")
    return {
        "author": text_of(info.get("author")),
        "downloads": count_of(info.get("downloads")),
        "likes": count_of(info.get("likes")),
        "gated": bool(gated) if gated is not None else None,
        "private": info["private"] if isinstance(info.get("private"), bool) else None,
        "license": text_of(card.get("license_name")) or _license(card, info),
        "base_models": list(_bases(card, info))[:_MOST_BASES],
        "library": text_of(info.get("library_name")) or text_of(card.get("library_name")),
        "last_modified": text_of(info.get("lastModified")),
    }


def _license(card: Mapping[str, Any], info: Mapping[str, Any]) -> str | None:
    given = card.get("license")
    if isinstance(given, list):
        given = ", ".join(one for one in given if isinstance(one, str))
    return text_of(given) or next(_tagged(info, "license:"), None)


def _tagged(info: Mapping[str, Any], prefix: str) -> Iterator[str]:
    for tag in list_of(info.get("tags")):
        if isinstance(tag, str) and tag.startswith(prefix):
            yield tag.removeprefix(prefix)[:300]


def _bases(card: Mapping[str, Any], info: Mapping[str, Any]) -> Iterator[dict[str, str | None]]:
    """Yield the models that this one is made from, each with the relation if that is told."""
    relations: dict[str, str | None] = {}
    given = card.get("base_model")
    for name in given if isinstance(given, list) else [given]:
        if (base := text_of(name)) is not None:
            relations[base] = text_of(card.get("base_model_relation"))
    for tag in _tagged(info, "base_model:"):
        relation, _, name = tag.partition(":")
        if name and relation in _RELATIONS:
            relations[name] = relations.get(name) or relation
        else:
            relations.setdefault(tag, None)
    yield from ({"id": name, "relation": relation} for name, relation in relations.items())


def scanner_results(security: object) -> tuple[ScannerResult, ...]:
    """Return what the Hub's scanners say about one file.

    The fields are not documented and have changed before: any object with a status whose name ends
    in ``Scan`` is taken for a scanner.
    """
    found = []
    for name, block in mapping_of(security).items():
        status = text_of(mapping_of(block).get("status"))
        if name.endswith("Scan") and status is not None:
            found.append(ScannerResult(name.removesuffix("Scan")[:60], status[:60], _more(block)))
    return tuple(found[:_MOST_SCANNERS])


def _more(block: Mapping[str, Any]) -> str:
    message = text_of(block.get("message"))
    if message is not None:
        return message
    imports = [mapping_of(one) for one in list_of(block.get("pickleImports"))]
    named = [
        f"{one.get('module')}.{one.get('name')} ({one.get('safety')})"
        for one in imports
        if one.get("safety") in ("dangerous", "suspicious")
    ]
    return ", ".join(named[:5])[:300]
