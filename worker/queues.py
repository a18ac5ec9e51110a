"""Two queues: openings read and screen whole lists, and must not keep the short steps of other runs waiting."""

from celery.worker import state
from kombu.entity import Exchange, Queue
from kombu.utils.scheduling import round_robin_cycle

STEPS, OPEN = "callbeat", "callbeat.open"  # in the broker; the first is also that of versions that had only one
QUEUES = {"steps": STEPS, "open": OPEN}  # by the words of `callbeat worker --queue`
OPENERS = ("runs.open", "runs.export", "runs.let_go")
OPENINGS_AT_ONCE = 4  # in a worker that serves both: they share a processor, and its memory, with all else


def task_queues() -> list[Queue]:
    """What a worker serves that is not told otherwise."""
    exchanges = {name: Exchange(name) for name in QUEUES.values()}  # type: ignore[no-untyped-call]
    return [Queue(name, exchange, routing_key=name) for name, exchange in exchanges.items()]  # type: ignore[no-untyped-call]


def task_routes() -> dict[str, dict[str, str]]:
    """What does not go the ordinary way."""
    return {task: {"queue": OPEN} for task in OPENERS}


class Turns(round_robin_cycle):
    """Which queues a worker asks for the next message, each in its turn; no opening where enough are at work.

    One that is not asked for stays in the broker, where any other worker finds it.
    """

    def consume(self, n: int) -> list[str]:
        """The names of the queues that are asked now."""
        names: list[str] = super().consume(n)  # type: ignore[no-untyped-call]
        if len(names) > 1 and _openings() >= OPENINGS_AT_ONCE:
            return [name for name in names if name != OPEN]
        return names


def _openings() -> int:
    """Openings that this worker has taken and not finished. Threads change the table meanwhile: it is copied."""
    return sum(request.name in OPENERS for request in list(state.requests.values()))
