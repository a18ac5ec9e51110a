"""Passwords as they are kept: argon2, and no two attempts at once, so that nobody fills memory by trying."""

import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST = 12
_hasher = PasswordHasher()
_one_at_a_time = threading.Lock()


def hashed(password: str) -> str:
    """What is kept of a password, for CALLBEAT_DASHBOARD__PASSWORD_HASH.

    Raises:
        ValueError: it is too short.
    """
    if len(password) < SHORTEST:
        raise ValueError(f"a password needs {SHORTEST} signs or more")
    return _hasher.hash(password)


def fits(kept: str, password: str) -> bool:
    """Whether this is the password."""
    with _one_at_a_time:
        try:
            return _hasher.verify(kept, password)
        except (VerificationError, InvalidHashError):
            return False
