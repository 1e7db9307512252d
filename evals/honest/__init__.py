"""Files that honest libraries write, one module for each family of libraries."""

from evals.honest import (
    boosters,
    checkpoints,
    data,
    described,
    estimators,
    exports,
    functions,
    graphs,
    keras,
    makers,
    numeric,
    plain,
    projects,
    templates,
    tools,
)
from evals.samples import HonestSet

SETS: dict[str, HonestSet] = {
    "plain": plain,
    "numeric": numeric,
    "estimators": estimators,
    "checkpoints": checkpoints,
    "projects": projects,
    "function-savers": functions,
    "boosters": boosters,
    "exports": exports,
    "described": described,
    "data": data,
    "makers": makers,
    "keras": keras,
    "graphs": graphs,
    "chat-templates": templates,
    "agent-tools": tools,
}
