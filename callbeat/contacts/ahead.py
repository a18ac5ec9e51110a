"""A source is read one frame ahead in a thread of its own, while the frame before it is judged."""

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from callbeat.contacts.rows import Rows


def one_ahead(frames: Generator[Rows, None, None]) -> Iterator[Rows]:
    """The same in the same order, and what it raises where it raises it. Whoever stops early ends the reading."""
    with closing(frames), ThreadPoolExecutor(1, "reading") as reader:
        coming = reader.submit(next, frames, None)
        while (rows := coming.result()) is not None:
            coming = reader.submit(next, frames, None)
            yield rows
