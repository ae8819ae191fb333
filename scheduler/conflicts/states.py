"""Consent and change: confirmed by all (H10), pinned stays (H11), freed stays free (H14)."""

from collections.abc import Iterator

from calendars.bells import SchoolId
from scheduler.conflicts.case import Case, broken
from scheduler.local_words import wall_clock
from scheduler.members import RoomId, TeacherId
from scheduler.model import (
    Conflict,
    Resource,
    ResourceKind,
    Session,
    SessionState,
    SiteState,
)


def confirmed_by_every_school(case: Case) -> Iterator[Conflict]:
    """H10: a session is confirmed only when each of its sites is."""
    if case.session.state is not SessionState.CONFIRMED:
        return
    for site in case.session.sites:
        if site.state is not SiteState.CONFIRMED:
            name = case.school_name(site.school)
            declined = site.state is SiteState.DECLINED
            yield broken(
                "H10",
                f"{name}{'已谢绝' if declined else '尚未确认'}，这次活动还不能确认。",
                f"{name} has {'declined' if declined else 'not confirmed yet'}, so the session "
                "cannot be confirmed.",
                Resource(ResourceKind.SCHOOL, site.school),
            )


def pinned_sessions_stay(case: Case) -> Iterator[Conflict]:
    """H11: no machine moves a pinned session: neither its slot nor its rooms or teachers."""
    published = case.published
    if not case.automatic or published is None or not published.pinned:
        return
    if published.slot == case.session.slot and _staffing(published) == _staffing(case.session):
        return
    when = case.when(published.slot)
    yield broken(
        "H11",
        f"“{published.title}”（{when.zh}）已锁定，不能自动调整时间、教室或教师。",
        f"“{published.title}” ({when.en}) is pinned: its time, rooms and teachers are not changed "
        "automatically.",
        sessions=(published,),
    )


def freed_sessions_stay_free(case: Case) -> Iterator[Conflict]:
    """H14: a cancelled session or a hold that ran out has freed everything for good."""
    for each in (case.published, case.session):
        if each is not None and not each.is_live(case.now):
            when = wall_clock(each.slot, case.zone)
            cancelled = each.state is SessionState.CANCELLED
            yield broken(
                "H14",
                f"“{each.title}”（{when.zh}）{'已取消' if cancelled else '的暂占已到期'}，"
                "资源已释放，请重新申请。",
                f"“{each.title}” ({when.en}) was {'cancelled' if cancelled else 'held too long'} "
                "and has freed everything; please book again.",
                sessions=(each,),
            )
            return


def _staffing(
    session: Session,
) -> dict[SchoolId, tuple[RoomId | None, TeacherId | None, tuple[TeacherId, ...]]]:
    return {site.school: (site.room, site.teacher, site.participants) for site in session.sites}
