"""No number and no key gets through, whatever it stands in; every id does, or a line could not be found again."""

import re
import string
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from callbeat.masking import HIDDEN, Mask, hide_numbers
from callbeat.runs.labels import label, run_key

E164 = some.builds("{}{}".format, some.sampled_from("123456789"), some.text("0123456789", min_size=6, max_size=14))
PLUS = E164.map("+{}".format)
BARE = some.builds("{}{}".format, some.sampled_from("123456789"), some.text("0123456789", min_size=8, max_size=14))
AROUND = some.sampled_from(
    [
        "{}", "'{}'", '"{}"', "({})", "tel:{}", "to={}", "to_number: {}.", "{},Ada", "<sip:{}@host>", "/calls/{}/x",
        "Ada\n{}\nBob", r"'Ada\n{},Bob\r\n'", "ValueError: {} is no number", "row 3: {}; row 4: x", "[{}]", "%2B{}",
        "{} ext 12", "{}x12", "call {}, then 12",
    ]
)  # fmt: skip
HEX = some.text("0123456789abcdef", min_size=24, max_size=32).filter(lambda text: re.search("[a-f]", text))
NAMES = some.from_regex(r"[a-z][a-z0-9-]{0,40}[a-z]", fullmatch=True)
INSTANTS = some.datetimes(datetime(2020, 1, 1), datetime(2039, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))  # noqa: DTZ001
KEY = "bn-2b3c4d5e6f708192"
mask = Mask()
unhurried = settings(deadline=None)  # a busy machine is no failure


def shown(**line):
    return mask(None, "info", line)


@unhurried
@given(number=PLUS | BARE, around=AROUND)
def test_a_number_never_gets_through(number, around):
    """Logs are copied, shipped and read by people who may not know whom we call."""
    told = shown(event="x", why=around.format(number))["why"]
    assert number.lstrip("+") not in told
    assert HIDDEN in told


@pytest.mark.slow
@unhurried
@given(number=E164, groups=some.lists(some.sampled_from(["", " ", "-", ".", "\u00a0", " (", ") "]), min_size=15))
def test_a_number_written_in_groups_never_gets_through(number, groups):
    """As spreadsheets and people write it."""
    spread = "+" + "".join(one + between for one, between in zip(number, groups, strict=False)).strip(" (-.\u00a0")
    told = mask.text(f"of {spread}, said the provider")
    assert sum(sign.isdigit() for sign in told) < 4
    assert told.startswith("of ")
    assert told.endswith(", said the provider")


@unhurried
@given(number=PLUS, name=some.sampled_from(["run", "batch", "campaign", "account", "event", "id", "anything"]))
def test_no_field_lets_a_number_through_for_its_name(number, name):
    """Whatever a bug writes there."""
    assert number[1:] not in str(shown(**{name: number}))


@unhurried
@given(number=PLUS | BARE)
def test_numbers_in_lists_objects_keys_and_as_integers_are_hidden_too(number):
    """A provider's answer, as somebody might log it."""
    line = shown(answer={"to": [number, {number: int(number.lstrip("+"))}]}, what=ValueError(f"bad {number}"))
    assert number.lstrip("+") not in str(line)


@pytest.mark.slow
@unhurried
@given(name=NAMES, at=INSTANTS, manual=some.integers(0, 999), n=some.integers(1, 99))
def test_our_own_ids_always_get_through(name, at, manual, n):
    """By these a run is found in the log."""
    key = run_key(name, at, manual)
    line = {"run": key, "batch": f"{key}/{n}", "campaign": name, "task": "poll"}
    assert shown(**line) == line
    text = f"{label('main', 'renewals', at, manual, n)}: {run_key('renewals', at, manual)}/{n} is no longer ready"
    assert mask.text(text) == text


@unhurried
@given(ref=HEX | HEX.map("batch_{}".format) | some.uuids().map(str) | HEX.map(lambda text: f"acb_{text[:22]}"))
def test_providers_ids_always_get_through(ref):
    """Their support asks for them."""
    assert mask.text(f"the provider calls it {ref}, and took its start") == (
        f"the provider calls it {ref}, and took its start"
    )


@unhurried
@given(at=INSTANTS, port=some.integers(1, 65535), parts=some.lists(some.integers(0, 255), min_size=4, max_size=4))
def test_times_and_addresses_always_get_through(at, port, parts):
    """When, and from where."""
    host = ".".join(map(str, parts))
    for text in (
        at.isoformat(), f"{at:%Y-%m-%d %H:%M} UTC", f"contacts/{at:%Y-%m-%d}.csv", f"contacts/{at:%Y%m%d}.csv",
        f"starts {at:%H:%M} UTC", f"{host}:{port}", f"redis://{host}:{port}/0", f"localhost:{port}", str(at - at),
    ):  # fmt: skip
        assert mask.text(text) == text


@unhurried
@given(text=some.text(string.printable))
def test_text_without_digits_is_as_it_was(text):
    """Nothing else is a number."""
    plain = re.sub(r"\d", "", text)
    assert hide_numbers(plain) == plain


@pytest.mark.parametrize("name", ["authorization", "Authorization", "api_key", "X-API-Key", "password", "cookie"])
def test_a_field_with_the_name_of_a_secret_is_hidden_at_any_depth(name):
    """Whatever its value looks like."""
    assert shown(**{name: "plain words"}) == {name: HIDDEN}
    assert shown(request={"headers": {name: ["plain words"]}}) == {"request": {"headers": {name: HIDDEN}}}


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer {}",
        "headers {{'authorization': 'Bearer {}'}}",
        "api_key={}&page=2",
        "X-API-Key: {}",
        "password='{}'",
        "Authorization: Basic {}",
    ],
)  # fmt: skip
def test_a_secret_named_in_text_is_hidden(text):
    """An exception that quotes a request."""
    assert "hunter2hunter" not in mask.text(text.format("hunter2hunter"))


@pytest.mark.parametrize("key", [KEY, "sk_car_1234567890", "sk-0123456789abcdef", "sk_car_your_key_of_letters"])
def test_what_looks_like_a_key_is_hidden(key):
    """Also one that is in no setting."""
    assert key not in mask.text(f"401 for {key}: no such key")


@pytest.mark.parametrize("name", ["bn-renewals", "sk-summer", "basic-check", "bearer-test"])
def test_a_campaign_may_begin_like_a_key(name):
    """It is a word, and no key."""
    assert mask.text(f"{name} is paused") == f"{name} is paused"


@unhurried
@given(secret=some.text(string.ascii_letters + string.digits + "-_!/+", min_size=6, max_size=40))
def test_a_secret_of_the_settings_is_hidden_wherever_it_stands(secret):
    """In any form of ours: words around it, a list, an exception."""
    known = Mask()
    known.add({secret})
    line = known(
        None, "info", {"event": "x", "why": f"the provider says: {secret}?", "all": [RuntimeError(secret)]}
    )
    assert secret not in line["why"]
    assert secret not in line["all"][0]


def test_a_very_short_secret_does_not_tear_words_apart():
    """A password of one letter would be found in every word."""
    known = Mask()
    known.add({"a", ""})
    assert known.text("what a day") == "what a day"
