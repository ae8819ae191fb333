"""Whether each school reached the others before a session (联调), and what else to do (E59)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from calendars.bells import SchoolId
from calendars.slots import Slot
from calendars.text import Text
from scheduler.access import require_link_test_of
from scheduler.booking.alternatives import situation_around
from scheduler.booking.notices import Books
from scheduler.booking.revisions import require_changeable, require_site, successor, to_lock
from scheduler.digests import Reader, digests, readers_of
from scheduler.disruptions.replacements import Replacement, replacements_for
from scheduler.local_words import wall_clock
from scheduler.members import Note
from scheduler.model import Actor, LinkTest, Notice, Role, Session, SessionId, SessionState, Site
from scheduler.placing import booking_of
from scheduler.store import Store, Transaction

RED_BEFORE: Final = timedelta(minutes=10)
"""So long before it begins a session that was not tested turns red."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkTested:
    """What a school's test came to; a `note` says what was wrong."""

    school: SchoolId
    passed: bool
    note: Note = ""


class LinkState(StrEnum):
    """`green`: all have passed; `amber`: there is time to test; `red`: use the fallback."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"


@dataclass(frozen=True, slots=True, kw_only=True)
class SchoolLink:
    """How the test of one school stands; without one it has not tested."""

    school: SchoolId
    test: LinkTest | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkStatus:
    """How a session's tests stand, and the fallback card: what could be done, the least first."""

    session: SessionId
    state: LinkState
    schools: tuple[SchoolLink, ...]
    fallback: tuple[Text, ...] = ()


async def record_link_test(transaction: Transaction, id: SessionId, wish: LinkTested) -> Session:
    """Note how a school's test went; it counts for that time, room and people.

    Two schools may test at once: each writes its own part. What failed is told at once.
    """
    require_link_test_of(transaction.actor, wish.school)
    await transaction.lock(to_lock([await transaction.session(id)]))
    before = await transaction.session(id)
    site = require_site(before, wish.school)
    require_changeable(before, transaction.now)
    actor, now = transaction.actor, transaction.now
    test = LinkTest(passed=wish.passed, tested_by=actor.name, tested_at=now, note=wish.note)
    tested = replace(site, link_test=test)
    sites = tuple(tested if each is site else each for each in before.sites)
    after = successor(before, replace(before, sites=sites), now)
    await transaction.replace_session(before, after)
    if not wish.passed:
        books = await transaction.books([each.school for each in after.sites])
        await transaction.add_notices(_told(after, [tested], books, now))
    return after


async def link_status(transaction: Transaction, id: SessionId) -> Callable[[], LinkStatus]:
    """How the tests of a session stand, with the fallback card once it is red; for a thread."""
    session, now = await transaction.session(id), transaction.now
    state = state_of(session, now)
    status = LinkStatus(
        session=session.id,
        state=state,
        schools=tuple(
            SchoolLink(school=each.school, test=each.link_test) for each in _linked(session)
        ),
    )
    if state is not LinkState.RED:
        return lambda: status
    situation = await situation_around(transaction, booking_of(session), moving=[session])
    books = situation.schools

    def with_fallback() -> LinkStatus:
        found = replacements_for(session, situation, now=now)
        return replace(status, fallback=tuple(_fallback(session, found, books)))

    return with_fallback


async def warn_of_untested(store: Store, now: datetime, actor: Actor) -> None:
    """Tell of sessions that are about to begin and were not tested, once: IT and the teachers.

    So long before as the alliance wishes (`link_test_minutes`; 0: never).
    """
    async with store.read(now=now) as transaction:
        due = await _due(transaction)
    if due:
        await store.write(_warn, actor=actor, now=now)


async def _warn(transaction: Transaction) -> None:
    for session in await _due(transaction):
        books = await transaction.books([each.school for each in session.sites])
        untested = [each for each in _linked(session) if not _has_passed(each)]
        await transaction.add_notices(_told(session, untested, books, transaction.now))


async def _due(transaction: Transaction) -> Sequence[Session]:
    minutes = (await transaction.alliance()).alliance.link_test_minutes
    if not minutes:
        return ()
    now = transaction.now
    soon = Slot(now, now + timedelta(minutes=minutes, seconds=1))
    found = await transaction.sessions(within=soon, states=(SessionState.CONFIRMED,), limit=None)
    return [
        each
        for each in found
        if each.slot.starts > now and not all(map(_has_passed, _linked(each)))
    ]


def state_of(session: Session, now: datetime) -> LinkState:
    """The colour of a session: a test that failed is red at once, one that is missing soon."""
    linked = _linked(session)
    if all(map(_has_passed, linked)):
        return LinkState.GREEN
    has_failed = any(each.link_test is not None and not each.link_test.passed for each in linked)
    return (
        LinkState.RED if has_failed or now >= session.slot.starts - RED_BEFORE else LinkState.AMBER
    )


def _linked(session: Session) -> tuple[Site, ...]:
    """The schools that have somebody to reach."""
    return session.sites if len(session.sites) > 1 else ()


def _has_passed(site: Site) -> bool:
    return site.link_test is not None and site.link_test.passed


def _fallback(session: Session, found: Sequence[Replacement], books: Books) -> Iterator[Text]:
    """Another room or link, a recording, the teacher who is there, another day."""
    changes = {each.way.value: each.changes for each in found}
    if (room := changes.get("room")) is not None:
        yield Text(f"换教室：{room.zh}", f"Another room: {room.en}")
    yield Text("改放录像，课后补互动。", "Show a recording, and talk about it afterwards.")
    for site in session.sites:
        if site.role is Role.LISTEN and site.teacher is not None:
            name = books[site.school].teachers[site.teacher].name
            school = books[site.school].school.name
            yield Text(f"{school}由{name}在本地上课。", f"At {school} {name} teaches the class.")
    if (later := changes.get("time") or changes.get("postpone")) is not None:
        yield Text(f"改时间：{later.zh}", f"Another time: {later.en}")


def _told(
    session: Session, untested: Sequence[Site], books: Books, now: datetime
) -> tuple[Notice, ...]:
    """The schools that have not passed, and the teachers there and at the lead."""
    lines: list[tuple[Reader, Text]] = []
    for site in untested:
        school = books[site.school].school.name
        when = wall_clock(session.slot, books[site.school].time.zone)
        what = (
            Text("联调未通过", "has not reached the others in its test")
            if site.link_test is not None
            else Text("还没有联调", "has not tested its link")
        )
        note = "" if site.link_test is None else site.link_test.note
        sentence = Text(
            f"【红】{when.zh}的“{session.title}”：{school}{what.zh}。{note}"
            "请马上检查，并备好应急方案：换教室、放录像、本地教师上课或改期。",
            f"Red: {school} {what.en} for “{session.title}”, {when.en}. {note} "
            "See to it now, and keep a fallback at hand: another room, a recording, the teacher "
            "who is there, or another day.",
        )
        lines += ((reader, sentence) for reader in readers_of(site, books))
        lines += ((each, sentence) for each in readers_of(session.lead, books) if each[1])
    key = f"{session.id}:link:{session.slot.starts.isoformat()}"
    if any(each.link_test is not None for each in untested):
        key += f":failed:{session.revision}"
    return digests(lines, None, key, now, first=session.slot.starts)
