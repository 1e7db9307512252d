"""What the database itself refuses to do to numbers, published revisions and withdrawals."""

from __future__ import annotations

from weighbridge.platform.audit.guards import Guard, append_only, changed, undeletable

_STEPS = (
    "(OLD.state = 'reserved' AND NEW.state IN ('published', 'rejected'))"
    " OR (OLD.state = 'published' AND NEW.state IN ('superseded', 'withdrawn'))"
    " OR (OLD.state = 'superseded' AND NEW.state IN ('published', 'withdrawn'))"
    " OR (OLD.state = 'issued' AND NEW.state = 'withdrawn')"
)
_REVISIONS = "SELECT count(*) FROM advisories_revision AS kept WHERE kept.advisory_id = NEW"
_OWNER = "SELECT 1 FROM advisories_advisory AS owner WHERE owner.id = NEW.advisory_id"

GUARDS = (
    *append_only(
        "advisories_revision",
        "a published revision",
        "kept.id = NEW.id OR (kept.advisory_id = NEW.advisory_id AND kept.number = NEW.number)",
    ),
    Guard(
        "advisories_revision_next",
        "advisories_revision",
        "INSERT",
        "a revision follows the one before, of an advisory of its kind that is not withdrawn",
        f"NEW.number <> ({_REVISIONS}.advisory_id) + 1 OR NOT EXISTS ({_OWNER}"
        " AND owner.kind = NEW.kind AND owner.state NOT IN ('withdrawn', 'rejected'))",
    ),
    *append_only("advisories_affectedfile", "a file of a published revision", "kept.id = NEW.id"),
    Guard(
        "advisories_affectedfile_complete",
        "advisories_affectedfile",
        "INSERT",
        "a published revision is never extended",
        "(SELECT count(*) FROM advisories_affectedfile AS kept"
        " WHERE kept.revision_id = NEW.revision_id) >= (SELECT said.files_total"
        " FROM advisories_revision AS said"
        " WHERE said.id = NEW.revision_id AND said.advisory_id = NEW.advisory_id)",
    ),
    *append_only(
        "advisories_withdrawal",
        "a withdrawal",
        "kept.id = NEW.id OR kept.advisory_id = NEW.advisory_id",
    ),
    *undeletable("advisories_advisory", "a number"),
    Guard(
        "advisories_advisory_no_replace",
        "advisories_advisory",
        "INSERT",
        "a number is given out once",
        "EXISTS (SELECT 1 FROM advisories_advisory AS kept WHERE kept.id = NEW.id OR"
        " (kept.kind = NEW.kind AND kept.year = NEW.year AND kept.number = NEW.number))",
        vendor="sqlite",
    ),
    Guard(
        "advisories_advisory_counted",
        "advisories_advisory",
        "INSERT",
        "a number comes from its counter",
        "NOT EXISTS (SELECT 1 FROM advisories_counter AS given WHERE given.kind = NEW.kind"
        " AND given.year = NEW.year AND given.last >= NEW.number)",
    ),
    Guard(
        "advisories_advisory_number_fixed",
        "advisories_advisory",
        "UPDATE",
        "a number keeps its kind, year, case and target for ever",
        changed(
            *"id kind year number case_id model_id ecosystem name purl created_by_id".split(),
            "created_at",
        ),
    ),
    Guard(
        "advisories_advisory_steps",
        "advisories_advisory",
        "UPDATE",
        "an advisory does not go from this state to that one",
        f"OLD.state <> NEW.state AND NOT ({_STEPS})",
    ),
    Guard(
        "advisories_advisory_withdrawn",
        "advisories_advisory",
        "UPDATE",
        "a withdrawn advisory has a withdrawal with its reason",
        "OLD.state <> NEW.state AND NEW.state = 'withdrawn' AND NOT EXISTS ("
        "SELECT 1 FROM advisories_withdrawal AS why WHERE why.advisory_id = NEW.id)",
    ),
    Guard(
        "advisories_advisory_content",
        "advisories_advisory",
        "UPDATE",
        "what is published has a revision",
        f"OLD.state = 'reserved' AND NEW.state = 'published' AND ({_REVISIONS}.id) = 0",
    ),
    Guard(
        "advisories_advisory_frozen",
        "advisories_advisory",
        "UPDATE",
        "a withdrawn or rejected advisory is never changed",
        "OLD.state IN ('withdrawn', 'rejected')",
    ),
    Guard(
        "advisories_advisory_revision",
        "advisories_advisory",
        "UPDATE",
        "an advisory's revision is one that was published",
        "OLD.revision <> NEW.revision AND (NEW.revision < OLD.revision OR NEW.revision > ("
        f"{_REVISIONS}.id))",
    ),
    Guard(
        "advisories_advisory_malice",
        "advisories_advisory",
        "INSERT",
        "an MSC follows from a case that was decided as malicious",
        "NEW.kind = 'MSC' AND NOT EXISTS (SELECT 1 FROM cases_case AS why"
        " WHERE why.id = NEW.case_id AND why.decision = 'malicious')",
    ),
    *undeletable("advisories_counter", "a counter of numbers"),
    Guard(
        "advisories_counter_forward",
        "advisories_counter",
        "UPDATE",
        "a number is never given out twice",
        f"NEW.last < OLD.last OR {changed('id', 'kind', 'year')}",
    ),
    Guard(
        "advisories_counter_no_replace",
        "advisories_counter",
        "INSERT",
        "a counter is made once",
        "EXISTS (SELECT 1 FROM advisories_counter AS kept"
        " WHERE kept.kind = NEW.kind AND kept.year = NEW.year)",
        vendor="sqlite",
    ),
)
