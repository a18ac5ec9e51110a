"""Settings of notifications: what webhooks are signed with, the mail server, and who is told of every campaign."""

import base64
import binascii
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator

from callbeat.addresses import is_loopback, split
from callbeat.campaigns.rules_notify import parse_address, parse_url
from callbeat.campaigns.wording import WordingError

SIGN = "whsec_"
FEWEST_BYTES, MOST_BYTES = 24, 64  # of a secret, by the convention of Standard Webhooks
HOW_TO_MAKE_ONE = (
    "make one with  python3 -c "
    "'import base64, secrets; print(\"whsec_\" + base64.b64encode(secrets.token_bytes(32)).decode())'"
)
Tls = Literal["starttls", "tls", "none"]


class NotifySettings(BaseModel):
    """How campaigns' `notify` is done. `url` and `email` are told of every campaign, whatever it says itself."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    secret: SecretStr | None = Field(
        default=None,
        description="What webhooks are signed with, whsec_ and base64; two with a space while it changes.",
    )
    url: str | None = Field(default=None, description="A webhook that is told of every campaign.")
    email: str | None = Field(default=None, description="Addresses that are told of every campaign: a@b.c,d@e.f")
    inside: bool = Field(
        default=False, description="Whether campaigns' webhooks may go to addresses of this network."
    )
    sender: str | None = Field(default=None, description="Whom e-mail comes from, e.g. callbeat@example.com.")
    smtp_host: str | None = Field(default=None, description="The mail server, e.g. mail.example.com.")
    smtp_port: int = Field(default=587, ge=1, le=65535, description="Its port.")
    smtp_user: str | None = Field(default=None, description="As whom to log in there; unset, nobody logs in.")
    smtp_password: SecretStr | None = Field(default=None, description="The password of that user.")
    smtp_tls: Tls = Field(
        default="starttls", description="starttls, tls (from the first byte, port 465) or none (on this machine)."
    )

    @field_validator("secret")
    @classmethod
    def _of_a_length(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None or not value.get_secret_value().strip():
            return None
        for one in value.get_secret_value().split():
            if not FEWEST_BYTES <= len(_key(one)) <= MOST_BYTES:
                raise ValueError(f"is not whsec_ with base64 of {FEWEST_BYTES} bytes or more: {HOW_TO_MAKE_ONE}")
        return value

    @field_validator("url")
    @classmethod
    def _web(cls, value: str | None) -> str | None:
        try:
            return parse_url(value) if value else None
        except WordingError as error:
            raise ValueError(f"{error.problem}: {error.fix}") from None

    @field_validator("email")
    @classmethod
    def _several(cls, value: str | None) -> str | None:
        return ",".join(map(_address, value.split(","))) if value else None

    @field_validator("sender")
    @classmethod
    def _one(cls, value: str | None) -> str | None:
        return _address(value) if value else None

    @field_validator("smtp_host")
    @classmethod
    def _host(cls, value: str | None) -> str | None:
        parts = split(f"smtp://{value}") if value else None
        if value and (parts is None or parts.netloc != value or parts.port is not None or "@" in value):
            raise ValueError("is no host: write mail.example.com, and the port in CALLBEAT_NOTIFY__SMTP_PORT")
        return value or None

    @field_validator("smtp_tls")
    @classmethod
    def _hidden(cls, value: Tls, info: ValidationInfo) -> Tls:
        """A password that everybody on the way can read is everybody's."""
        user, host = info.data.get("smtp_user"), info.data.get("smtp_host")
        if value == "none" and user and host and not is_loopback(f"smtp://{host}"):
            raise ValueError(
                "would send the password of CALLBEAT_NOTIFY__SMTP_USER readable to another machine: "
                "write starttls or tls, or leave the user out where the server asks for none"
            )
        return value

    @property
    def emails(self) -> tuple[str, ...]:
        """Who is sent an e-mail of every campaign."""
        return tuple(self.email.split(",")) if self.email else ()

    @property
    def signing_keys(self) -> list[bytes]:
        """What webhooks are signed with: a receiver takes any of them."""
        told = self.secret.get_secret_value() if self.secret else ""
        return [_key(one) for one in told.split()]


def _address(text: str) -> str:
    try:
        return parse_address(text.strip())
    except WordingError as error:
        raise ValueError(f"{error.problem}: {error.fix}") from None


def _key(secret: str) -> bytes:
    """The bytes of a secret; none where it cannot be read."""
    try:
        return base64.b64decode(secret.removeprefix(SIGN), validate=True) if secret.startswith(SIGN) else b""
    except (binascii.Error, ValueError):
        return b""
