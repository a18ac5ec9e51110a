"""What docs/notifications.md tells receivers to do works on what callbeat sends, and refuses all else."""

import base64
import re
from pathlib import Path
from typing import Any

import pytest

from callbeat.notify.signature import signed_headers

PAGE = Path(__file__).parents[3] / "docs" / "notifications.md"
KEY, BODY, NOW = b"k" * 32, b'{"type":"run.finished"}', 1_764_565_200
SECRET = "whsec_" + base64.b64encode(KEY).decode()


@pytest.fixture(scope="module")
def check() -> Any:
    """The function on the page."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)
    return names["is_from_callbeat"]


def test_what_callbeat_sends_is_taken(check: Any) -> None:
    """Also while the secret is changed, by a receiver that knows either."""
    for keys in ([KEY], [b"n" * 32, KEY]):
        assert check(signed_headers("msg_1", NOW, BODY, keys), BODY, SECRET, NOW + 10)


@pytest.mark.parametrize(
    ("change", "body", "now"),
    [
        ({}, BODY + b" ", NOW),
        ({"webhook-id": "msg_2"}, BODY, NOW),
        ({"webhook-timestamp": str(NOW + 1)}, BODY, NOW),
        ({"webhook-signature": "v1,AAAA"}, BODY, NOW),
        ({}, BODY, NOW + 301),
    ],
)
def test_anything_else_is_refused(check: Any, change: dict[str, str], body: bytes, now: int) -> None:
    """Changed, another's, or an old one sent again."""
    assert not check(signed_headers("msg_1", NOW, BODY, [KEY]) | change, body, SECRET, now)
