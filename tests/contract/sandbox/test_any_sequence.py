"""Any requests in any order, time going on between them: no answer of the sandbox is a failure of its own.

The routes are those of each provider's own OpenAPI document and of `/_sandbox/`; ids are those that earlier answers
told. Faults are never ordered here, so a 5xx is one that nobody asked for.
"""

import json
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contract.party import ADAPTERS
from tests.hostile import ANYTHING, HALF, WORDS
from tests.trying import tried

METHODS = ("get", "post", "put", "patch", "delete")
NUMBERS = [f"+9198000000{ending:02}" for ending in (0, 1, 60, 66, 68, 93, 97)]
ODD = st.sampled_from([word for word in WORDS if HALF not in word and len(word) < 100]) | st.text(
    st.characters(exclude_categories=("Cs",)), max_size=8
)
CSV = st.lists(
    st.sampled_from(
        [f"{number},Ann,1" for number in NUMBERS] + ['"', ",,", "", "x", '"a\nb",c,d', "a,b,c,d,e", "\0,b,c"]
    ),
    max_size=6,
).map(lambda rows: "\n".join(["contact_number,name,callbeat_row", *rows]).encode())
TIMES = st.sampled_from(
    ["2026-12-01T12:30:00Z", "2026-12-01T12:04:00+00:00", "2026-12-02T00:00:00Z", "0001-01-01T00:00:00Z"]
)
GOOD = {
    "agent_id": "3c90c3cc-0d44-4b50-8888-8dd25736052a",
    "agentId": "agent_123456",
    "from_number_id": "pn_main",
    "name": "n",
    "recipients": [{"to_number": number, "metadata": {"callbeat_row": "1"}} for number in NUMBERS],
    "target_concurrency_limit": 3,
    "seconds": 600,
}


@pytest.fixture(scope="module")
def http(address):
    with httpx.Client(base_url=address, timeout=20) as client:
        yield client


def routes(http: httpx.Client, provider: str) -> list[tuple[str, str]]:
    document = http.get(f"/{provider}/openapi.json").json()
    found = [(method, f"/{provider}{path}") for path, ways in document["paths"].items() for method in ways]
    return [(method, path) for method, path in found if method in METHODS]


OURS = [("get", f"/_sandbox/{name}") for name in ("", "health", "dials", "requests", "faults", "clock", "switches")]
OURS += [("post", "/_sandbox/clock"), ("post", "/_sandbox/clock"), ("post", "/_sandbox/switches")]


@pytest.mark.parametrize("provider", ADAPTERS)
@tried(12)
@given(data=st.data())
def test_whatever_is_asked_in_whatever_order_is_answered(http, asker, provider, data):
    """A sandbox that fails by itself teaches a client to retry what no provider would fail at."""
    assert asker
    http.post("/_sandbox/reset")
    account, ids = ADAPTERS[provider], [ADAPTERS[provider].agent]
    headers = {"Authorization": f"Bearer {account.key}", "x-api-key": account.key, "Cartesia-Version": "2026-03-01"}
    headers |= {f"x-{name.replace('_', '-')}": value for name, value in account.credentials.items()}
    for _ in range(data.draw(st.integers(2, 8))):
        method, path = data.draw(st.sampled_from(routes(http, provider) + OURS))
        while "{" in path:
            start, _, rest = path.partition("{")
            path = start + data.draw(st.sampled_from(ids) | ODD.map(escaped)) + rest.partition("}")[2]
        body = data.draw(bodies(account.agent))
        kind = {"Content-Type": "application/json"} if "content" in body else {}
        answer = http.request(method, path, headers=headers | kind, params=data.draw(QUERIES), **body)
        assert answer.status_code < 500, (method, path, answer.text)
        ids += list(ids_in(answer))


def escaped(text: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode()) or "%20"


QUERIES = st.dictionaries(
    st.sampled_from(
        ["page", "limit", "status", "starting_after", "ending_before", "agent_id", "batch_id", "expand"]
    ),
    ODD | st.sampled_from(["1", "0", "-1", "100", "99999999999999999999"]),
    max_size=2,
)


def bodies(agent: str) -> st.SearchStrategy[dict[str, Any]]:
    """A body that may be right, in one of the forms that providers take, or anything."""
    good = {**GOOD, "agent_id": agent, "agentId": agent}
    times = TIMES.map(lambda when: {"scheduled_at": when, "scheduledAt": when})
    whole = st.tuples(times, st.dictionaries(st.sampled_from(sorted(GOOD)), ANYTHING, max_size=1)).map(
        lambda parts: good | parts[0] | parts[1]
    )
    as_json = (whole | ANYTHING).map(lambda value: {"content": json.dumps(value)})
    fields = {name: value for name, value in good.items() if isinstance(value, str)}
    form = st.tuples(
        CSV | st.binary(max_size=30), times, st.dictionaries(st.sampled_from(sorted(fields)), ODD, max_size=1)
    )
    uploads = form.map(
        lambda parts: {"data": fields | parts[1] | parts[2], "files": {"file": ("l.csv", parts[0], "text/csv")}}
    )
    raw = st.binary(max_size=40).map(lambda content: {"content": content})
    return uploads | as_json | raw | st.just({})


def ids_in(answer: httpx.Response) -> set[str]:
    """Every id in an answer."""
    try:
        told = answer.json()
    except ValueError:
        return set()
    rows = told if isinstance(told, list) else [told]
    if isinstance(told, dict):
        rows += [row for part in ("data", "calls") if isinstance(told.get(part), list) for row in told[part]]
    names = ("id", "batch_id", "batchId", "jobId", "agent_call_id")
    return {str(row[name]) for row in rows if isinstance(row, dict) for name in names if row.get(name)}
