"""Settings from the environment or `.env`, prefix `CALLBEAT_`, nesting `__`."""

import os
import re
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal

from dotenv import dotenv_values
from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    NestedSecretsSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from callbeat.addresses import is_loopback
from callbeat.clock import Clock
from callbeat.env_file import check_env_file, check_secrets_dir
from callbeat.errors import SettingsError
from callbeat.masking import secrets_in
from callbeat.settings_blocks import (
    AccountSettings,
    ClockSettings,
    DashboardSettings,
    HooksSettings,
    MetricsSettings,
    SourceSettings,
)
from callbeat.settings_notify import NotifySettings

PROVIDERS = ("bolna", "trillet", "cartesia")
MOST = 10**9  # of what is counted or paid in a day
LONGEST_PATH = 1000  # bytes; sockets, locks and backups need some more
PROVIDERS_OWN = ("BOLNA_API_KEY", "CARTESIA_API_KEY")
SECRETS_DIR = "CALLBEAT_SECRETS_DIR"
LogForm = Literal["auto", "json", "console"]
LogLevel = Literal["debug", "info", "warning", "error"]


class Settings(BaseSettings):
    """What an operator sets; see docs/settings.md for the list. Paths are relative to the working folder."""

    model_config = SettingsConfigDict(
        env_prefix="CALLBEAT_", env_nested_delimiter="__", env_file=".env", extra="ignore", frozen=True
    )

    home: Path = Field(default=Path("var"), description="Ledger, logs, embedded Valkey; for its owner only.")
    campaigns: Path = Field(
        default=Path("config/campaigns"), description="Campaign files; their paths start from the folder above."
    )
    redis_url: SecretStr | None = Field(
        default=None, description="redis://, rediss:// or unix://; unset, an embedded Valkey under the home."
    )
    database_url: SecretStr | None = Field(
        default=None,
        description="The ledger; unset, SQLite under the home. PostgreSQL: postgresql://user:password@host/name.",
    )
    site: str = Field(
        default="main",
        pattern=r"^[a-z0-9]{1,20}$",
        description="Part of every label: keeps two installations on one account apart. Letters and digits.",
    )
    accounts: dict[str, AccountSettings] = Field(default_factory=dict)
    sources: dict[str, SourceSettings] = Field(default_factory=dict)
    inside_sources: bool = Field(
        default=False, description="Whether contacts may be fetched from addresses of this network."
    )
    allow_numbers: Annotated[tuple[str, ...] | None, NoDecode] = Field(
        default=None,
        repr=False,
        description="A trial with real calls: only these numbers are called.",
    )
    approval: Literal["real", "always", "off"] = Field(
        default="real",
        description="Which campaigns run only once approved: real (those of real accounts), always or off.",
    )
    daily_calls: int | None = Field(
        default=None, ge=0, le=MOST, description="The most calls that may start in a day (UTC), over all campaigns."
    )
    daily_cost: Decimal | None = Field(
        default=None,
        ge=0,
        le=MOST,
        description="The most that calls of a day (UTC) may cost, as far as providers tell it.",
    )
    clock: ClockSettings | None = None
    hooks: HooksSettings = HooksSettings()
    dashboard: DashboardSettings = DashboardSettings()
    notify: NotifySettings = NotifySettings()
    metrics: MetricsSettings = MetricsSettings()
    request_timeout: float = Field(
        default=30.0, gt=0, le=120, description="Seconds for a whole request; leases are four times as long."
    )
    log: LogForm = Field(
        default="auto",
        description="Form of the log: json, console, or auto, console on a terminal and json elsewhere.",
    )
    log_level: LogLevel = Field(
        default="info", description="The least that is logged: debug, info, warning or error."
    )
    bolna_api_key: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("BOLNA_API_KEY", "bolna_api_key"),
        description="Bolna's own name for the key of the account bolna.",
    )
    cartesia_api_key: SecretStr | None = Field(
        default=None,
        validation_alias=AliasChoices("CARTESIA_API_KEY", "cartesia_api_key"),
        description="Cartesia's own name for the key of the account cartesia.",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment, then `.env`, then one file for each secret, named like its variable."""
        plain = (init_settings, env_settings, dotenv_settings)
        folder = _secrets_dir()
        return plain if folder is None else (*plain, NestedSecretsSettingsSource(file_secret_settings, folder))

    @field_validator("allow_numbers", mode="before")
    @classmethod
    def _numbers(cls, value: object) -> object:
        """A list separated by commas; set but empty it lets nobody be called."""
        if not isinstance(value, str):
            return value
        numbers = tuple(part.strip() for part in value.split(",") if part.strip())
        wrong = [number for number in numbers if not re.fullmatch(r"\+[1-9][0-9]{6,14}", number)]
        if wrong:
            raise ValueError(f"{len(wrong)} of {len(numbers)} are not in E.164: write +12025550101,+442079460101")
        return numbers

    @field_validator("home", "campaigns")
    @classmethod
    def _usable(cls, value: Path) -> Path:
        """What no file system or database takes is told here, not where it is used first."""
        name = os.fsencode(value)
        if not str(value).isprintable() or len(name) > LONGEST_PATH or max(map(len, name.split(b"/"))) > 255:
            raise ValueError("is no path: UTF-8, without control characters, at most 1,000 bytes")
        return value

    @field_validator("log", "log_level", mode="before")
    @classmethod
    def _small(cls, value: object) -> object:
        return value.strip().lower() if isinstance(value, str) else value

    @field_validator("bolna_api_key", "cartesia_api_key")
    @classmethod
    def _bare(cls, value: SecretStr | None) -> SecretStr | None:
        return None if value is None else SecretStr(value.get_secret_value().strip())

    @property
    def ledger_url(self) -> str:
        """The database's address for SQLAlchemy; SQLite in the home folder unless set."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.home.resolve() / 'callbeat.db'}"

    @property
    def config_root(self) -> Path:
        """The folder above the campaigns, which paths in campaign files start from and stay in."""
        return self.campaigns.resolve().parent

    def account(self, name: str) -> AccountSettings | None:
        """The account of that name with its provider and key filled in, or None if nothing is known of it."""
        given = self.accounts.get(name)
        _refuse_odd_key(name, given)
        provider = (given and given.provider) or (name if name in PROVIDERS else None)
        key = (given and given.api_key) or (self._own_key(name) if provider == name else None)
        if given is None and key is None:
            return None
        return (given or AccountSettings()).model_copy(update={"provider": provider, "api_key": key})

    def needs_approval(self, account: str) -> bool:
        """Whether a campaign of that account runs only once somebody has approved its revision."""
        known = self.account(account)
        real = known is None or not is_loopback(known.base_url)
        return self.approval == "always" or (self.approval == "real" and real)

    def account_names(self) -> list[str]:
        """Every account that has any setting."""
        return sorted({*self.accounts, *(name for name in PROVIDERS if self._own_key(name))})

    def secrets(self) -> set[str]:
        """Every key and password among the settings, for whatever must not show them."""
        return set(secrets_in(dict(self)))

    def _own_key(self, name: str) -> SecretStr | None:
        return {"bolna": self.bolna_api_key, "cartesia": self.cartesia_api_key}.get(name)

    def make_clock(self) -> Clock:
        """The clock all processes go by.

        Raises:
            SettingsError: a pretended clock together with an account at a real provider.
        """
        if self.clock is None:
            return Clock()
        for name in self.account_names():
            account = self.account(name)
            if account is None or not is_loopback(account.base_url):
                variable = f"CALLBEAT_ACCOUNTS__{name.upper()}__BASE_URL"
                raise SettingsError(
                    f"CALLBEAT_CLOCK__ORIGIN pretends a time, but account '{name}' is a real provider: "
                    f"unset CALLBEAT_CLOCK__*, or point {variable} at a sandbox on this machine"
                )
        return Clock(self.clock.origin, self.clock.started, self.clock.speed)


def _secrets_dir() -> Path | None:
    """Where secrets are files: CALLBEAT_SECRETS_DIR, as container engines and systemd mount them.

    Raises:
        SettingsError: there is no such folder, or it cannot be read.
    """
    named = os.environ.get(SECRETS_DIR) or dotenv_values(".env").get(SECRETS_DIR)
    if not named:
        return None
    check_secrets_dir(Path(named))
    return Path(named)


def _refuse_odd_key(name: str, account: AccountSettings | None) -> None:
    """A key goes into a header; what cannot stand there is told without showing it."""
    for field in ("api_key", "workspace_id"):
        value = getattr(account, field, None)
        text = value.get_secret_value() if isinstance(value, SecretStr) else value or ""
        if not (text.isascii() and text.isprintable()):
            raise SettingsError(f"CALLBEAT_ACCOUNTS__{name.upper()}__{field.upper()}: has signs that no key has")


def load_settings(**overrides: Any) -> Settings:
    """Read the settings once.

    Raises:
        SettingsError: names each wrong variable, and where it was looked for.
    """
    check_env_file()
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise SettingsError("; ".join(_explain(item) for item in error.errors())) from None
    except ValueError as error:
        raise SettingsError(f"the environment or .env cannot be read: {error}") from None


def _looked_at() -> str:
    folder = _secrets_dir()
    return "the environment and .env" if folder is None else f"the environment, .env and the files in {folder}"


def _explain(item: Any) -> str:
    name = "__".join(str(part) for part in item["loc"]).upper()
    variable = name if name in PROVIDERS_OWN else f"CALLBEAT_{name}"
    return f"{variable}: {item['msg']} (looked for in {_looked_at()})"
