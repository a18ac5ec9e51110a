"""What more than one provider checks in a campaign, in the same words."""

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from callbeat.errors import Finding

E164 = re.compile(r"\+[1-9][0-9]{6,14}")


def wrong_numbers(numbers: Sequence[str]) -> list[Finding]:
    """Numbers to call from that are not in E.164."""
    fix = 'write it in E.164 with its +, quoted: "+911140000000"'
    return [
        Finding(("from_numbers", index), f"'{number}' is not an E.164 number", fix)
        for index, number in enumerate(numbers)
        if not E164.fullmatch(number)
    ]


def taken_columns(provider: str, columns: Sequence[str], taken: Collection[str]) -> list[Finding]:
    """Variables whose names mean something else already."""
    return [
        Finding(
            ("contacts", "variables", column),
            f"'{column}' is a column that callbeat or {provider} uses itself",
            "give the variable another name",
        )
        for column in columns
        if column in taken
    ]


def unknown_options(
    block: str, options: Mapping[str, Any], known: Sequence[str], later: Mapping[str, str] | None = None
) -> list[Finding]:
    """Keys of the block named after the provider that it does not have."""
    those = f"the option is: {known[0]}" if len(known) == 1 else f"the options are: {', '.join(known)}"
    fix = f"remove it; {those}" if known else "remove it; there are no options of this provider's own"
    return [
        Finding((block, key), (later or {}).get(key, "unknown option"), fix) for key in options if key not in known
    ]


def whole_within(block: str, options: Mapping[str, Any], key: str, least: int, most: int) -> list[Finding]:
    """An option that must be a whole number within bounds, both included."""
    value = options.get(key)
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and least <= value <= most):
        return []
    return [
        Finding((block, key), f"'{value}' is not a whole number from {least} to {most}", f"write {least} to {most}")
    ]
