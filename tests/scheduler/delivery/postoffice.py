"""A real mail server on 127.0.0.1 that a test can make refuse what it will."""

import asyncio
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from ssl import SSLContext
from typing import Any, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from scheduler.delivery.mail import MailServer


@dataclass
class PostOffice:
    """What came in, and what is said instead of 250 to the next recipients and messages."""

    port: int = 0
    received: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    refuse_recipient: str = ""
    refuse_message: str = ""
    password: str = "right"  # noqa: S105 - opens nothing but this server
    encrypted: list[bool] = field(default_factory=list)

    def server(self, **fields: Any) -> MailServer:
        """How to reach it."""
        known: dict[str, Any] = {
            "host": "127.0.0.1",
            "sender": "lianke@example.cn",
            "starttls": False,
        }
        return MailServer(**known | {"port": self.port} | fields)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: Any
    ) -> str:
        if self.refuse_recipient:
            return self.refuse_recipient
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        if self.refuse_message:
            return self.refuse_message
        read = message_from_bytes(cast("bytes", envelope.content), policy=policy.default)
        self.received.append(read)
        self.recipients += envelope.rcpt_tos
        self.encrypted.append(session.ssl is not None)
        return "250 OK"

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: Any
    ) -> AuthResult:
        return AuthResult(success=given.password == self.password.encode(), handled=False)


@asynccontextmanager
async def open_post_office(
    *, tls: SSLContext | None = None, sign_in: bool = False
) -> AsyncIterator[PostOffice]:
    """The server while it serves; with `tls` it offers STARTTLS, with `sign_in` it demands it."""
    office = PostOffice()
    loop = asyncio.get_running_loop()

    def speak() -> SMTP:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of passwords in the clear, which are meant
            return SMTP(
                office,
                hostname="post.example.cn",
                loop=loop,
                tls_context=tls,
                auth_required=sign_in,
                auth_require_tls=False,
                authenticator=office.authenticate if sign_in else None,
            )

    serving = await loop.create_server(speak, "127.0.0.1", 0)
    office.port = serving.sockets[0].getsockname()[1]
    try:
        yield office
    finally:
        serving.close()
        await serving.wait_closed()
