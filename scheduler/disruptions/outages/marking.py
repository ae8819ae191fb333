"""Marking a room or link out of use, for longer or shorter, and taking the mark away."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from calendars.text import Text
from scheduler.digests import digests, readers_of
from scheduler.disruptions.outages.hit import away_from, hit_by, original_places, sessions_hit
from scheduler.disruptions.replacements import Disrupted
from scheduler.local_words import date_words, wall_clock
from scheduler.members import LinkPool, Outage, OutageId
from scheduler.model import Session, SessionId
from scheduler.schools import SchoolBook
from scheduler.store import Stored, Transaction

FORESEEN: Final = 20
"""Of how many sessions a dry run tells where they could go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen(Outage):
    """An outage that is not marked yet: whom it would hit, the soonest first.

    Of the soonest, `proposed` tells where they could go, as the list of the outage does later.
    """

    affected: tuple[SessionId, ...]
    proposed: tuple[Disrupted, ...]


async def mark(transaction: Transaction, outage: Outage, *, revision: int | None) -> Stored[Outage]:
    """Put a room or link out of use, or change for how long, and warn everybody it hits.

    Storing it locks the room or link, so a booking made at the same moment either is here already
    or is refused (H9).
    """
    stored = await transaction.put(outage, revision=revision)
    await announce(transaction, stored, is_new=revision is None)
    return stored


async def foresee(
    transaction: Transaction, outage: Outage, *, revision: int | None
) -> Callable[[], Foreseen]:
    """What marking would do, for a dry run; call what finds the replacements in a thread."""
    stored = await transaction.put(outage, revision=revision)
    hit = await announce(transaction, stored, is_new=revision is None)
    sessions, judge = await sessions_hit(transaction, outage.id, after="", limit=FORESEEN)
    told = {field.name: getattr(outage, field.name) for field in fields(Outage)}
    affected = tuple(each.id for each in hit)
    return lambda: Foreseen(**told, affected=affected, proposed=judge(sessions))


async def announce(
    transaction: Transaction, stored: Stored[Outage], *, is_new: bool
) -> tuple[Session, ...]:
    """Warn everybody whom a stored outage hits; these sessions, the soonest first.

    If it was changed, those learn who can come back.
    """
    outage = stored.record
    hit = await hit_by(transaction, outage)
    books = await transaction.books({site.school for each in hit for site in each.sites})
    lines = [
        (reader, _line(session, books[site.school]))
        for session in hit
        for site in session.sites
        for reader in readers_of(site, books)
    ]
    opening = await _opening(transaction, outage)
    key = f"outage:{outage.id}:{stored.revision}"
    first = hit[0].slot.starts if hit else None
    await transaction.add_notices(digests(lines, opening, key, transaction.now, first=first))
    if not is_new:
        await _tell_of_way_back(transaction, outage, f"{key}:back")
    return tuple(hit)


async def unmark(
    transaction: Transaction, kind: type[Outage], id: OutageId, *, revision: int
) -> None:
    """Take the mark away; schools whose sessions had moved learn that these can come back."""
    outage = (await transaction.get(kind, id)).record
    await transaction.delete(kind, id, revision=revision)
    await _tell_of_way_back(transaction, outage, f"outage:{id}:{revision}:over")


async def _tell_of_way_back(transaction: Transaction, outage: Outage, key: str) -> None:
    """Tell the coordinators of the sessions that can go back where they were."""
    moved, judge = await away_from(transaction, await original_places(transaction, outage.id))
    back = [each.session for each in judge(moved) if each.replacements]
    books = await transaction.books({site.school for each in back for site in each.sites})
    lines = [
        ((site.school, None), _line(session, books[site.school]))
        for session in back
        for site in session.sites
    ]
    name = await _name(transaction, outage)
    opening = Text(
        f"“{name}”可以恢复使用，以下活动可调回原处，请在停用登记中确认：",
        f"{name} can be used again. These can go back to their old places; confirm it at the "
        "outage:",
    )
    await transaction.add_notices(digests(lines, opening, key, transaction.now))


async def _opening(transaction: Transaction, outage: Outage) -> Text:
    name = await _name(transaction, outage)
    zone = ZoneInfo((await transaction.alliance()).alliance.zone)
    since, until = (_moment(each, zone) for each in (outage.slot.starts, outage.slot.ends))
    why_zh, why_en = (f"（{outage.reason}）", f" ({outage.reason})") if outage.reason else ("", "")
    return Text(
        f"“{name}”{since.zh}至{until.zh}停用{why_zh}，以下活动受影响，请改用其他教室或时间：",
        f"{name} is out of use from {since.en} to {until.en}{why_en}. These need another room or "
        "time:",
    )


def _moment(moment: datetime, zone: ZoneInfo) -> Text:
    day, clock = date_words(moment, zone), f"{moment.astimezone(zone):%H:%M}"
    return Text(f"{day.zh}{clock}", f"{day.en} {clock}")


async def _name(transaction: Transaction, outage: Outage) -> str:
    if outage.room is not None and outage.school is not None:
        book = (await transaction.books([outage.school]))[outage.school]
        return f"{book.school.name}{book.rooms[outage.room].name}"
    return (await transaction.get(LinkPool, str(outage.link_pool))).record.name


def _line(session: Session, book: SchoolBook) -> Text:
    when = wall_clock(session.slot, book.time.zone)
    return Text(f"· {when.zh}“{session.title}”", f"- “{session.title}” on {when.en}")
