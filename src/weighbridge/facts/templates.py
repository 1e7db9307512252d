"""What a Jinja template would do when rendered, and what text it adds under which condition."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Template:
    """One template.

    Attributes:
        template: number that the other facts of this template refer to.
        member: place inside the file, None for the file itself.
        carrier: what holds it: `gguf`, `json`, `yaml`, `prompt` or `jinja-file`.
        name: under which a loader finds it; `default` where it has none.
        size: in characters.
        sha256: of the whole text in UTF-8.
        complete: whether every part of it was parsed.
        text: its beginning, credentials masked.
        loaders: load calls that render it.
    """

    template: int
    member: str | None
    carrier: str
    name: str
    size: int
    sha256: str
    complete: bool
    text: str
    loaders: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TemplateUse:
    """One thing that a template names; the same name in the same role is one fact.

    Attributes:
        kind: `attribute`, `item`, `method` (an attribute or item that is called), `call` (a global
            that is called), `indirect-call`, `name` (a global that is read), `filter`, `test`,
            `attr-filter`, `computed-attr`, `computed-item`, `computed-filter`, `format-field`,
            `statement` (import, include, extends), `string` (that looks like a special name),
            `hidden-character`.
        name: as the template engine would see it.
        code: the expression, bounded, credentials masked.
        root: the name that the expression starts from, or empty.
        computed: the name is put together from pieces.
        count: how often it occurs.
    """

    template: int
    member: str | None
    line: int
    kind: str
    name: str
    code: str
    root: str
    computed: bool
    count: int


@dataclass(frozen=True, slots=True)
class TemplateBranch:
    """Constant text that a template gives only under a condition.

    Attributes:
        kind: `content` (depends on what a message says), `date` (on the day), `assistant-url` (an
            address that stands only where the assistant speaks).
        trigger: what is compared with, or the address.
        test: the condition, as written.
        text: what is given, bounded, credentials masked.
        direct: whether the condition stands right at the text; else a variable carries it there.
    """

    template: int
    member: str | None
    line: int
    kind: str
    trigger: str
    test: str
    text: str
    direct: bool
