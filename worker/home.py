"""Where the broker of this home is: the setting, else the embedded server's socket."""

from pathlib import Path
from urllib.parse import quote


def redis_url(configured: str | None, home: Path) -> str:
    """A URL as redis-py reads it. The socket of the embedded server need not be there yet.

    In a home with a long path the socket is elsewhere, and a note in the home says where.
    """
    if configured:
        return configured
    note = home / "valkey.socket-path"
    socket = note.read_text().strip() if note.exists() else str(home.resolve() / "valkey.sock")
    return f"unix://{quote(socket)}?db=0"
