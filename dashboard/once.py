"""A form that acts is heeded once: pressed twice, or sent again by a browser, it does nothing more."""

import secrets
from collections import OrderedDict
from threading import Lock

from markupsafe import Markup

FIELD = "once"
MOST = 10_000  # that are remembered; by then the oldest form has been closed for long


class Once:
    """The forms that were sent, of one process. Beyond it the state of things refuses a second time."""

    def __init__(self) -> None:
        self._spent: OrderedDict[str, None] = OrderedDict()
        self._lock = Lock()

    def field(self) -> Markup:
        """A hidden input for a form, another each time."""
        return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, secrets.token_urlsafe(16))

    def spend(self, token: str) -> bool:
        """Whether a form comes for the first time."""
        with self._lock:
            if not token or token in self._spent:
                return False
            self._spent[token] = None
            if len(self._spent) > MOST:
                self._spent.popitem(last=False)
            return True
