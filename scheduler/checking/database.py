"""Whether everything that must always be true is true of a database, and if not, what is wrong.

Double bookings are looked for in the sessions themselves, without the claims that prevent them.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Final

from calendars.text import Text
from scheduler.checking.aftermath import (
    operations_are_linked,
    outcomes_fit_the_plan,
    suspended_sessions_stay_cancelled,
)
from scheduler.checking.findings import Check, Finding
from scheduler.conflicts import find_conflicts
from scheduler.members import Alliance, LinkPool, Room, RoomId
from scheduler.model import (
    OnDecline,
    Resource,
    ResourceKind,
    Role,
    Series,
    SeriesId,
    Session,
    SessionState,
    SiteState,
)
from scheduler.store import Transaction
from scheduler.store.opened import chunks

_JUDGED_AT_ONCE: Final = 200
_PAGE: Final = 500
_EXCLUSIVE: Final = (ResourceKind.ROOM, ResourceKind.TEACHER, ResourceKind.CLASS_GROUP)


async def check(transaction: Transaction) -> tuple[Finding, ...]:
    """Everything that is wrong at this moment; nothing if all is well.

    Values that cannot be read come alone: nothing else can be told before they are mended.
    """
    found = list(await transaction.inconsistencies())
    if any(finding.check is Check.UNREADABLE for finding in found):
        return tuple(found)
    sessions = await transaction.sessions(limit=None)
    series = await _all_series(transaction)
    found += states_are_sound(sessions, transaction.now)
    found += series_hold_together(sessions, series, transaction.now)
    found += await _aftermath(transaction, sessions)
    if await transaction.list(Alliance, limit=1):
        found += await _bookings(transaction, sessions)
    elif sessions:
        zh, en = (
            "alliances：有活动而没有联盟。",
            "alliances: there are sessions, but none of these.",
        )
        found.append(Finding(check=Check.REFERENCES, subject="alliances", sentence=Text(zh, en)))
    return (*found, *await transaction.verify_chain(), *await transaction.follow_audit())


async def _aftermath(transaction: Transaction, sessions: Iterable[Session]) -> list[Finding]:
    """What was told of sessions afterwards."""
    known, now = {session.id: session for session in sessions}, transaction.now
    adjustments = await transaction.adjustments(limit=None)
    suspensions = await transaction.suspensions(limit=None)
    outcomes = await transaction.outcomes(limit=None)
    return [
        *operations_are_linked(adjustments, known, now),
        *suspended_sessions_stay_cancelled(suspensions, known),
        *outcomes_fit_the_plan(outcomes, known, now),
    ]


async def _all_series(transaction: Transaction) -> list[Series]:
    found: list[Series] = []
    while page := await transaction.all_series(after=found[-1].id if found else "", limit=_PAGE):
        found += page
    return found


async def _bookings(transaction: Transaction, sessions: Iterable[Session]) -> list[Finding]:
    """What is booked against everything else that is booked, and against the rulebook."""
    now = transaction.now
    live = sorted(
        (session for session in sessions if session.is_live(now)),
        key=lambda session: (session.slot, session.id),
    )
    books = await transaction.books()
    rooms = {room.id: room for book in books.values() for room in book.rooms.values()}
    pools = (await transaction.alliance()).link_pools.values()
    found = [*nothing_is_used_twice(live, rooms, now), *pools_carry_their_peaks(live, pools, now)]
    for part in chunks(
        [session for session in live if session.slot.starts >= now], _JUDGED_AT_ONCE
    ):
        situation = await transaction.situation(part)
        found += (
            _about(
                session,
                Check.RULES,
                f"违反 {each.rule}：{each.sentence.zh}",
                f"it breaks {each.rule}: {each.sentence.en}",
            )
            for session in part
            for each in find_conflicts(session, situation, now=now)
        )
    return found


def _about(session: Session, check: Check, zh: str, en: str) -> Finding:
    return Finding(
        check=check,
        subject=f"sessions {session.id}",
        sentence=Text(
            f"活动 {session.id}“{session.title}”{zh}",
            f"Session {session.id} “{session.title}”: {en}",
        ),
    )


def nothing_is_used_twice(
    live: Sequence[Session], rooms: Mapping[RoomId, Room], now: datetime
) -> Iterator[Finding]:
    """Invariant 1: no two of the live sessions, sorted by time, share a resource at once.

    Buffers and kits are those of today, so they bind only what has not ended.
    """
    using: defaultdict[Resource, list[Session]] = defaultdict(list)
    for session in live:
        for resource in session.resources():
            if resource.kind in _EXCLUSIVE:
                using[resource].append(session)
        if session.slot.ends > now:
            for kit in _kits(session, rooms):
                using[kit].append(session)
    for resource, users in sorted(using.items(), key=lambda item: item[0]):
        room = rooms.get(RoomId(resource.id)) if resource.kind is ResourceKind.ROOM else None
        buffer = timedelta(minutes=room.buffer_minutes if room else 0)
        for earlier, later in _pairs_within(users, buffer):
            named = f"{resource.kind.value} {resource.id}"
            if earlier.slot.overlaps(later.slot):
                zh = f"与活动 {later.id} 同时占用 {named}。"
                en = f"it uses {named} at the same time as session {later.id}."
                yield _about(earlier, Check.DOUBLE_BOOKING, zh, en)
            elif later.slot.ends > now and earlier.participants() != later.participants():
                zh = f"与活动 {later.id} 之间，{named} 的间隔不足。"
                en = f"{named} has too short a buffer between it and session {later.id}."
                yield _about(earlier, Check.DOUBLE_BOOKING, zh, en)


def _kits(session: Session, rooms: Mapping[RoomId, Room]) -> set[Resource]:
    used = [rooms.get(site.room) for site in session.sites if site.room is not None]
    return {
        Resource(ResourceKind.KIT, room.kit)
        for room in used
        if room is not None and room.kit is not None
    }


def _pairs_within(sessions: Sequence[Session], gap: timedelta) -> Iterator[tuple[Session, Session]]:
    """The pairs of which the later begins less than `gap` after the earlier one's end."""
    for place, earlier in enumerate(sessions, start=1):
        for later in sessions[place:]:
            if later.slot.starts >= earlier.slot.ends + gap:
                break
            yield earlier, later


def pools_carry_their_peaks(
    live: Sequence[Session], pools: Iterable[LinkPool], now: datetime
) -> Iterator[Finding]:
    """Invariant 1: whenever a session begins, its link pool carries it and all that are on."""
    for pool in pools:
        on: list[Session] = []
        for session in live:
            if session.link_pool != pool.id or session.slot.ends <= now:
                continue
            on = [each for each in on if each.slot.ends > session.slot.starts] + [session]
            ports = sum(len(each.sites) for each in on)
            if len(on) > pool.sessions or ports > pool.ports:
                zh = (
                    f"开始时链路池 {pool.id} 有 {len(on)} 场、{ports} 个接入点，"
                    f"超过 {pool.sessions} 场、{pool.ports} 个。"
                )
                en = (
                    f"when it begins, link pool {pool.id} carries {len(on)} sessions with {ports} "
                    f"sites, more than {pool.sessions} with {pool.ports}."
                )
                yield _about(session, Check.DOUBLE_BOOKING, zh, en)


def states_are_sound(sessions: Iterable[Session], now: datetime) -> Iterator[Finding]:
    """One lead, a school once, and a state that its sites bear out (H10, H14)."""
    for session in sessions:
        schools = [site.school for site in session.sites]
        if sum(site.role is Role.LEAD for site in session.sites) != 1:
            yield _about(
                session, Check.STATES, "须恰好有一个主讲参与点。", "it needs exactly one lead."
            )
        if len(set(schools)) != len(schools):
            yield _about(session, Check.STATES, "有学校出现两次。", "a school is there twice.")
        if session.is_live(now) and (wrong := _wrong_quorum(session)):
            yield _about(session, Check.STATES, wrong.zh, wrong.en)
        if wrong := _wrong_state(session, now):
            yield _about(session, Check.STATES, wrong.zh, wrong.en)


def _wrong_quorum(session: Session) -> Text | None:
    """Who has declined is gone, who must be there is there, and enough are (E50)."""
    schools = {site.school for site in session.sites}
    if not schools.isdisjoint(session.declined):
        return Text("已谢绝的学校仍在其中。", "a school that declined still takes part.")
    if not schools.issuperset(session.must_have):
        return Text("缺少必到学校。", "a school that must be there is missing.")
    if session.on_decline is OnDecline.QUORUM and len(schools) < session.quorum:
        return Text("参与学校不足最少校数。", "fewer schools take part than its quorum.")
    return None


def _wrong_state(session: Session, now: datetime) -> Text | None:
    answers = {site.state for site in session.sites}
    match session.state:
        case SessionState.CONFIRMED if answers != {SiteState.CONFIRMED}:
            return Text("已确认，但有学校未确认。", "it is confirmed, but not by every school.")
        case SessionState.HELD if SiteState.HELD not in answers:
            return Text("仍为暂占，但没有学校待答复。", "it is held, but no school is asked.")
        case SessionState.HELD if SiteState.DECLINED in answers:
            return Text("仍为暂占，但已有学校谢绝。", "it is held, but a school has declined.")
        case SessionState.EXPIRED if session.hold_expires_at and session.hold_expires_at > now:
            return Text("暂占尚未到期却已标为到期。", "it is marked as run out before it has.")
        case SessionState.CONFIRMED | SessionState.CANCELLED if session.hold_expires_at:
            return Text("不是暂占却有到期时间。", "it is no hold, yet says when it runs out.")
        case _:
            return None


def series_hold_together(
    sessions: Iterable[Session], all_series: Iterable[Series], now: datetime
) -> Iterator[Finding]:
    """Sessions know the date of their series, each date is held once, and no series is missing."""
    known = {series.id for series in all_series}
    held: dict[tuple[SeriesId, object], Session] = {}
    for session in sorted(sessions, key=attrgetter("id")):
        if (session.series is None) != (session.series_date is None):
            zh, en = "系列与系列日期不成对。", "it has a series or a series date, not both."
            yield _about(session, Check.SERIES, zh, en)
        if session.series is None:
            continue
        if session.series not in known:
            zh, en = f"属于不存在的系列 {session.series}。", f"no series {session.series} exists."
            yield _about(session, Check.SERIES, zh, en)
        if not session.is_live(now):
            continue
        other = held.setdefault((session.series, session.series_date), session)
        if other is not session:
            zh = f"与活动 {other.id} 是同一系列的同一日期。"
            en = f"session {other.id} stands for the same date of the same series."
            yield _about(session, Check.SERIES, zh, en)
    for series in all_series:
        if series.split_from is not None and series.split_from not in known:
            yield Finding(
                check=Check.SERIES,
                subject=f"series {series.id}",
                sentence=Text(
                    f"系列 {series.id} 接续的系列 {series.split_from} 不存在。",
                    f"Series {series.id} continues {series.split_from}, which does not exist.",
                ),
            )
