"""What ``weighbridge scan`` adds about libraries: their vulnerabilities, and what is installed."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

import click

from weighbridge.findings.libraries import Library
from weighbridge.findings.model import ScanReport


def knowing(environment: bool) -> Callable[[ScanReport], ScanReport]:
    """Return what puts vulnerabilities into a report.

    Args:
        environment: add what is installed here.

    Raises:
        click.ClickException: installed versions are asked for, and nothing is known of any.
        StoreError: the file of vulnerabilities cannot be read.
    """
    from weighbridge.libraries.store import Store, usual_place

    place = usual_place()
    if not os.path.exists(place):
        if environment:
            text = "--environment needs known vulnerabilities: run weighbridge db update"
            raise click.ClickException(text)
        return lambda report: report
    store = Store(place)
    here: Sequence[Library] = ()
    if environment:
        from weighbridge.libraries.environment import installed

        here = installed()

    def finish(report: ScanReport) -> ScanReport:
        # Only those who have libraries to look up pay for the comparison of versions.
        from weighbridge.libraries.applying import with_vulnerabilities

        return with_vulnerabilities(report, store, here)

    return finish
