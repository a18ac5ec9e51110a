"""`callbeat suppress`: who is never called, told without ever telling who."""

import io
import json
import os
from collections.abc import Callable

import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner, Result

from callbeat.errors import Refusal, UsageError
from callbeat.ledger.store import Ledger
from callbeat.ledger.tables import EventRow
from cli.main import app

ONE, TWO, THREE = "+12025550101", "+447700900101", "+919876500003"
Typed = Callable[..., Result]


@pytest.fixture
def typed(tmp_path, monkeypatch) -> Typed:
    """What a command says; whatever is on standard input."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith(("CALLBEAT_", "BOLNA_", "CARTESIA_")):
            monkeypatch.delenv(name)

    def type_it(*words: str, stdin: str | None = None) -> Result:
        with capture_logs():  # a command tells its errors alone, once `main` has begun the logs
            return CliRunner().invoke(app, ["suppress", *words], input=stdin)

    return type_it


def document(result: Result) -> dict[str, object]:
    assert result.exit_code == 0, result
    return dict(json.loads(result.stdout))


@pytest.mark.slow
def test_what_is_put_on_the_list_is_found_there_until_it_is_taken_off(typed):
    """By hand, from a file and from standard input, each number once."""
    assert document(typed("add", ONE, "+1 (202) 555-0101", "--format", "json")) == {"added": 1, "already": 0}
    with open("dnc.csv", "w", encoding="utf-8") as file:
        file.write(f"name,phone\nA,{ONE}\nB,{TWO}\n")
    assert document(typed("add", "dnc.csv", "--format", "json")) == {"added": 1, "already": 1}
    assert document(typed("add", "-", "--format", "json", stdin=f"{THREE}\n")) == {"added": 1, "already": 0}
    assert typed("list", TWO).exit_code == 0
    assert document(typed("remove", TWO, THREE, "--yes", "--format", "json")) == {"removed": 2, "absent": 0}
    assert typed("list", TWO).exit_code == 1
    assert typed("list", "-", stdin=ONE).exit_code == 0
    assert typed("remove", TWO, "--yes").exit_code == 1


@pytest.mark.slow
def test_the_list_is_told_by_counts_sources_and_days(typed):
    """Hashes cannot be turned back, and need not be shown whole."""
    assert "none" in typed("list").stdout
    typed("add", ONE, TWO)
    told = document(typed("list", "--format", "json"))
    (source, numbers) = told["sources"], told["numbers"]
    assert (told["count"], source["by_hand"]["count"]) == (2, 2)
    assert [len(one["hash"]) for one in numbers] == [8, 8]
    shown = typed("list").stdout
    assert "2 numbers are never called" in shown
    assert numbers[0]["hash"] in shown
    assert document(typed("list", ONE, "--format", "json"))["on_list"] is True


@pytest.mark.slow
def test_national_numbers_are_read_with_their_region(typed):
    """As the list of a company in one country has them."""
    assert typed("add", "202 555 0101", "--region", "us").exit_code == 0
    assert typed("list", ONE).exit_code == 0
    assert typed("list", "1 (202) 555-0101", "--region", "US").exit_code == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "stdin", "error", "mend"),
    [
        (["add"], None, UsageError, "a number such as +12025550101, the path of a list, or - for lines"),
        (["add", "5550199"], None, UsageError, "word 1 is neither a number that can be read nor a file"),
        (["add", ONE, "none.csv"], None, UsageError, "word 2 is neither"),
        (["add", "-"], "", Refusal, "standard input is empty"),
        (["add", "-"], f"{ONE}\n5550199\n", Refusal, "standard input has no number that can be read on line 2"),
        (["add", "bad.csv"], None, Refusal, "the list bad.csv has no number that can be read on line 3"),
        (["add", ONE, "--region", "XX"], None, UsageError, "write two letters such as IN or US"),
        (["list", "-"], f"{ONE}\n{TWO}\n", UsageError, "one number at a time"),
        (["remove", ONE], None, UsageError, "add --yes"),
    ],
)
def test_what_cannot_be_read_is_not_taken_in_part_and_never_told(typed, words, stdin, error, mend):
    """Somebody believes that the whole file is on the list."""
    with open("bad.csv", "w", encoding="utf-8") as file:
        file.write(f"phone\n{ONE}\n5550199\n")
    left = typed(*words, stdin=stdin)
    assert (type(left.exception), mend in str(left.exception)) == (error, True), left.exception
    assert "5550199" not in left.output + str(left.exception)
    assert document(typed("list", "--format", "json"))["count"] == 0


@pytest.mark.slow
def test_each_change_is_an_event_with_its_actor_and_without_a_number(typed):
    """Who let them be called again? And nobody learns from the ledger who they are."""
    said = [typed("add", ONE, TWO), typed("add", ONE), typed("remove", TWO, "--yes"), typed("list"),
            typed("list", ONE), typed("list", "--format", "json")]  # fmt: skip
    with Ledger("sqlite:///var/callbeat.db").read() as session:
        events = [(one.why, one.actor) for one in session.query(EventRow).order_by(EventRow.id)]
    changes = [why for why, _ in events if "the list of those" in why]
    assert changes == [
        "2 numbers were put on the list of those that are never called",
        "1 number was taken off the list of those that are never called",
    ]
    assert all("command line" in actor for why, actor in events if why in changes)
    everything = "".join(left.output for left in said) + str(events)
    assert [number for number in (ONE, TWO) if number[1:] in everything or number[-7:] in everything] == []
    with open("var/callbeat.db", "rb") as file:
        assert ONE.encode() not in file.read()


def test_without_a_word_somebody_at_a_terminal_is_asked(typed, monkeypatch):
    """So that it stands in no history of a shell."""
    monkeypatch.setattr(
        "cli.suppressing.sys", type("At", (), {"stdin": type("T", (io.StringIO,), {"isatty": lambda _: True})()})
    )
    monkeypatch.setattr("typer.prompt", lambda *_, **__: ONE)
    assert typed("add").exit_code == 0
    assert typed("list", ONE).exit_code == 0
