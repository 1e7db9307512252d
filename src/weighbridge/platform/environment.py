"""Reads the platform's settings from ``WEIGHBRIDGE_…`` variables, and says clearly what is wrong.

Every reader takes the name without its prefix. A wrong value raises `ConfigurationError` with the
name, the value's problem and an example, so that a start never goes on with a guess.
"""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from weighbridge.errors import WeighbridgeError

PREFIX = "WEIGHBRIDGE_"
_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}


class ConfigurationError(WeighbridgeError):
    """A setting is wrong, and the platform does not start."""


class Environment:
    """The variables of one process."""

    def __init__(self, variables: Mapping[str, str] | None = None) -> None:
        self.variables = os.environ if variables is None else variables

    def text(self, name: str, default: str = "") -> str:
        """Return the text of a variable."""
        return self.variables.get(PREFIX + name, default).strip()

    def flag(self, name: str, default: bool = False) -> bool:
        """Return a yes or no."""
        value = self.text(name, "1" if default else "0").lower()
        if value in _TRUE:
            return True
        if value in _FALSE:
            return False
        raise wrong(name, "must be 1 or 0")

    def number(self, name: str, default: int, least: int = 0) -> int:
        """Return a whole number not below `least`."""
        value = self.text(name, str(default))
        try:
            number = int(value.replace("_", ""))
        except ValueError:
            raise wrong(name, f"must be a whole number, such as {default}") from None
        if number < least:
            raise wrong(name, f"must be {least} or more")
        return number

    def words(self, name: str, default: str = "", separator: str = ",") -> list[str]:
        """Return the words of a list."""
        return [word.strip() for word in self.text(name, default).split(separator) if word.strip()]

    def address(self, name: str, default: str) -> str:
        """Return an http or https address without a slash at its end."""
        value = self.text(name, default).rstrip("/")
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise wrong(name, f"must be an address such as {default}")
        return value

    def folders(self, name: str) -> list[Path]:
        """Return existing folders, links resolved."""
        found = []
        for word in self.words(name, separator=os.pathsep):
            folder = Path(word)
            if not folder.is_absolute() or not folder.is_dir():
                raise wrong(name, f"{word} must be an existing folder, given from the root")
            found.append(folder.resolve())
        return found

    def data_folder(self) -> Path:
        """Return the folder that holds database, secret key and spool; made when it is missing."""
        folder = Path(self.text("DATA") or _user_data()).expanduser()
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise wrong("DATA", f"{folder} cannot be made: {error.strerror}") from error
        if not os.access(folder, os.W_OK | os.X_OK):
            raise wrong("DATA", f"{folder} may not be written to")
        return folder

    def broker(self) -> str:
        """Return the address of a RabbitMQ server; empty for none."""
        address = self.text("BROKER_URL")
        if address and urlsplit(address).scheme not in {"amqp", "amqps"}:
            raise wrong("BROKER_URL", "must look like amqp://user:password@host:5672/vhost")
        return address

    def database(self, data: Path) -> dict[str, Any]:
        """Return Django's description of the database: SQLite in the data folder, or PostgreSQL."""
        address = self.text("DATABASE_URL")
        if not address:
            return sqlite(data / "weighbridge.sqlite3")
        parts = urlsplit(address)
        if parts.scheme not in {"postgres", "postgresql"} or len(parts.path) < 2:
            raise wrong("DATABASE_URL", "must look like postgresql://user:password@host:5432/name")
        try:
            port = parts.port
        except ValueError:
            raise wrong("DATABASE_URL", "has no valid port") from None
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path[1:]),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": parts.hostname or "",
            "PORT": str(port or ""),
            "CONN_MAX_AGE": 600,
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": dict(parse_qsl(parts.query)),
        }


def wrong(name: str, why: str) -> ConfigurationError:
    """Return the error about one variable."""
    return ConfigurationError(f"{PREFIX}{name} {why}")


def sqlite(path: Path) -> dict[str, Any]:
    """Return Django's description of the embedded database.

    Write transactions take their lock at the start, so that two writers wait for each other instead
    of failing half-way; readers never wait (WAL). Every commit reaches the disk, because a number
    that was given out must not be given out again after a power cut. Recursive triggers let the
    triggers that guard published records see REPLACE as the deletion it is.
    """
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": (
                "PRAGMA journal_mode=WAL;"
                "PRAGMA synchronous=FULL;"
                "PRAGMA recursive_triggers=ON;"
                "PRAGMA temp_store=MEMORY;"
                "PRAGMA mmap_size=134217728;"
                "PRAGMA cache_size=-16000;"
            ),
        },
    }


def secret_key(environment: Environment, data: Path) -> str:
    """Return the key that signs sessions: from the environment, else made once and kept private."""
    given = environment.text("SECRET_KEY")
    if given:
        if len(given) < 32:
            raise wrong("SECRET_KEY", "must have 32 characters or more")
        return given
    path = data / "secret-key"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _kept_key(path)
    with open(descriptor, "w", encoding="ascii") as file:
        key = secrets.token_urlsafe(64)
        file.write(key)
    return key


def _kept_key(path: Path) -> str:
    if sys.platform != "win32" and path.stat().st_mode & 0o077:
        raise wrong("DATA", f"{path} can be read by others; make it private: chmod 600 {path}")
    key = path.read_text(encoding="ascii").strip()
    if len(key) < 32:
        raise wrong("DATA", f"{path} holds no key; remove the file to have a new one made")
    return key


def _user_data() -> Path:
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", "~/AppData/Local")) / "weighbridge"
    return Path(os.environ.get("XDG_DATA_HOME") or "~/.local/share") / "weighbridge"
