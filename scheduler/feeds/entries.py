"""What a reader of a feed sees of a session: its own side, its own bells, everybody's rooms. Pure.

Shows only what moves a session's `sequence` (`scheduler.revisions`), and names.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from calendars.bells import SchoolId
from calendars.ics import Entry, Status
from calendars.text import Language, Text
from scheduler.feeds.discretion import discreet, discreet_link
from scheduler.feeds.ledger import Books, dropped_at
from scheduler.feeds.reader import Reader
from scheduler.local_words import shift_of
from scheduler.members import AllianceId, ClassGroupId, Grade, RoomId, StudioId, TeacherId
from scheduler.model import Form, Kind, Mode, Role, Scope, Session, SessionState, Site
from scheduler.schools import AllianceBook, SchoolBook

_KINDS: Final = {
    Kind.JOINT_RESEARCH: Text("联合教研", "Joint research"),
    Kind.LESSON_PREP: Text("协同备课", "Lesson preparation"),
    Kind.REHEARSAL_TALK: Text("说课", "Rehearsal talk"),
    Kind.TRIAL: Text("磨课", "Trial lesson"),
    Kind.LESSON_REVIEW: Text("评课", "Lesson review"),
    Kind.MICRO_LESSON: Text("微格课", "Micro-lesson"),
    Kind.EXCHANGE: Text("专项交流", "Exchange"),
    Kind.PROJECT: Text("项目研究", "Project work"),
    Kind.VISIT: Text("互访", "Visit"),
}
_FORMS: Final = {
    Form.SYNCHRONOUS: Text("同步课", "Joint lesson"),
    Form.DUAL_TEACHER: Text("双师课", "Dual-teacher lesson"),
    Form.DEDICATED: Text("专门课", "Dedicated lesson"),
    Form.RECORDED: Text("录像课", "Recorded lesson"),
}
_MODES: Final = {
    Mode.DELIVERY: Text("专递课堂", "delivery classroom"),
    Mode.MASTER: Text("名师课堂", "master teacher's classroom"),
    Mode.OPEN: Text("名校网络课堂", "open classroom"),
}
_LESSON_ROLES: Final = {
    Role.LEAD: Text("主讲", "leading"),
    Role.LISTEN: Text("听讲", "listening"),
    Role.OBSERVE: Text("观摩", "observing"),
}
_MEETING_ROLES: Final = {
    Role.LEAD: Text("主会场", "main venue"),
    Role.LISTEN: Text("分会场", "joining"),
    Role.OBSERVE: Text("观摩", "observing"),
}
_GRADES: Final[str] = "一二三四五六七八九"
_MARKS: Final = {
    Status.CONFIRMED: Text("", ""),
    Status.TENTATIVE: Text("[待确认] ", "[to be confirmed] "),
    Status.CANCELLED: Text("[已取消] ", "[cancelled] "),
}


def uid_of(session: Session, alliance: AllianceId) -> str:
    """The session's name in every calendar, for as long as it lives (E53)."""
    return f"{session.id}@{alliance}.lianke"


def entry_of(
    session: Session,
    reader: Reader,
    books: Books,
    *,
    alliance: AllianceId,
    now: datetime,
    renamed: datetime | None = None,
) -> Entry:
    """The session as this reader's calendar shows it at `now`.

    `renamed` is when anything that it names got another name: that is the date of the event then,
    but no new place in its sequence, for nobody has to be anywhere else (RFC 5546, 2.1.4).
    A hold that has run out is shown as cancelled at once, before the ledger says so, as the next
    in its sequence: exactly what the ledger will say.
    """
    is_off = not session.is_live(now)
    status = status_of(session, now)
    own = reader.site_in(session)
    changed_at = dropped_at(session) if is_off else session.changed_at
    words = _Words(session, books, reader.language)
    return Entry(
        uid=uid_of(session, alliance),
        slot=session.slot,
        summary=_MARKS[status].read_in(reader.language) + words.title(own),
        status=status,
        sequence=session.sequence + (is_off and session.state is SessionState.HELD),
        created_at=session.created_at,
        changed_at=max(changed_at, renamed or changed_at),
        location=words.location(own),
        description=words.description(own),
        url=words.link,
        join=words.link,
        categories=(words.kind,),
        transparent=status is Status.CANCELLED or reader.only_looks_on(session),
    )


def status_of(session: Session, now: datetime) -> Status:
    """How sure a session is; a hold that has run out is off at once (H14)."""
    if not session.is_live(now):
        return Status.CANCELLED
    held = session.state is SessionState.HELD
    return Status.TENTATIVE if held else Status.CONFIRMED


class _Words:
    """One session in the words of one language."""

    def __init__(self, session: Session, books: Books, language: Language) -> None:
        self.session = session
        self.books = books
        self.language: Language = language
        self.link = discreet_link(session.join_url)
        self.kind = self._read(
            _FORMS[session.form] if session.kind is Kind.LESSON else _KINDS[session.kind]
        )

    def _read(self, text: Text) -> str:
        return text.read_in(self.language)

    def _say(self, zh: str, en: str) -> str:
        return en if self.language == "en" else zh

    def title(self, own: Site | None) -> str:
        """Such as "同步课·音乐·三年级·听讲·第3节·有效35分钟 (TF1 录播室→JS 互动教室1, CB)"."""
        session = self.session
        about = [session.subject or "", grade_words(session.grade, self.language)]
        if not any(about):
            about = [discreet(session.title)]
        parts = [self.kind, *about]
        if own is not None:
            parts += [self._role(own), self._period(own), self._minutes(own)]
        joined = self._say("·", " · ").join(part for part in parts if part)
        return f"{joined} ({self._where()})"

    def location(self, own: Site | None) -> str:
        """The rooms of all sites, the reader's own first, and the link that opens them."""
        rooms = [self._room(site) for site in self._sites(own)]
        return "; ".join(part for part in (*rooms, self.link) if part)

    def description(self, own: Site | None) -> str:
        """All that one needs in the room, the reader's own site first."""
        return "\n".join(self._paragraphs(own))

    def _paragraphs(self, own: Site | None) -> Iterator[str]:
        session = self.session
        yield discreet(session.title)
        if session.kind is Kind.LESSON:
            yield self._read(_MODES[session.mode])
        for site in self._sites(own):
            yield self._site(site)
        if self.link:
            yield self._say("进入课堂: ", "Join: ") + self.link
        if session.note:
            yield self._say("备注: ", "Note: ") + discreet(session.note)
        if session.reason and session.state is SessionState.CANCELLED:
            yield self._say("取消原因: ", "Cancelled because: ") + discreet(session.reason)

    def _sites(self, own: Site | None) -> list[Site]:
        """All sites as they are, the reader's own first."""
        first = None if own is None else own.school
        return sorted(self.session.sites, key=lambda site: site.school != first)

    def _site(self, site: Site) -> str:
        """Such as "听讲: JS·第3节·有效 35 分钟·JS 互动教室1·三年级1班·JS 教师1"."""
        minutes = site.effective_minutes
        parts = (
            self._school(site),
            self._period(site),
            self._say(f"有效 {minutes} 分钟", f"{minutes} effective minutes"),
            self._room(site),
            *(self._class_group(site, group) for group in site.class_groups),
            *(self._teacher(site, teacher) for teacher in site.required_teachers),
        )
        joined = self._say("·", " · ").join(part for part in parts if part)
        return f"{self._role(site)}: {joined}"

    def _role(self, site: Site) -> str:
        roles = _LESSON_ROLES if self.session.kind is Kind.LESSON else _MEETING_ROLES
        return self._read(roles[site.role])

    def _period(self, site: Site) -> str:
        """The lesson number this school was told (H17), and how far it moves its own bell."""
        if site.period is None:
            return ""
        shift = shift_of(site)
        late = self._say(f"推迟{shift}分钟", f", {shift} min later") if shift > 0 else ""
        early = self._say(f"提前{-shift}分钟", f", {-shift} min earlier") if shift < 0 else ""
        return self._say(f"第{site.period}节", f"lesson {site.period}") + late + early

    def _minutes(self, site: Site) -> str:
        """What the class gets of the session, where a class takes part."""
        if not site.class_groups:
            return ""
        minutes = site.effective_minutes
        return self._say(f"有效{minutes}分钟", f"{minutes} effective minutes")

    def _where(self) -> str:
        """The schools, each with its room; the lead's first."""
        lead = self.session.lead
        others = [site for site in self.session.sites if site is not lead]
        names = ", ".join(self._room(site) or self._school(site) for site in others)
        arrow = "→" if self.session.kind is Kind.LESSON else ", "
        return f"{self._room(lead) or self._school(lead)}{arrow if names else ''}{names}"

    def _school(self, site: Site) -> str:
        return self.books[site.school].school.name

    def _room(self, site: Site) -> str:
        return "" if site.room is None else room_name(self.books[site.school], site.room)

    def _class_group(self, site: Site, id: ClassGroupId) -> str:
        group = self.books[site.school].class_groups.get(id)
        return id if group is None else group.name

    def _teacher(self, site: Site, id: TeacherId) -> str:
        return teacher_name(id, self.books, first=site.school)


def teacher_name(id: TeacherId, books: Books, *, first: SchoolId | None = None) -> str:
    """The teacher's name, sought at `first` and then at every home school."""
    known = [] if first is None else [books[first]]
    for book in (*known, *books.values()):
        if id in book.teachers:
            return book.teachers[id].name
    return id


def reader_name(reader: Reader, alliance: AllianceBook, books: Books) -> str:
    """Whose feed it is, by name; the id for one that is gone."""
    subject = reader.subject_id or ""
    match reader.scope:
        case Scope.ALLIANCE:
            return alliance.alliance.name
        case Scope.TEACHER:
            return teacher_name(TeacherId(subject), books)
        case Scope.ROOM:
            room = RoomId(subject)
            homes = (book for book in books.values() if room in book.rooms)
            return next((room_name(book, room) for book in homes), subject)
        case Scope.CLASS_GROUP:
            group = ClassGroupId(subject)
            homes = (book for book in books.values() if group in book.class_groups)
            names = (f"{book.school.name} {book.class_groups[group].name}" for book in homes)
            return next(names, subject)
        case Scope.STUDIO:
            studio = alliance.studios.get(StudioId(subject))
            return subject if studio is None else studio.name
        case Scope.SCHOOL | Scope.SUBJECT:
            book = books.get(SchoolId(subject))
            school = subject if book is None else book.school.name
            return f"{school} {reader.subject}" if reader.subject else school


def room_name(book: SchoolBook, id: RoomId) -> str:
    """A room with its school, since rooms of several schools stand side by side."""
    name = book.rooms[id].name if id in book.rooms else id
    return name if name.startswith(book.school.name) else f"{book.school.name} {name}"


def grade_words(grade: Grade | None, language: Language) -> str:
    """Such as "三年级", "高一", "grade 3"; nothing for none."""
    if grade is None:
        return ""
    if language == "en":
        return f"grade {grade}"
    return f"{_GRADES[grade - 1]}年级" if grade <= len(_GRADES) else f"高{_GRADES[grade - 10]}"
