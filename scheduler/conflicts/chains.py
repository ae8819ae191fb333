"""Sessions that go together: nobody moves to where a preparation or a review would be pointless."""

from collections.abc import Iterator
from datetime import date

from calendars.text import Text
from scheduler.conflicts.case import Case
from scheduler.model import Conflict, SeriesId, Session, SessionId
from scheduler.ties import Tied


def chains_stay_whole(case: Case) -> Iterator[Conflict]:
    """chain: who moves to another date keeps as many days from its partners as was asked.

    A session that has no partner as it is tears nothing.
    """
    published = case.published
    if published is None or published.series is None:
        return
    was, on = _date(published, case), _date(case.session, case)
    if was == on:
        return
    for tie in case.situation.ties:
        if tie.concerns(published.series):
            yield from _torn(tie, published.series, was, on, case)


def _torn(tie: Tied, series: SeriesId, was: date, on: date, case: Case) -> Iterator[Conflict]:
    partners = tie.partners_of(series)
    had = [each for each, held in partners.items() if tie.suits(series, was, held)]
    if not had:
        return
    if not any(tie.suits(series, on, tie.will_be(each)) for each in partners):
        yield _conflict(tie, series, on, had, case.session)
        return
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
    partner = tie.earlier_title if is_later else tie.later_title
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
