"""Ports on this machine."""

import socket

from callbeat.errors import Refusal

HOOKS_PORT, DASHBOARD_PORT = 8710, 8720  # unless another is asked for


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def is_free(port: int, address: str = "127.0.0.1") -> bool:
    """Whether a server could listen there."""
    try:
        family = socket.getaddrinfo(address or None, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address, port))
    except (OSError, UnicodeError):  # the latter of what no name of a machine can be
        return False
    return True


def require_free(port: int, address: str = "127.0.0.1") -> None:
    """Nothing, where a server could listen there.

    Raises:
        Refusal: somebody else does, or the address is not this machine's.
    """
    if not is_free(port, address):
        raise Refusal(f"nobody can listen on {address}:{port} now: choose another port, or 0 for a free one")


def answers(port: int) -> bool:
    """Whether somebody listens there."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0
