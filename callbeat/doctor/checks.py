"""Everything that is looked at, in the order in which it is told. What is new is added here."""

from collections.abc import Iterator
from functools import partial

from callbeat.doctor import ledger as ledger_rules
from callbeat.doctor.accounts import account_names, check_account
from callbeat.doctor.at_work import check_beat, check_memory, check_switch, check_world
from callbeat.doctor.campaigns import check_files, check_known
from callbeat.doctor.contacts import check_contacts
from callbeat.doctor.database import check_database
from callbeat.doctor.labels import check_labels
from callbeat.doctor.notices import Check, Notice
from callbeat.doctor.notify import check_notify
from callbeat.doctor.permission import check_approvals, check_ceilings
from callbeat.doctor.sources import check_sources
from callbeat.doctor.stuck import check_stuck
from callbeat.doctor.subject import Subject
from callbeat.doctor.sums import check_sums
from callbeat.doctor.variables import check_settings
from callbeat.ledger.forms import head, known_revisions


def checks_of(subject: Subject) -> list[Check]:
    """All that can be looked at without the broker."""
    accounts = account_names(subject)
    return [
        Check("settings", partial(check_settings, subject)),
        Check("campaigns", partial(check_files, subject)),
        Check("contacts", partial(check_contacts, subject)),
        Check("sources", partial(check_sources, subject)),
        Check("ledger", partial(_check_ledger, subject)),
        Check("ledger.world", partial(check_world, subject)),
        Check("ledger.restored", partial(check_memory, subject)),
        *(Check(f"account {name}", partial(check_account, subject, name)) for name in accounts),
        *(Check(f"account {name}.labels", partial(check_labels, subject, name)) for name in accounts),
        Check("beat", partial(check_beat, subject)),
        Check("approvals", partial(check_approvals, subject)),
        Check("ceilings", partial(check_ceilings, subject)),
        Check("notify", partial(check_notify, subject)),
        Check("switch", partial(check_switch, subject)),
        Check("paused", partial(check_known, subject)),
        Check("sums", partial(check_sums, subject)),
        Check("stuck", partial(check_stuck, subject)),
    ]


def _check_ledger(subject: Subject) -> Iterator[Notice]:
    if subject.ledger_file is not None:
        yield from ledger_rules.judge(subject.ledger_file, head(), known_revisions())
    else:
        yield from check_database(subject.settings.ledger_url, head(), known_revisions())
