"""What a check of a database finds. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from calendars.text import Text
from scheduler.model.sessions import Session


class Check(StrEnum):
    """What must always be true, as far as a database can show it."""

    UNREADABLE = "unreadable"
    COLUMNS = "columns"
    REFERENCES = "references"
    RESOURCES = "resources"
    CLAIMS = "claims"
    DOUBLE_BOOKING = "double_booking"
    RULES = "rules"
    STATES = "states"
    SERIES = "series"
    PROPOSALS = "proposals"
    WAITING_LIST = "waiting_list"
    ADJUSTMENTS = "adjustments"
    SUSPENSIONS = "suspensions"
    OUTCOMES = "outcomes"
    AUDIT = "audit"
    PAST = "past"
    NOTICES = "notices"
    SECRETS = "secrets"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is not as it must be; `subject` names it, such as "sessions 4f3a".

    `waits_for_people`: nothing went wrong, but what was told since (an outage, a holiday, a busy
    teacher) asks somebody to decide.
    """

    check: Check
    subject: str
    sentence: Text
    waits_for_people: bool = False


def found_in(check: Check, subject: str, zh: str, en: str) -> Finding:
    """A finding whose sentence begins with its subject."""
    return Finding(
        check=check, subject=subject, sentence=Text(f"{subject}：{zh}", f"{subject}: {en}")
    )


def about(session: Session, check: Check, zh: str, en: str, *, waits: bool = False) -> Finding:
    """A finding about a session, which people know by its title."""
    return Finding(
        check=check,
        subject=f"sessions {session.id}",
        sentence=Text(
            f"活动 {session.id}“{session.title}”{zh}",
            f"Session {session.id} “{session.title}”: {en}",
        ),
        waits_for_people=waits,
    )
