"""Whom a campaign tells: what is left out has a plain meaning, and a campaign that tells nobody stays as it was."""

import pytest

from callbeat.campaigns.model import Notify
from callbeat.campaigns.reader import read_campaign
from tests.unit.campaigns.campaign_files import MINIMAL
from tests.unit.campaigns.test_schema import complaints

ALL = ("held", "failed", "missed", "finished")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("{url: https://example.com/hook}", Notify(url="https://example.com/hook", on=ALL)),
        ("{url: 'http://hooks.internal:8080/x?y=1'}", Notify(url="http://hooks.internal:8080/x?y=1")),
        ("{email: ops@example.com}", Notify(email=("ops@example.com",))),
        (
            "{email: [ops@example.com, o'neil+calls@mail.example.com], on: held, attach: report}",
            Notify(email=("ops@example.com", "o'neil+calls@mail.example.com"), on=("held",), attach=("report",)),
        ),
        (
            "{email: [ops@example.com], on: [held, failed], attach: [report, csv]}",
            Notify(email=("ops@example.com",), on=("held", "failed"), attach=("report", "csv")),
        ),
    ],
)
def test_one_value_or_a_list_means_the_same(text: str, meant: Notify) -> None:
    """Most campaigns tell one address; the editor's schema agrees with the reader."""
    file = f"{MINIMAL}notify: {text}\n"
    reading = read_campaign(file.encode(), "f.yaml")
    assert (reading.problems, reading.campaign.notify if reading.campaign else None) == ((), meant)
    assert complaints(file) == []


def test_a_campaign_that_tells_nobody_has_the_revision_that_it_had() -> None:
    """Or an upgrade would ask for every approval anew."""
    plain = read_campaign(MINIMAL.encode(), "f.yaml").campaign
    telling = read_campaign(f"{MINIMAL}notify: {{email: a@b.example}}\n".encode(), "f.yaml").campaign
    assert plain is not None
    assert telling is not None
    assert '"notify"' not in plain.model_dump_json(exclude_none=True)
    assert plain.revision != telling.revision
