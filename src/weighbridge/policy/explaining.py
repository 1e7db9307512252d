"""What a policy would do, in words."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from weighbridge.libraries.impacts import IMPACTS
from weighbridge.policy.model import Acceptance, Policy, Suppression

_SOON_DAYS = 30


def explain(policy: Policy, today: date) -> Iterator[str]:
    """Yield a line for each thing that the policy does."""
    if policy.verdict.value == "never":
        yield "no verdict fails the run"
    else:
        yield f"a verdict of {policy.verdict.value} or stronger fails the run"
    yield _libraries(policy)
    if policy.data_age is not None:
        yield f"data on vulnerabilities older than {policy.data_age} days fails the run"
    for name, listed in (
        ("models come from", policy.providers),
        ("a model states one of the licences", policy.licences),
        ("weights are of the formats", policy.formats),
    ):
        if listed is not None:
            yield f"{name}: {', '.join(listed) or 'none'}"
    if policy.pinned:
        yield "models of hubs are asked for by commit or version number"
    for one in policy.suppressions:
        yield f"{_state(one, today)}: {one.rule} {one.fingerprint[:16]} in {one.sha256[:16]}"
        yield _signed(one)
    for entry in policy.acceptances:
        version = f" {entry.version}" if entry.version else ""
        yield f"{_state(entry, today)}: {entry.vulnerability} in {entry.package}{version}"
        yield _signed(entry)


def expired(policy: Policy, today: date) -> int:
    """Return how many suppressions are over."""
    return sum(today > one.until for one in policy.suppressions) + sum(
        today > one.until for one in policy.acceptances
    )


def _libraries(policy: Policy) -> str:
    if policy.libraries == "never":
        return "no vulnerability of a library fails the run"
    which = "" if policy.impacts == IMPACTS else f" with {', '.join(policy.impacts)}"
    return (
        f"a vulnerability of severity {policy.libraries} or graver{which} in a declared or "
        "installed library fails the run"
    )


def _state(one: Suppression | Acceptance, today: date) -> str:
    left = (one.until - today).days
    if left < 0:
        return "over"
    return f"accepted, {left} days left" if left <= _SOON_DAYS else "accepted"


def _signed(one: Suppression | Acceptance) -> str:
    return f"  by {one.owner} until {one.until.isoformat()}: {one.reason}"
