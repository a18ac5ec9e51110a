"""Phone numbers as people wrote them become E.164, a column at a time, just as libphonenumber reads each.

The rules are those of `read` in numbers.py. What is written in a rare way (with letters, say) is read by `read`
itself, each different text once.
"""

import re
from collections.abc import Iterator

import polars as pl

from callbeat.contacts.number_plans import (
    Plan,
    known_country_code,
    number_of_a_plan,
    number_of_a_type,
    plan_of,
    plan_of_code,
    prefixed_number,
)
from callbeat.contacts.numbers import BEHIND, INVALID_NUMBER, NO_COUNTRY_CODE, NO_NUMBER, checked, read

SCHEMA = pl.Schema({"number": pl.String, "reason": pl.String})
LIKE_E164 = r"^\+[1-9][0-9]{1,14}$"
LONGEST = 250  # bytes; libphonenumber takes a text of more signs for no number
PUNCTUATION = "-‐‑‒–—―−ー－．／ \u00a0\u00ad\u200b\u2060\u3000()（）［］.[]/"
ZEROS = "٠۰०০੦૦௦๐０"  # the scripts in which somebody writes a list of numbers; `read` knows all others too
# A number with its country code, and an extension: common enough in lists of offices to be told without `read`.
# Not after a slash: `/ x5` begins a second number.
_LABEL = r"(?:;ext=|,? *(?:x|ext|Ext|extn|extension)[.:]? *)"
EXTENDED = rf"^[^\d+＋]*\+(?:[ ().\-/]*[0-9]){{3,}}[ ().\-]*{_LABEL}[0-9]{{1,9}}$"
_DIGITS = {chr(ord(zero) + digit): str(digit) for zero in ZEROS for digit in range(10)}
_SIGNS = {**dict.fromkeys(PUNCTUATION, ""), "＋": "+", **_DIGITS}


def normalised(phones: pl.Series, region: str | None) -> pl.DataFrame:
    """The number of each row in E.164, or the reason why there is none: columns `number` and `reason`, one is null.

    `phones` holds texts as written, or null; `region` is the country of national numbers (two capital letters).

    Raises:
        ValueError: there is no such region.
    """
    checked(region)
    texts = phones.cast(pl.String).fill_null("")
    done = _are_done(texts, region)
    others, rows = _read_all(texts.filter(~done), region), (~done).arg_true()
    number = texts.scatter(rows, others["number"])
    told = pl.repeat(None, len(texts), dtype=pl.String, eager=True).scatter(rows, others["reason"])
    valid = _are_valid(number).fill_null(False)
    reason = told.fill_null(INVALID_NUMBER)
    return pl.select(number=pl.when(valid).then(number), reason=pl.when(~valid).then(reason))


def _are_done(texts: pl.Series, region: str | None) -> pl.Series:
    """Which texts are written like E.164, with nothing before the national number that may be none of it."""
    done = texts.str.contains(LIKE_E164) & ~texts.str.contains(prefixed_number())
    return done if region is None else done & texts.str.contains(known_country_code())


def _read_all(texts: pl.Series, region: str | None) -> pl.DataFrame:
    texts = texts.str.strip_chars_end(BEHIND)
    rows = pl.DataFrame({"text": texts, "digits": _bare(texts)}).with_row_index("row")
    plain = _are_plain(rows, region)
    found = pl.repeat(None, len(texts), dtype=pl.String, eager=True)
    number, reason = found.alias("number"), found.alias("reason")
    for part in (*_read_plain(rows.filter(plain), region), *_read_others(rows.filter(~plain), region)):
        number = number.scatter(part["row"], part["number"])
        reason = reason.scatter(part["row"], part["reason"])
    return pl.DataFrame([number, reason])


def _bare(texts: pl.Series) -> pl.Series:
    """Digits and perhaps a + alone, if the text is a plain number. A table with gaps writes 12.0 for 12."""
    decimal = texts.str.ends_with(".0").arg_true()
    texts = texts.scatter(decimal, texts.gather(decimal).str.replace(r"^(\D*\d+)\.0$", "${1}"))
    return texts.str.replace(r"^[^\d+＋]+", "").str.replace_many(list(_SIGNS), list(_SIGNS.values()))


def _are_plain(rows: pl.DataFrame, region: str | None) -> pl.Series:
    digits, text = rows["digits"], rows["text"]
    plain = digits.str.contains(r"^\+?[0-9]{3,}$") & (text.str.len_bytes() <= LONGEST)
    plain &= ~text.str.contains(";phone-context", literal=True)
    if region is not None:  # a + before what is no country code is overlooked
        plain &= ~digits.str.starts_with("+") | digits.str.contains(known_country_code())
    return plain


def _read_plain(rows: pl.DataFrame, region: str | None) -> Iterator[pl.DataFrame]:
    """Numbers with their country code, after + or 00, and those without."""
    foreign = rows["digits"].str.starts_with("+")
    if region is None:
        foreign |= rows["digits"].str.starts_with("00")
    yield _foreign(rows.filter(foreign))
    national = rows.filter(~foreign)
    yield from [_refused(national, NO_COUNTRY_CODE)] if region is None else _at_home(national, plan_of(region))


def _read_others(rows: pl.DataFrame, region: str | None) -> Iterator[pl.DataFrame]:
    none = ~rows["digits"].str.contains("[0-9]") & ~rows["text"].str.contains(r"\d")
    extended = rows["text"].str.contains(EXTENDED) & (rows["text"].str.len_bytes() <= LONGEST)
    yield _refused(rows.filter(none), NO_NUMBER)
    yield _refused(rows.filter(extended), INVALID_NUMBER)
    yield _one_by_one(rows.filter(~none & ~extended), region)


def _foreign(rows: pl.DataFrame) -> pl.DataFrame:
    return _found(rows, _of_the_world(rows["digits"].str.replace("^00", "+")))


def _of_the_world(numbers: pl.Series) -> pl.Series:
    """Numbers after +, without what may be a national prefix behind the country code."""
    prefixed = numbers.str.contains(prefixed_number()).arg_true()
    return numbers.scatter(prefixed, _without_prefix(numbers.gather(prefixed)))


def _without_prefix(numbers: pl.Series) -> pl.Series:
    rows = numbers.to_frame("number").with_row_index("row")
    rows = rows.with_columns(code=pl.col("number").str.extract(f"({known_country_code()})"))
    parts = rows.partition_by("code", as_dict=True)
    done = [_of_one_code(part, code) for (code,), part in parts.items()]
    return pl.concat(done).sort("row")["number"] if done else numbers


def _of_one_code(rows: pl.DataFrame, code: str) -> pl.DataFrame:
    national = _national(rows["number"].str.slice(len(code)), plan_of_code(int(code)))
    return rows.with_columns(number=code + national)


def _at_home(rows: pl.DataFrame, plan: Plan) -> Iterator[pl.DataFrame]:
    """Numbers after what is dialled in the region before a country code, and those without a + that need none."""
    dialled = _as_dialled_abroad(rows["digits"], plan)
    abroad = dialled.str.starts_with("+") & ~dialled.str.starts_with("+0")  # no country code begins with 0
    yield _found(rows.filter(abroad), _of_the_world(dialled.filter(abroad)))
    home = rows.filter(~abroad)
    coded = home["digits"].str.starts_with(str(plan.country_code))
    yield _of_one_plan(home.filter(coded), plan, _numbered(home["digits"].filter(coded), plan))
    yield _of_one_plan(home.filter(~coded), plan, _national(home["digits"].filter(~coded), plan))


def _as_dialled_abroad(digits: pl.Series, plan: Plan) -> pl.Series:
    """Digits with + instead of the region's international prefix."""
    return digits.str.replace(f"^(?:{plan.abroad})", "+") if plan.abroad else digits


def _of_one_plan(rows: pl.DataFrame, plan: Plan, national: pl.Series) -> pl.DataFrame:
    return _found(rows, f"+{plan.country_code}" + national)


def _numbered(digits: pl.Series, plan: Plan) -> pl.Series:
    """The national number, from digits that begin like the country code though no + says so."""
    after = _prefix_off(digits.str.slice(len(str(plan.country_code))), plan)
    instead = ~_viable(digits, plan) & _viable(after, plan) | (digits.str.len_bytes() > max(plan.lengths))
    return _national(after, plan_of_code(plan.country_code)).zip_with(instead, _national(digits, plan))


def _national(digits: pl.Series, plan: Plan) -> pl.Series:
    """Digits without a national prefix, unless the rest is too short to be a number."""
    if plan.prefix is None:
        return digits
    rest = _prefix_off(digits, plan)
    length = rest.str.len_bytes()
    return rest.zip_with(length.is_in(list(plan.lengths)) | (length > max(plan.lengths)), digits)


def _prefix_off(digits: pl.Series, plan: Plan) -> pl.Series:
    """Digits without a national prefix, unless they look like a number only with it."""
    if plan.prefix is None:
        return digits
    begin = f"^(?:{plan.prefix})"
    rest = digits.str.replace(begin, "")
    if plan.instead:
        last = digits.str.extract(begin, re.compile(begin).groups)
        rest = digits.str.replace(begin, plan.instead).zip_with(last.is_not_null(), rest)
    return digits.zip_with(_viable(digits, plan) & ~_viable(rest, plan), rest)


def _viable(digits: pl.Series, plan: Plan) -> pl.Series:
    return digits.str.contains(f"^(?:{plan.viable})$")


def _one_by_one(rows: pl.DataFrame, region: str | None) -> pl.DataFrame:
    texts = rows["text"].unique()
    read_ones = pl.DataFrame([read(text, region) for text in texts], schema=SCHEMA, orient="row")
    return rows.join(read_ones.with_columns(text=texts), on="text", how="left")


def _found(rows: pl.DataFrame, numbers: pl.Series) -> pl.DataFrame:
    """Rows with their numbers, which may be invalid."""
    return rows.with_columns(number=numbers, reason=pl.lit(None, pl.String))


def _refused(rows: pl.DataFrame, reason: str) -> pl.DataFrame:
    return rows.with_columns(number=pl.lit(None, pl.String), reason=pl.lit(reason, pl.String))


def _are_valid(numbers: pl.Series) -> pl.Series:
    return numbers.str.contains(number_of_a_type()) & numbers.str.contains(number_of_a_plan())
