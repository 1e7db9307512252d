"""Which versions are affected."""

from __future__ import annotations

import pytest

from weighbridge.libraries.ranges import Range
from weighbridge.libraries.versions import fixes_for, in_ranges, key, keys_of


def ranges(*events: tuple[str, str]) -> list[Range]:
    return [Range(events)]


@pytest.mark.parametrize(
    ("version", "inside"),
    [
        ("0.9", True),
        ("1.0.0rc1", True),
        ("2.0rc1", True),  # before 2.0, unlike what SpecifierSet("<2.0") says
        ("2.0", False),
        ("2.0.post1", False),
        ("2.0+cu118", False),  # a build of the fixed release
        ("1.9+cu118", True),
        ("not a version", False),
    ],
)
def test_from_the_start_to_the_fix(version: str, inside: bool) -> None:
    assert in_ranges(version, ranges(("introduced", "0"), ("fixed", "2.0"))) is inside


@pytest.mark.parametrize(
    ("version", "inside"),
    [("1.0", True), ("1.0+cpu", True), ("1.0.1", False), ("0.5", False), ("0.6", True)],
)
def test_up_to_the_last_affected(version: str, inside: bool) -> None:
    events = (("introduced", "0.6"), ("last_affected", "1.0"))
    assert in_ranges(version, ranges(*events)) is inside


@pytest.mark.parametrize(
    ("version", "inside"),
    [("2.3.0", True), ("2.3.3", False), ("2.4.1", True), ("2.4.2", False), ("2.2", False)],
)
def test_events_of_several_branches_in_any_order(version: str, inside: bool) -> None:
    events = (
        ("fixed", "2.4.2"), ("introduced", "2.4.0"), ("fixed", "2.3.3"), ("introduced", "2.3.0"),
    )  # fmt: skip
    assert in_ranges(version, ranges(*events)) is inside


def test_introduced_again_where_it_was_fixed() -> None:
    events = (("introduced", "0"), ("fixed", "1.0"), ("introduced", "1.0"), ("fixed", "1.1"))
    assert in_ranges("1.0", ranges(*events))


def test_a_limit_bounds_the_range() -> None:
    events = (("introduced", "0"), ("limit", "1.5"))
    assert in_ranges("1.4", ranges(*events))
    assert not in_ranges("1.5", ranges(*events))


def test_a_range_with_something_that_is_no_version_says_nothing() -> None:
    assert not in_ranges("1.0", ranges(("introduced", "0"), ("fixed", "0.7.1.fix1")))


def test_versions_are_compared_as_versions() -> None:
    assert key("1.0") == key("1.0.0") == key("v1.0")
    assert key("1.0rc1") == key("1.0.0-rc.1")
    assert key("0.7.1.fix1") == "0.7.1.fix1"
    assert keys_of("2.0.0+cu118") >= {key("2.0")}


def test_the_next_fix_of_each_branch() -> None:
    events = (
        ("introduced", "2.3.0"), ("fixed", "2.3.3"), ("introduced", "2.4.0"), ("fixed", "2.4.2"),
    )  # fmt: skip
    assert fixes_for("2.3.1", ranges(*events)) == ["2.3.3"]
    assert fixes_for("2.4.0", ranges(*events)) == ["2.4.2"]
    assert fixes_for(None, ranges(*events)) == ["2.3.3", "2.4.2"]
