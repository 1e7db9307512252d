"""Files that honest libraries write, one module for each family of libraries."""

from evals.samples import HonestSet

SETS: dict[str, HonestSet] = {}
