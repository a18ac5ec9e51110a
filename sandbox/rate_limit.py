"""How often each key may ask: a sliding minute of pretended time."""

import math
from collections import defaultdict, deque
from datetime import datetime, timedelta

MINUTE = timedelta(minutes=1)


class RateLimit:
    """One window for each key and kind of request."""

    def __init__(self) -> None:
        self._came: defaultdict[tuple[str, str], deque[datetime]] = defaultdict(deque)

    def wait(self, key: str, kind: str, limit: int, now: datetime) -> int:
        """0 when the request is admitted, and counted; else after how many seconds the next one would be."""
        came = self._came[key, kind]
        while came and came[0] <= now - MINUTE:
            came.popleft()
        if len(came) >= limit:
            return max(1, math.ceil((came[0] + MINUTE - now).total_seconds()))
        came.append(now)
        return 0

    def clear(self) -> None:
        self._came.clear()
