"""What is said before a process waits for a broker: that its address is wrong, or that nobody has started one."""

from callbeat.errors import SettingsError
from callbeat.settings import Settings
from cli.home_lock import is_held
from cli.output import err
from worker.redis_urls import celery_url


def check_broker(settings: Settings) -> None:
    """Nothing, where the address of the setting can be one.

    Raises:
        SettingsError: it cannot.
    """
    if settings.redis_url is None:
        return
    try:
        celery_url(settings.redis_url.get_secret_value())
    except ValueError as error:
        raise SettingsError(f"{error}, for example redis://127.0.0.1:6379/0") from None


def tell_missing_broker(settings: Settings) -> None:
    """One process alone finds the broker of the setting, or of an `up` in the same home; else it waits for one."""
    if settings.redis_url is None and not is_held(settings.home):
        err.print(
            f"no CALLBEAT_REDIS_URL, and no `callbeat up` at work in {settings.home}: waiting for one",
            markup=False,
        )
