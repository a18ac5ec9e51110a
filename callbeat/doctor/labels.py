"""Whether a provider echoes our labels: by them a lost create is found. Read-only, from a batch made before."""

from collections.abc import Iterator

from sqlalchemy import select

from callbeat.doctor.accounts import client_of
from callbeat.doctor.notices import Notice, error, unseen, well
from callbeat.doctor.subject import Subject, without_ledger
from callbeat.errors import Problem
from callbeat.ledger.states import BatchState
from callbeat.ledger.store import Ledger
from callbeat.ledger.tables import BatchRow
from callbeat.providers.answers import Accepted, Answer
from callbeat.providers.port import BatchSeen
from callbeat.providers.registry import RULES
from callbeat.runs.labels import bears


def check_labels(subject: Subject, account: str) -> Iterator[Notice]:
    """The newest batch of the account is read back, where its provider lists batches by label."""
    where = f"account {account}.labels"
    if subject.ledger is None:
        yield without_ledger(where)
        return
    batch = _newest(subject.ledger, account)
    client = client_of(subject, account)
    if batch is None:
        yield well(where, "not known yet: nothing was made there that could be looked up")
    elif isinstance(client, Problem):
        yield unseen(where, "not known: the account cannot be used")
    else:
        yield judge_label(where, batch, client.get(batch.provider_ref or ""))


def _newest(ledger: Ledger, account: str) -> BatchRow | None:
    looked_up = [name for name, rules in RULES.items() if rules.capabilities.found_by_label]
    made = select(BatchRow).where(
        BatchRow.account == account,
        BatchRow.provider.in_(looked_up),
        BatchRow.provider_ref.is_not(None),
        BatchRow.state != BatchState.STOPPED,  # stopped before its start it may be deleted
    )
    with ledger.read() as session:
        return session.execute(made.order_by(BatchRow.id.desc()).limit(1)).scalar_one_or_none()


def judge_label(where: str, batch: BatchRow, answer: Answer[BatchSeen]) -> Notice:
    """Whether what the provider shows bears the label that was sent. Pure."""
    if not isinstance(answer, Accepted):
        return unseen(where, f"not known: {batch.key} could not be read back: {answer.reason}")
    if bears(answer.value, batch.label):
        return well(where, f"echoed: {batch.key} bears its own")
    words = f"{batch.key} was sent as {batch.label} and comes back without it: a lost create could not be found"
    return error(where, words, "run nothing there until the provider shows the file's name again; ask its support")
