"""Whoever takes over the lead of a lesson teaches its subject (E41). Pure."""

from scheduler.errors import InvalidWishError
from scheduler.members import Teacher
from scheduler.model import Form, Role, Session, SiteWish
from scheduler.schools import Situation


def is_qualified(session: Session, site: SiteWish, teacher: Teacher) -> bool:
    """Whoever leads a session of a subject teaches that subject; anybody of the school assists.

    Who looks after a class that is shown a recording teaches nothing.
    """
    is_led = site.role is Role.LEAD and session.form is not Form.RECORDED
    return not is_led or session.subject is None or session.subject in teacher.subjects


def require_qualified(session: Session, site: SiteWish, teacher: Teacher, pointer: str) -> None:
    """`InvalidWishError` if the teacher may not take the site over."""
    if is_qualified(session, site, teacher):
        return
    taught_zh, taught_en = "、".join(teacher.subjects), ", ".join(teacher.subjects)
    raise InvalidWishError(
        f"{teacher.name} 不任教{session.subject}（任教：{taught_zh or '未登记'}），"
        "不能主讲；可请同学科教师代课、改放录像，或改期。",
        f"{teacher.name} does not teach {session.subject} ({taught_en or 'none on record'}) "
        "and cannot lead it: ask a teacher of the subject, show a recording, or move the session.",
        pointer=pointer,
        value=teacher.id,
    )


def require_qualified_successor(session: Session, before: Session, situation: Situation) -> None:
    """The same for whoever leads an agreed session in another's place from now on."""
    leads = session.lead.teacher
    teacher = None if leads in {None, before.lead.teacher} else situation.teacher(leads)
    if teacher is not None:
        no = session.sites.index(session.lead)
        require_qualified(session, session.lead, teacher, f"/sites/{no}/teacher")
