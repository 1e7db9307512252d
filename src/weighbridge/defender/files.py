"""Finding the files of a target, and opening them, on a file system that may be hostile.

Nothing is skipped silently: what is not examined comes back as :class:`Refused` (the answer for
the target then cannot be clean) or as :class:`Passed` (there is nothing to examine, with a note).
Names are kept as the system gives them (``surrogateescape``); reports escape them.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from weighbridge.errors import TargetError


@dataclass(frozen=True, slots=True)
class Found:
    """A file to examine: `path` below the target as shown, `place` where it is opened."""

    path: str
    place: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Something that should be examined but cannot be, and why."""

    path: str
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Passed:
    """Something without content of its own, and what was done about it."""

    path: str
    code: str
    text: str


Entry = Found | Refused | Passed


class Status(Protocol):
    """The part of :class:`os.stat_result` that tells what a file is."""

    @property
    def st_mode(self) -> int:
        """Type and permission bits."""


def walk(target: str) -> Iterator[Entry]:
    """Yield what is at or below `target`, in a stable order.

    Raises:
        TargetError: there is no such target, or it is neither file nor directory.
    """
    if not target:
        raise TargetError("the name of a target is empty")
    try:
        place = os.path.realpath(target)
        status = os.stat(place)
    except FileNotFoundError as error:
        raise TargetError(f"no such file or directory: {target}") from error
    except (OSError, ValueError) as error:
        raise TargetError(f"cannot look at {target}: {reason(error)}") from error
    if stat.S_ISDIR(status.st_mode):
        return _Walk(place).entries()
    if not stat.S_ISREG(status.st_mode):
        raise TargetError(f"{target} is {_special(status)}, not a file or directory")
    return iter([Found(os.path.basename(target), place)])


def open_regular(entry: Found) -> int | Refused:
    """Open a file for reading; never follows a link and never waits for a FIFO's other end."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
    try:
        descriptor = os.open(entry.place, flags)
    except FileNotFoundError:
        return Refused(entry.path, "vanished", "it was there when the scan began and is gone now")
    except OSError as error:
        return Refused(entry.path, "unreadable", f"it cannot be opened: {reason(error)}")
    status = os.fstat(descriptor)
    if stat.S_ISREG(status.st_mode):
        return descriptor
    os.close(descriptor)
    return Refused(entry.path, "changed", f"it is {_special(status)} now and was a file before")


def reason(error: OSError | ValueError) -> str:
    """Return the cause without the path, which the caller shows in its own way."""
    return getattr(error, "strerror", None) or "it has no usable name"


def _special(status: Status) -> str:
    kinds = {
        stat.S_IFIFO: "a named pipe",
        stat.S_IFSOCK: "a socket",
        stat.S_IFCHR: "a device",
        stat.S_IFBLK: "a device",
        stat.S_IFLNK: "a link",
        stat.S_IFDIR: "a directory",
    }
    return kinds.get(stat.S_IFMT(status.st_mode), "a special file")


class _Walk:
    """One walk below a directory whose real path is `root`."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._blobs = _hub_blobs(root)

    def entries(self) -> Iterator[Entry]:
        """Yield everything; directories are read one at a time, links to them never entered."""
        waiting = [""]
        while waiting:
            directory = waiting.pop()
            try:
                with os.scandir(os.path.join(self._root, directory)) as listing:
                    children = sorted(listing, key=lambda child: os.fsencode(child.name))
            except OSError as error:
                text = f"the directory cannot be listed: {reason(error)}"
                yield Refused(directory or ".", "unreadable-directory", text)
                continue
            below = []
            for child in children:
                path = os.path.join(directory, child.name)
                if child.is_dir(follow_symlinks=False) and child.name != ".git":
                    below.append(path)
                else:
                    yield self._entry(path, child)
            waiting += reversed(below)

    def _entry(self, path: str, child: os.DirEntry[str]) -> Entry:
        place = os.path.join(self._root, path)
        try:
            status = child.stat(follow_symlinks=False)
        except OSError as error:
            return Refused(path, "vanished", f"it cannot be looked at: {reason(error)}")
        if stat.S_ISREG(status.st_mode):
            return Found(path, place)
        if stat.S_ISLNK(status.st_mode):
            return self._link(path, place)
        if stat.S_ISDIR(status.st_mode):
            return Passed(path, "git-internals", "Git's own data is not examined")
        return Passed(path, "special-file", f"it is {_special(status)}, which holds no model")

    def _link(self, path: str, place: str) -> Entry:
        real = os.path.realpath(place)
        try:
            status = os.stat(real)
        except OSError as error:
            text = f"the link leads to nothing that can be read: {reason(error)}"
            return Refused(path, "link-broken", text)
        inside = _relative(real, self._root)
        if inside is not None and ".git" not in inside.split(os.sep):
            return Passed(path, "link-inside", "a link; what it leads to is listed by its own name")
        stores = [store for store in self._blobs if _relative(real, store) is not None]
        allowed = inside is not None or bool(stores)
        if allowed and stat.S_ISREG(status.st_mode):
            return Found(path, real)
        text = "the link leads out of the target and was not followed; scan what it leads to"
        return Refused(path, "link-outside", text)


def _relative(place: str, root: str) -> str | None:
    """Return `place` relative to `root`, None when it is not below it."""
    if place == root:
        return "."
    prefix = root if root.endswith(os.sep) else root + os.sep
    return place[len(prefix) :] if place.startswith(prefix) else None


def _hub_blobs(root: str) -> list[str]:
    """Return where the links of a snapshot in a local Hugging Face cache lead, if `root` is one.

    The layout is ``models--org--name/{blobs,snapshots/<commit>}``; a snapshot holds links only. A
    blob may itself be a link into a store that all models of the cache share.
    """
    repository, snapshots = os.path.split(os.path.dirname(root))
    named = os.path.basename(repository).startswith(("models--", "datasets--", "spaces--"))
    if not named or snapshots != "snapshots":
        return []
    shared = os.path.join(os.path.dirname(repository), "blobs")
    marked = os.path.exists(os.path.join(shared, ".huggingface-shared-blobs"))
    stores = [os.path.join(repository, "blobs"), *([shared] if marked else [])]
    return [store for store in stores if os.path.isdir(store)]
