"""A series of weekly lessons with what happens to its dates in a term: builders for feeds."""

from collections.abc import Mapping
from datetime import date, time, timedelta
from typing import Any

from calendars.series import Weekly
from scheduler.model import Role, Series, SeriesId, Session
from tests.builders import NOW, TUESDAY, a_session, a_site, at

WEEKLY = Weekly(weekday=2, starts=time(14), minutes=40)


def a_series(id: str = "music", **fields: Any) -> Series:
    """Tuesdays at 14:00."""
    usual: dict[str, Any] = {
        "id": SeriesId(id),
        "title": "三年级音乐",
        "term": "TF1-2026-1",
        "weekly": WEEKLY,
        "sites": (a_site("TF1"), a_site("JS", Role.LISTEN)),
        "created_at": NOW,
        "changed_at": NOW,
    }
    return Series(**usual | fields)


def tuesday(week: int) -> date:
    """The Tuesday so many weeks after the first."""
    return TUESDAY + timedelta(weeks=week)


def dated(series: Series, on: date, **fields: Any) -> Session:
    """The session of the series on its date, by its pattern."""
    weekly = series.weekly
    usual: dict[str, Any] = {
        "slot": at(f"{weekly.starts:%H:%M}", weekly.minutes, on=on),
        "series": series.id,
        "series_date": on,
    }
    return a_session(f"{series.id}-{on:%m%d}", **usual | fields)


def a_term_of(
    series: Series, weeks: int = 6, changes: Mapping[int, Mapping[str, Any]] | None = None
) -> list[Session]:
    """So many sessions of the series, some of them changed."""
    changed = changes or {}
    return [dated(series, tuesday(week), **dict(changed.get(week, {}))) for week in range(weeks)]
