"""An invitation as a letter: words for people, and the same as iTIP for their calendars."""

from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final
from zoneinfo import ZoneInfo

from calendars.ics import Entry
from calendars.ics.invitation import Method, Party, write_invitation
from calendars.text import Text
from scheduler.local_words import wall_clock
from scheduler.model import Invitation, Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """Everything that one letter says; `sender` has the address that mail comes from."""

    method: Method
    invitation: Invitation
    session: Session
    entry: Entry
    address: str
    sender: Party
    zone: ZoneInfo
    written_at: datetime

    @property
    def is_change(self) -> bool:
        """Whether the guest was told something else before."""
        return self.method is Method.REQUEST and self.invitation.told == Method.REQUEST

    def message(self) -> EmailMessage:
        """The letter (RFC 6047). A program that gets it twice knows it by its Message-ID."""
        message = EmailMessage(policy=SMTP)
        message["From"] = _address(self.sender)
        message["To"] = _address(Party(self.invitation.name, self.address))
        message["Subject"] = self._subject()
        message["Date"] = format_datetime(self.written_at)
        message["Message-ID"] = f"<{self._key}@lianke>"
        message["Content-Language"] = self.invitation.language
        message.set_content(self._words() + "\n")
        calendar = write_invitation(
            self.method,
            self.entry,
            self.zone,
            organizer=self.sender,
            attendee=Party(self.invitation.name, self.address),
        )
        message.add_alternative(
            calendar.decode(),
            subtype="calendar",
            params={"method": self.method.value},
            cte="base64",
        )
        return message

    @property
    def _key(self) -> str:
        """The same however often the letter is sent before one is known to have arrived."""
        before = self.invitation.told_at
        since = 0 if before is None else int(before.timestamp())
        return f"{self.invitation.id}.{since}.{self.entry.sequence}.{self.method.lower()}"

    def _subject(self) -> str:
        title = self.session.title
        said = _SUBJECTS[self.method]
        if self.is_change:
            said = Text("邀请有变动", "Changed invitation")
        return f"{said.read_in(self.invitation.language)}: {title}"

    def _words(self) -> str:
        language, when = self.invitation.language, wall_clock(self.session.slot, self.zone)
        name, host = self.invitation.name, self.sender.name
        if self.invitation.withdrawn_at is not None:
            off = Text(
                f"{name}，您好！\n\n{when.zh}的“{self.session.title}”不再邀请您参加。",
                f"Dear {name},\n\nyou are no longer invited to “{self.session.title}”, {when.en}.",
            )
            return f"{off.read_in(language)}\n\n{host}"
        head = Text(
            f"{name}，您好！\n\n诚邀您参加“{self.session.title}”：{when.zh}。",
            f"Dear {name},\n\nyou are invited to “{self.session.title}”, {when.en}.",
        )
        if self.method is Method.CANCEL:
            head = Text(
                f"{name}，您好！\n\n原定{when.zh}的“{self.session.title}”已取消。",
                f"Dear {name},\n\n“{self.session.title}”, {when.en}, is cancelled.",
            )
        return f"{head.read_in(language)}\n\n{self.entry.description}\n\n{host}"


_SUBJECTS: Final = {
    Method.REQUEST: Text("邀请", "Invitation"),
    Method.CANCEL: Text("邀请已取消", "Cancelled invitation"),
}


def _address(party: Party) -> Address:
    return Address(display_name=party.name, addr_spec=party.address)
