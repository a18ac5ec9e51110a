"""What Trillet takes as a file and as a form, and what it refuses."""

import pytest

from tests.contract.sandbox.trillet_asking import AGENT, PATH, a_csv, an_emptied_asker

GOOD = a_csv("+919800000001").encode()
HEADER = b"phone_number,name\n"


@pytest.fixture
def trillet(address):
    with an_emptied_asker(address) as one:
        yield one


def post(trillet, content=GOOD, *, file_name="batch.csv", **fields):
    form = {"agentId": AGENT, **fields}
    return trillet.http.post(PATH, data=form, files={"file": (file_name, content, "text/csv")})


def refused(answer, error, status=400):
    """A documented refusal: `error` is a text, and nothing was dialled."""
    body = answer.json()
    assert answer.status_code == status, answer.text
    assert body.keys() <= {"error", "message"}
    assert error in body["error"]
    return True


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n",
        HEADER,
        b"contact_number,name\n+919800000001,x\n",
        b"phone_number\n\xff\xfe+919800000001\n",
        HEADER + b'"' + b"x" * 200_000 + b'",x\n',
    ],
)
@pytest.mark.parametrize("bad_rows", ["refuse", "skip"])
def test_a_file_from_which_nobody_can_be_called_is_refused(trillet, content, bad_rows):
    """Whatever is done with single bad rows."""
    trillet.switch(bad_rows=bad_rows)
    assert refused(post(trillet, content), "CSV validation failed")
    assert trillet.dials() == []


@pytest.mark.parametrize(
    "number",
    ["9800000001", "919800000001", "+0198000000", "+91 98000 00001", "'+919800000001", "+91980000000100000", ""],
)
def test_one_bad_row_refuses_the_whole_file_or_is_left_out(trillet, number):
    """Both are possible: totalCalls is the only proof of how many will be called."""
    content = HEADER + f"+919800000001,a\n{number},b\n".encode()
    answer = post(trillet, content)
    assert refused(answer, "CSV validation failed")
    assert "Row 2" in answer.json()["message"]
    assert not number or number not in answer.text
    assert trillet.dials() == []
    trillet.switch(bad_rows="skip")
    assert post(trillet, content).json()["totalCalls"] == 1
    assert len(trillet.dials()) == 1


def test_columns_come_back_as_texts_without_the_number(trillet):
    """A client ties each call to its own row through these."""
    content = 'phone_number,row_id,note\n+919800000001,7,"a, ""b""\nc"\n+919800000002,8\n'.encode("utf-8-sig")
    batch = post(trillet, content).json()["batchId"]
    metadata = [call["metadata"] for call in trillet.calls(batch)]
    assert metadata == [{"row_id": "7", "note": 'a, "b"\nc'}, {"row_id": "8", "note": ""}]


def test_the_same_number_twice_is_two_calls(trillet):
    """Nothing says that Trillet looks for doubles; the client has to."""
    trillet.created("+919800000001", "+919800000001")
    assert len(trillet.dials()) == 2


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("text/csv", GOOD),
        ("application/json", b'{"agentId": "x"}'),
        ("application/x-www-form-urlencoded", b"agentId=x"),
        ("multipart/form-data", b"no boundary"),
        ("multipart/form-data; boundary=x", b"this is not multipart"),
        ("multipart/form-data; boundary=x", b'--x\r\nContent-Disposition: form-data; name="file"; filename="a'),
        ("multipart/form-data; boundary=x; charset=nonsense", b"--x--\r\n"),
        ("", b""),
    ],
)
def test_anything_but_readable_multipart_is_refused(trillet, kind, content):
    """One block of the documents shows JSON; all words and samples say multipart."""
    answer = trillet.http.post(PATH, content=content, headers={"Content-Type": kind})
    assert answer.status_code == 400
    assert isinstance(answer.json()["error"], str)


def test_swapped_and_repeated_parts_are_refused(trillet):
    """A client's mistake, not a server's crash."""
    file, agent = ("batch.csv", GOOD), (None, AGENT)
    for parts, error in (
        ([("file", file), ("agentId", ("a.txt", AGENT))], "agentId must be a text field"),
        ([("file", (None, GOOD)), ("agentId", agent)], "No file uploaded"),
        ([("file", ("", GOOD)), ("agentId", agent)], "No file uploaded"),
        ([("file", file), ("file", file), ("agentId", agent)], "Only one file"),
        ([("file", file), ("agentId", agent), ("agentId", agent)], "agentId must be given once"),
        (
            [("file", file), ("agentId", agent), ("scheduledAt", ("x.txt", b"x"))],
            "scheduledAt must be a text field",
        ),
    ):
        assert refused(trillet.http.post(PATH, files=parts), error)
    assert trillet.dials() == []


def test_a_file_of_twenty_megabytes_is_taken_and_one_byte_more_is_413(trillet):
    """The documented limit, with its own status."""
    limit = 20 * 1024 * 1024
    head = b"phone_number,note\n+919800000001,"
    cells = (b"x" * 100_000 + b"\n+919800000002,") * ((limit - len(head)) // 100_014)
    most = head + cells + b"x" * (limit - len(head) - len(cells))
    assert len(most) == limit
    assert post(trillet, most).status_code == 200
    trillet.reset()
    assert refused(post(trillet, most + b"x"), "File size exceeds 20MB limit", 413)
    assert trillet.dials() == []
