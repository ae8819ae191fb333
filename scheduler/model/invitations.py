"""Guests without an account, who are invited to one session by mail."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from calendars.fields import EXPECTED
from calendars.text import Language, Text
from scheduler.members import IDENTIFIER, Line, Name
from scheduler.model.agenda import SessionId

MailAddress = Annotated[
    str,
    Meta(
        max_length=254,
        pattern=r"^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
        r"@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}(?![\s\S])",
        description="A mail address in ASCII, such as expert@example.cn.",
        extra={
            EXPECTED: Text(
                "邮件地址，例如 expert@example.cn", "a mail address such as expert@example.cn"
            )
        },
    ),
]


class InvitationState(StrEnum):
    """Whether the guest knows. A failed mail waits for a person or for the next change."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """A guest of one session. The guest is told by mail of whatever becomes of it.

    `address` is shown in part only. `told` is the last that was sent ("REQUEST", "CANCEL"; empty:
    nothing yet), with the `sequence` that it carried.
    """

    id: Annotated[str, IDENTIFIER]
    session: SessionId
    name: Name
    address: Line
    language: Language = "zh-CN"
    invited_by: Name
    created_at: datetime
    state: InvitationState = InvitationState.WAITING
    withdrawn_at: datetime | None = None
    told: Line = ""
    sequence: int = 0
    told_at: datetime | None = None
    failures: int = 0
    problem: Text | None = None
    revision: int = 1


def shown_in_part(address: str) -> str:
    """Such as "e***@example.cn": enough for the inviter to know it again."""
    name, _, host = address.partition("@")
    return f"{name[:1]}***@{host}"
