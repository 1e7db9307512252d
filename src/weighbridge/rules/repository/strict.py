"""Rules about code that a loader runs: what it does by itself while a model is loaded.

Code that loads a model computes. It may start a compiler or ask for a graphics card, and when its
functions are called it may fetch a picture. It has no reason to start other programs, to open
connections while it is imported, or to write outside of its own folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from posixpath import basename

from weighbridge.facts.repository import Act
from weighbridge.findings.model import Confidence, Finding, Kind, Severity
from weighbridge.rules.model import FileFacts, Rule
from weighbridge.rules.repository.model import Repository, RepositoryFile
from weighbridge.rules.repository.reached import LONE, Reached
from weighbridge.rules.scripts import COLLECTORS, NETWORK, found, spoken_of
from weighbridge.tables.packages import package_hosts
from weighbridge.tables.shell import ordinary_commands
from weighbridge.text.escaping import visible

# They run on the machine of whoever works on the project, and start tools.
_FOR_DEVELOPERS = frozenset({"pip install", "pytest"})
_SHELL_CALLS = frozenset({"os.system", "os.popen", "subprocess.getoutput", "posix.system"})
_GRAVE = frozenset(
    "sh bash zsh dash ksh cmd cmd.exe powershell powershell.exe pwsh curl wget nc ncat netcat "
    "socat telnet ssh scp perl ruby php node python python3 rm chmod chown touch whoami id calc "
    "calc.exe open osascript xdg-open crontab nohup echo sudo".split()
)
# What packaging starts: itself, cleaning up, and tools.
_BUILDING = frozenset(
    "python python3 <sys.executable> rm cp mv bash sh swig protoc npm yarn cargo cython "
    "cythonize nosetests tox flake8 black mypy coverage hatch poetry find sed".split()
)
# What only a demonstration of an attack starts.
_ODD = re.compile(
    r"(?:^|[\s;|&(])(?:nc|ncat|whoami|id|x?calc(?:\.exe)?|gnome-calculator|touch|osascript|"
    r"powershell(?:\.exe)?)(?:[\s;|&]|$)"
)
_NATIVE = re.compile(r"\b(?:system|popen|execv\w{0,2}|execl\w{0,2}|fork|dlopen|connect)\s*\(")
_FOR_OTHERS = re.compile(
    r"(?:^|[\s;|&(])(?:curl|wget|nc|ncat|ssh|scp|whoami|id|calc(?:\.exe)?|powershell(?:\.exe)?|nohup|"
    r"crontab|osascript)(?:\s|$)|https?://|(?:^|\s)(?:~/|/(?:tmp|etc|home|root|var)/)"
)
_BY_ITSELF = frozenset({"import", "load"})
_SYSTEM_LIBRARY = re.compile(
    r"(?:lib)?[\w+-]{1,60}(?:\.(?:so|dylib|dll)[.\d]*)?\Z|<(?:ctypes\.util\.find_library|None)>\Z|/usr/|"
    r"/lib|/System/|C:\\Windows"
)
_SEPARATORS = re.compile(r"&&|\|\||[;|&\n]")
_HARMLESS = re.compile(r"\d?>&?\s*(?:/dev/null|\d)|<\s*/dev/null")
_ASSIGNMENT = re.compile(r"^\w+=\S*$")
_HUBS = re.compile(
    r"https://(?:[\w-]+\.)*(?:huggingface\.co|hf\.co|modelscope\.cn|github\.com|"
    r"githubusercontent\.com|pytorch\.org|fbaipublicfiles\.com|blob\.core\.windows\.net|"
    r"googleapis\.com|amazonaws\.com|kaggle\.com|localhost)(?:[/:]|$)"
)
_LOCAL = re.compile(r"^(?:localhost|127\.|0\.0\.0\.0|::1|8\.8\.8\.8|1\.1\.1\.1|10\.255)")
_OUTSIDE = re.compile(r"^(?:/(?!dev/)|~/?$|~/(?!\.cache)|[A-Za-z]:\\|\.\./\.\./)")
_ADDRESS = re.compile(r"https?://[^\s'\"]+")
_HOST = re.compile(r"https?://(?:[^\s/@]{1,100}@)?([^\s/:]{1,200})")
_NUMERIC = re.compile(r"^https?://\d{1,3}(?:\.\d{1,3}){3}")


def strict(repository: Repository, code: dict[str, Reached]) -> Iterator[tuple[str, Finding]]:
    """Yield path and finding for what reached code does that it has no reason to do."""
    for path, reach in code.items():
        file = repository.by_path[path]
        for kind, acts, title in _judged(file, reach):
            yield path, found(LOADED_CODE, acts, title, kind=kind, loaders=(reach.loader,))


def _judged(file: RepositoryFile, reach: Reached) -> Iterator[tuple[Kind, list[Act], str]]:
    groups: dict[tuple[Kind, str], list[Act]] = {}
    spoken = spoken_of(file.acts)
    for act in file.acts:
        if act.line in spoken or act.when == "main" or "loaded" in act.traits:
            continue
        judged = _judge(act, reach)
        if judged is not None:
            groups.setdefault(judged, []).append(act)
    for (kind, what), acts in groups.items():
        shown = visible(acts[0].name, 80)
        yield kind, acts, f"Code that a loader runs {what} ({shown})"


def _judge(act: Act, reach: Reached) -> tuple[Kind, str] | None:
    if reach.loader == LONE:
        odd = act.act == "process" and act.when == "import" and _is_odd(act)
        return (Kind.SUSPICIOUS, "starts a program when it is run") if odd else None
    if "unparsed" in act.traits:
        doubtful = act.act in NETWORK | {"process", "exec", "unmarshal", "install"}
        return (Kind.SUSPICIOUS, "is no Python that can be read") if doubtful else None
    installs = reach.loader in _FOR_DEVELOPERS
    if act.act in ("process", "install"):
        return _process(act, installs)
    if act.act == "inline" and any(_NATIVE.search(text) for text in act.operands):
        return Kind.MALICIOUS, "compiles code that starts programs"
    if act.act == "native" and not installs:
        return _native(act)
    if act.act in NETWORK:
        return _network(act)
    if act.act == "exec":
        return _text(act, installs)
    if act.act in ("write", "delete") and act.when in _BY_ITSELF:
        outside = [text for text in act.operands if _OUTSIDE.match(text)]
        if outside:
            verb = "writes" if act.act == "write" else "deletes"
            return Kind.MALICIOUS, f"{verb} files outside of the model"
    if act.act == "read" and "credential-file" in act.traits:
        return Kind.MALICIOUS, "reads credentials"
    return None


def _text(act: Act, installs: bool) -> tuple[Kind, str] | None:
    """Code that loads a model stands in its files; it is not put together while they load."""
    run = {"file", "data-name"} <= set(act.traits)
    if (run or act.name == "runpy.run_path" and "data-name" in act.traits) and not installs:
        return Kind.SUSPICIOUS, "runs a file of data as code"
    if act.name in ("builtins.exec", "runpy.run_path") and "data" in act.traits:
        return Kind.SUSPICIOUS, "runs text that comes with the model or a request"
    if act.name == "builtins.exec" and act.when == "import" and not (act.constant or installs):
        return Kind.SUSPICIOUS, "runs text that it puts together when it is imported"
    return None


def _native(act: Act) -> tuple[Kind, str] | None:
    """Libraries of the system are found by their bare name; others come with the model."""
    own = [text for text in act.operands if not _SYSTEM_LIBRARY.match(text)]
    if own and act.when == "import":
        return Kind.SUSPICIOUS, "loads machine code when it is imported"
    return None


def _process(act: Act, installs: bool) -> tuple[Kind, str] | None:
    when = " when it is imported" if act.when == "import" else ""
    fed = {"data", "environment", "variable"} & set(act.traits)
    # A function that is handed to a thread stands among its own operands.
    handed = f"<{act.name}>"
    if handed in act.operands:
        rest = tuple(text for text in act.operands if text != handed)
        act = replace(act, operands=rest, constant=True)
    if act.operands and ordinary(act.operands):
        return None
    if not act.operands or not act.constant and act.operands[0].startswith("<"):
        if installs or act.when == "call" and not fed:
            return None
        return Kind.SUSPICIOUS, f"starts a program{when}"
    if installs:
        return (Kind.MALICIOUS, f"starts a program{when}") if _is_for_others(act) else None
    grave = _is_grave(act)
    if act.when == "call":
        return (Kind.SUSPICIOUS, "starts a program") if grave else None
    return (Kind.MALICIOUS if grave else Kind.SUSPICIOUS), f"starts a program{when}"


def _is_odd(act: Act) -> bool:
    return _ODD.search(" ".join(act.operands)) is not None


def _is_for_others(act: Act) -> bool:
    """Say whether a command has nothing to do with building, testing or publishing a package."""
    text = " ".join(act.operands)
    if _FOR_OTHERS.search(text):
        return True
    words = text.split()
    building = bool(words) and basename(words[0]).lower() in _BUILDING
    return act.when == "import" and not building


def _is_grave(act: Act) -> bool:
    """Say whether a command is a line for a shell, or a program that attacks begin with."""
    first = act.operands[0]
    through_shell = act.name in _SHELL_CALLS or act.operands[-1] == "shell=True"
    return through_shell or basename(first).lower() in _GRAVE or first == "<sys.executable>"


def ordinary(operands: tuple[str, ...]) -> bool:
    """Say whether a command is one that honest code for models starts."""
    first = operands[0]
    hosts = [match[1].lower() for text in operands for match in _HOST.finditer(text)]
    if "install" in " ".join(operands) and not package_hosts().issuperset(hosts):
        return False
    operands = tuple(text for text in operands if text != "shell=True")
    if len(operands) > 1 and " " not in first.strip():
        if first in ("<sys.executable>", "python", "python3"):
            return _module(list(operands[1:]))
        return basename(first).lower() in ordinary_commands()
    text = _HARMLESS.sub(" ", first)
    if "$(" in text or "`" in text:
        return False
    return all(_segment(part.split()) for part in _SEPARATORS.split(text) if part.strip())


def _segment(words: list[str]) -> bool:
    while words and _ASSIGNMENT.match(words[0]):
        words = words[1:]
    if not words:
        return True
    if basename(words[0]) in ("python", "python3") or words[0].startswith("<sys.executable"):
        return _module(words[1:])
    return basename(words[0]).lower() in ordinary_commands()


def _module(words: list[str]) -> bool:
    """Say whether Python is asked for a module that installs or starts training."""
    modules = ("pip", "ensurepip", "torch.distributed", "torch.distributed.run", "accelerate")
    return len(words) > 1 and words[0] == "-m" and words[1] in modules or words[:1] == ["setup.py"]


def _network(act: Act) -> tuple[Kind, str] | None:
    texts = " ".join(act.operands)
    addresses = _ADDRESS.findall(texts)
    if any(mark in texts for mark in COLLECTORS):
        return Kind.MALICIOUS, "sends to an address where anybody collects data"
    if act.operands == ("<socket.gethostname>",):
        return None  # asks for the machine's own address
    told = {"host", "secret-variable", "environment", "output"} & set(act.traits)
    if told and act.act in ("send", "fetch", "resolve", "connect"):
        return Kind.MALICIOUS, "tells another machine about this one"
    if act.act == "resolve" or any(_LOCAL.match(text) for text in act.operands):
        return None
    foreign = [address for address in addresses if not _HUBS.match(address)]
    if act.act == "connect":
        return _connection(act)
    if any(_NUMERIC.match(address) for address in addresses):
        return Kind.MALICIOUS, "talks to a machine by its number"
    if act.when == "import" and (foreign or not addresses):
        kind = Kind.MALICIOUS if foreign else Kind.SUSPICIOUS
        return kind, "talks to another machine when it is imported"
    if act.when == "load" and act.act == "send" and (foreign or not addresses):
        kind = Kind.MALICIOUS if foreign else Kind.SUSPICIOUS
        return kind, "sends data to another machine when a model is loaded"
    if act.when == "load" and foreign:
        return Kind.SUSPICIOUS, "talks to another machine when a model is loaded"
    if act.act == "send" and foreign:
        return Kind.SUSPICIOUS, "sends data to another machine"
    return None


def _connection(act: Act) -> tuple[Kind, str] | None:
    known = bool(act.operands) and not act.operands[0].startswith("<")
    if act.when == "import" or known and act.when == "load":
        return Kind.MALICIOUS, "opens a connection when a model is loaded"
    if known or act.when == "load":
        return Kind.SUSPICIOUS, "opens a connection"
    return None


def _nothing(_file: FileFacts) -> tuple[Finding, ...]:
    return ()


LOADED_CODE = Rule(
    id="loaded-code",
    title="Code that a loader runs does what loading a model never needs",
    kind=Kind.MALICIOUS,
    severity=Severity.HIGH,
    confidence=Confidence.MEDIUM,
    since="0.1.0",
    state="stable",
    facts=("Act", "Reference", "Script"),
    cwe=("CWE-829", "CWE-94"),
    atlas=("AML.T0010.003", "AML.T0011.000"),
    description="A loader imports this Python file: a configuration names it, or it has a name "
    "that loaders look for. It starts programs, opens connections, writes outside of its folder or "
    "reads credentials, without having to be asked. Suspicious where it does so only when one of "
    "its functions is called.",
    example='os.system("curl ...") at the top of modeling_x.py',
    remediation="Do not load the model with its own code. Ask for weights that a library supports.",
    references=("CVE-2025-66448",),
    apply=_nothing,
)
