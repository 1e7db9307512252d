"""Scripts that are not Python: the lines that have a shell do what no honest line does.

A whole shell is not followed. Each line is looked at by itself, with its continuation lines, and a
file that one line fetches is remembered until another line runs it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from weighbridge.facts.repository import Act
from weighbridge.formats.context import Context, Place
from weighbridge.formats.python.effects import excerpt
from weighbridge.tables.shell import shell_traits

NAME = "script"
_LANGUAGES = {
    ".sh": "shell",
    ".bash": "shell",
    ".zsh": "shell",
    ".ksh": "shell",
    ".fish": "shell",
    ".desktop": "desktop-entry",
    ".applescript": "applescript",
    ".bat": "batch",
    ".cmd": "batch",
    ".ps1": "powershell",
    ".psm1": "powershell",
    ".vbs": "vbscript",
    ".js": "javascript",
    ".mjs": "javascript",
    ".cjs": "javascript",
    ".hta": "javascript",
    ".wsf": "vbscript",
    ".r": "r",
    ".rmd": "r",
    ".jl": "julia",
    ".lua": "lua",
    ".rb": "ruby",
    ".pl": "perl",
    ".php": "php",
}
_NAMES = frozenset({"dockerfile", "makefile", "entrypoint", "justfile"})
_SHEBANG = re.compile(r"#![^\n]{0,80}\b(?:ba|z|da|k)?sh\b")
_MOST_LINES = 50_000
# A line of a bundle is a program of its own, with the texts of whole pages in it.
_BUNDLED = 5_000
_SAVED = re.compile(
    r"\b(?:curl|wget|iwr|Invoke-WebRequest)\b[^\n]{0,300}\s"
    r"(?:-o|-O|--output|--output-document|-OutFile)[\s=]{1,3}(\S{1,200})",
    re.I,
)
# A line that only prints: hints how to install something are among what is printed most.
# Texts in double quotes may have a command put into them: `$(...)`, `#{...}` and the like.
_QUOTED = re.compile(r"'[^'\n]*'|\"(?:[^\"\\`$#@\n]|\\.|\$(?![({])|[#@](?!\{))*\"")
_PRINTS = re.compile(
    r"\s*(?:(?:echo|printf|puts|print|warn|console\.(?:log|warn|error))\b(?:\s+-[neE]{1,3}\b)?"
    r"[\s,+.]*(?:\([\s,+.]*\))?|Write-(?:Host|Output|Warning|Error|Verbose|Information|Debug)\b"
    r"(?:[\s,+]|-\w+\b(?: \w+)?)*)(?:\s*>&\s?2)?[\s;]*",
    re.I,
)
# Unless the word means something else in this text.
_REDEFINED = re.compile(
    r"\b(?:echo|printf|puts|print|warn|log|Write-\w+)\s*(?:\(\s*\)\s*\{|=)|"
    r"\b(?:function|def|sub|alias|Set-Alias|New-Alias)\s+[\s\w.:-]{0,40}?"
    r"(?:echo|printf|puts|print|warn|log|Write-)",
    re.I,
)
_PLAIN = re.compile(r"http://|://\d{1,3}(?:\.\d{1,3}){3}")
_RUN = (
    r"(?:^|[;&|]\s*|\b(?:ba|z)?sh\s+|\bsudo\s+|\bnohup\s+|\bpython3?\s+|\bstart\s+){}(?:\s|$|;|&)"
)


def language_of(text: str, name: str) -> str:
    """Return which shell a text is for, empty for any other text."""
    for ending, language in _LANGUAGES.items():
        if name.endswith(ending):
            return language
    if _SHEBANG.match(text) or name in _NAMES or name.startswith("dockerfile"):
        return "shell"
    return ""


def read_shell(context: Context, text: str, place: Place, language: str) -> None:
    """Add an act for each line that does what no honest one does."""
    for number, line in hostile_lines(text):
        if language == "javascript" and len(line) > _BUNDLED:
            continue
        context.add(shell_act(place.member, number, language, line))


def shell_act(member: str | None, number: int, language: str, line: str) -> Act:
    """Return the act that a line of a shell is."""
    shown = excerpt(line.strip(), 400)
    operands = (excerpt(line.strip(), 1000),)
    return Act(member, number, language, "process", "sh", "main", "", shown, operands, (), True)


def hostile_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield number and text of the lines that do what no honest one does."""
    saved: dict[str, str] = {}
    plain = _REDEFINED.search(text) is None
    for number, line in _logical(text):
        if line.lstrip().startswith(("#", "::", "REM ", "rem ")):
            continue
        if plain and _PRINTS.fullmatch(_QUOTED.sub("", line)):
            continue
        if shell_traits(line):
            yield number, line
            continue
        for name, fetched in saved.items():
            if re.search(_RUN.format(r"[\"']?(?:\./)?" + re.escape(name)), line):
                yield number, f"{fetched.strip()} && chmod +x {name} && ./{name}"
        found = _SAVED.search(line)
        if found is not None and _PLAIN.search(line) and len(saved) < 20:
            saved[found[1].strip("\"'").removeprefix("./")] = line


def _logical(text: str) -> Iterator[tuple[int, str]]:
    """Yield lines with those joined that a backslash continues."""
    start = 1
    parts: list[str] = []
    for number, line in enumerate(text.split("\n")[:_MOST_LINES], 1):
        if not parts:
            start = number
        if line.rstrip().endswith("\\") and len(parts) < 50:
            parts.append(line.rstrip()[:-1])
            continue
        yield start, " ".join([*parts, line])
        parts = []
    if parts:
        yield start, " ".join(parts)
