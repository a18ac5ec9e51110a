"""Flower's login: where one is set, and whether one is needed."""

import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path

from dotenv import dotenv_values

from callbeat.addresses import is_loopback
from callbeat.errors import SettingsError
from callbeat.settings import SECRETS_DIR

LOGIN = "FLOWER_BASIC_AUTH"  # as Flower reads it: user:password
OTHER_LOGIN = "FLOWER_AUTH"  # its logins by Google, GitHub and others


def set_login(environment: Mapping[str, str]) -> str | None:
    """`user:password` from where all settings come: the environment, `.env`, or a file of its own.

    Raises:
        SettingsError: it is none that anybody could log in with.
    """
    written = dotenv_values(".env")
    login = environment.get(LOGIN) or written.get(LOGIN)
    folder = environment.get(SECRETS_DIR) or written.get(SECRETS_DIR)
    if not login and folder:
        login = _from_file(Path(folder))
    if login and not all(re.fullmatch(r"[^:]+:.+", one) for one in login.split(",")):
        raise SettingsError(
            f"{LOGIN} must be user:password; a comma stands between two logins, so no password has one"
        )
    return login or None


def _from_file(folder: Path) -> str:
    files = [folder / name for name in (LOGIN.lower(), LOGIN)]
    return next((file.read_text().strip() for file in files if file.is_file()), "")


def made_up_login(address: str, environment: Mapping[str, str]) -> str | None:
    """One where none is set and not only this machine can look; None where none is needed."""
    if set_login(environment) or environment.get(OTHER_LOGIN) or is_loopback(url_of(address)):
        return None
    return f"callbeat:{secrets.token_urlsafe(12)}"


def url_of(address: str, port: int | None = None) -> str:
    """What to type into a browser."""
    host = f"[{address}]" if ":" in address else address
    return f"http://{host}" + (f":{port}" if port else "")


def hand_on_login() -> None:
    """Flower itself looks into the environment only.

    Raises:
        SettingsError: it is none that anybody could log in with.
    """
    if (login := set_login(os.environ)) is not None:
        os.environ[LOGIN] = login
