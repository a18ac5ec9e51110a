"""Connections to addresses that others wrote down: nothing inside the network is connected to.

Every number that a name resolves to is judged, and what was judged is what is connected to.
"""

import socket
from collections.abc import Iterable
from typing import Any

import httpcore
import httpx

from callbeat.addresses import is_inside
from callbeat.deadline import DeadlineBackend, DeadlineTransport


class LeadsInside(Exception):
    """A name that stands for an address of this network."""


class _Judged(DeadlineBackend):
    """Opens connections to what a name resolves to, unless that is inside."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpcore.ConnectError(f"the name is not known ({type(error).__name__})") from None
        if any(is_inside(str(one[4][0])) for one in found):
            raise LeadsInside
        return super().connect_tcp(str(found[0][4][0]), port, timeout, local_address, socket_options)


class JudgedTransport(DeadlineTransport):
    """One connection that keeps to the deadline; `inside` lets it lead to this network."""

    def __init__(self, *, inside: bool) -> None:
        super().__init__(limits=httpx.Limits(max_connections=1))
        if not inside:
            self._pool._network_backend = _Judged()
