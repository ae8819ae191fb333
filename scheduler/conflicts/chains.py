"""Sessions that go together: nothing is put where a preparation or a review would be pointless."""

from collections.abc import Iterator
from datetime import date

from calendars.text import Text
from scheduler.conflicts.case import Case
from scheduler.model import Conflict, SeriesId, Session, SessionId
from scheduler.ties import Tied


def chains_stay_whole(case: Case) -> Iterator[Conflict]:
    """chain: what goes together keeps as many days apart as was asked.

    Who moves to another date, or makes up for what was missed, suits its partners there. A date of
    a series that comes anew has partners. A session that has no partner as it is tears nothing.
    """
    stands_for = case.published or case.instead_of
    session = case.session if stands_for is None else stands_for
    if session.series is None:
        return
    on = _date(case.session, case)
    for tie in case.situation.ties:
        if not tie.concerns(session.series):
            continue
        if case.anew:
            yield from _alone(tie, session.series, on, case)
        elif (was := _date(session, case)) != on:
            yield from _torn(tie, session.series, was, on, case)


def partners_are_held(case: Case) -> Iterator[Text]:
    """What a session goes with may have been cancelled: a preparation without its lesson."""
    series = case.session.series
    if series is None:
        return
    for tie in case.situation.ties:
        if tie.concerns(series) and not _has_partner(tie, series, _date(case.session, case)):
            named = _partner(tie, series)
            yield Text(
                f"与它配套的“{named}”没有相应的一次。",
                f"It goes with “{named}”, of which none is held in the days asked for.",
            )


def _has_partner(tie: Tied, series: SeriesId, on: date) -> bool:
    return any(tie.suits(series, on, tie.will_be(each)) for each in tie.partners_of(series))


def _partner(tie: Tied, series: SeriesId) -> str:
    return tie.earlier_title if series in tie.later else tie.later_title


def _alone(tie: Tied, series: SeriesId, on: date, case: Case) -> Iterator[Conflict]:
    if _has_partner(tie, series, on):
        return
    named, is_later = _partner(tie, series), series in tie.later
    days = f"{tie.at_least_days}–{tie.at_most_days}"
    sentence = Text(
        f"“{case.session.title}”须在“{named}”{'之后' if is_later else '之前'} {days} 天；"
        f"{on} 没有相配的“{named}”，不能单独安排。",
        f"“{case.session.title}” goes with “{named}”, {days} days "
        f"{'after' if is_later else 'before'} it: on {on} there is none, and it is not held alone.",
    )
    yield Conflict(rule="chain", sentence=sentence)


def _torn(tie: Tied, series: SeriesId, was: date, on: date, case: Case) -> Iterator[Conflict]:
    partners = tie.partners_of(series)
    had = [each for each, held in partners.items() if tie.suits(series, was, held)]
    if not had:
        return
    if not _has_partner(tie, series, on):
        yield _conflict(tie, series, on, had, case.session)
        return
    if case.published is None:
        return  # whoever makes up for a missed session leaves nobody: that one did
    stay = (on, *tie.beside(case.session.id, series))
    alone = [
        partner
        for partner in had
        if not any(tie.suits(series, each, tie.will_be(partner)) for each in stay)
    ]
    if alone:
        yield _conflict(tie, series, on, alone, case.session)


def _conflict(
    tie: Tied, series: SeriesId, on: date, partners: list[SessionId], session: Session
) -> Conflict:
    is_later = series in tie.later
    partner = _partner(tie, series)
    dates = sorted({tie.will_be(each) for each in partners})
    named = "、".join(map(str, dates)), ", ".join(map(str, dates))
    days = f"{tie.at_least_days}–{tie.at_most_days}"
    sentence = Text(
        f"“{session.title}”须在“{partner}”{'之后' if is_later else '之前'} {days} 天；"
        f"调到 {on} 就与 {named[0]} 的“{partner}”配不上了，请一起调整。",
        f"“{session.title}” goes with “{partner}”, {days} days {'after' if is_later else 'before'} "
        f"it: on {on} it would tear itself from that of {named[1]}. Move them together.",
    )
    return Conflict(rule="chain", sentence=sentence, sessions=tuple(partners))


def _date(session: Session, case: Case) -> date:
    return session.slot.starts.astimezone(case.zone).date()
