"""Every key of a file of calling hours (hours/NAME.yaml), as keys.py has those of a campaign file."""

from callbeat.campaigns.keys import Block, Key

HOURS_FILE = Block(
    "",
    (
        Key("name", "The file's own name without .yaml; what a campaign writes behind hours.", required=True),
        Key("title", "What these hours are, in a few words.", required=True),
        Key("zone", "Whose wall clock: recipient unless said otherwise, campaign, or an IANA zone."),
        Key(
            "unknown_zone",
            "With zone: recipient, whether contacts whose zone is unknown are left out (exclude, unless said "
            "otherwise) or called by the campaign's own zone (campaign).",
        ),
        Key("notes", "What somebody who relies on it should know.", required=True),
        Key("rules", "One general rule, and one for each region that has its own.", required=True),
    ),
)

RULE = Block(
    "rules",
    (
        Key("where", "general, or a region such as US-FL.", required=True),
        Key("prefixes", 'With a region: the beginnings of its numbers, such as "+1239".'),
        Key("hours", "Weekly hours, each with days and between; an empty list permits nothing.", required=True),
        Key("source", "The law or guideline, with its section.", required=True),
        Key("url", "Where its text can be read.", required=True),
        Key("as_of", "The date on which somebody read it there.", required=True),
    ),
)

INTERVAL = Block(
    "hours",
    (
        Key("days", "Names, ranges and lists of weekdays such as mon-fri; all unless said otherwise."),
        Key("between", "Wall-clock times such as 08:00-21:00. The end is not included.", required=True),
    ),
)
