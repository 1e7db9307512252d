"""Zips that are packages of programs: Java archives, Android and iOS packages, wheels of Python.

JAR File Specification; Android developers, "Application fundamentals"; PEP 427. Such a zip in a
model's folder is a program beside the model, whatever its name.
"""

from __future__ import annotations

import re

from weighbridge.containers.base import Archive
from weighbridge.facts.native import Executable
from weighbridge.formats.context import Context, Place
from weighbridge.sources.base import Source

_IOS = re.compile(r"Payload/[^/]{1,200}\.app/")
_WHEEL = re.compile(r"[^/]{1,200}\.dist-info/WHEEL\Z")


def note_programs(context: Context, archive: Archive, source: Source, place: Place) -> None:
    """State that an archive is a package of programs; nothing for any other."""
    names = [member.name for member in archive.members]
    kind = _kind(names)
    if kind is not None:
        name, machine = kind
        context.add(
            Executable(
                member=place.member,
                kind=name,
                container=None,
                origin=place.origin,
                machine=machine,
                shape="package",
                size=source.size,
                loaders=(),
            )
        )
    elif any(_WHEEL.match(name) for name in names):
        text = "it is a wheel of Python: installing it puts the code in it onto the machine"
        context.note(place, "python-wheel", text)


def _kind(names: list[str]) -> tuple[str, str] | None:
    known = set(names)
    if "AndroidManifest.xml" in known and any(name.endswith(".dex") for name in names):
        return "android-package", "dalvik"
    if any(_IOS.match(name) for name in names):
        return "ios-package", "arm64"
    if "META-INF/MANIFEST.MF" in known and any(name.endswith(".class") for name in names):
        return "java-archive", "jvm"
    return None
