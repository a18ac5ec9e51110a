"""Countries as libphonenumber knows them: whose numbers may be written without a country code."""

from phonenumbers import SUPPORTED_REGIONS

from callbeat.campaigns.wording import WordingError, nearest, quoted

REGIONS = tuple(sorted(SUPPORTED_REGIONS))
_OTHER_NAMES = {"UK": "GB", "EL": "GR"}


def parse_region(text: str) -> str:
    """An ISO country of two capital letters.

    Raises:
        WordingError: there is no such country.
    """
    if text in REGIONS:
        return text
    upper = text.upper()
    guess = _OTHER_NAMES.get(upper) or (upper if upper in REGIONS else nearest(text, REGIONS))
    fix = f"did you mean {guess}?" if guess else "write two capital letters of ISO 3166, such as IN, US or GB"
    raise WordingError(f"{quoted(text)} is not a country", fix)
