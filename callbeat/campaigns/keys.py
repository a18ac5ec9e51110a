"""Every key of a campaign file in one place: for the reader, for the editor's schema, for suggestions."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Key:
    """A key and what it says."""

    name: str
    says: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """The keys of one mapping; `name` is its own key, empty for the file's top level."""

    name: str
    keys: tuple[Key, ...]

    def key(self, name: str) -> Key | None:
        """The key of that name, if this block has it."""
        return next((key for key in self.keys if key.name == name), None)

    @property
    def names(self) -> list[str]:
        """The names of the keys."""
        return [key.name for key in self.keys]


PROVIDERS = ("bolna", "trillet", "cartesia")

CAMPAIGN = Block(
    "",
    (
        Key("name", "Unique among all campaigns: a-z, 0-9 and '-', at most 60 characters.", required=True),
        Key("provider", "Whose voice agents make the calls.", required=True),
        Key("account", "Which credentials of the settings to use; the provider's name unless said otherwise."),
        Key("agent", "The id of the voice agent at the provider.", required=True),
        Key("schedule", "When calls should start.", required=True),
        Key("contacts", "Whom to call.", required=True),
        Key("hours", "When calls are permitted; 'any' has to be spelled out.", required=True),
        Key(
            "from_numbers",
            "The numbers to call from, or their ids at Cartesia; the provider's choice when absent.",
        ),
        Key("concurrency", "At most so many calls of a run at the same time, where the provider can be told."),
        Key("retries", "Further attempts by the provider."),
        Key(
            "on_unverified",
            "Whether a batch starts when it could not be proved before its start that it exists only once.",
        ),
        Key("bolna", "Options that only Bolna knows: webhook_url."),
        Key("trillet", "Options that only Trillet knows; there are none yet."),
        Key(
            "cartesia",
            "Options that only Cartesia knows: ringing_timeout_seconds, max_call_duration_minutes, region.",
        ),
        Key("frequency", "At most so many calls to one person in a period, over all campaigns and providers."),
        Key("opt_out", "What an agent notes of a person who asks not to be called again."),
        Key("export", "Where to write what became of each contact, when a run has ended."),
        Key(
            "retention",
            "How long after a run's end the numbers and variables of its calls are kept, 1h to 3650d; outcomes and "
            "counts stay. Absent: everything is kept for ever.",
        ),
        Key("notify", "Whom to tell when a run ends or needs somebody."),
    ),
)

SCHEDULE = Block(
    "schedule",
    (
        Key("cron", "Minute, hour, day of month, month, day of week; local time of the zone.", required=True),
        Key("timezone", "IANA zone such as Asia/Kolkata.", required=True),
        Key("day_rule", "How day of month and day of week combine; only when cron restricts both."),
        Key("from", "The first local date, inclusive."),
        Key("until", "The last local date, inclusive."),
        Key("skip_dates", "Local dates without calls."),
        Key("holidays", "The country, or subdivision, whose holidays are kept: IN, US-CA; or a list of them."),
        Key("on_holiday", "Whether a holiday or one of skip_dates is skipped, or moved to the next permitted day."),
        Key("lead", "How long before its due time a run is prepared, 10m to 7d; 30m unless said otherwise."),
        Key("late", "How late a run may still start, up to 24h; unless said otherwise it is on time or missed."),
        Key("overlap", "What happens when the previous run is still active; skip unless said otherwise."),
    ),
)

CONTACTS = Block(
    "contacts",
    (
        Key(
            "source",
            "A file, relative to the folder above the campaigns, or an address at https://, s3:// or gs://: CSV, "
            "JSONL or Parquet, perhaps packed by gzip. Date codes such as %Y-%m-%d stand for the due date in the "
            "campaign's zone.",
        ),
        Key("sql", "A query instead of a file: one select, read only."),
        Key("database", "With sql: whose CALLBEAT_SOURCES__<NAME>__URL of the settings is asked."),
        Key("phone", "The column with the phone number; the provider's usual name unless said otherwise."),
        Key("variables", "The variable an agent sees: the column it comes from. Absent: every other column."),
        Key("max_rows", "More rows than this stop the run: somebody uploaded the wrong file."),
        Key("max_age", "A file that was written longer ago than this, such as 2d, stops the run."),
        Key("region", "The country of numbers without a country code, such as IN; without it they are not called."),
        Key("zone_column", "The column with each contact's IANA zone."),
        Key("suppress", "Files with numbers that are never called; if one cannot be read, nobody is called."),
    ),
)

HOURS = Block(
    "hours",
    (
        Key("days", "Names, ranges and lists of weekdays such as mon-wed,sat; all unless said otherwise."),
        Key(
            "between",
            "Wall-clock times such as 09:00-20:00. The end is not included; 24:00 is midnight.",
            required=True,
        ),
        Key("zone", "Whose wall clock: campaign unless said otherwise, recipient, or an IANA zone."),
        Key(
            "unknown_zone",
            "With zone: recipient, whether contacts whose zone is unknown are left out (exclude, unless said "
            "otherwise) or called by the campaign's own zone (campaign).",
        ),
    ),
)

RETRIES = Block(
    "retries",
    (
        Key("attempts", "How many further attempts, at least 1.", required=True),
        Key("after", "How long after the attempt before: one duration for all, or one for each.", required=True),
        Key("on", "After which outcomes; no_answer and busy unless said otherwise."),
    ),
)

FREQUENCY = Block(
    "frequency",
    (
        Key(
            "calls",
            "To one person at most so many calls in the period; those of all campaigns count.",
            required=True,
        ),
        Key("per", "The period, such as 7d: any span of that length, not a week of the calendar.", required=True),
        Key("gap", "At least so long between the starts of two calls to one person."),
    ),
)

OPT_OUT = Block(
    "opt_out",
    (
        Key(
            "words",
            "Names or values of an agent's findings which say so, besides do_not_call, opt_out and the like.",
            required=True,
        ),
    ),
)

EXPORT = Block(
    "export",
    (
        Key(
            "file",
            "A name that ends in .csv, .jsonl or .parquet, relative to the folder above the campaigns, or at s3:// "
            "or gs://; date codes such as %Y-%m-%d stand for the due date in the campaign's zone.",
            required=True,
        ),
    ),
)

NOTIFY = Block(
    "notify",
    (
        Key("url", "Where a signed webhook is posted to; https, or http within this network."),
        Key("email", "An e-mail address, or a list of them."),
        Key("on", "What is told: held, failed, missed, finished; all of them unless said otherwise."),
        Key("attach", "What goes with an e-mail about a run that has ended: report, csv, or both as a list."),
    ),
)

BLOCKS = (CAMPAIGN, SCHEDULE, CONTACTS, HOURS, RETRIES, FREQUENCY, OPT_OUT, EXPORT, NOTIFY)


def homes(name: str, apart_from: Block) -> list[str]:
    """In which other blocks a key of that name belongs."""
    return [block.name or "the top level" for block in BLOCKS if block is not apart_from and block.key(name)]
