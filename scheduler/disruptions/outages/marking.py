"""Marking a room or link out of use, for longer or shorter, and taking the mark away."""

from datetime import datetime
from zoneinfo import ZoneInfo

from calendars.text import Text
from scheduler.digests import digests, readers_of
from scheduler.disruptions.outages.hit import away_from, hit_by, original_places
from scheduler.local_words import date_words, wall_clock
from scheduler.members import LinkPool, Outage, OutageId
from scheduler.model import Session
from scheduler.schools import SchoolBook
from scheduler.store import Stored, Transaction


async def mark(transaction: Transaction, outage: Outage, *, revision: int | None) -> Stored[Outage]:
    """Put a room or link out of use, or change for how long, and warn everybody it hits.

    Storing it locks the room or link, so a booking made at the same moment either is here already
    or is refused (H9).
    """
    stored = await transaction.put(outage, revision=revision)
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
    if revision is not None:
        await _tell_of_way_back(transaction, outage, f"{key}:back")
    return stored


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
