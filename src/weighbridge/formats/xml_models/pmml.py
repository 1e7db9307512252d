"""PMML, the Predictive Model Markup Language (dmg.org, PMML 4.4).

All of it is data but one thing: ``Apply function="..."`` may name a class of the program that
evaluates the model. JPMML takes a name with a dot for a class of Java and makes an instance of it
(``FunctionRegistry``), unless the document defines a function of that name.
"""

from __future__ import annotations

from weighbridge.formats.context import Context, Place
from weighbridge.formats.operator_tally import OperatorTally

NAME = "pmml"
_MOST_DEFINED = 10_000


class PmmlModel:
    """Takes the elements of one document."""

    def __init__(self) -> None:
        self._called: dict[str, int] = {}
        self._defined: set[str] = set()
        self.version = ""
        self.application = ""

    def start(self, name: str, attributes: dict[str, str], offset: int) -> None:
        """See :class:`weighbridge.formats.xml_models.events.Handler`."""
        if name == "PMML":
            self.version = attributes.get("version", "")[:20]
        elif name == "Application":
            pair = f"{attributes.get('name', '')} {attributes.get('version', '')}"
            self.application = pair.strip()[:200]
        elif name == "DefineFunction" and len(self._defined) < _MOST_DEFINED:
            self._defined.add(attributes.get("name", ""))
        elif name == "Apply" and len(self._called) < _MOST_DEFINED:
            function = attributes.get("function", "")
            if "." in function:
                self._called.setdefault(function, offset)

    def end(self, name: str) -> None:
        """See :class:`weighbridge.formats.xml_models.events.Handler`."""

    def state(self, context: Context, place: Place) -> None:
        """Add the facts."""
        if self.application:
            context.metadata(place, NAME, "Application", self.application)
        operators = OperatorTally(NAME)
        for name, offset in self._called.items():
            if name not in self._defined:
                operators.note(name, offset, "java")
        operators.state(context, place)
