"""What the parsers of one file share: the facts so far, the budget, the pickle machine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from weighbridge.budget import Budget
from weighbridge.errors import LimitExceeded, MalformedInput, ParseError, Unsupported
from weighbridge.facts.codec import Fact
from weighbridge.facts.structure import Anomaly, Format, Gap, Metadata, Note
from weighbridge.formats.pickle.interpreter import Interpreter
from weighbridge.sources.base import Source

PICKLE_LOADERS = (
    "pickle.load",
    "joblib.load",
    "torch.load(weights_only=False)",
    "pandas.read_pickle",
    "numpy.load(allow_pickle=True)",
)

_KINDS = {MalformedInput: "malformed", LimitExceeded: "limit", Unsupported: "unsupported"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a parser stands.

    Attributes:
        member: path inside the file, outermost first, joined with ``!``; None for the file itself.
        loaders: load calls that reach these bytes.
        origin: what hands the bytes to a loader: `file`, `member`, `literal`, `array`, `hidden`.
    """

    member: str | None = None
    loaders: tuple[str, ...] = PICKLE_LOADERS
    origin: str = "file"

    def inside(
        self, name: str, loaders: tuple[str, ...] | None = None, origin: str = "member"
    ) -> Place:
        """Return the place of something inside this one."""
        member = name if self.member is None else f"{self.member}!{name}"
        return Place(member, self.loaders if loaders is None else loaders, origin)


Walk = Callable[["Context", Source, Place], str | None]


@dataclass(slots=True)
class Context:
    """State of the examination of one file and of everything inside it.

    Attributes:
        name: the file's own name, empty inside of it; see :func:`weighbridge.formats.examine`.
    """

    budget: Budget
    walk: Walk
    name: str = ""
    facts: list[Fact] = field(default_factory=list)
    interpreters: list[Interpreter] = field(default_factory=list)
    streams: list[int] = field(default_factory=lambda: [0])
    excerpts: list[int] = field(default_factory=lambda: [0])

    def file_name(self, place: Place) -> str:
        """Return the name without folders of the file or member that stands at `place`."""
        member = place.member
        return self.name if member is None else member.rpartition("!")[2].rpartition("/")[2]

    def child(self) -> Context:
        """Return the context for something inside; raises LimitExceeded when nested too deep."""
        return Context(
            self.budget.child(),
            self.walk,
            "",
            self.facts,
            self.interpreters,
            self.streams,
            self.excerpts,
        )

    def interpreter(self, level: int = 0) -> Interpreter:
        """Return a pickle machine; level 1 is a small one for a stream inside a running stream."""
        while len(self.interpreters) <= level:
            self.interpreters.append(Interpreter(share=1 if not self.interpreters else 16))
        return self.interpreters[level]

    def stream_number(self) -> int:
        """Return a number for the next pickle stream, unique within the file."""
        self.streams[0] += 1
        return self.streams[0]

    def add(self, fact: Fact) -> None:
        """Keep a fact."""
        self.facts.append(fact)

    def format(self, place: Place, name: str, size: int, **detail: object) -> None:
        """State what the bytes at `place` are."""
        pairs = tuple((key, str(value)) for key, value in detail.items() if value is not None)
        self.add(Format(place.member, name, size, pairs))

    def anomaly(
        self, place: Place, format_name: str, code: str, text: str, offset: int | None = None
    ) -> None:
        """State something that no honest writer produces."""
        self.add(Anomaly(place.member, offset, format_name, code, text))

    def gap(
        self,
        place: Place,
        format_name: str,
        code: str,
        text: str,
        offset: int | None = None,
        carries_code: bool = True,
    ) -> None:
        """State that bytes were not examined, and why."""
        self.add(Gap(place.member, offset, format_name, code, text, carries_code))

    def gap_from(self, place: Place, format_name: str, error: ParseError) -> None:
        """Turn the error that ended a parser into a fact."""
        kind = _KINDS.get(type(error), "malformed")
        code = error.code if error.code.startswith(kind) else f"{kind}-{error.code}"
        self.gap(place, format_name, code, error.text, error.offset)

    def note(self, place: Place, code: str, text: str, offset: int | None = None) -> None:
        """State something worth knowing."""
        self.add(Note(place.member, offset, code, text))

    def metadata(self, place: Place, format_name: str, key: str, value: str) -> None:
        """Keep a text that the file declares about itself."""
        self.add(Metadata(place.member, format_name, key, value))
