"""Runs things at the same time, each in a thread with a database connection of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

from django.db import connection

Result = TypeVar("Result")


def at_once(tasks: Sequence[Callable[[], Result]]) -> list[Result | Exception]:
    """Start all tasks together and return what each returned or raised, in order."""
    barrier = threading.Barrier(len(tasks))
    results: list[Result | Exception | None] = [None] * len(tasks)

    def go(index: int) -> None:
        try:
            barrier.wait(30)
            results[index] = tasks[index]()
        except Exception as error:
            results[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=go, args=(index,)) for index in range(len(tasks))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [result for result in results if result is not None]
