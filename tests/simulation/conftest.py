"""Every simulation of the tests can be copied in the middle."""

import pytest

from tests.simulation.apart import read_apart


@pytest.fixture(autouse=True)
def _no_frames_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    read_apart(monkeypatch)
