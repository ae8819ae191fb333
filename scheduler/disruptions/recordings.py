"""改放录像: nobody can lead a lesson live, so that a recording is shown instead (E41)."""

from dataclasses import dataclass, replace

from scheduler.booking.revisions import current_session, require_reason
from scheduler.booking.single import SessionChange, change
from scheduler.errors import InvalidWishError, StateError
from scheduler.members import Note, TeacherId
from scheduler.model import Form, Kind, Session, SessionId
from scheduler.placing import wish_of
from scheduler.store import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowRecording:
    """Why, and who looks after the lead school's own class meanwhile, if it brings one."""

    reason: Note
    supervisor: TeacherId | None = None


async def show_recording(
    transaction: Transaction, id: SessionId, wish: ShowRecording, revision: int
) -> Session:
    """Let a recording take the place of the lead teacher, who is free from then on.

    Rooms, link and assisting teachers stay: a lesson that is shown counts apart (E62).
    """
    require_reason(wish.reason)
    await transaction.require(wish)
    session = await current_session(transaction, id, revision)
    if session.kind is not Kind.LESSON or session.form is Form.RECORDED:
        raise StateError(
            f"“{session.title}”不是现场主讲的课，不能改放录像。",
            f"“{session.title}” is no lesson that is led live: no recording can replace it.",
        )
    if session.lead.class_groups and wish.supervisor is None:
        raise InvalidWishError(
            "主讲学校的班级也在现场，请指定一名看班教师（supervisor）。",
            "The lead school's own class takes part: name a supervisor for it.",
            pointer="/supervisor",
        )
    lead = replace(wish_of(session.lead), teacher=wish.supervisor)
    sites = tuple(lead if site is session.lead else wish_of(site) for site in session.sites)
    shown = SessionChange(form=Form.RECORDED, sites=sites, reason=wish.reason)
    return await change(transaction, id, shown, revision)
