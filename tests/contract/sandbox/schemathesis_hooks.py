"""For schemathesis, which loads this file by its path: what a CSV file of contacts looks like."""

import schemathesis
from hypothesis import strategies as st

_NUMBERS = st.from_regex(r"\+[1-9][0-9]{6,13}", fullmatch=True)


def _a_file(numbers: list[str]) -> bytes:
    # Each provider reads the column it knows; the other is one more value of the row.
    rows = [f"{number},{number},Ada" for number in numbers]
    return "\n".join(["contact_number,phone_number,first_name", *rows]).encode()


schemathesis.openapi.media_type("text/csv", st.lists(_NUMBERS, min_size=1, max_size=4).map(_a_file))
