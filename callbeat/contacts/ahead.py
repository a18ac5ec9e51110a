"""What takes long is done one step ahead in a thread of its own, while what came before it is used."""

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TypeVar

T = TypeVar("T")


def one_ahead(steps: Generator[T, None, None]) -> Iterator[T]:
    """The same in the same order (never None), and what is raised where it is raised. Who stops early ends it."""
    with closing(steps), ThreadPoolExecutor(1, "ahead") as thread:
        coming = thread.submit(next, steps, None)
        while (found := coming.result()) is not None:
            coming = thread.submit(next, steps, None)
            yield found
