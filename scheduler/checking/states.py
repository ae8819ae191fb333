"""Whether the states of sessions, sites and series fit together. Pure."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from operator import attrgetter

from calendars.text import Text
from scheduler.model import (
    OnDecline,
    Role,
    Series,
    SeriesId,
    Session,
    SessionState,
    SiteState,
)
from scheduler.model.findings import Check, Finding, about, found_in


def states_are_sound(sessions: Iterable[Session], now: datetime) -> Iterator[Finding]:
    """One lead, a school once, and a state that its sites bear out (H10, H14)."""
    for session in sessions:
        schools = [site.school for site in session.sites]
        if sum(site.role is Role.LEAD for site in session.sites) != 1:
            yield about(
                session, Check.STATES, "须恰好有一个主讲参与点。", "it needs exactly one lead."
            )
        if len(set(schools)) != len(schools):
            yield about(session, Check.STATES, "有学校出现两次。", "a school is there twice.")
        if session.is_live(now) and (wrong := _wrong_quorum(session)):
            yield about(session, Check.STATES, wrong.zh, wrong.en)
        if wrong := _wrong_state(session, now):
            yield about(session, Check.STATES, wrong.zh, wrong.en)


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
        case SessionState.HELD:
            return _wrong_hold(session)
        case SessionState.CONFIRMED if answers != {SiteState.CONFIRMED}:
            return Text("已确认，但有学校未确认。", "it is confirmed, but not by every school.")
        case SessionState.EXPIRED if session.hold_expires_at and session.hold_expires_at > now:
            return Text("暂占尚未到期却已标为到期。", "it is marked as run out before it has.")
        case SessionState.CONFIRMED | SessionState.CANCELLED if session.hold_expires_at:
            return Text("不是暂占却有到期时间。", "it is no hold, yet says when it runs out.")
        case _:
            return None


def _wrong_hold(session: Session) -> Text | None:
    answers = {site.state for site in session.sites}
    if session.hold_expires_at is None:
        return Text("暂占没有到期时间。", "it is held, but says not until when.")
    if SiteState.HELD not in answers:
        return Text("仍为暂占，但没有学校待答复。", "it is held, but no school is asked.")
    if SiteState.DECLINED in answers:
        return Text("仍为暂占，但已有学校谢绝。", "it is held, but a school has declined.")
    return None


def series_are_known(sessions: Iterable[Session], known: Collection[SeriesId]) -> Iterator[Finding]:
    """Sessions know the date of their series, and no series is missing."""
    for session in sessions:
        if (session.series is None) != (session.series_date is None):
            zh, en = "系列与系列日期不成对。", "it has a series or a series date, not both."
            yield about(session, Check.SERIES, zh, en)
        if session.series is not None and session.series not in known:
            zh, en = f"属于不存在的系列 {session.series}。", f"no series {session.series} exists."
            yield about(session, Check.SERIES, zh, en)


def dates_are_held_once(sessions: Iterable[Session], now: datetime) -> Iterator[Finding]:
    """Of the sessions of a series only one stands for each date."""
    held: dict[tuple[SeriesId, object], Session] = {}
    for session in sorted(sessions, key=attrgetter("id")):
        if session.series is None or not session.is_live(now):
            continue
        other = held.setdefault((session.series, session.series_date), session)
        if other is not session:
            zh = f"与活动 {other.id} 是同一系列的同一日期。"
            en = f"session {other.id} stands for the same date of the same series."
            yield about(session, Check.SERIES, zh, en)


def series_go_on(all_series: Sequence[Series]) -> Iterator[Finding]:
    """What a series continues exists."""
    known = {series.id for series in all_series}
    for series in all_series:
        if series.split_from is not None and series.split_from not in known:
            zh = f"接续的系列 {series.split_from} 不存在。"
            en = f"it continues {series.split_from}, which does not exist."
            yield found_in(Check.SERIES, f"series {series.id}", zh, en)
