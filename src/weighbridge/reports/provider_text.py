"""What the provider says, for people: about the model, and by its own scanners."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from weighbridge.findings.model import Agreement, FileReport, ModelInfo, ProviderScan
from weighbridge.reports.style import Style
from weighbridge.text.escaping import visible

_SHOWN = 120
_FILES = 8
_COMMIT = 12
_SAID = {
    Agreement.CONFIRMED: "confirmed here",
    Agreement.REFUTED: "not found here, and the file was examined to its end",
    Agreement.UNSEEN: "does not see what is found here",
}


def about(model: ModelInfo, style: Style) -> Iterator[str]:
    """Yield who made the model, from what, and what is known of it."""
    revision = model.revision or "unknown"
    parts = [f"{model.provider} {model.id} at {revision[:_COMMIT]}"]
    if model.author:
        parts.append(f"by {model.author}")
    for count, thing in ((model.downloads, "downloads"), (model.likes, "likes")):
        if count is not None:
            parts.append(f"{count:,} {thing}")
    for text in (model.license and f"licence {model.license}", model.library):
        if text:
            parts.append(text)
    if model.gated:
        parts.append("gated")
    if model.last_modified:
        parts.append(f"changed {model.last_modified[:10]}")
    yield from style.folded(", ".join(parts), 2)
    if model.base_models:
        named = ", ".join(
            f"{base.id} ({base.relation})" if base.relation else base.id
            for base in model.base_models
        )
        yield from style.folded(named, 2, "made from: ")
    for base in model.base_models:
        if base.license and base.license != model.license:
            own = f"states the licence {model.license}" if model.license else "states no licence"
            text = f"it {own}, {base.id}, which it is made from, {base.license}"
            yield from style.folded(text, 2, "licence: ")


def scans(file: FileReport, style: Style) -> Iterator[str]:
    """Yield what the provider's scanners say about one file that is shown."""
    for scan in file.provider_scans:
        if scan.agreement in _SAID:
            yield from style.folded(_said(scan), 2, "provider: ")


def refuted(files: Iterable[FileReport], style: Style) -> Iterator[str]:
    """Yield the files that the provider flags and that are clean by our examination."""
    found = [
        (file, scan)
        for file in files
        for scan in file.provider_scans
        if scan.agreement is Agreement.REFUTED
    ]
    for file, scan in found[:_FILES]:
        yield from style.folded(f"{visible(file.path, _SHOWN)}: {_said(scan)}", 2, "provider: ")
    if len(found) > _FILES:
        yield f"  provider: and {len(found) - _FILES} more; see --format json"


def _said(scan: ProviderScan) -> str:
    more = f" ({scan.text[:_SHOWN]})" if scan.text else ""
    return f"{scan.scanner} says {scan.status}{more}: {_SAID[scan.agreement]}"


def bytes_text(count: int) -> str:
    """Return a number of bytes for people."""
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} bytes"
