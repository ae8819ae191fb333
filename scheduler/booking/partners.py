"""What goes with a session that is dropped: whoever is left alone by that is told."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import uuid4
from zoneinfo import ZoneInfo

from calendars.text import Text
from scheduler.local_words import wall_clock
from scheduler.model import Notice, Session, SessionId
from scheduler.store import Transaction
from scheduler.ties import Tied


async def tell_partners(transaction: Transaction, dropped: Sequence[Session]) -> None:
    """Tell the schools of sessions to come that have lost what they go with.

    Asked after the sessions were dropped. Nothing is cancelled with them: a preparation may have
    been held for a lesson that will be made up.
    """
    series = {each.series for each in dropped} - {None}
    if not series:
        return
    zone = ZoneInfo((await transaction.alliance()).alliance.zone)
    ties = await transaction.ties_of_series(series, zone)
    for left, lost in _left_alone(dropped, ties, zone).items():
        alone = await transaction.session(left)
        if alone.slot.starts > transaction.now:
            await transaction.add_notices(_told(alone, lost, zone, transaction.now))


def _left_alone(
    dropped: Iterable[Session], ties: Iterable[Tied], zone: ZoneInfo
) -> dict[SessionId, Session]:
    """Each that is alone by now, and what it has gone with."""
    return {
        each: session
        for session in dropped
        for tie in ties
        if session.series is not None and tie.concerns(session.series)
        for each in tie.lonely(session.series, session.slot.starts.astimezone(zone).date())
    }


def _told(alone: Session, lost: Session, zone: ZoneInfo, now: datetime) -> tuple[Notice, ...]:
    here, there = wall_clock(alone.slot, zone), wall_clock(lost.slot, zone)
    sentence = Text(
        f"{here.zh}的“{alone.title}”要配合的“{lost.title}”（{there.zh}）不上了；"
        "请一并取消、改期，或等补课后再定。",
        f"“{lost.title}” ({there.en}) is not held, and “{alone.title}” on {here.en} goes with it: "
        "cancel or move that, too, or wait until it is made up for.",
    )
    return tuple(
        Notice(
            id=uuid4().hex,
            key=f"{alone.id}:alone:{lost.id}:{lost.revision}:{site.school}",
            school=site.school,
            session=alone.id,
            sentence=sentence,
            created_at=now,
        )
        for site in alone.sites
    )
