"""Whether proposals and offers of the waiting list stand for what exists. Pure."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final

from calendars.text import Text
from scheduler.model import (
    Proposal,
    ProposalKind,
    ProposalState,
    ProposedPlace,
    SeriesId,
    Session,
    SessionId,
    SessionState,
    Waiting,
    WaitingState,
)
from scheduler.model.findings import Check, Finding, found_in

Sessions = Mapping[SessionId, Session]
_OFFERED: Final = frozenset(
    {WaitingState.OFFERED, WaitingState.TAKEN, WaitingState.DECLINED, WaitingState.LAPSED}
)


def proposals_are_whole(proposals: Iterable[Proposal], sessions: Sessions) -> Iterator[Finding]:
    """Each is about sessions that exist, and an open one asks somebody until it runs out."""
    for proposal in proposals:
        for wrong in _wrong_in_proposal(proposal, sessions):
            yield found_in(Check.PROPOSALS, f"proposals {proposal.id}", wrong.zh, wrong.en)


def _wrong_in_proposal(proposal: Proposal, sessions: Sessions) -> Iterator[Text]:
    for place in proposal.places:
        if wrong := _wrong_place(place, proposal, sessions):
            yield wrong
    if len(set(proposal.sessions)) != len(proposal.sessions):
        yield Text("同一活动出现两次。", "it places a session twice.")
    if proposal.state is ProposalState.OPEN and not proposal.asked:
        yield Text("没有征询任何学校，却仍未结束。", "it is open, but asks no school.")


def _wrong_place(place: ProposedPlace, proposal: Proposal, sessions: Sessions) -> Text | None:
    before, after = place.before, place.after
    if before is None and proposal.kind is not ProposalKind.BUMP:
        return Text(f"没有活动 {after.id} 的原位置。", f"it says not where session {after.id} was.")
    if before is not None and before.id != after.id:
        return Text(
            f"把活动 {before.id} 换成了 {after.id}。",
            f"it makes another session, {after.id}, of session {before.id}.",
        )
    exists = before is not None or proposal.state is ProposalState.ACCEPTED
    if exists and after.id not in sessions:
        return Text(f"活动 {after.id} 不存在。", f"session {after.id} does not exist.")
    is_held = proposal.state is ProposalState.OPEN and after.state is SessionState.HELD
    if is_held and after.hold_expires_at != proposal.expires_at:
        return Text(
            f"为活动 {after.id} 保留的位置与提议不同时到期。",
            f"the place it holds for session {after.id} runs out at another moment than it does.",
        )
    return None


def offers_are_held(
    waiting: Iterable[Waiting], sessions: Sessions, series: Collection[SeriesId], now: datetime
) -> Iterator[Finding]:
    """Who was offered a place has one of their own, and it became what the list says it did."""
    going_on = [each for each in sessions.values() if each.is_live(now)]
    live = {each.id for each in going_on} | {each.series for each in going_on if each.series}
    offered: dict[SessionId, Waiting] = {}
    for wish in waiting:
        subject = f"waiting-list {wish.id}"
        for wrong in _wrong_in_wish(wish, sessions, series, live):
            yield found_in(Check.WAITING_LIST, subject, wrong.zh, wrong.en)
        if wish.session is not None and offered.setdefault(wish.session, wish) is not wish:
            zh = f"与候补 {offered[wish.session].id} 指向同一活动。"
            en = f"it was offered the same session as {offered[wish.session].id}."
            yield found_in(Check.WAITING_LIST, subject, zh, en)


def _wrong_in_wish(
    wish: Waiting, sessions: Sessions, series: Collection[SeriesId], live: Collection[str]
) -> Iterator[Text]:
    """`live` are the sessions that go on, and the series that have one."""
    if wish.request is not None:
        if wish.state in _OFFERED and not wish.offered_requests:
            yield Text("没有为它保留的系列。", "it was offered no series.")
        return
    is_weekly = wish.series_booking is not None
    offer = wish.series if is_weekly else wish.session
    if (wish.series_date is not None) != (wish.series is not None and not is_weekly):
        yield Text("系列与系列日期不成对。", "it has a series or a series date, not both.")
    if wish.series is not None and wish.series not in series:
        yield Text(f"系列 {wish.series} 不存在。", f"no series {wish.series} exists.")
    if wish.state is WaitingState.WAITING and offer is not None:
        yield Text("仍在候补，却已有位置。", "it waits, but was given a place.")
    if wish.state in _OFFERED and is_weekly and offer is None:
        yield Text("没有为它保留的系列。", "it was offered no series.")
    if wish.state in _OFFERED and not is_weekly and (wrong := _wrong_session(wish, sessions)):
        yield wrong
    if wish.state in (WaitingState.DECLINED, WaitingState.LAPSED) and offer in live:
        yield Text(
            f"为它保留的 {offer} 仍然有效，候补却已结束。",
            f"{offer} goes on, though the offer was {wish.state}.",
        )


def _wrong_session(wish: Waiting, sessions: Sessions) -> Text | None:
    if wish.session is None or (session := sessions.get(wish.session)) is None:
        return Text("为它保留的活动不存在。", "the session that was offered does not exist.")
    is_of_its_date = (session.series, session.series_date) == (wish.series, wish.series_date)
    # Once it is taken up it goes where its series goes.
    if wish.state is WaitingState.OFFERED and not is_of_its_date:
        return Text(
            f"活动 {session.id} 不属于它的系列日期。",
            f"session {session.id} is not of the date of its series.",
        )
    return None
