"""Changing a series from a date on: "this and following". The past stays (E54)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated
from uuid import uuid4

from msgspec import Meta

from calendars.bells import SchoolId
from calendars.series import Occurrence, Weekly, split_weeks
from calendars.terms import Term
from calendars.text import Text
from scheduler.booking import series_notices as notices
from scheduler.booking.notices import consent_words
from scheduler.booking.revisions import (
    require_booker,
    require_revision,
    successor,
)
from scheduler.booking.series import (
    SeriesBooked,
    answer,
    lock_and_look,
    require_placed,
    term_of_lead,
    wanted_dates,
)
from scheduler.booking.series_dates import (
    Placed,
    WantedDate,
    dates_of,
    lost_dates,
    place_dates,
    upcoming,
)
from scheduler.booking.series_following import (
    date_of,
    lead_time,
    pattern_around,
    sessions_following,
)
from scheduler.booking.series_waiting import stop_watching, watch_dates
from scheduler.booking.single import SessionChange, cancelled, changed_booking
from scheduler.errors import InvalidWishError, told_at
from scheduler.members import LinkPoolId, Name, Note
from scheduler.model import (
    OnDecline,
    Series,
    SeriesId,
    Session,
    SiteWish,
    WhenImpossible,
)
from scheduler.model.agenda import check_length, check_sites
from scheduler.schools import SchoolBook
from scheduler.store import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesChange:
    """What to change of a series from `from_date` on; whatever is left out stays.

    A new `weekly` moves every following session, also those moved one by one before; its weeks
    before `from_date` do not count. What a school's no does (`on_decline`, `quorum`, `must_have`)
    is for whoever booked the series to change.
    """

    from_date: date
    weekly: Weekly | None = None
    sites: Annotated[tuple[SiteWish, ...], Meta(min_length=1, max_length=40)] | None = None
    title: Name | None = None
    note: Note | None = None
    link_pool: LinkPoolId | None = None
    on_decline: OnDecline | None = None
    quorum: Annotated[int, Meta(ge=1, le=40)] | None = None
    must_have: tuple[SchoolId, ...] | None = None
    when_impossible: WhenImpossible = WhenImpossible.REFUSE
    reason: Note = ""

    def __post_init__(self) -> None:
        if self.sites is not None:
            check_sites(self.sites)

    @property
    def asks_the_rules(self) -> bool:
        """Whether it touches times, people, places, links or consent, and not only words."""
        given = (self.weekly, self.sites, self.link_pool)
        return self.of_each_session.changes_consent or any(each is not None for each in given)

    @property
    def of_each_session(self) -> SessionChange:
        """The same for a session that keeps its time."""
        return SessionChange(
            sites=self.sites,
            title=self.title,
            note=self.note,
            link_pool=self.link_pool,
            on_decline=self.on_decline,
            quorum=self.quorum,
            must_have=self.must_have,
            reason=self.reason,
        )


async def change_series(
    transaction: Transaction, id: SeriesId, wish: SeriesChange, revision: int
) -> SeriesBooked:
    """Change what follows a date: it becomes a series of its own, split from the old one.

    Sessions keep their ids, week by week, so calendars see them move. What has begun stays as it
    is. Weeks that the new pattern leaves out, and dates that are skipped, are cancelled. If nothing
    stays behind, the series itself changes and none is split off.
    """
    old = await transaction.series(id)
    require_revision(old.revision, revision)
    following = await sessions_following(transaction, id, wish.from_date)
    _require_something(wish)
    if wish.of_each_session.changes_consent:
        for session in following:
            require_booker(transaction.actor, session)
    kept, new = await _split(transaction, old, wish)
    books = await transaction.books({site.school for site in (*old.sites, *new.sites)})
    term = await term_of_lead(transaction, new.term, new.sites)
    found = dates_of(new.weekly, term, new.sites, books) if wish.weekly is not None else ()
    wanted = _wanted(following, upcoming(found, transaction.now), new, wish)
    placed = await _placed(transaction, wanted, following, new, wish)
    if kept is None:
        await transaction.replace_series(old, new)
    else:
        await transaction.replace_series(old, kept)
        await transaction.add_series(new)
        await transaction.continue_ties(new)
    await _store(transaction, following, placed, wish)
    await stop_watching(transaction, id, wish.from_date)
    await watch_dates(transaction, new, (each.date for each in placed.skipped), books)
    lost = tuple(each for each in lost_dates(found, transaction.now) if each.date >= wish.from_date)
    booked = answer(new, placed, lost, await transaction.alliance())
    told = notices.changed(
        new,
        booked.booked,
        following,
        books,
        transaction.now,
        why=_consent_words(booked, wish, books),
    )
    await transaction.add_notices(told)
    return booked


def _consent_words(
    booked: SeriesBooked, wish: SeriesChange, books: Mapping[SchoolId, SchoolBook]
) -> Text:
    """What a school's no does from now on, if that was changed."""
    if not booked.booked or not wish.of_each_session.changes_consent:
        return Text("", "")
    words = consent_words(booked.booked[0], books)
    return Text(words.zh, f" {words.en}")


def _require_something(wish: SeriesChange) -> None:
    if not wish.asks_the_rules and wish.title is None and wish.note is None:
        raise InvalidWishError(
            "请写明要改什么：时间、参与点、链路、谢绝规则、标题或备注。",
            "Say what to change: weekly, sites, link_pool, on_decline, quorum, must_have, title or "
            "note.",
            pointer="/weekly",
        )


async def _split(
    transaction: Transaction, old: Series, wish: SeriesChange
) -> tuple[Series | None, Series]:
    """What stays of the series (None: nothing, so it changes as a whole) and what follows."""
    term = (await transaction.get(Term, old.term)).record
    books = await transaction.books({site.school for site in (*old.sites, *(wish.sites or ()))})
    kept, following = pattern_around(old, term, books, wish.from_date)
    changed = replace(
        old,
        title=old.title if wish.title is None else wish.title,
        note=old.note if wish.note is None else wish.note,
        link_pool=wish.link_pool or old.link_pool,
        sites=wish.sites or old.sites,
        on_decline=wish.on_decline or old.on_decline,
        quorum=wish.quorum or old.quorum,
        must_have=old.must_have if wish.must_have is None else wish.must_have,
        changed_at=transaction.now,
        revision=old.revision + 1,
    )
    await transaction.require(changed)
    if wish.weekly is not None:
        lead = lead_time(changed.sites, books)
        check_length(wish.weekly.minutes, old.min_minutes, field="weekly/minutes")
        with told_at("weekly"):
            _, following = split_weeks(wish.weekly, term, lead, wish.from_date)
    changed = replace(changed, weekly=_some_week(following, wish.from_date))
    if kept is None:
        return None, changed
    return (
        replace(old, weekly=kept, changed_at=transaction.now, revision=old.revision + 1),
        replace(
            changed,
            id=SeriesId(uuid4().hex),
            split_from=old.id,
            created_at=transaction.now,
            revision=1,
        ),
    )


def _some_week(weekly: Weekly | None, from_date: date) -> Weekly:
    if weekly is None:
        raise InvalidWishError(
            f"{from_date} 及以后没有符合的周次。",
            f"No week of the pattern lies on or after {from_date}.",
            pointer="/from_date",
            value=from_date.isoformat(),
        )
    return weekly


def _wanted(
    following: Sequence[Session], found: Sequence[Occurrence], new: Series, wish: SeriesChange
) -> list[WantedDate]:
    """Where each following session goes: its own place, or that of its week in the new pattern."""
    each_wish = wish.of_each_session
    if wish.weekly is None:
        return [
            WantedDate(
                date=date_of(session),
                id=session.id,
                booking=changed_booking(session, each_wish),
                before=session,
            )
            for session in following
        ]
    by_week = defaultdict[tuple[int, int], list[Session]](list)
    for session in following:
        by_week[_week_of(date_of(session))].append(session)
    wanted = []
    for occurrence in found:
        if occurrence.date < wish.from_date:
            continue
        if in_week := by_week[_week_of(occurrence.date)]:
            session = in_week.pop(0)
            moved = changed_booking(session, replace(each_wish, slot=occurrence.slot))
            wanted.append(
                WantedDate(date=occurrence.date, id=session.id, booking=moved, before=session)
            )
        else:
            wanted += wanted_dates([occurrence], new, new.sites, pinned=new.pinned)
    return wanted


def _week_of(on: date) -> tuple[int, int]:
    return on.isocalendar()[:2]


async def _placed(
    transaction: Transaction,
    wanted: Sequence[WantedDate],
    following: Sequence[Session],
    new: Series,
    wish: SeriesChange,
) -> Placed:
    """A place for each date, the places of the sessions that move counted as free."""
    if not wish.asks_the_rules:
        return Placed(
            sessions=[
                replace(session, title=new.title, note=new.note, series=new.id)
                for session in following
            ]
        )
    situation = await lock_and_look(transaction, wanted, wish.when_impossible, before=following)
    moving = {session.id for session in following}
    others = tuple(each for each in situation.sessions if each.id not in moving)
    together = situation.with_moves({each.id: each.booking.slot for each in wanted})
    placed = place_dates(
        wanted,
        replace(together, sessions=others),
        series=new.id,
        when_impossible=wish.when_impossible,
        actor=transaction.actor,
        now=transaction.now,
    )
    require_placed(placed, wish.when_impossible)
    # Whoever booked the series has booked its new dates, whoever changes it.
    placed.sessions = [
        session if session.id in moving else replace(session, booked_by=following[0].booked_by)
        for session in placed.sessions
    ]
    return placed


async def _store(
    transaction: Transaction, following: Sequence[Session], placed: Placed, wish: SeriesChange
) -> None:
    """Write the sessions at once: each may take what another, or one that is dropped, gives up."""
    reason = wish.reason or f"系列自 {wish.from_date} 起调整 / series changed"
    before = {session.id: session for session in following}
    staying = {session.id for session in placed.sessions}
    changes = [
        (session, cancelled(session, reason, transaction))
        for session in following
        if session.id not in staying
    ]
    for no, session in enumerate(placed.sessions):
        if session.id in before:
            old = before[session.id]
            after = successor(old, replace(session, reason=wish.reason), transaction.now)
            changes.append((old, after))
            placed.sessions[no] = after
    await transaction.replace_sessions(changes)
    await transaction.add_sessions([each for each in placed.sessions if each.id not in before])
