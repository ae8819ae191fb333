"""A repair that people accept, move by move or all at once, becomes what is booked."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Annotated

from msgspec import Meta

from calendars.bells import SchoolId
from calendars.text import InvalidValueError, Text
from scheduler.allocation.offers import as_placed
from scheduler.allocation.problem import term_of
from scheduler.booking import notices
from scheduler.booking.places import Wanted, find_places
from scheduler.booking.revisions import current_session, require_changeable, successor
from scheduler.booking.series_dates import dates_of
from scheduler.disruptions.outages import Remedy
from scheduler.errors import ClashError, InvalidWishError, StateError, told_at
from scheduler.members import Note
from scheduler.model import (
    Placement,
    Request,
    RequestId,
    Role,
    Session,
    SessionId,
    SiteWish,
    WeeklyPlace,
)
from scheduler.placing import booking_of
from scheduler.planning.laying_out import Laid, grounds_of, lay_out
from scheduler.planning.taking_up import book_laid
from scheduler.schools import SchoolBook
from scheduler.store import Transaction

_WHY = Text(
    "原来的安排已无法进行，按影响最小的方案调整。", "It could not stay; this disturbs least."
)
_WHY_FOR_OTHERS = Text(
    "为急需的活动让位，按影响最小的方案调整。",
    "It makes room for something urgent; this disturbs least.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedMoves:
    """Moves made together: each may take what another gives up. A session is named once.

    `placements` of one request are booked after them, in the places that they leave.
    """

    moves: Annotated[tuple[Remedy, ...], Meta(max_length=500)] = ()
    placements: Annotated[tuple[WeeklyPlace, ...], Meta(max_length=5)] = ()
    reason: Note = ""

    def __post_init__(self) -> None:
        if not self.moves and not self.placements:
            raise InvalidValueError(
                "请列出要采纳的调整 (moves) 或安排 (placements)。",
                "Name the moves or the placements that you accept.",
                field="moves",
            )


async def accept_moves(transaction: Transaction, wish: AcceptedMoves) -> tuple[Session, ...]:
    """Make these moves and bookings together, or raise `ClashError` with all that is in the way.

    Schools whose time, room or people change are asked unless their open slot agrees.
    """
    _require_each_once(wish.moves)
    moved = await _moved(transaction, wish) if wish.moves else ()
    booked = await _booked(transaction, wish.placements) if wish.placements else ()
    return (*moved, *booked)


async def _moved(transaction: Transaction, wish: AcceptedMoves) -> tuple[Session, ...]:
    before = [
        await current_session(transaction, each.session, each.revision) for each in wish.moves
    ]
    for session in before:
        require_changeable(session, transaction.now)
    wanted = []
    for no, (session, move) in enumerate(zip(before, wish.moves, strict=True)):
        with told_at(f"moves/{no}"):
            booking = replace(
                booking_of(session), slot=move.slot, sites=move.sites, link_pool=move.link_pool
            )
            await transaction.require(booking)
        wanted.append(
            Wanted(
                id=session.id,
                booking=booking,
                before=session,
                automatic=True,
                place=f"moves/{no}",
            )
        )
    places, situation = await find_places(transaction, *wanted)
    after = [
        successor(old, replace(place, reason=wish.reason), transaction.now)
        for old, place in zip(before, places, strict=True)
    ]
    await transaction.replace_sessions(list(zip(before, after, strict=True)))
    why = _WHY_FOR_OTHERS if wish.placements else _WHY
    for old, new in zip(before, after, strict=True):
        told = notices.changed(old, new, situation.schools, transaction.now, why=why)
        await transaction.add_notices(told)
    return tuple(after)


async def _booked(
    transaction: Transaction, placements: Sequence[WeeklyPlace]
) -> tuple[Session, ...]:
    """The request's sessions, all of them or none."""
    request = _one_request(placements)
    await _require_as_asked(
        transaction, (await transaction.get(Request, request)).record, placements
    )
    placed = [
        Placement(**{field.name: getattr(each, field.name) for field in fields(each)})
        for each in placements
    ]
    grounds = await grounds_of(transaction, placed, lock=True)
    (laid,) = await asyncio.to_thread(lay_out, grounds, transaction.actor)
    if laid.conflicts:
        raise ClashError(laid.conflicts)
    if laid.stored is None or laid.refusal is not None or laid.lone:
        raise _refusal(laid)
    booked = await book_laid(transaction, laid.stored, laid, await transaction.books())
    return tuple(session for each in booked for session in each.booked)


def _refusal(laid: Laid) -> StateError:
    dates = "、".join(map(str, laid.lone)), ", ".join(map(str, laid.lone))
    why = laid.refusal or Text(
        f"{dates[0]}：与它配套的活动那次不上。", f"{dates[1]}: what it goes with is not held then."
    )
    return StateError(why.zh, why.en)


def _one_request(placements: Sequence[WeeklyPlace]) -> RequestId:
    named = placements[0].request
    for no, placement in enumerate(placements):
        if placement.request != named:
            raise InvalidWishError(
                f"一次只安排一个需求，{placement.request} 请另行提交。",
                f"One request is placed at a time: {placement.request} goes by itself.",
                pointer=f"/placements/{no}/request",
                value=placement.request,
            )
    return named


def _require_each_once(moves: Sequence[Remedy]) -> None:
    named: set[SessionId] = set()
    for no, move in enumerate(moves):
        if move.session in named:
            raise InvalidWishError(
                f"活动 {move.session} 列出了两次，请只列一次。",
                f"Session {move.session} is named twice: name it once.",
                pointer=f"/moves/{no}/session",
                value=move.session,
            )
        named.add(move.session)


async def _require_as_asked(
    transaction: Transaction, request: Request, placements: Sequence[WeeklyPlace]
) -> None:
    """The placements are what the request asks for: its consent covers nothing else."""
    books = await transaction.books()
    for no, placement in enumerate(placements):
        with told_at(f"placements/{no}"):
            await transaction.require(placement)
        if len(placements) != request.per_week or not _is_as_asked(placement, request, books):
            raise InvalidWishError(
                f"这不是需求“{request.title}”所要的安排，请重新查询调整方案。",
                f"This is not what the request “{request.title}” asks for: look for a repair "
                "again.",
                pointer=f"/placements/{no}",
            )


def _is_as_asked(
    placement: WeeklyPlace, request: Request, books: Mapping[SchoolId, SchoolBook]
) -> bool:
    weekly, leads = placement.weekly, [each.role is Role.LEAD for each in placement.sites]
    if request.is_need != (placement.offer is not None) or leads.count(True) != 1:
        return False
    asked = as_placed(request, placement)
    term = term_of(asked, books)
    starts = weekly.starts.hour * 60 + weekly.starts.minute
    latest = request.latest.hour * 60 + request.latest.minute
    return (
        term is not None
        and weekly.weekday in request.weekdays
        and (weekly.minutes, weekly.weeks) == (request.minutes, request.weeks)
        and request.earliest <= weekly.starts
        and starts + weekly.minutes <= latest
        and all(map(_is_for, placement.sites, asked.sites))
        and len(placement.sites) == len(asked.sites)
        and {*placement.dates}
        <= {each.date for each in dates_of(weekly, term, placement.sites, books)}
    )


def _is_for(site: SiteWish, asked: SiteWish) -> bool:
    """Whether it is the site asked for, with whatever was left open filled in."""
    return (
        (site.school, site.role, site.class_groups)
        == (asked.school, asked.role, asked.class_groups)
        and asked.teacher in (None, site.teacher)
        and asked.room in (None, site.room)
    )
