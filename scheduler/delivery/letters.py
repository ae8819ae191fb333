"""Messages as mail."""

from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final

from calendars.text import Text
from scheduler.delivery.digests import headline
from scheduler.delivery.failures import TemporaryDeliveryError
from scheduler.delivery.mail import MailServer, send_mail
from scheduler.delivery.outlets import Part
from scheduler.model import ChannelSecret

_DOMAIN: Final = "lianke"


class Mail:
    """Mail by the operator's server. A reader's program shows the same Message-ID once."""

    longest_bytes = 200_000
    pause_seconds = 0.2

    def __init__(self, server: MailServer | None) -> None:
        self._server = server

    async def send(self, secret: ChannelSecret, part: Part) -> None:
        """Send the part as a letter of its own."""
        if self._server is None:
            raise TemporaryDeliveryError(
                Text(
                    "未设置 LIANKE_SMTP_HOST，邮件发不出去。",
                    "No mail leaves without LIANKE_SMTP_HOST.",
                )
            )
        await send_mail(self._server, letter(secret.address, part))


def letter(address: str, part: Part) -> EmailMessage:
    """The same part is the same letter, whenever it is sent."""
    place = f" ({part.number}/{part.count})" if part.count > 1 else ""
    many = max(part.notices, 1)
    about = Text(f"{many} 条通知{place}", f"{many} notice{'s' * (many > 1)}{place}")
    message = EmailMessage()
    message["To"] = address
    message["Subject"] = headline(part.language) + about.read_in(part.language)
    message["Date"] = format_datetime(part.made_at)
    message["Message-ID"] = f"<{part.key}@{_DOMAIN}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no holiday answers, please
    message["Content-Language"] = part.language
    message.set_content(part.text + "\n")
    return message
