"""Template text to the tree of Jinja's parser, within bounds."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from weighbridge.errors import LimitExceeded, MalformedInput

if TYPE_CHECKING:
    from jinja2 import Environment
    from jinja2.nodes import Template

# Honest templates stay below 40 KiB; Jinja parses about half a megabyte per second.
LIMIT = 256 << 10


@cache
def _environment() -> Environment:
    """Return Jinja as the loaders configure it, with the tags they add and nothing they run."""
    from jinja2 import Environment, nodes
    from jinja2.ext import Extension
    from jinja2.parser import Parser

    class Generation(Extension):
        """The tag ``{% generation %}`` of transformers: its body is rendered as it stands."""

        tags = {"generation"}

        def parse(self, parser: Parser) -> list[nodes.Node]:
            next(parser.stream)
            return parser.parse_statements(("name:endgeneration",), drop_needle=True)

    extensions: list[str | type[Extension]] = ["jinja2.ext.loopcontrols", "jinja2.ext.do"]
    extensions.append(Generation)
    return Environment(trim_blocks=True, lstrip_blocks=True, extensions=extensions)


def parse(text: str) -> Template:
    """Return the tree of a template.

    Raises:
        LimitExceeded: it is too long, or nested too deeply for any loader's parser.
        MalformedInput: Jinja does not take it, so no loader that uses Jinja renders it.
    """
    from jinja2 import TemplateError

    if len(text) > LIMIT:
        problem = f"a template of {len(text)} characters is too long to read"
        raise LimitExceeded("limit-template-size", problem)
    try:
        return _environment().parse(text)
    except (RecursionError, MemoryError) as error:
        problem = "the template is nested too deeply to read"
        raise LimitExceeded("limit-template-depth", problem) from error
    except TemplateError as error:
        line = getattr(error, "lineno", None)
        problem = f"Jinja cannot parse the template: {str(error)[:200]} (line {line})"
        raise MalformedInput("malformed-template", problem) from error
    except (ValueError, OverflowError, AssertionError, LookupError) as error:
        problem = "the template holds a number or name that Jinja cannot take"
        raise MalformedInput("malformed-template", problem) from error
