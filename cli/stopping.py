"""A wish to stop, from a terminal or a service manager, as an event."""

import _thread
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def stopping_on_signals() -> Iterator[threading.Event]:
    """An event that SIGINT, SIGTERM or SIGHUP sets; the handlers are as before afterwards.

    Under nohup SIGHUP stays ignored. Outside the main thread no handler can be set: the event is then
    only what others make of it.
    """
    event = threading.Event()

    def wish(_number: int, _frame: FrameType | None) -> None:
        # Setting takes the event's lock, which the interrupted code may hold if it is waiting for the event.
        _thread.start_new_thread(event.set, ())

    before = {}
    if threading.current_thread() is threading.main_thread():
        heard = [number for number in _SIGNALS if not _is_hushed(number)]
        before = {number: signal.signal(number, wish) for number in heard}
    try:
        yield event
    finally:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


def _is_hushed(number: signal.Signals) -> bool:
    return number is signal.SIGHUP and signal.getsignal(number) is signal.SIG_IGN
