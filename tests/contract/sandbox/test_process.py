"""The sandbox as a process: how it announces itself, how it ends, what it never prints."""

import signal
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx
import pytest

from tests.contract.sandbox.asking import a_process, an_asker, ending, start


def test_it_prints_one_line_with_its_address_once_it_listens():
    """Whoever starts it waits for this line and then asks at once; alone, it is on real time."""
    with a_process() as (process, address):
        answer = httpx.get(f"{address}/_sandbox/health", verify=False)
        assert answer.json() == {"status": "ok"}
        assert abs(parsedate_to_datetime(answer.headers["date"]) - datetime.now(UTC)) < timedelta(seconds=10)
        process.terminate()
        assert process.communicate(timeout=5) == ("", "")


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_promptly_and_cleanly_when_asked(end):
    """`up` and `demo` stop it among others and must not wait, nor see an error."""
    with a_process() as (process, address), httpx.Client() as keeping_alive:
        keeping_alive.get(f"{address}/_sandbox/health")
        process.send_signal(end)
        assert process.wait(timeout=3) == 0


def test_a_delayed_answer_does_not_hold_up_its_end():
    """A fault must not make a demo hang on Ctrl-C."""
    with a_process() as (process, address):
        one = an_asker(address)
        with one.bolna, one.control:
            one.order("delay", seconds=60)
            with pytest.raises(httpx.ReadTimeout):
                one.bolna.get("/user/me", timeout=0.3)
            process.terminate()
            assert process.wait(timeout=5) == 0
        assert process.stderr.read() == ""


def test_a_request_log_shows_neither_keys_nor_numbers():
    """Logs are kept longer and read by more people than anything else."""
    with a_process("--log-requests") as (process, address):
        one = an_asker(address, key="bn-very-secret")
        with one.bolna, one.control:
            one.create(*ending(0))
            one.bolna.get("/batches/+919800000000")
            one.bolna.get("/batches/bn-very-secret")
        process.terminate()
        out, errors = process.communicate(timeout=5)
    assert out == ""
    assert "POST /bolna/batches 201" in errors
    assert "GET /bolna/batches/…00 404" in errors
    assert "secret" not in errors


@pytest.mark.parametrize("clock", [{"CALLBEAT_CLOCK__ORIGIN": "yesterday"}, {"CALLBEAT_CLOCK__SPEED": "fast"}])
def test_a_clock_it_cannot_read_is_one_plain_line(clock):
    """A person who mistyped a setting should read what happened, not a traceback."""
    failed = start(**clock)
    with failed:
        out, errors = failed.communicate(timeout=10)
    assert (failed.returncode, out) == (1, "")
    assert errors.startswith("sandbox: cannot start: ")
    assert errors.count("\n") == 1


def test_a_taken_port_is_one_plain_line_too(address):
    """Most likely it is already running."""
    with start("--port", address.split(":")[-1]) as second:
        out, errors = second.communicate(timeout=10)
    assert (second.returncode, out) == (1, "")
    assert "in use" in errors
