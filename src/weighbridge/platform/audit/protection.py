"""What the database itself refuses to do to the history."""

from __future__ import annotations

from weighbridge.platform.audit.guards import Guard, append_only, undeletable

GUARDS = (
    *append_only("audit_event", "an event of the history", "kept.seq = NEW.seq"),
    *undeletable("audit_head", "the end of the history"),
    Guard(
        "audit_head_forward",
        "audit_head",
        "UPDATE",
        "the history only grows",
        "NEW.seq < OLD.seq OR NEW.id <> OLD.id",
    ),
)
