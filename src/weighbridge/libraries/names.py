"""How packages are named: the ecosystem, and names as it compares them."""

from __future__ import annotations

import re

PYPI = "PyPI"


def canonical_name(name: str) -> str:
    """Return a name as PyPI compares it (PEP 503, "Normalized Names").

    As in `packaging.utils`, whose import every scan would pay for.
    """
    return re.sub(r"[-_.]+", "-", name).lower()
