"""What the rest of the package may use of machine.py, for type checkers only."""

from collections.abc import Callable

from weighbridge.sources.base import Source

COMPILED: bool

class Core:
    position: int
    operand: int
    opcode: int
    reason: str
    protocol: int
    max_protocol: int
    opcodes: int
    oddities: set[str]
    watch_persistent: bool
    symbol_mode: memoryview
    symbol_methods: memoryview
    symbol_result: memoryview
    symbol_calls: memoryview
    result_mode: memoryview
    result_methods: memoryview

    def __init__(self, share: int = 1) -> None: ...
    def start(
        self,
        source: Source | None,
        offset: int,
        end: int,
        tick: Callable[[], object] | None,
    ) -> None: ...
    def run(self) -> int: ...
    def line_end(self, absolute: int) -> int: ...
    def resume_at(self, absolute: int) -> None: ...
    def push(self, value: int) -> bool: ...
    def pop(self) -> int: ...
    def pop_mark(self, skip: int) -> int: ...
    def remember(self, index: int) -> int: ...
    def recall(self, index: int) -> int: ...
    def new_persistent(self, value: int) -> int: ...
    def describe(self, value: int) -> tuple[int, int, list[int]]: ...
    def peek(self, offset: int, count: int) -> bytes: ...
