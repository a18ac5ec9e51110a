"""Reading ahead changes nothing but the time: the order, the errors, and that it ends with whoever reads."""

import threading

import polars as pl
import pytest

from callbeat.contacts.ahead import one_ahead
from callbeat.contacts.rows import Rows
from callbeat.contacts.source import SourceError


def frames(most, begun, ended):
    """So many frames, then an error. Tells which have been begun, and that it was closed."""
    try:
        for number in range(most):
            begun.append(number)
            yield Rows(pl.DataFrame({"row": [number]}), ())
        raise SourceError("source_unreadable", "row 3 cannot be read")
    finally:
        ended.append(threading.current_thread().name)


def test_frames_come_in_their_order_and_the_error_behind_them():
    """Rows that came before an error are judged as ever, and then nobody is called."""
    reading = one_ahead(frames(3, [], []))
    assert [next(reading).frame["row"][0] for _ in range(3)] == [0, 1, 2]
    with pytest.raises(SourceError, match="row 3"):
        next(reading)


def test_no_more_than_one_frame_waits():
    """Memory stays flat, however slow whoever judges is."""
    begun = []
    reading = one_ahead(frames(9, begun, []))
    next(reading)
    next(reading)
    reading.close()
    assert begun == [0, 1, 2]


@pytest.mark.parametrize("stop", ["close", "throw"])
def test_who_stops_early_ends_the_reading(stop):
    """A file is closed when the look at its first row is over, and no thread is left."""
    ended = []
    source = frames(9, [], ended)
    reading = one_ahead(source)
    next(reading)
    if stop == "close":
        reading.close()
    else:
        with pytest.raises(KeyboardInterrupt):
            reading.throw(KeyboardInterrupt())
    assert len(ended) == 1
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("ahead")]
