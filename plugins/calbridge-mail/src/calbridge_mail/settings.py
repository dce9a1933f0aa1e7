"""What a clinic writes in `[clinics.<c>.notifiers.<n>]` with `kind = "smtp"`: which server, how safely, from whom."""

from __future__ import annotations

import ipaddress
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from calbridge.fields import MailAddress, OneLine, Seconds, SecretText
from calbridge.provider import Kind

PORTS = {"starttls": 587, "tls": 465, "none": 25}


class MailSettings(BaseModel):
    """The server refuses nobody by name here: whom to write to comes with each message."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = Field(min_length=1, description="the mail server for sending (submission)")
    port: int | None = Field(default=None, ge=1, le=65535, description="587, 465 or 25, as `security` says")
    security: Literal["starttls", "tls", "none"] = Field(
        default="starttls", description="how the connection is encrypted"
    )
    ca_file: str = Field(default="", description="absolute path of the authority's certificate, where it is not public")
    allow_unencrypted: bool = Field(default=False, description='may `security = "none"` reach another machine')
    username: OneLine = Field(default="", description="account at the mail server; empty: no login")
    password: SecretText | None = Field(default=None, description="its password")
    sender: MailAddress = Field(default="", description="whom mails are from; empty: the clinic's email")
    sender_name: OneLine = Field(default="", description="empty: the clinic's name")
    reply_to: MailAddress = Field(default="", description="where answers go; empty: the clinic's email")
    clinic_address: MailAddress = Field(default="", description="who is told of requests; empty: the clinic's email")
    ehlo_name: OneLine = Field(default="", description="how the bridge names its machine; empty: by its address")
    timeout: Seconds = Field(default=20, ge=1, description="longest silence of the server before it is given up")
    kinds: tuple[Kind, ...] = Field(default=tuple(Kind), description="which messages it sends")
    attach_calendar: bool = Field(default=True, description="add an entry for the client's own calendar")

    @model_validator(mode="after")
    def _safe(self) -> MailSettings:
        """Names, times and a password must not travel in clear by an oversight."""
        if self.security == "none" and not (self.allow_unencrypted or self.local):
            raise ValueError(
                'security = "none" would send people\'s data in clear to another machine: use "starttls" or "tls", '
                "or say allow_unencrypted = true"
            )
        if bool(self.username) != (self.password is not None):
            raise ValueError("username and password belong together: give both or none")
        return self

    @property
    def local(self) -> bool:
        """Is the server on this machine?"""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host.lower() == "localhost"

    @property
    def reached_at(self) -> int:
        """The port."""
        return self.port or PORTS[self.security]
