"""One sandbox process for each test worker, emptied before every test, its clock standing at noon."""

from collections.abc import Iterator

import pytest

from tests.contract.sandbox.asking import STANDING_STILL, Asker, a_process, an_asker


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    with a_process(**STANDING_STILL) as (_process, where):
        yield where


@pytest.fixture(scope="session")
def one_asker(address: str) -> Iterator[Asker]:
    one = an_asker(address)
    with one.bolna, one.control:
        yield one


@pytest.fixture
def asker(one_asker: Asker) -> Asker:
    one_asker.control.post("/reset").raise_for_status()
    return one_asker
