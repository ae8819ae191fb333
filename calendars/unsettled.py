"""What schools still have to settle before a term's dates can be trusted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from calendars.bells import SchoolId
from calendars.days import Day, DayKind, dates, known_completely, unknown_year_warning
from calendars.fields import date_text
from calendars.school_time import timetable_date
from calendars.series import SiteTime
from calendars.terms import Term
from calendars.text import Text


class MatterKind(StrEnum):
    """What sort of thing is open."""

    NO_TERM = "no_term"
    NO_BELLS = "no_bells"
    NO_DAYS = "no_days"
    UNKNOWN_YEAR = "unknown_year"
    UNMAPPED_MAKEUP = "unmapped_makeup"
    FOLLOWED_OUTSIDE_TERM = "followed_outside_term"
    FOLLOWED_APART = "followed_apart"


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """One thing to settle, for whom, and in a sentence how; `date` is the day it is about."""

    kind: MatterKind
    schools: tuple[SchoolId, ...]
    date: date | None
    sentence: Text


def unsettled_in_term(term: Term, site: SiteTime) -> tuple[Matter, ...]:
    """What one school has to settle in its own term, what concerns all dates first."""
    rows = sorted(
        (row for row in site.time.days if term.holds(row.date)), key=lambda row: (row.date, row.id)
    )
    matters = [*_about_the_term(term, site, rows)]
    for row in rows:
        matters.extend(_about_a_day(term, site, row))
    return tuple(matters)


def _about_the_term(term: Term, site: SiteTime, rows: Sequence[Day]) -> Iterator[Matter]:
    schools = (site.school,)
    if not any(site.time.periods(on) for on in dates(term.first_day, term.last_day)):
        yield Matter(
            kind=MatterKind.NO_BELLS,
            schools=schools,
            date=None,
            sentence=Text(
                f"{site.name}在“{term.name}”没有可用的作息时间表，请先录入。",
                f"{site.name} has no bells for {term.name!r}: enter its bell schedule first.",
            ),
        )
    if term.days_confirmed:
        return
    if not rows:
        yield Matter(
            kind=MatterKind.NO_DAYS,
            schools=schools,
            date=None,
            sentence=Text(
                f"{site.name}的“{term.name}”还没有校历，请导入节假日和调休安排，或确认没有。",
                f"{site.name} has no day table for {term.name!r}: import its holidays and make-up "
                f"days, or confirm that there are none.",
            ),
        )
    for year in range(term.first_day.year, term.last_day.year + 1):
        if not known_completely(year):
            yield Matter(
                kind=MatterKind.UNKNOWN_YEAR,
                schools=schools,
                date=None,
                sentence=unknown_year_warning(year),
            )


def _about_a_day(term: Term, site: SiteTime, row: Day) -> Iterator[Matter]:
    when = date_text(row.date)
    if row.kind is DayKind.MAKEUP and row.follows is None:
        yield Matter(
            kind=MatterKind.UNMAPPED_MAKEUP,
            schools=(site.school,),
            date=row.date,
            sentence=Text(
                f"{site.name}：{when.zh}调休上课，未指定按周几上课，当天不排任何课。"
                f"请填写按第几周周几上课 (follows)。",
                f"{site.name}: {when.en} is a make-up day and nobody has said which weekday "
                f"it follows, so nothing is held on it. Enter the week and weekday (follows).",
            ),
        )
    elif row.follows is not None and row.follows.week > term.last_week:
        yield Matter(
            kind=MatterKind.FOLLOWED_OUTSIDE_TERM,
            schools=(site.school,),
            date=row.date,
            sentence=Text(
                f"{site.name}：{when.zh}按{row.follows.label.zh}上课，但本学期只有 "
                f"{term.last_week} 周。请改正周次。",
                f"{site.name}: {when.en} follows {row.follows.label.en}, but the term has only "
                f"{term.last_week} weeks. Correct the week.",
            ),
        )


def followed_apart(sites: Sequence[SiteTime]) -> tuple[Matter, ...]:
    """The make-up days on which schools run different dates' timetables (E01), by date."""
    makeup_days = sorted(
        {row.date for site in sites for row in site.time.days if row.kind is DayKind.MAKEUP}
    )
    return tuple(matter for on in makeup_days for matter in _apart_on(on, sites))


def _apart_on(on: date, sites: Sequence[SiteTime]) -> Iterator[Matter]:
    days = [(site, site.time.day(on)) for site in sites]
    mapped = [(site, timetable_date(day)) for site, day in days if day.is_for_pupils]
    if len({followed for _, followed in mapped}) < 2:  # noqa: PLR2004 - all alike
        return
    when = date_text(on)
    yield Matter(
        kind=MatterKind.FOLLOWED_APART,
        schools=tuple(site.school for site, _ in mapped),
        date=on,
        sentence=Text(
            f"不同步：{when.zh}各校所循课表不同："
            + "，".join(f"{site.name}按{date_text(followed).zh}" for site, followed in mapped)
            + "。请商定统一所循的课表，否则当天不要排跨校活动。",
            f"Out of step: on {when.en} schools run different timetables: "
            + ", ".join(
                f"{site.name} that of {date_text(followed).en}" for site, followed in mapped
            )
            + ". Agree on one, or hold no joint session on that day.",
        ),
    )
