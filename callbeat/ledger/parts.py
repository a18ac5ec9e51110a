"""Long lists a part at a time: databases limit how many values one question may name."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def in_parts(values: Sequence[T], most: int) -> Iterator[Sequence[T]]:
    """At most so many of them at once, in their order."""
    return (values[first : first + most] for first in range(0, len(values), most))
