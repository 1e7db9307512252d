"""The roles, and what each may do: one matrix for views, API and documentation."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What a person is on this platform; each person has exactly one."""

    READER = "reader"
    SUBMITTER = "submitter"
    RESEARCHER = "researcher"
    LEAD = "lead"
    ADMINISTRATOR = "administrator"
