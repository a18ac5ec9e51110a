"""Messages of a sweep leave together, each as its own."""

from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from kombu.exceptions import OperationalError

from tasks import context


class Broker:
    """In place of Celery's app: it keeps what was sent, and how it left."""

    def __init__(self, away=False):
        self.sent, self.flushed, self.away = [], 0, away

    def send_task(self, name, *, args, producer=None, **_):
        if self.away and producer is None:
            raise OperationalError
        self.sent.append((name, args[0], producer))

    @contextmanager
    def producer_or_acquire(self):
        yield SimpleNamespace(batch=self._batch)

    @contextmanager
    def _batch(self):
        yield
        if self.away:
            raise OperationalError
        self.flushed += 1


@pytest.fixture
def broker(monkeypatch):
    made = Broker()
    monkeypatch.setattr(context, "current_app", made)
    monkeypatch.setattr(context, "_away_until", 0.0)
    monkeypatch.setattr(context, "_readable", lambda _task, _ids: None)
    return made


def test_all_that_is_due_leaves_in_one_go_and_in_its_order(broker):
    """Five hundred messages one by one keep beat from its next tick."""
    context.send_all([("create", [1]), ("poll", [2, 3]), ("open", [4])])
    assert [(name, ids) for name, ids, _ in broker.sent] == [
        ("runs.create", [1]),
        ("runs.poll", [2, 3]),
        ("runs.open", [4]),
    ]
    assert len({id(producer) for _, _, producer in broker.sent}) == 1
    assert broker.flushed == 1


def test_where_the_broker_is_away_nothing_is_raised_and_it_is_left_alone_a_while(broker):
    """An exception here would end beat's sweep; the rows are sent again after their patience."""
    broker.away = True
    context.send_all([("create", [1])])
    assert not context.can_send()
    context.send_all([("create", [2])])
    assert [ids for _, ids, _ in broker.sent] == [[1]]
