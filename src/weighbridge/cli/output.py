"""Where a report goes: the terminal, a pipe, or a file that appears whole or not at all."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import sys
from collections.abc import Sequence

import click

from weighbridge.findings.model import ScanReport
from weighbridge.reports.json_report import FailedTarget, render_one, render_several


class Output:
    """The destination of a scan's report, checked before the scan begins.

    Args:
        form: `text`, `json`, `sarif`, `cyclonedx` or `html`.
        place: a path, None for standard output.
        several: the user asked for more than one target.

    Raises:
        click.ClickException: nothing can be written there.
    """

    def __init__(self, form: str, place: str | None, several: bool) -> None:
        self._form = form
        self._place = place
        self._several = several
        if place is not None:
            _check(place)
        if form == "cyclonedx":
            from weighbridge.cli.bom import need_bom_libraries

            need_bom_libraries()

    def write(self, reports: Sequence[ScanReport], failed: Sequence[FailedTarget]) -> None:
        """Write the reports; `failed` is what could not be scanned."""
        if self._form == "json":
            text = _json(reports, failed, self._several)
        elif self._form == "sarif":
            text = _sarif(reports)
        elif self._form == "html":
            text = _html(reports)
        elif self._form == "cyclonedx":
            text = _cyclonedx(reports)
        else:
            text = _text(reports, on_terminal=self._place is None and sys.stdout.isatty())
        if self._place is None:
            _print(text)
            return
        try:
            _replace(os.path.realpath(self._place), text)
        except OSError as error:
            raise _unwritable(self._place, error.strerror) from error


def _json(reports: Sequence[ScanReport], failed: Sequence[FailedTarget], several: bool) -> str:
    from weighbridge.rules.registry import RULES_VERSION

    if several:
        return render_several(reports, failed, RULES_VERSION)
    return render_one(reports[0], RULES_VERSION)


def _sarif(reports: Sequence[ScanReport]) -> str:
    from weighbridge.reports import sarif

    return sarif.render(reports)


def _cyclonedx(reports: Sequence[ScanReport]) -> str:
    from weighbridge.boms import model, writing

    return writing.render([model.of_report(report) for report in reports])


def _html(reports: Sequence[ScanReport]) -> str:
    from weighbridge.reports import html

    return html.render(reports)


def _text(reports: Sequence[ScanReport], on_terminal: bool) -> str:
    from weighbridge.reports import text
    from weighbridge.reports.style import Style

    style = Style()
    if on_terminal:
        colour = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        style = Style(colour, shutil.get_terminal_size().columns)
    return "\n".join(text.render(report, style) for report in reports)


def _print(text: str) -> None:
    """Print `text` whatever the terminal's encoding can and cannot say."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        click.echo(text.encode(encoding, "backslashreplace"), nl=False)
    except BrokenPipeError:
        # Whoever read our output has seen enough; keep Python from complaining at its exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _check(place: str) -> None:
    directory = os.path.dirname(os.path.realpath(place))
    if os.path.isdir(place):
        raise _unwritable(place, "it is a directory")
    if not os.path.isdir(directory):
        raise _unwritable(place, "its directory does not exist")
    if not os.access(directory, os.W_OK):
        raise _unwritable(place, "its directory may not be written to")


def _unwritable(place: str, why: str | None) -> click.ClickException:
    return click.ClickException(f"cannot write {click.format_filename(place)}: {why}")


def _replace(place: str, text: str) -> None:
    data = text.encode("utf-8", "backslashreplace")
    if os.path.exists(place) and not stat.S_ISREG(os.stat(place).st_mode):
        with open(place, "wb") as device:  # A pipe or /dev/stdout: there is nothing to replace.
            device.write(data)
        return
    temporary = f"{place}.{os.getpid()}.tmp"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, place)
    finally:
        with contextlib.suppress(FileNotFoundError):  # Gone when all went well.
            os.unlink(temporary)
