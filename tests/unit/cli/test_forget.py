"""A person who asks to be forgotten is, wherever callbeat keeps something of them; and it is proved."""

import gzip
import io

import polars as pl
import pytest
from sqlalchemy import select

from callbeat.contacts.hashing import hashed
from callbeat.errors import NeedsSomebody, Refusal, UsageError
from callbeat.ledger.number_key import number_key
from callbeat.ledger.states import BatchState, RunState
from callbeat.ledger.tables import ExportRow, SuppressionRow, Table
from callbeat.outcomes import Outcome
from callbeat.runs import erasing
from callbeat.runs.completeness import differences
from callbeat.runs.number_search import may_hold
from cli import forgetting
from tests.factories import DUE, NOW, a_world, minutes, number

S = BatchState
WHO, OTHER = number(2), number(1)


@pytest.fixture
def world(tmp_path, monkeypatch):
    world = a_world(tmp_path)
    monkeypatch.setattr(forgetting, "load", lambda: None)
    monkeypatch.setattr(forgetting, "make_context", lambda _: world.context)
    stdin = io.StringIO(f"{WHO}\n")
    monkeypatch.setattr("sys.stdin", stdin)
    yield world
    world.ledger.close()


def called(world, hour=0, state=RunState.FINISHED, hashes=True):
    """A run with three calls; the second is the person's."""
    run = world.a_run(state=state, due_at=DUE + minutes(60 * hour), rows=3)
    over = {"key": f"{run.key}/1", "label": f"label {hour}", "provider_ref": f"batch-{hour}"}
    batch = world.a_batch(S.FINISHED, run=run, rows=3, **over)
    for call in world.calls(batch):
        digest = digest_of(world, call.number) if hashes else None
        world.set(
            call, number_hash=digest, outcome=Outcome.ANSWERED, attempts=1, provider_call=f"call-{hour}-{call.row}",
            error="said her name", variables={"name": f"Asha {call.row}"},
        )  # fmt: skip
    return run, batch


def digest_of(world, whom=WHO):
    return hashed(whom, number_key(world.ledger))


def forget(whom=WHO, **how):
    plain = {"region": None, "hash_too": False, "and_suppress": False, "yes": True}
    forgetting.forget(whom, **plain | how)


def exported(world, run, file="results/day.csv"):
    path = world.folder / file
    path.parent.mkdir(exist_ok=True, parents=True)
    rows = [
        {"row": row, "number": number(row), "batch": f"{run.key}/1", "outcome": "answered"} for row in (1, 2, 3)
    ]
    pl.DataFrame(rows).write_csv(path)
    note(world, run, file)
    return path


def note(world, run, file):
    with world.ledger.write() as writer:
        writer.session.add(ExportRow(run_id=run.id, file=file, written_at=NOW))


def everything(world):
    with world.ledger.read() as session:
        return repr([session.execute(select(table)).all() for table in Table.metadata.sorted_tables])


@pytest.mark.parametrize("hashes", [True, False])
def test_the_person_goes_everywhere_and_everybody_else_stays(world, hashes):
    """All runs, and those from before numbers were hashed."""
    batches = [called(world, hour, hashes=hashes)[1] for hour in range(3)]
    forget()
    for batch in batches:
        one, two, three = world.calls(batch)
        assert (two.number, two.variables, two.provider_call, two.error) == ("", {}, None, None)
        assert (two.outcome, two.attempts, two.row) == (Outcome.ANSWERED, 1, 2)
        assert (one.number, three.number, one.variables) == (OTHER, number(3), {"name": "Asha 1"})
    assert WHO not in everything(world)
    assert "Asha 2" not in everything(world)


def test_the_sums_are_right_afterwards(world):
    """No row vanishes."""
    run, _ = called(world)
    forget()
    with world.ledger.read() as session:
        assert differences(session, run) == []


@pytest.mark.parametrize(("hash_too", "kept"), [(False, True), (True, False)])
def test_the_hash_stays_for_frequency_unless_it_is_to_go(world, hash_too, kept):
    """Who was called yesterday should not be called today because they asked to be forgotten."""
    _, batch = called(world, hashes=False)
    forget(hash_too=hash_too)
    assert world.calls(batch)[1].number_hash == (digest_of(world) if kept else None)
    assert (digest_of(world) in everything(world)) is kept


@pytest.mark.parametrize("wanted", [False, True])
def test_it_is_suppressed_only_when_that_is_asked_for(world, wanted):
    """To be forgotten and never to be called are two wishes, and the second needs a hash."""
    called(world)
    forget(and_suppress=wanted)
    with world.ledger.read() as session:
        found = list(session.execute(select(SuppressionRow)).scalars())
    assert [one.number_hash for one in found] == ([digest_of(world)] if wanted else [])


def test_a_wish_not_to_be_called_outlives_it(world):
    """Else the next list would have the person called again."""
    called(world)
    forget(and_suppress=True)
    with pytest.raises(Refusal, match="nothing to forget"):
        forget()
    with world.ledger.read() as session:
        assert session.get(SuppressionRow, digest_of(world)).source == "forgotten"


def test_somebody_unknown_can_be_kept_from_being_called(world):
    """There is nothing to remove, and something was asked for."""
    forget(and_suppress=True)
    with world.ledger.read() as session:
        assert session.get(SuppressionRow, digest_of(world)) is not None


def test_it_is_proved_without_the_number(world):
    """In the story of each run, and once for all, by the beginning of the keyed hash and by whom."""
    run, _ = called(world)
    called(world, 1)
    forget()
    who = f"somebody (hash {digest_of(world)[:8]}…) was forgotten"
    assert world.said(run) == f"{who}: number and variables of 1 calls are removed"
    assert world.events()[-1].why == f"{who}: 2 calls of 2 runs; its hash stays, for frequency"
    assert world.events()[-1].actor.endswith("command line)")
    assert WHO not in world.said()


def test_it_is_told_first_and_asked_once(world, capsys):
    """How many places, and what callbeat cannot do. The number itself stays masked."""
    run, batch = called(world)
    exported(world, run)
    with pytest.raises(UsageError, match="--yes"):
        forget(yes=False)
    told = capsys.readouterr().err
    assert f"+91••••••••02: 1 calls of {run.key}" in told
    assert "file results/day.csv: is rewritten without it" in told
    assert "at bolna batch batch-0, call call-0-2: yours to delete there" in told
    assert WHO not in told
    assert world.calls(batch)[1].number == WHO
    assert WHO in (world.folder / "results/day.csv").read_text()


def test_backups_are_named(world, capsys):
    """Nobody thinks of them, and a restore brings the person back."""
    called(world)
    forget()
    assert "callbeat db backup" in capsys.readouterr().err


@pytest.mark.parametrize("state", [RunState.OPENING, RunState.ACTIVE])
def test_while_a_run_may_call_them_nothing_at_all_is_done(world, state):
    """Half of it forgotten would be the worst: a call without a person, and a person without their call."""
    run, _ = called(world, 0)
    path = exported(world, run)
    active, _ = called(world, 1, state=state)
    before = everything(world), path.read_text()
    with pytest.raises(Refusal, match=r"callbeat stop") as refused:
        forget()
    assert active.key in str(refused.value)
    assert (everything(world), path.read_text()) == before


def test_a_run_that_opens_meanwhile_is_seen_in_the_same_transaction(world, monkeypatch):
    """Between the question and the answer a minute may go by."""
    _, batch = called(world)
    found = erasing.find(world.context, WHO)
    called(world, 1, state=RunState.ACTIVE)
    with pytest.raises(Refusal, match="not over"):
        erasing.erase(world.context, found, "somebody", hash_too=False, suppress=False)
    assert world.calls(batch)[1].number == WHO


def test_no_file_is_rewritten_before_it_is_refused(world):
    """Whoever calls it from elsewhere has not asked before."""
    run, _ = called(world)
    path = exported(world, run)
    called(world, 1, state=RunState.ACTIVE)
    with pytest.raises(Refusal):
        erasing.erase(world.context, erasing.find(world.context, WHO), "me", hash_too=False, suppress=False)
    assert WHO in path.read_text()


def test_while_a_file_of_it_is_written_it_waits(world):
    """What was read before would stand in the file afterwards."""
    run, batch = called(world)
    world.rob(run)
    with pytest.raises(Refusal, match="try again in some minutes"):
        forget()
    assert world.calls(batch)[1].number == WHO


def test_who_is_not_found_is_said_so(world):
    """Exit 1, and backups are named all the same."""
    called(world)
    with pytest.raises(Refusal, match="nothing to forget"):
        forget("+919999999999")


def test_twice_is_not_found(world):
    """Done is done."""
    called(world)
    forget()
    with pytest.raises(Refusal, match="nothing to forget"):
        forget()


def test_the_hash_can_go_later(world):
    """It was kept for frequency, and is no longer wanted."""
    _, batch = called(world)
    forget()
    forget(hash_too=True)
    assert world.calls(batch)[1].number_hash is None


@pytest.mark.parametrize("words", ["x", "", "+", "12345", "hello +"])
def test_what_is_no_number_is_wrong_usage(world, words):
    """Nothing is looked for."""
    with pytest.raises(UsageError):
        forget(words)


@pytest.mark.parametrize(
    ("words", "region"),
    [(WHO, None), ("+91 98765-00002", None), ("098765 00002", "IN"), ("9876500002", "IN"), ("-", None)],
)
def test_a_number_is_taken_as_people_write_it(world, words, region):
    """Also from standard input, where no list of processes shows it."""
    _, batch = called(world)
    forget(words, region=region)
    assert world.calls(batch)[1].number == ""


def test_without_a_number_and_a_terminal_it_is_wrong_usage(world):
    """A script that lost its variable must not wait for ever."""
    with pytest.raises(UsageError, match="standard input"):
        forget(None)


def test_files_that_callbeat_wrote_are_rewritten(world):
    """Only the person's cells, and the proof names the file."""
    run, _ = called(world)
    path = exported(world, run)
    forget()
    assert WHO not in path.read_text()
    assert OTHER in path.read_text()
    assert "results/day.csv was rewritten without them" in world.events()[-1].why


@pytest.mark.parametrize("file", ["s3://bucket/day.csv", "results/own.csv"])
def test_a_file_that_is_left_needs_somebody(world, file, capsys):
    """The ledger is done, and the rest is told: exit 3."""
    run, batch = called(world)
    if "://" in file:
        note(world, run, file)
    else:
        exported(world, run, file).write_text(f"my own\n{WHO}\n")
    with pytest.raises(NeedsSomebody, match=file):
        forget()
    assert world.calls(batch)[1].number == ""
    assert file in world.events()[-1].why


def test_after_a_crash_between_files_and_ledger_it_is_done_again(world, monkeypatch):
    """The person is still found: the ledger comes last."""
    run, batch = called(world)
    path = exported(world, run)
    with monkeypatch.context() as patch:
        patch.setattr(erasing, "_prove", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            forget()
    assert (WHO in path.read_text(), world.calls(batch)[1].number) == (False, WHO)
    forget()
    assert world.calls(batch)[1].number == ""


def test_contact_files_are_told_and_never_changed(world, capsys):
    """They are the operator's: the next run would have the person again."""
    called(world)
    path = world.write_contacts(f"phone\n{OTHER}\n098765 00002\n")
    other = world.write_contacts(f"phone\n{OTHER}\n", "contacts/other.csv")
    before = path.read_bytes()
    forget()
    told = capsys.readouterr().err
    assert f"{path} may hold it, and is yours to change" in told
    assert str(other) not in told
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ("+919876500002", True),
        ("09876500002,x", True),
        ("(98765) 00-002", True),
        ("98765.00002\r\n", True),
        ("98765000021", False),
        ("9876500,002", False),
        ("9876500\n002", False),
        ("+919876500003", False),
    ],
)
def test_a_number_is_found_however_it_is_written(tmp_path, text, held):
    """Spreadsheets put blanks and brackets where they like; two cells are not one number."""
    for name, data in (
        ("a.csv", text.encode()),
        ("b.csv", text.encode("utf-16")),
        ("c.csv.gz", gzip.compress(text.encode())),
    ):
        (tmp_path / name).write_bytes(data)
        assert may_hold(tmp_path / name, WHO) is held
    pl.DataFrame({"phone": [text], "other": [1]}).write_parquet(tmp_path / "d.parquet")
    assert may_hold(tmp_path / "d.parquet", WHO) is held


def test_a_number_across_two_parts_of_a_file_is_found(tmp_path):
    """A large file is read part by part."""
    path = tmp_path / "large.csv"
    path.write_bytes(b"x" * ((1 << 20) - 5) + WHO.encode() + b"\n")
    assert may_hold(path, WHO)


def test_what_cannot_be_read_may_hold_it(tmp_path):
    """Nobody can say that it does not."""
    (tmp_path / "a.parquet").write_bytes(b"PAR1")
    (tmp_path / "b.gz").write_bytes(b"\x1f\x8b")
    assert may_hold(tmp_path / "a.parquet", WHO)
    assert may_hold(tmp_path / "b.gz", WHO)
