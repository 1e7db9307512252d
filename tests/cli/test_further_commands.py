"""Commands that other parts of the distribution bring: found by entry point, never imported."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
from importlib.metadata import EntryPoint

import pytest
from click.testing import CliRunner

from weighbridge.cli import main

SERVE = EntryPoint("serve", "weighbridge.platform.commands.serve:command", main.COMMANDS)


@pytest.fixture
def declared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda *, group: [SERVE])


def test_without_the_extra_a_command_says_what_to_install(
    declared: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing(self: EntryPoint) -> object:
        raise ModuleNotFoundError("No module named 'django'", name="django")

    monkeypatch.setattr(EntryPoint, "load", missing)
    for words in (["serve"], ["serve", "--bind", "127.0.0.1:1", "more"]):
        assert main.run(words) == main.Status.NOT_DONE
        assert "Install weighbridge[platform]" in capsys.readouterr().err


def test_the_help_lists_them_even_without_the_extra(
    declared: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(self: EntryPoint) -> object:
        raise ModuleNotFoundError("No module named 'ninja'", name="ninja.errors")

    monkeypatch.setattr(EntryPoint, "load", missing)
    result = CliRunner().invoke(main.command, ["--help"])
    assert "serve" in result.output and "weighbridge[platform]" in result.output


def test_a_module_of_ours_that_is_missing_is_no_missing_extra(
    declared: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(self: EntryPoint) -> object:
        raise ModuleNotFoundError("gone", name="weighbridge.platform.gone")

    monkeypatch.setattr(EntryPoint, "load", broken)
    assert main.run(["serve"]) == main.Status.NOT_DONE
    assert "internal error" in capsys.readouterr().err


def test_the_command_line_imports_nothing_of_the_platform() -> None:
    code = (
        "import sys; from weighbridge.cli.main import run; run(['rules']);"
        "sys.exit(any(n.startswith(('weighbridge.platform', 'django')) for n in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60)
    assert done.returncode == 0
