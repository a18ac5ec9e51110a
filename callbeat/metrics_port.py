"""Where Prometheus asks a process: /metrics on a small port of its own, apart from pages, posts and logins."""

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from http import HTTPStatus
from http.server import ThreadingHTTPServer
from socketserver import TCPServer

import structlog
from prometheus_client import GCCollector, MetricsHandler, ProcessCollector
from prometheus_client.registry import Collector

from callbeat import __version__
from callbeat.ledger.lines import NOT_TOLD, NOTE, WARNED
from callbeat.ledger.states import BatchState, RunState
from callbeat.metrics import REGISTRY, began
from callbeat.settings import Settings

PATH = "/metrics"
# How far from CALLBEAT_METRICS__PORT each kind of process listens: at the first that is free.
PLACES = {"beat": range(2), "hooks": range(2, 4), "dashboard": range(4, 6), "worker": range(10, 42)}
SLOW = 10.0  # seconds for whoever asks
STATES = {"run": [*RunState, NOTE], "batch": [*BatchState, NOTE]}
EVENTS = sorted({*WARNED, NOT_TOLD, *(f"{kind}.{state}" for kind, states in STATES.items() for state in states)})
log = structlog.get_logger("callbeat")


def serve(process: str, settings: Settings, *collectors: Collector) -> None:
    """Answer scrapes in threads of their own, where CALLBEAT_METRICS__PORT is set. It never raises.

    `process` is a word of PLACES; `collectors` know what it does not see by itself.
    """
    if settings.metrics.port is None:
        return
    began(__version__, process, settings.site, EVENTS)
    ports = [settings.metrics.port + place for place in PLACES[process]]
    words = (settings.metrics.host, ports, collectors)
    threading.Thread(target=_serve, args=words, name="metrics", daemon=True).start()


def _serve(host: str, ports: Sequence[int], collectors: Sequence[Collector]) -> None:
    """A process that cannot be asked goes on with its work."""
    try:
        ProcessCollector(registry=REGISTRY)
        GCCollector(registry=REGISTRY)
        for collector in collectors:
            REGISTRY.register(collector)
        with listening(host, ports) as server:
            log.info("metrics.listening", address=f"http://{host}:{server.server_port}{PATH}")
            server.serve_forever()
    except Exception as error:
        mend = "set CALLBEAT_METRICS__PORT and CALLBEAT_METRICS__HOST to where nobody else listens"
        log.warning("metrics.not_served", why=str(error), mend=mend)


@contextmanager
def listening(host: str, ports: Sequence[int]) -> Iterator["Server"]:
    """A server at the first of these ports that is free.

    Raises:
        OSError: at none of them, or `host` is no address of this machine.
    """
    for port in ports[:-1]:
        with suppress(OSError):
            server = Server(host, port)
            break
    else:
        server = Server(host, ports[-1])
    with server:
        yield server


class Server(ThreadingHTTPServer):
    """One thread for each that asks; none of them keeps the process from ending."""

    def __init__(self, host: str, port: int) -> None:
        self.address_family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        super().__init__((host, port), _Answer)

    def server_bind(self) -> None:
        """Without asking for this machine's name, which may take seconds where nobody knows it."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]  # type: ignore[assignment]


class _Answer(MetricsHandler):
    """GET /metrics, and nothing else. Nothing is logged of who asks."""

    registry = REGISTRY
    timeout = SLOW
    server_version, sys_version = "callbeat", ""

    def do_GET(self) -> None:
        if self.path.partition("?")[0] == PATH:
            super().do_GET()
        else:
            self.send_error(HTTPStatus.NOT_FOUND)
