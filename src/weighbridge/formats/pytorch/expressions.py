"""Text of an exported program that its loader evaluates, held against what torch writes there.

``sympy.sympify`` evaluates each symbolic size (``expr_str``), and ``ExportedProgram.module()`` runs
the guards (``guards_code``) as Python. Targets of nodes are attribute paths from ``torch``,
``math`` or ``operator``. See ``torch/_export/serde/serialize.py`` and ``torch/export/_unlift.py``.
"""

from __future__ import annotations

import ast
import re

from weighbridge.tables.libraries import library_kind
from weighbridge.tables.operators import torch_operator

_LENGTH = 20_000
_NODES = 5_000
_PLAIN = re.compile(r"[\w.\- ]{0,200}")
_FUNCTIONS = frozenset(
    "Symbol Dummy Integer Float Rational Add Mul Pow Max Min Abs floor ceiling frac sqrt log "
    "log2 exp sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh atan2 Mod Eq Ne Lt "
    "Le Gt Ge Equality Unequality StrictLessThan LessThan StrictGreaterThan GreaterThan And "
    "Or Not Xor ITE Piecewise ExprCondPair Tuple BooleanTrue BooleanFalse NegativeOne One "
    "Zero Half Infinity NegativeInfinity NaN IntInfinity NegativeIntInfinity FloorDiv "
    "ModularIndexing Where PythonMod CleanDiv CeilToInt FloorToInt CeilDiv IntTrueDiv "
    "FloatTrueDiv LShift RShift TruncToFloat TruncToInt RoundToInt RoundDecimal ToFloat "
    "FloatPow PowByNatural Identity IsNonOverlappingAndDenseIndicator "
    "cast_symbool_to_symint_guardless len abs min max int float bool round".split()
)
_OPAQUE = re.compile(r"(?:OpaqueUnaryFn|BitwiseFn)_\w{1,40}")
_ATTRIBUTES = frozenset(
    "size stride storage_offset dim ndim numel shape dtype device layout item requires_grad "
    "is_integer isnan isinf inf nan pi e sqrt floor ceil trunc log exp sin cos tan".split()
)
_ROOTS = frozenset({"L", "G", "math", "torch", "args"})
_GRAMMAR = (
    ast.Expression, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.Constant, ast.Name,
    ast.Call, ast.keyword, ast.Tuple, ast.List, ast.operator, ast.unaryop, ast.boolop, ast.cmpop,
    ast.expr_context, ast.IfExp,
)  # fmt: skip
_SIMPLE_TARGET = re.compile(
    r"(?:_operator|math)\.[a-z]\w{0,30}|torch\.(?:sym_\w{1,30}|_check\w{0,20})"
)
_REGISTERED = re.compile(r"torch\.ops(?:\.\w{1,100}){2,4}|#[\w.:<>\- ]{1,200}")
_REACHING = frozenset({"attrgetter", "itemgetter", "methodcaller", "call", "_operator"})


def unusual(text: str, guard: bool) -> bool:
    """Say whether an expression holds what torch never writes into one."""
    if len(text) > _LENGTH:
        return True
    try:
        tree = ast.parse(text.strip(), mode="eval")
        nodes = [node for _number, node in zip(range(_NODES + 1), ast.walk(tree), strict=False)]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return True
    return len(nodes) > _NODES or not all(_fits(node, guard) for node in nodes)


def _fits(node: ast.AST, guard: bool) -> bool:
    if isinstance(node, ast.Name):
        return "__" not in node.id
    if isinstance(node, ast.Constant):
        text = node.value
        return not isinstance(text, str | bytes) or (
            isinstance(text, str) and _PLAIN.fullmatch(text) is not None
        )
    if isinstance(node, ast.Call):
        return _callable(node.func, guard)
    if guard and isinstance(node, ast.Attribute):
        return node.attr in _ATTRIBUTES
    if guard and isinstance(node, ast.Subscript):
        return True
    return isinstance(node, _GRAMMAR)


def _callable(node: ast.expr, guard: bool) -> bool:
    if isinstance(node, ast.Name):
        return node.id in _FUNCTIONS or _OPAQUE.fullmatch(node.id) is not None
    if guard and isinstance(node, ast.Attribute) and node.attr in _ATTRIBUTES:
        root: ast.expr = node.value
        while isinstance(root, ast.Attribute | ast.Subscript | ast.Call):
            root = root.func if isinstance(root, ast.Call) else root.value
        return isinstance(root, ast.Name) and root.id in _ROOTS
    return False


def target_fault(target: str) -> tuple[str, str] | None:
    """Return a code and a text for a target that no exporter writes, or None."""
    shown = repr(target[:200])
    parts = target.split(".")
    row = torch_operator(".".join(parts[1:4])) if target.startswith("torch.ops.") else None
    if row is not None:
        return "pt2-file-operator", f"a node calls {shown}, which {row.phrase}"
    if _REGISTERED.fullmatch(target):
        return None
    if any(part.startswith("__") or library_kind(part) == "stdlib" for part in parts[1:]):
        return "pt2-target-reach", f"a node calls {shown}, which leads out of torch"
    if parts[-1] in _REACHING or parts[-1] in ("load_library", "import_module", "load", "save"):
        return "pt2-target-reach", f"a node calls {shown}, which leads out of torch"
    if _SIMPLE_TARGET.fullmatch(target) or parts[0] not in ("torch", "math", "_operator"):
        # What does not begin with these three stays text, and running it fails.
        return None
    if target.startswith(("torch._higher_order_ops.", "torch._C._", "torch.autograd.")):
        return None
    return "pt2-target", f"a node calls {shown}, which is no registered operator"
