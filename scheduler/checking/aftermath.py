"""Whether operations, suspensions and outcomes fit the sessions they are about. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final

from calendars.text import Text
from scheduler.model import (
    Adjustment,
    AdjustmentKind,
    Effect,
    Outcome,
    OutcomeKind,
    Role,
    Session,
    SessionId,
    SessionState,
    Suspension,
)
from scheduler.model.findings import Check, Finding, found_in

Sessions = Mapping[SessionId, Session]

_OVER: Final = (SessionState.CANCELLED, SessionState.EXPIRED)


def operations_are_linked(
    adjustments: Iterable[Adjustment], sessions: Sessions, now: datetime
) -> Iterator[Finding]:
    """Swaps and make-ups name the other session, and no school makes up twice for one it missed."""
    made_up: defaultdict[tuple[SessionId, str], list[SessionId]] = defaultdict(list)
    for each in adjustments:
        linked = each.kind in (AdjustmentKind.SWAP, AdjustmentKind.MAKE_UP)
        if linked != bool(each.linked) or not {*each.linked} <= sessions.keys():
            zh, en = "关联的活动不对。", "it is linked with the wrong sessions."
            yield found_in(Check.ADJUSTMENTS, f"adjustments {each.id}", zh, en)
            continue
        session = sessions[each.session]
        if each.kind is AdjustmentKind.MAKE_UP and session.is_live(now):
            for school in _held_for(session):
                made_up[each.linked[0], school].append(session.id)
    for (missed, school), several in sorted(made_up.items()):
        if len(several) > 1:
            named = "、".join(several)
            yield found_in(
                Check.ADJUSTMENTS,
                f"sessions {missed}",
                f"在学校 {school} 补了不止一次：{named}。",
                f"school {school} makes up for it more than once: {', '.join(several)}.",
            )


def _held_for(session: Session) -> set[str]:
    remote = {str(site.school) for site in session.sites if site.role is not Role.LEAD}
    return remote or {str(site.school) for site in session.sites}


def suspended_sessions_stay_cancelled(
    suspensions: Iterable[Suspension], sessions: Sessions
) -> Iterator[Finding]:
    """What a suspension has cancelled stays cancelled, whether it is lifted or not (H14)."""
    for suspension in suspensions:
        for each in suspension.sessions:
            session = sessions.get(each.session)
            if session is None or (each.effect is Effect.CANCELLED and session.state not in _OVER):
                yield found_in(
                    Check.SUSPENSIONS,
                    f"suspensions {suspension.id}",
                    f"活动 {each.session} 应已停课。",
                    f"session {each.session} should be cancelled.",
                )


def outcomes_fit_the_plan(
    outcomes: Iterable[Outcome], sessions: Sessions, now: datetime
) -> Iterator[Finding]:
    """An outcome is of a school that took part, after the beginning, and its minutes add up."""
    for each in outcomes:
        if wrong := _misfit(each, sessions.get(each.session), now):
            yield found_in(Check.OUTCOMES, f"outcomes {each.id}", wrong.zh, wrong.en)


def _misfit(outcome: Outcome, session: Session | None, now: datetime) -> Text | None:
    site = None if session is None else session.site_of(outcome.school)
    if session is None or site is None:
        return Text("学校没有参加这次活动。", "its school takes no part in its session.")
    if session.slot.starts > now:
        return Text("活动还没有开始。", "its session has not begun.")
    if outcome.planned_minutes != site.effective_minutes:
        return Text(
            f"计划 {outcome.planned_minutes} 分钟，活动是 {site.effective_minutes} 分钟。",
            f"it says {outcome.planned_minutes} minutes were planned, its session "
            f"{site.effective_minutes}.",
        )
    is_over = session.state in _OVER
    if session.state is SessionState.HELD or (
        is_over and outcome.outcome is not OutcomeKind.CANCELLED
    ):
        return Text("活动没有举行。", "its session was not held.")
    return None if _adds_up(outcome) else Text("分钟数与结果不符。", "its minutes do not add up.")


def _adds_up(outcome: Outcome) -> bool:
    match outcome.outcome:
        case OutcomeKind.DELIVERED:
            return outcome.minutes == outcome.planned_minutes
        case OutcomeKind.PARTIAL:
            return 0 < outcome.minutes < outcome.planned_minutes
        case _:
            return outcome.minutes == 0
