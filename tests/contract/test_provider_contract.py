"""What callbeat relies on, asked of every adapter: batches are made, found again, read and told apart.

A new provider adds one entry to ADAPTERS; what it need not do is what its capabilities say.
"""

from callbeat.providers.answers import Accepted, Refused, Why
from callbeat.providers.capabilities import TalkFrom
from callbeat.providers.port import Created, Phase
from callbeat.providers.registry import ADAPTERS as KNOWN
from callbeat.providers.registry import RULES
from tests.contract.asks import ASKS, LABEL, a_contact, lacking
from tests.contract.party import ADAPTERS, noon, numbered, value
from tests.contract.those import each, sent_to, those

UNADDRESSED = {"create", "list_batches", "account"}
found_by_label = those(lambda can: can.found_by_label)


def test_every_provider_that_callbeat_knows_is_held_to_this():
    """A provider without a contract is one that calls twice."""
    assert set(ADAPTERS) == set(RULES) == set(KNOWN)


def test_what_a_provider_cannot_do_is_refused_without_asking_it(party):
    """The product acts on the capabilities; a request that no document knows must never leave all the same."""
    answers = {ask: ASKS[ask](party.provider) for ask in lacking(party.can)}
    assert {ask: type(answer) for ask, answer in answers.items()} == dict.fromkeys(answers, Refused)
    assert {answer.why for answer in answers.values()} <= {Why.REQUEST}
    assert all(party.name.capitalize() in answer.reason for answer in answers.values())
    assert party.requests() == []


@found_by_label
def test_a_create_that_is_accepted_is_found_by_its_label(party):
    """The label is how a lost batch is adopted instead of made again."""
    ref = party.created()
    (found,) = party.bearing()
    assert (found.ref, found.total, found.created_at) == (ref, 2, noon())
    assert party.seen(ref) == found


@found_by_label
def test_one_label_is_not_anothers(party):
    """`-1` is the beginning of `-10`: only exactly our label is ours to delete."""
    first, tenth = party.created(), party.created(label=LABEL + "0")
    assert [seen.ref for seen in party.bearing()] == [first]
    assert [seen.ref for seen in party.bearing(LABEL + "0")] == [tenth]
    assert party.bearing(LABEL[:-1]) == []


@found_by_label
def test_two_creates_with_one_label_are_both_found(party):
    """There is no idempotency key: what a repeated create made must be seen to be removed."""
    assert party.bearing() == []
    refs = {party.created(), party.created()}
    assert len(refs) == 2
    assert {seen.ref for seen in party.bearing()} == refs


@found_by_label
def test_the_batches_of_another_agent_are_not_listed(party):
    """Lists are asked for agent by agent, and an agent's list must not grow with the others'."""
    party.created(agent=party.agent[:-1] + "0")
    assert party.batches() == []


@found_by_label
def test_an_agent_without_batches_has_an_empty_list(party):
    """Absence is an answer, not an error."""
    page = value(party.provider.list_batches(party.agent))
    assert (list(page.rows), page.next) == ([], None)


@found_by_label
def test_a_batch_may_come_into_the_list_late(party):
    """Why one list without it proves nothing: it is there and not shown yet."""
    party.order("late_visibility", "create", seconds=45)
    ref = party.created()
    assert party.bearing() == []
    party.sandbox.advance(46)
    assert [seen.ref for seen in party.bearing()] == [ref]


def test_what_a_batch_is_shown_to_hold_is_what_was_sent(party):
    """Fewer would be people who are silently not called; the create itself tells it where the provider does."""
    created = value(party.provider.create(party.batch(*numbered(0, 0, 0))))
    assert isinstance(created, Created)
    assert created.taken in {None, 3}
    seen = party.seen(created.ref)
    assert (seen.ref, seen.total, seen.valid, seen.over) == (created.ref, 3, 3, 0)


def test_a_new_batch_is_parked_or_waits_for_its_start(party):
    """Nothing dials yet: it can still be removed without anybody noticing."""
    seen = party.seen(party.created())
    along = party.can.start_with_create
    assert (seen.phase, seen.has_start) == (Phase.SCHEDULED if along else Phase.PARKED, along)


def test_asking_twice_gives_the_same(party):
    """A read changes nothing, and a fingerprint moves only when something did."""
    ref = party.created()
    for ask in (party.seen, party.calls, party.provider.get, party.provider.list_calls):
        assert ask(ref) == ask(ref)
    assert party.provider.list_batches(party.agent) == party.provider.list_batches(party.agent)


def test_the_fingerprint_moves_with_the_batch(party):
    """Calls are fetched when it does, and only then: it must not sleep through a call's end."""
    party.switch(**party.account.one_line)
    ref = party.placed()
    waiting = party.seen(ref).fingerprint
    party.go_to_start(5)
    dialling = party.seen(ref).fingerprint
    party.sandbox.advance(1800)
    assert len({waiting, dialling, party.seen(ref).fingerprint}) == 3


@each("ask", lambda name: [ask for ask in sent_to(name) if ask not in UNADDRESSED])
def test_a_ref_that_nobody_knows_is_refused_as_not_found(party, ask):
    """It is told apart from a bad request: what is not there need not be removed."""
    answer = ASKS[ask](party.provider)
    assert isinstance(answer, Refused)
    assert answer.why is Why.NOT_FOUND


def test_every_call_is_tied_to_its_row_and_number(party):
    """Every contact row ends in exactly one place."""
    contacts = numbered(0, 72, 0)
    ref = party.placed(*contacts)
    told = {contact.row: contact.number for contact in contacts}
    assert {call.row: call.number for call in party.calls(ref)} == told
    party.go_to_start(1800)
    calls = party.calls(ref)
    assert {call.row: call.number for call in calls} == told
    assert len({call.ref for call in calls} - {""}) == 3


def test_two_rows_with_one_number_are_two_calls(party):
    """A number may be shared by two people of one house: each row has its own outcome."""
    ref = party.started(a_contact(4, "+919800000100"), a_contact(9, "+919800000100"), after=1800)
    calls = party.calls(ref)
    assert sorted(call.row for call in calls) == [4, 9]
    assert len({call.ref for call in calls}) == len(party.dials()) == 2


def test_an_answer_shows_the_batch_beside_its_calls_where_it_is_said_to(party):
    """One request for both saves half of the polls, and the two must not contradict each other."""
    ref = party.started(after=30)
    shown = value(party.provider.list_calls(ref)).batch
    assert shown == (party.seen(ref) if party.can.calls_show_batch else None)


@those(lambda can: can.talk_from is not TalkFrom.TALKS)
def test_one_call_is_the_same_alone_as_in_the_list(party):
    """What the list leaves out is added to the same contact, never to another."""
    ref = party.started(*numbered(0, 0), after=1800)
    for listed in party.calls(ref):
        alone = value(party.provider.get_call(ref, listed.ref))
        assert (alone.ref, alone.row, alone.number) == (listed.ref, listed.row, listed.number)
        assert alone.outcome is listed.outcome


def test_how_long_a_call_talked_is_told_where_it_is_said_to(party):
    """Talk time is what is paid for, and stands in three different places."""
    ref = party.started(*numbered(0, 0), after=1800)
    calls = party.calls(ref)
    where = {
        TalkFrom.CALLS: lambda: calls,
        TalkFrom.ONE_CALL: lambda: [value(party.provider.get_call(ref, call.ref)) for call in calls],
        TalkFrom.TALKS: lambda: party.talks(ref),
    }
    told = where[party.can.talk_from]()
    assert {one.ref for one in told} == {call.ref for call in calls}
    assert {one.row for one in told} == {1, 2}
    assert all(one.seconds and 0 < one.seconds < 600 for one in told)


def test_the_account_can_be_asked_without_changing_anything(party):
    """`doctor` does so on the real one."""
    assert isinstance(party.provider.account(), Accepted)
    assert {request["method"] for request in party.requests()} == {"GET"}
    party.sandbox.advance(86_400)
    assert party.dials() == []


def test_a_long_list_of_calls_is_read_to_its_end_by_its_cursors(party):
    """Nothing twice and nothing missing, in however many pages: a contact left out is called again."""
    ref = party.created(*numbered(*[0] * 250))
    assert sorted(call.row for call in party.calls(ref)) == list(range(1, 251))


@found_by_label
def test_a_long_list_of_batches_is_read_to_its_end_by_its_cursors(party):
    """A label on the third page is still ours."""
    refs = [party.created(*numbered(0), label=f"{LABEL}{place:03}") for place in range(250)]
    assert sorted(seen.ref for seen in party.batches()) == sorted(refs)
    assert [seen.ref for seen in party.bearing(f"{LABEL}000")] == refs[:1]


@found_by_label
def test_a_list_that_has_pages_is_newest_first(party):
    """It is read until it is older than the run: otherwise a lost batch is taken for absent, and made twice."""
    refs = []
    for _ in range(101):
        refs.append(party.created(*numbered(0)))
        party.sandbox.advance(1)
    first = value(party.provider.list_batches(party.agent))
    if first.next is not None:
        assert [seen.ref for seen in party.batches()] == refs[::-1]
        assert all(seen.created_at for seen in first.rows)
