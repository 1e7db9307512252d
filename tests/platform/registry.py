"""What the tests of the registry start from: people, files that are flagged, scans that ran."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from builders import pickles as p
from weighbridge.platform.accounts.models import User
from weighbridge.platform.accounts.roles import Role
from weighbridge.platform.cases import deciding
from weighbridge.platform.cases import services as cases
from weighbridge.platform.cases.models import Case
from weighbridge.platform.scans import hunt_queue, hunts, uploads
from weighbridge.platform.scans import services as scans
from weighbridge.platform.scans.models import Hunt, Scan
from weighbridge.platform.scans.running import run


def person(name: str, role: Role = Role.RESEARCHER) -> User:
    """Somebody with a role; the same person for the same name."""
    found = User.objects.filter(username=name).first()
    return found or User.objects.create(username=name, role=role.value)


def calling(module: str, name: str, argument: str = "id") -> bytes:
    """A pickle that calls something with one text; inert unless unpickled, which nobody does."""
    body = p.stack_global(module, name) + p.short_text(argument) + p.TUPLE1 + p.REDUCE
    return p.proto(4) + body + p.STOP


def infected(argument: str = "id") -> bytes:
    """Judged malicious."""
    return calling("os", "system", argument)


def unvouched(argument: str = "x") -> bytes:
    """Judged suspicious: a function of the standard library that nobody has vouched for."""
    return calling("textwrap", "dedent", argument)


def harmless() -> bytes:
    """Judged clean."""
    return p.proto(4) + p.EMPTY_DICT + p.STOP


def upload(user: User, name: str, *chunks: bytes, target: str = "") -> Scan:
    """Send a file; its scan waits in the queue."""
    return uploads.receive(user, name, chunks, target=target)


def work(worker: str = "worker-1") -> list[Scan]:
    """Do what a worker does until the queue is empty."""
    done = []
    while (scan := scans.claim(worker)) is not None:
        done.append(run(scan))
    return done


def hunted(kind: str, text: str = "", user: User | None = None, **how: bool) -> Hunt:
    """Ask a question, and let a worker carry it out."""
    hunts.hunt(user or person("ada"), kind, text, **how)
    row = hunt_queue.claim("worker-1")
    assert row is not None
    return hunts.run(row)


def scanned(content: bytes, name: str = "model.pkl", target: str = "") -> Scan:
    """Upload a file and scan it."""
    upload(person("submitter", Role.SUBMITTER), name, content, target=target)
    (scan,) = work()
    assert scan.state == "done", scan.error
    return scan


def only_case() -> Case:
    """The one case that there is."""
    return Case.objects.get()


def in_analysis(user: User, case: Case) -> Case:
    """Claim a case and begin with it."""
    cases.claim(user, case.pk)
    return cases.start(user, case.pk)


def decided_malicious(case: Case, proposer: str = "ada", approver: str = "bob") -> Case:
    """Take a queued case all the way to its MSC."""
    in_analysis(person(proposer), case)
    deciding.propose_malicious(person(proposer), case.pk, "it runs a shell command")
    return deciding.approve(person(approver), case.pk)[0]


def written(folder: Path, files: dict[str, bytes]) -> Path:
    """A directory with files."""
    for name, content in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    return folder


def names(rows: Sequence[object]) -> list[str]:
    """What the rows are called."""
    return [str(row) for row in rows]
