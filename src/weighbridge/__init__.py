"""Weighbridge: what would run if this model were loaded.

::

    import weighbridge

    report = weighbridge.scan("model.bin")
    print(report.verdict)
    for finding in report.findings:
        print(finding.severity, finding.title, finding.path)

Nothing is imported until it is used, so that ``import weighbridge`` costs next to nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False  # Type checkers know the name; importing it would take longer than all else.
if TYPE_CHECKING:
    from weighbridge import errors
    from weighbridge.defender.scan import scan
    from weighbridge.defender.targets import Reach
    from weighbridge.findings.model import FileReport, Finding, ModelInfo, ScanReport, Verdict
    from weighbridge.sources.access import Access, HubAccess

__version__ = "0.1.0"

__all__ = [
    "Access",
    "FileReport",
    "Finding",
    "HubAccess",
    "ModelInfo",
    "Reach",
    "ScanReport",
    "Verdict",
    "__version__",
    "errors",
    "scan",
]

_HOMES = {
    "Access": "weighbridge.sources.access",
    "FileReport": "weighbridge.findings.model",
    "Finding": "weighbridge.findings.model",
    "HubAccess": "weighbridge.sources.access",
    "ModelInfo": "weighbridge.findings.model",
    "Reach": "weighbridge.defender.targets",
    "ScanReport": "weighbridge.findings.model",
    "Verdict": "weighbridge.findings.model",
    "scan": "weighbridge.defender.scan",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for."""
    from importlib import import_module

    if name == "errors":
        return import_module("weighbridge.errors")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names."""
    return __all__
