"""Reads a policy from TOML. An unknown key is an error: a misspelt rule must not be lost."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from datetime import date, datetime
from typing import Any, TypeVar

from weighbridge.errors import WeighbridgeError
from weighbridge.libraries.impacts import IMPACTS
from weighbridge.libraries.names import canonical_name
from weighbridge.policy.model import (
    PROVIDERS,
    SEVERITIES,
    Acceptance,
    Policy,
    Suppression,
)
from weighbridge.policy.threshold import FailOn

MOST_BYTES = 1 << 20
_HEX = re.compile(r"[0-9a-f]{16,64}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_Item = TypeVar("_Item", Suppression, Acceptance)


class PolicyError(WeighbridgeError):
    """A policy cannot be read, or says something that means nothing."""


def read(place: str) -> Policy:
    """Return the policy in a file.

    Raises:
        PolicyError: there is none, or it is wrong; says where and what is allowed.
    """
    try:
        with open(place, "rb") as file:
            data = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "no usable name"
        raise PolicyError(f"cannot read the policy {place}: {why}") from error
    if len(data) > MOST_BYTES:
        raise PolicyError(f"the policy {place} is larger than 1 MiB")
    try:
        return parse(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise PolicyError(f"the policy {place} is no UTF-8") from error
    except PolicyError as error:
        raise PolicyError(f"the policy {place}: {error}") from error


def parse(text: str) -> Policy:
    """Return the policy that a text is.

    Raises:
        PolicyError: it is none.
    """
    try:
        value = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise PolicyError(f"this is no TOML: {error}") from error
    _known(value, "fail allow require suppress accept", "")
    fail, allow = _table(value, "fail"), _table(value, "allow")
    require = _table(value, "require")
    _known(fail, "verdict libraries impacts data_age_days", "fail.")
    _known(allow, "providers licences formats", "allow.")
    _known(require, "pinned_revision", "require.")
    return Policy(
        verdict=FailOn(_word(fail, "verdict", tuple(FailOn), FailOn.SUSPICIOUS.value)),
        libraries=_word(fail, "libraries", SEVERITIES, "never"),
        impacts=_words(fail, "impacts", IMPACTS) or IMPACTS,
        data_age=_days(fail),
        providers=_words(allow, "providers", PROVIDERS),
        licences=_words(allow, "licences"),
        formats=_words(allow, "formats"),
        pinned=_flag(require, "pinned_revision"),
        suppressions=tuple(_each(value, "suppress", _suppression)),
        acceptances=tuple(_each(value, "accept", _acceptance)),
    )


def _known(table: dict[str, Any], names: str, where: str) -> None:
    for name in table:
        if name not in names.split():
            allowed = ", ".join(names.split())
            raise PolicyError(f"{where}{name} is not known; there are {allowed}")


def _table(value: dict[str, Any], name: str) -> dict[str, Any]:
    found = value.get(name, {})
    if not isinstance(found, dict):
        raise PolicyError(f"{name} must be a table: [{name}]")
    return found


def _word(table: dict[str, Any], name: str, allowed: tuple[str, ...], default: str) -> str:
    word = table.get(name, default)
    if word not in allowed:
        raise PolicyError(f"{name} is one of {', '.join(allowed)}")
    return str(word)


def _words(
    table: dict[str, Any], name: str, allowed: tuple[str, ...] | None = None
) -> tuple[str, ...] | None:
    listed = table.get(name)
    if listed is None:
        return None
    if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
        raise PolicyError(f"{name} is a list of words")
    for one in listed:
        if allowed is not None and one not in allowed:
            raise PolicyError(f"{name} holds {one!r}; there are {', '.join(allowed)}")
    return tuple(listed)


def _days(table: dict[str, Any]) -> int | None:
    days = table.get("data_age_days")
    if days is not None and (type(days) is not int or days < 0):
        raise PolicyError("data_age_days is a number of days")
    return days


def _flag(table: dict[str, Any], name: str) -> bool:
    value = table.get(name, False)
    if not isinstance(value, bool):
        raise PolicyError(f"{name} is true or false")
    return value


def _each(
    value: dict[str, Any], name: str, read_one: Callable[[dict[str, Any]], _Item]
) -> list[_Item]:
    listed = value.get(name, [])
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise PolicyError(f"{name} must be written as [[{name}]]")
    found = []
    for number, one in enumerate(listed, 1):
        try:
            found.append(read_one(one))
        except PolicyError as error:
            raise PolicyError(f"{name} {number}: {error}") from error
    return found


def _suppression(one: dict[str, Any]) -> Suppression:
    _known(one, "rule fingerprint sha256 reason owner until", "")
    fingerprint, sha256 = _text(one, "fingerprint").lower(), _text(one, "sha256").lower()
    if not _HEX.fullmatch(fingerprint):
        raise PolicyError("fingerprint is the finding's, from --format json")
    if not _SHA256.fullmatch(sha256):
        raise PolicyError("sha256 is the content's, 64 hexadecimal digits")
    return Suppression(_text(one, "rule"), fingerprint, sha256, *_signed(one))


def _acceptance(one: dict[str, Any]) -> Acceptance:
    _known(one, "vulnerability package version reason owner until", "")
    package = canonical_name(_text(one, "package"))
    version = _text(one, "version") if "version" in one else ""
    return Acceptance(_text(one, "vulnerability"), package, version, *_signed(one))


def _signed(one: dict[str, Any]) -> tuple[str, str, date]:
    """Return reason, owner and last day; nothing is accepted without them."""
    until = one.get("until")
    if isinstance(until, datetime) or not isinstance(until, date):
        raise PolicyError("until is a date, such as 2030-12-31")
    return _text(one, "reason"), _text(one, "owner"), until


def _text(one: dict[str, Any], name: str) -> str:
    text = one.get(name)
    if not isinstance(text, str) or not text.strip():
        raise PolicyError(f"{name} is missing")
    return text.strip()
