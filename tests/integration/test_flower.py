"""Flower, as operators see it: names they can read, whatever the broker's address, and nothing that is secret."""

import contextlib
import re
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from kombu import Connection

from callbeat.clock import Clock
from callbeat.runs.errands import Errand
from cli.ports import free_port
from tests.integration.brokers import FORMS, PASSWORD, Broker
from tests.integration.installation import Installation
from tests.integration.processes import linux_only
from tests.integration.sandboxes import each_once
from tests.integration.test_secrets import BAD, NEEDLES, PEOPLE
from worker.budget import RedisBudget
from worker.redis_urls import celery_tls, celery_url

LOGIN = ("ann", "flower-secret")
CALLBEAT = [sys.executable, "-m", "cli.main"]
SECRETS = [*NEEDLES, PASSWORD, quote(PASSWORD, safe=""), LOGIN[1]]
HOST = socket.gethostname()
DATATABLE = "/tasks/datatable?draw=1&start=0&length=1000&order[0][column]=0&columns[0][data]=name&order[0][dir]=asc"


class Flower:
    """`callbeat flower` of an installation, and somebody who looks at it."""

    def __init__(
        self,
        installation: Installation,
        *words: str,
        prefix: str = "",
        login: tuple[str, str] = LOGIN,
        **environment: str,
    ) -> None:
        self._login = login
        self.installation, port = installation, free_port()
        self.base = f"http://127.0.0.1:{port}{prefix}"
        argv = [*CALLBEAT, "flower", "--port", str(port), *words]
        self.process = installation.run_process("flower", argv, **environment)
        installation.wait_until(lambda: self.status("/healthcheck") == 200, "Flower answers")

    def get(self, path: str, login: tuple[str, str] | None = LOGIN) -> httpx.Response:
        return httpx.get(self.base + path, auth=login, timeout=20, trust_env=False)

    def status(self, path: str, login: tuple[str, str] | None = None) -> int:
        try:
            return self.get(path, login).status_code
        except httpx.TransportError:
            return 0

    def json(self, path: str) -> Any:
        return self.get(path, self._login).raise_for_status().json()

    def waiting(self) -> int:
        """How many messages wait, as the broker tab has it."""
        queues = {one["name"]: one["messages"] for one in self.json("/api/queues/length")["active_queues"]}
        assert set(queues) == {"callbeat", "callbeat.open"}
        return int(sum(queues.values()))

    def shown(self) -> set[tuple[str, str]]:
        """Name and arguments of each task, as people read them."""
        return {(task["name"], task["args"]) for task in self.json("/api/tasks?limit=10000").values()}

    def everything(self) -> dict[str, str]:
        """Each page and answer that there is, by its path."""
        tasks, workers = self.json("/api/tasks?limit=10000"), self.json("/api/workers?refresh=1")
        paths = ["/", "/workers", "/workers?json=1", "/tasks", DATATABLE, "/broker", "/metrics", "/api/tasks"]
        paths += ["/api/workers", "/api/task/types", "/api/queues/length"]
        paths += [f"/worker/{name}" for name in workers]
        paths += [f"/{page}/{uuid}" for uuid in list(tasks)[:30] for page in ("task", "api/task/info")]
        return {path: self.get(path, self._login).raise_for_status().text for path in paths}


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    one = Broker(tmp_path)
    try:
        one.wait()
        yield one
    finally:
        one.close()


@pytest.mark.parametrize("form", FORMS)
def test_flower_shows_a_run_by_its_names_and_nothing_secret(
    form: str, broker: Broker, install: Callable[..., Installation]
):
    """The broker's tab is what tells that nobody takes the messages: it must look where the messages are."""
    if form == "rediss" and shutil.which("openssl") is None:
        pytest.skip("no openssl here to make a certificate")
    with broker.tls() if form == "rediss" else contextlib.nullcontext() as tls:
        url = broker.url(form, tls)
        installation = install(speed=300, settings={"CALLBEAT_REDIS_URL": url})
        _runs(installation)
        _keeps_the_budget(url, broker)
        _gives_back_a_message(url)
        told = installation.callbeat("doctor")[2]
        assert "error: redis" not in told
        assert "error: workers" not in told
    assert broker.refused() == ["command config|get"], "doctor may go without, and says so"


def _runs(installation: Installation) -> None:
    installation.start()
    schedule = {"lead": "6h", "late": "6h"}  # so that a slow machine is never too late
    installation.campaign("renewals", [*PEOPLE, BAD], due=installation.soon(60), schedule=schedule)
    installation.spawn("beat")
    flower = Flower(installation, FLOWER_BASIC_AUTH=":".join(LOGIN))
    installation.wait_until(flower.waiting, "the broker tab counts what waits for a worker")
    for name in ("one", "another"):
        installation.run_process(name, [*CALLBEAT, "worker"])
    run = installation.wait_for_run("renewals", "finished")
    assert each_once(installation.sandbox.dialled(), PEOPLE), installation.story()

    _names_can_be_read(flower, run["run"])
    pages = flower.everything()
    logs = {path.name: path.read_text(errors="replace") for path in installation.log("flower").parent.glob("*.log")}
    found = {name: one for name, text in {**pages, **logs}.items() for one in SECRETS if one in text}
    assert found == {}
    assert re.search(r"<td>callbeat</td>", pages["/broker"])
    assert httpx.post(f"{flower.base}/api/worker/shutdown/worker-1@{HOST}", auth=LOGIN).status_code == 403


def _keeps_the_budget(url: str, broker: Broker) -> None:
    """Where it cannot, each process would use a budget of its own, and say nothing."""
    assert RedisBudget(url, Clock()).spend("bolna", 60, Errand.START) is None
    assert RedisBudget(url, Clock()).spend("bolna", 1, Errand.START) is not None
    with broker.client() as client:
        assert any(b"LIMITS" in key for key in client.scan_iter())


def _gives_back_a_message(url: str) -> None:
    """As a worker does that ends, and as all do for one that was killed."""
    with Connection(celery_url(url), transport_options={"visibility_timeout": 0}, ssl=celery_tls(url)) as broker:
        queue = broker.SimpleQueue("callbeat-given-back")
        queue.put({})
        queue.get(timeout=10).requeue()
        left = queue.get(timeout=10)
        left.channel.qos.restore_visible(num=10)
        queue.get(timeout=10).ack()
        queue.close()


def _names_can_be_read(flower: Flower, run: str) -> None:
    workers = {f"worker-1@{HOST}", f"worker-2@{HOST}"}
    assert set(flower.json("/api/workers?refresh=1")) == workers
    named = {("runs.open", run), ("runs.create", f"{run}/1"), ("runs.poll", f"{run}/1"), ("runs.finish", run)}
    flower.installation.wait_until(lambda: named <= flower.shown(), f"Flower shows {named}: {flower.shown()}")
    assert {task["worker"] for task in flower.json("/api/tasks?limit=10000").values()} <= workers
    assert run in flower.get(DATATABLE).text
    assert 'data-column="args"' in flower.get("/tasks").text


@linux_only
def test_flower_asks_for_a_password_where_others_can_reach_it(installation: Installation):
    """It tells which campaigns run; one that is open to a network by default would tell everybody."""
    installation.start()
    flower = Flower(installation, "--address", "0.0.0.0")
    log = installation.log("flower")
    told = re.findall(r"callbeat:([\w-]+)", log.read_text())
    assert len(told) == 1
    for path in ("/", "/tasks", "/broker", "/api/workers", "/api/queues/length"):
        assert (flower.status(path), flower.status(path, ("callbeat", "guessed"))) == (401, 401)
        assert flower.status(path, ("callbeat", told[0])) == 200
    assert log.read_text().count(told[0]) == 1
    assert told[0] not in Path(f"/proc/{flower.process.pid}/cmdline").read_text()


@linux_only
def test_a_password_of_the_operators_own_is_told_to_nobody(installation: Installation):
    """Logs and lists of processes are read by more people than may look into Flower."""
    installation.start()
    (installation.folder / ".env").write_text(f"FLOWER_BASIC_AUTH={':'.join(LOGIN)}\n")
    flower = Flower(installation, "--address", "0.0.0.0")
    assert (flower.status("/"), flower.status("/", LOGIN), flower.status("/api/workers", LOGIN)) == (401, 200, 200)
    assert LOGIN[1] not in installation.log("flower").read_text()
    assert LOGIN[1] not in Path(f"/proc/{flower.process.pid}/cmdline").read_text()


def test_on_this_machine_flower_is_open_and_its_api_shut(installation: Installation):
    """A page of anybody's that is open in the same browser could ask the API, and Flower knows that."""
    installation.start()
    flower = Flower(installation, prefix="/flower", FLOWER_URL_PREFIX="flower")
    assert (flower.status("/workers"), flower.status("/broker")) == (200, 200)
    assert flower.status("/api/workers") == 401
    assert httpx.post(f"{flower.base}/api/task/send-task/runs.sweep", json={}).status_code == 401
