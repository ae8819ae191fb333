"""Mail by SMTP (RFC 5321). What is in the message is its sender's matter."""

from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Final

import aiosmtplib

from calendars.text import Text
from scheduler.delivery.failures import PermanentDeliveryError, TemporaryDeliveryError

_SECONDS: Final = 20
_IMPLICIT_TLS_PORT: Final = 465
_FIRST_PERMANENT_CODE: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """The server that takes our mail, and the address it comes from.

    Port 465 means TLS from the first byte; otherwise `starttls` says that the server must offer
    STARTTLS, and without it mail and password travel in the clear.
    """

    host: str
    sender: str
    port: int = 587
    user: str = ""
    password: str = field(default="", repr=False)
    starttls: bool = True


async def send_mail(server: MailServer, message: EmailMessage) -> None:
    """Hand a message to the server, or raise what kept it from being taken.

    `From` is the server's sender where the message names none. A broken connection or a 4xx answer
    is temporary, and so is a refused password, which an operator will mend; a 5xx answer about the
    message itself is permanent.
    """
    if "From" not in message:
        message["From"] = server.sender
    implicit = server.port == _IMPLICIT_TLS_PORT
    try:
        await aiosmtplib.send(
            message,
            hostname=server.host,
            port=server.port,
            username=server.user or None,
            password=server.password or None,
            use_tls=implicit,
            start_tls=server.starttls and not implicit,
            timeout=_SECONDS,
        )
    except aiosmtplib.SMTPAuthenticationError as error:
        raise TemporaryDeliveryError(_refusal(error.code, "")) from error
    except aiosmtplib.SMTPRecipientsRefused as error:
        raise _refused(error.recipients[0]) from error
    except aiosmtplib.SMTPResponseException as error:
        raise _refused(error) from error
    except (aiosmtplib.SMTPException, OSError) as error:
        name = type(error).__name__
        raise TemporaryDeliveryError(
            Text(f"邮件服务器没有应答（{name}）。", f"The mail server did not answer ({name}).")
        ) from error


def _refused(
    answer: aiosmtplib.SMTPResponseException,
) -> PermanentDeliveryError | TemporaryDeliveryError:
    sentence = _refusal(answer.code, answer.message)
    if answer.code >= _FIRST_PERMANENT_CODE:
        return PermanentDeliveryError(sentence)
    return TemporaryDeliveryError(sentence)


def _refusal(code: int, words: str) -> Text:
    said = f"{code} {words}".strip()[:200]
    return Text(f"邮件服务器拒绝：{said}。", f"The mail server refused: {said}.")
