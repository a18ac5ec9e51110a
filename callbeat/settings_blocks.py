"""Settings that belong together: an account, a database of contacts, the pretended clock."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from callbeat.addresses import split
from callbeat.clock import CENTURY

HOW_TO_MAKE_ONE = "make one with  python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"


def _web_address(value: str | None, example: str) -> str | None:
    parts = split(value) if value else None
    if value and (parts is None or parts.scheme not in ("http", "https")):
        raise ValueError(f"is no web address: write {example}")
    return value


class AccountSettings(BaseModel):
    """One set of credentials at one provider. `provider` defaults to the account's own name.

    A key read from a file often ends in a line break: white space around it is left out.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    provider: str | None = Field(default=None, description="bolna, trillet or cartesia; default: its own name.")
    api_key: SecretStr | None = Field(default=None, description="The provider's key.")
    base_url: str | None = Field(default=None, description="Another address than the provider's own.")
    workspace_id: str | None = Field(default=None, description="Trillet: the workspace, needed beside the key.")
    requests_a_minute: int | None = Field(
        default=None,
        ge=10,
        le=100_000,
        description="Requests a minute over all workers: less where others use the account, more by contract.",
    )
    version: str | None = Field(default=None, description="Cartesia: 2026-03-01, the default, or 2026-08-14.")

    @field_validator("base_url")
    @classmethod
    def _web(cls, value: str | None) -> str | None:
        return _web_address(value, "https://api.example.com")

    @field_validator("api_key")
    @classmethod
    def _bare(cls, value: SecretStr | None) -> SecretStr | None:
        return None if value is None else SecretStr(value.get_secret_value().strip())


class SourceSettings(BaseModel):
    """A database whose rows are contacts: its password stands here, and never in a campaign file."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    url: SecretStr = Field(
        description="postgresql://user:password@host/name, of a role that only reads; or sqlite:///."
    )


class HooksSettings(BaseModel):
    """The endpoint that providers post to: `callbeat hooks`. Without `url` they are not told of it."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    secret: SecretStr | None = Field(
        default=None, description="What only providers know: in the path they post to."
    )
    url: str | None = Field(
        default=None, description="Where they reach it: https://hooks.example.com, without a path."
    )

    @field_validator("secret")
    @classmethod
    def _hard_to_guess(cls, value: SecretStr | None) -> SecretStr | None:
        text = value.get_secret_value().strip() if value else ""
        if value is not None and not re.fullmatch(r"[A-Za-z0-9_-]{24,200}", text):
            raise ValueError(f"at least 24 letters and digits: {HOW_TO_MAKE_ONE}")
        return SecretStr(text) if value else None

    @field_validator("url")
    @classmethod
    def _web(cls, value: str | None) -> str | None:
        address = _web_address(value, "https://hooks.example.com")
        return address.rstrip("/") if address else None

    def address_for(self, provider: str) -> str | None:
        """Where that provider posts to; None where nobody can reach us. It bears the secret."""
        if self.url is None or self.secret is None:
            return None
        return f"{self.url}/hooks/{provider}/{self.secret.get_secret_value()}"


class DashboardSettings(BaseModel):
    """Who may look at the dashboard, and who may act, where others than this machine can reach it."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    password_hash: SecretStr | None = Field(
        default=None, description="Of the password of those who may act: `callbeat dashboard --hash` makes it."
    )
    reader_hash: SecretStr | None = Field(default=None, description="Of the password of those who may only look.")
    secret: SecretStr | None = Field(
        default=None, min_length=24, description="Signs sessions; unset, one is made under the home."
    )
    url: str | None = Field(
        default=None, description="Where people reach it: https://calls.example.com, without a path."
    )
    proxy_header: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9-]{1,60}$",
        description="The header in which a proxy names who asks, instead of a password.",
    )
    proxy_from: str | None = Field(
        default=None, description="That proxy's addresses, with commas between: nobody else is believed."
    )
    operators: str | None = Field(
        default=None, description="Whom of those a proxy names may act, with commas between; unset, all."
    )

    @field_validator("password_hash", "reader_hash")
    @classmethod
    def _hashed(cls, value: SecretStr | None) -> SecretStr | None:
        text = value.get_secret_value().strip() if value else ""
        if value is not None and not re.fullmatch(r"\$argon2id?\$[\w$=,+/.-]{40,300}", text):
            raise ValueError("is no argon2 hash: make one with  callbeat dashboard --hash")
        return SecretStr(text) if value else None

    @field_validator("url")
    @classmethod
    def _web(cls, value: str | None) -> str | None:
        address = _web_address(value, "https://calls.example.com")
        return address.rstrip("/") if address else None

    @field_validator("operators")
    @classmethod
    def _names(cls, value: str | None) -> str | None:
        return None if value is None else ",".join(name.strip() for name in value.split(","))

    @field_validator("proxy_from")
    @classmethod
    def _addresses(cls, value: str | None) -> str | None:
        try:
            _networks(value)
        except ValueError:
            raise ValueError("has what is no address: write 10.0.0.5,10.1.0.0/16") from None
        return value

    @model_validator(mode="after")
    def _believed_from_somewhere(self) -> Self:
        if (self.proxy_header is None) != (not self.networks):
            raise ValueError("PROXY_HEADER and PROXY_FROM need each other: whoever asks can send a header")
        return self

    @property
    def networks(self) -> Sequence[IPv4Network | IPv6Network]:
        """Whom to believe a name."""
        return _networks(self.proxy_from)


def _networks(told: str | None) -> list[IPv4Network | IPv6Network]:
    return [ip_network(one.strip()) for one in (told or "").split(",") if one.strip()]


class MetricsSettings(BaseModel):
    """Where Prometheus asks each process. Without a port nobody listens."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    port: int | None = Field(
        default=None,
        ge=1,
        le=65_400,
        description="beat listens here, others near it: hooks at 2 more, dashboard at 4, workers from 10 on.",
    )
    host: str = Field(default="127.0.0.1", min_length=1, description="The address that they listen at.")


class ClockSettings(BaseModel):
    """Pretended time = origin + (real - started) x speed. Refused unless every account is on this machine."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    origin: datetime = Field(description="The pretended instant at which it begins.")
    started: datetime = Field(description="The real instant at which it began.")
    speed: float = Field(default=1.0, gt=0, allow_inf_nan=False, description="So many times as fast as real time.")

    @field_validator("origin", "started")
    @classmethod
    def _aware(cls, value: datetime) -> datetime:
        if value.tzinfo is None:
            raise ValueError("needs a zone, for example 2026-12-01T04:30:00+00:00")
        if value.year not in CENTURY:
            raise ValueError("is not in this century")
        return value.astimezone(UTC)
