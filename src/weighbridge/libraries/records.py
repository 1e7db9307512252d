"""OSV records, checked one by one (OSV schema 1.7, sections "id" to "affected").

A record is foreign data: whatever is not as the schema has it refuses the record. Two repairs are
made, both seen in published data: times that YAML has turned into dates are written out again, and
a GIT range with something that is no commit is left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from weighbridge.libraries.names import PYPI, canonical_name
from weighbridge.libraries.ranges import Range
from weighbridge.libraries.versions import LONGEST

RECORD_BYTES = 4 << 20
_ID = re.compile(r"[A-Za-z0-9_]{1,20}-[\w.:~+-]{1,100}|x_[\w.:-]{1,100}", re.ASCII)
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,9})?Z", re.ASCII)
_COMMIT = re.compile(r"0|[0-9a-f]{40}|[0-9a-f]{64}")
_CWE = re.compile(r"CWE-(\d{1,5})")
_VECTOR = re.compile(r"CVSS:[34]\.[01]/[A-Za-z:/.0-9]{10,300}")
_FIELDS = (
    "schema_version id modified published withdrawn aliases upstream related summary details "
    "severity affected references credits database_specific"
).split()
_EVENTS = ("introduced", "fixed", "last_affected", "limit")
_FIRST_YEAR = 1990
_MOST = {"aliases": 200, "upstream": 200, "related": 200, "affected": 2_000}
_MOST_VERSIONS = 20_000
_MOST_RANGES = 200
_MOST_EVENTS = 2_000
_MOST_VALUES = 200_000
_TEXT = 1 << 20


class Refused(ValueError):
    """A record is not as the schema has it; says what is wrong."""


@dataclass(frozen=True, slots=True)
class Affected:
    """One package of a record: how PyPI compares its name, ranges and listed versions."""

    ecosystem: str
    name: str
    ranges: tuple[Range, ...]
    versions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """A record that was checked.

    Attributes:
        body: the record as it can be served: known fields only, times in their one form.
        cwes, vectors: of the whole record, in its order.
        label: severity as the database words it, empty without.
        formats: model formats that carry the attack, as the database names them.
    """

    id: str
    modified: str
    withdrawn: bool
    aliases: tuple[str, ...]
    summary: str
    text: str
    cwes: tuple[int, ...]
    vectors: tuple[str, ...]
    label: str
    formats: tuple[str, ...]
    affected: tuple[Affected, ...]
    body: dict[str, Any]


def checked(value: object) -> Record:
    """Return the record that a JSON or YAML value is.

    Raises:
        Refused: it is none, or not a valid one.
    """
    if not isinstance(value, dict):
        raise Refused("no object")
    body = {name: value[name] for name in _FIELDS if value.get(name) is not None}
    body = _plain(body, [_MOST_VALUES], 0)
    identifier = body.get("id")
    if not isinstance(identifier, str) or not _ID.fullmatch(identifier):
        raise Refused("no valid id")
    if str(body.get("schema_version", "1")).partition(".")[0] != "1":
        raise Refused("schema_version is not 1")
    for name in ("modified", "published", "withdrawn"):
        if name in body or name == "modified":
            body[name] = _time(body.get(name), name)
    for name in ("aliases", "upstream", "related"):
        if name in body:
            body[name] = _texts(body[name], name, _MOST[name], 200)
    for name in ("summary", "details"):
        if not isinstance(body.get(name, ""), str) or len(body.get(name, "")) > _TEXT:
            raise Refused(f"{name} is no text")
    specific = body.get("database_specific", {})
    if not isinstance(specific, dict):
        raise Refused("database_specific is no object")
    listed = body.get("affected", [])
    if not isinstance(listed, list) or len(listed) > _MOST["affected"]:
        raise Refused("affected is no list, or too long")
    affected = [_affected(item) for item in listed]
    severities = [body, *listed]
    summary = str(body.get("summary", ""))
    return Record(
        id=identifier,
        modified=str(body["modified"]),
        withdrawn="withdrawn" in body,
        aliases=tuple(body.get("aliases", ())),
        summary=summary,
        text=f"{summary}\n{body.get('details', '')}",
        cwes=tuple(dict.fromkeys(number for item in severities for number in _cwes(item))),
        vectors=tuple(dict.fromkeys(text for item in severities for text in _vectors(item))),
        label=_label(severities),
        formats=_formats(specific),
        affected=tuple(one for one in affected if one is not None),
        body=body,
    )


def _plain(value: object, left: list[int], depth: int) -> Any:
    """Return `value` with JSON's types only; bounded, since YAML can refer to one thing often."""
    left[0] -= 1
    if left[0] < 0 or depth > 20:
        raise Refused("too large or nested too deeply")
    if isinstance(value, dict):
        if not all(isinstance(name, str) for name in value):
            raise Refused("a field's name is no text")
        return {name: _plain(item, left, depth + 1) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, left, depth + 1) for item in value]
    if isinstance(value, datetime):
        moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        return moment.replace(tzinfo=None).isoformat() + "Z"
    if isinstance(value, date):
        return f"{value.isoformat()}T00:00:00Z"
    if value is None or isinstance(value, str | bool | int | float):
        return value
    raise Refused("a value is of no type that JSON has")


def _time(value: object, name: str) -> str:
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise Refused(f"{name} is no time in UTC")
    try:
        year = datetime.fromisoformat(found[1]).year
    except ValueError as error:
        raise Refused(f"{name} is no time") from error
    if year < _FIRST_YEAR:
        raise Refused(f"{name} lies in the year {year}")
    # At most six digits of a second are read by pip-audit and Python 3.10.
    return f"{found[1]}{(found[2] or '')[:7]}Z"


def _texts(value: object, name: str, most: int, longest: int) -> list[str]:
    if not isinstance(value, list) or len(value) > most:
        raise Refused(f"{name} is no list, or too long")
    if not all(isinstance(item, str) and 0 < len(item) <= longest for item in value):
        raise Refused(f"{name} holds something else than texts")
    return value


def _affected(item: object) -> Affected | None:
    """Check one package, in place; None when it names no package."""
    if not isinstance(item, dict):
        raise Refused("affected holds something else than objects")
    versions = _texts(item.get("versions") or [], "versions", _MOST_VERSIONS, LONGEST)
    ranges = item.get("ranges") or []
    if not isinstance(ranges, list) or len(ranges) > _MOST_RANGES:
        raise Refused("ranges is no list, or too long")
    kept = [(one, events) for one in ranges if (events := _events(one)) is not None]
    if "ranges" in item:
        item["ranges"] = [one for one, _events_of_it in kept]
    for name in [name for name, part in item.items() if part is None]:
        del item[name]
    package = item.get("package")
    if package is None:
        return None
    if not isinstance(package, dict):
        raise Refused("package is no object")
    ecosystem, name = package.get("ecosystem"), package.get("name")
    if not isinstance(ecosystem, str) or not isinstance(name, str) or not 0 < len(name) <= 500:
        raise Refused("a package without ecosystem or name")
    return Affected(
        ecosystem=ecosystem,
        name=canonical_name(name) if ecosystem == PYPI else name,
        ranges=tuple(Range(events) for one, events in kept if one["type"] != "GIT"),
        versions=tuple(versions),
    )


def _events(one: object) -> tuple[tuple[str, str], ...] | None:
    """Return a range's events, None for a GIT range that names no commits."""
    if not isinstance(one, dict) or one.get("type") not in ("GIT", "SEMVER", "ECOSYSTEM"):
        raise Refused("a range of no known type")
    listed = one.get("events")
    if not isinstance(listed, list) or not 0 < len(listed) <= _MOST_EVENTS:
        raise Refused("a range without events, or with too many")
    events = []
    for event in listed:
        pairs = list(event.items()) if isinstance(event, dict) else []
        if not pairs or any(name not in _EVENTS for name, _text in pairs):
            raise Refused("an event of no known kind")
        for name, text in pairs:
            if not isinstance(text, str) or not 0 < len(text) <= LONGEST:
                raise Refused("an event without a version")
            events.append((name, text))
    if one["type"] == "GIT":
        whole = all(_COMMIT.fullmatch(text) for _name, text in events)
        if not whole or not isinstance(one.get("repo"), str):
            return None
    if not any(name == "introduced" for name, _text in events):
        raise Refused("a range that begins nowhere")
    return tuple(events)


def _specifics(item: dict[str, Any]) -> list[dict[str, Any]]:
    found = (item.get("database_specific"), item.get("ecosystem_specific"))
    return [one for one in found if isinstance(one, dict)]


def _cwes(item: dict[str, Any]) -> list[int]:
    """Return CWE numbers: ``cwe_ids`` as GitHub writes them, ``cwes`` as malicious-packages."""
    numbers = []
    for specific in _specifics(item):
        ids, cwes = specific.get("cwe_ids"), specific.get("cwes")
        named = list(ids) if isinstance(ids, list) else []
        named += [one.get("cweId") for one in cwes or () if isinstance(one, dict)]
        for text in named[:50]:
            found = _CWE.fullmatch(text) if isinstance(text, str) else None
            numbers += [int(found[1])] if found else []
    return numbers


def _vectors(item: dict[str, Any]) -> list[str]:
    listed = item.get("severity")
    scores = [one.get("score") for one in listed or () if isinstance(one, dict)]
    return [text for text in scores[:20] if isinstance(text, str) and _VECTOR.fullmatch(text)]


def _label(items: list[dict[str, Any]]) -> str:
    for item in items:
        for specific in _specifics(item):
            word = specific.get("severity")
            if word in ("LOW", "MODERATE", "MEDIUM", "HIGH", "CRITICAL"):
                return str(word)
    return ""


def _formats(specific: dict[str, Any]) -> tuple[str, ...]:
    word = specific.get("model_format")
    words = word if isinstance(word, list) else [word]
    return tuple(one for one in words[:10] if isinstance(one, str) and 0 < len(one) <= 40)
