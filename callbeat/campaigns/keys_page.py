"""Every key of a campaign file as a page of Markdown: docs/campaign-keys.md, made by `make docs`."""

import re
import sys
from collections.abc import Iterator
from typing import Any

from callbeat.campaigns.keys import BLOCKS, Block, Key
from callbeat.campaigns.keys_hours import HOURS_FILE, INTERVAL, RULE
from callbeat.campaigns.schema import campaign_schema

Json = dict[str, Any]
VARIABLE = re.compile(r"\b(CALLBEAT_[A-Z_<>]+)")
MOST_WORDS = 12  # of a choice; more of them are a standard's, such as all countries
HEAD = """# Keys of a campaign file

Generated from the reader's own list (`make docs`); a test compares. `callbeat validate` tells what is wrong in
a file and at which line, `callbeat schema` prints the same as a JSON Schema for your editor. An unknown key is
an error, never left out in silence. Durations are a whole number and `s`, `m`, `h` or `d`: `30m`, `2h`.
**Bold** keys must be there.

[Contacts](sources.md), [hours](hours.md), [holidays](holidays.md), [suppression, opt-outs and
caps](suppression.md), [export](export.md), [notifications](notifications.md) and [retention](retention.md) have a
page each; what a provider cannot do is in [the table of providers](providers.md).
"""
OF_HOURS = """
## Files of hours

What `hours: NAME` stands for, in `hours/NAME.yaml` of the folder above the campaigns: [hours by
name](hours.md#hours-by-name).
"""


def page() -> str:
    """The whole page."""
    shapes = campaign_schema()["properties"]
    blocks = (_section(block, _shapes_of(block, shapes)) for block in BLOCKS)
    of_hours = (_table(block, {}) for block in (HOURS_FILE, RULE, INTERVAL))
    return HEAD + "".join(blocks) + OF_HOURS + "".join(of_hours)


def _section(block: Block, shapes: Json) -> str:
    return f"\n## {f'`{block.name}`' if block.name else 'The top level'}\n{_table(block, shapes)}"


def _table(block: Block, shapes: Json) -> str:
    rows = "".join(_row(block, key, shapes.get(key.name, {})) for key in block.keys)
    return f"\n| key | | values |\n|---|---|---|\n{rows}"


def _row(block: Block, key: Key, shape: Json) -> str:
    name = f"`{block.name}.{key.name}`" if block.name else f"`{key.name}`"
    says = VARIABLE.sub(r"`\1`", key.says)
    return f"| {f'**{name}**' if key.required else name} | {says} | {'; '.join(_values(shape))} |\n".replace(
        "  ", " "
    )


def _values(shape: Json) -> Iterator[str]:
    """What may stand there, as far as it can be said in a few words."""
    choice = shape.get("enum") or shape.get("items", {}).get("enum") or ()
    if 0 < len(choice) <= MOST_WORDS:
        yield " or ".join(f"`{word}`" for word in choice)
    if "minimum" in shape:
        yield (
            f"{shape['minimum']} to {shape['maximum']:,}" if "maximum" in shape else f"at least {shape['minimum']}"
        )
    if "default" in shape:
        yield f"default `{shape['default']}`"
    elif "examples" in shape:
        yield ", ".join(f"`{example}`" for example in shape["examples"])


def _shapes_of(block: Block, top: Json) -> Json:
    """The shapes of a block's keys; one that may be written in several ways is a mapping in one of them."""
    if not block.name:
        return top
    ways = [top[block.name], *top[block.name].get("anyOf", [])]
    return next((way["properties"] for way in ways if "properties" in way), {})


if __name__ == "__main__":
    sys.stdout.write(page())
