"""What a record says agrees with the records it names: whose they are, what they can and when."""

from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import select

from calendars.terms import Term
from scheduler.errors import InvalidWishError
from scheduler.members import BusyBlock, Offer, Outage, School, Teacher, Timetable
from scheduler.model import Request, RequestId, RequestState
from scheduler.records import KINDS, NAMES, WORDS, Record, Reference, references, school_of
from scheduler.store import tables
from scheduler.store.codec import decode
from scheduler.store.opened import OpenTransaction, chunks, is_one_of, named
from scheduler.weeks import OF_A_TERM, weeks_beyond

_RECORDS = tables.records
_BODIES = select(_RECORDS.c.kind, _RECORDS.c.id, _RECORDS.c.body).where(
    is_one_of(_RECORDS.c.kind, _RECORDS.c.id)
)

_OF_ONE_SCHOOL = (Timetable, Outage, BusyBlock, Offer)
"""What a school says of its own rooms, people and terms only: nobody lends another's teacher."""

_TOLD = (*_OF_ONE_SCHOOL, *OF_A_TERM)
_Known = Mapping[tuple[str, str], Record]


async def check_agreement(
    transaction: OpenTransaction, pointed: Sequence[tuple[str, object]]
) -> None:
    """`InvalidWishError` for the first value that does not agree with the records it names.

    Each value comes with the pointer to it; what it names exists, or is among the values.
    """
    await _check_order(transaction, pointed)
    told = [(pointer, value) for pointer, value in pointed if isinstance(value, _TOLD)]
    if not told:
        return
    values = [value for _, value in pointed if isinstance(value, Record)]
    wanted = {
        (NAMES[each.kind], each.id)
        for _, value in told
        for each in references(value)
        if each.kind is Term or isinstance(value, _OF_ONE_SCHOOL)
    }
    known = await _known(transaction, wanted, values)
    for pointer, value in told:
        if isinstance(value, _OF_ONE_SCHOOL):
            _check_belonging(pointer, value, known)
        if isinstance(value, OF_A_TERM):
            _check_weeks(pointer, value, known)
        if isinstance(value, Offer):
            _check_qualified(pointer, value, known)


async def _check_order(transaction: OpenTransaction, pointed: Sequence[tuple[str, object]]) -> None:
    """Nothing comes after itself, however long the way round."""
    told = [
        (pointer, value)
        for pointer, value in pointed
        if isinstance(value, Request) and value.after and value.state is RequestState.OPEN
    ]
    known = {value.id: value for _, value in pointed if isinstance(value, Request)}
    while wanted := _earlier(known.values() if told else ()) - known.keys():
        found = await _known(transaction, {(NAMES[Request], each) for each in wanted}, ())
        known |= {each.id: each for each in found.values() if isinstance(each, Request)}
    for pointer, request in told:
        if circle := _circle(request, known):
            no = [each.request for each in request.after].index(circle[0][1])
            raise InvalidWishError(
                f"先后要求 (after) 绕成了一圈：{'，'.join(f'{a} 在 {b} 之后' for a, b in circle)}；"
                "请去掉其中一项。",
                f"They would come after each other in a circle: "
                f"{', '.join(f'{a} after {b}' for a, b in circle)}. Leave one of these out.",
                pointer=f"{pointer}/after/{no}/request",
                value=circle[0][1],
            )


def _earlier(requests: Iterable[Request]) -> set[RequestId]:
    return {after.request for each in requests for after in each.after}


def _circle(
    request: Request, known: Mapping[RequestId, Request]
) -> tuple[tuple[RequestId, RequestId], ...]:
    """The shortest way from the request back to itself, each step from one to an earlier one."""
    ways: list[tuple[tuple[RequestId, RequestId], ...]] = [()]
    seen = set()
    for way in ways:
        last = way[-1][1] if way else request.id
        if way and last == request.id:
            return way
        if last not in seen:
            seen.add(last)
            ways += [(*way, (last, each.request)) for each in known[last].after]
    return ()


async def _known(
    transaction: OpenTransaction, wanted: set[tuple[str, str]], values: Sequence[Record]
) -> _Known:
    """The values, and the records wanted that are not among them."""
    known: dict[tuple[str, str], Record] = {(NAMES[type(each)], each.id): each for each in values}
    for part in chunks(sorted(wanted - known.keys())):
        for row in await transaction.all(_BODIES, named(part)):
            known[row.kind, row.id] = decode(KINDS[row.kind], row.body)
    return known


def _check_belonging(pointer: str, value: Record, known: _Known) -> None:
    school = school_of(value)
    for reference in references(value) if school is not None else ():
        owners = _at(known[NAMES[reference.kind], reference.id])
        if reference.kind is not School and owners and school not in owners:
            raise _foreign(pointer + reference.pointer, reference, school, owners)


def _at(record: Record) -> tuple[str, ...]:
    """The schools that a record belongs to; a teacher may be at several, a link pool is at none."""
    if isinstance(record, Teacher):
        return record.schools
    school = school_of(record)
    return () if school is None else (school,)


def _foreign(
    pointer: str, reference: Reference, school: str | None, owners: Sequence[str]
) -> InvalidWishError:
    word = WORDS[reference.kind]
    return InvalidWishError(
        f"{word.zh} {reference.id} 属于学校 {'、'.join(owners)}，不是学校 {school} 的，"
        "须由其所在学校登记。",
        f"The {word.en} {reference.id} is of school {', '.join(owners)}, not of school {school}: "
        "only its own school says this.",
        pointer=pointer,
        value=reference.id,
    )


def _check_weeks(pointer: str, value: Timetable | Offer | Request, known: _Known) -> None:
    """A request that is placed or withdrawn is left as it was when its term was longer."""
    if isinstance(value, Request) and value.state is not RequestState.OPEN:
        return
    term = known[NAMES[Term], value.term]
    for place, weeks, why in weeks_beyond(value, term) if isinstance(term, Term) else ():
        raise InvalidWishError(why.zh, why.en, pointer=pointer + place, value=weeks)


def _check_qualified(pointer: str, offer: Offer, known: _Known) -> None:
    """Whoever is lent leads lessons of the subject, and so teaches it (E41)."""
    if offer.teacher is None:
        return
    teacher = known[NAMES[Teacher], offer.teacher]
    if not isinstance(teacher, Teacher) or offer.subject in teacher.subjects:
        return
    raise InvalidWishError(
        f"{teacher.name}（{teacher.id}）不任教{offer.subject}"
        f"（任教：{'、'.join(teacher.subjects) or '未登记'}），不能提供；请改学科或换一位教师。",
        f"{teacher.name} ({teacher.id}) does not teach {offer.subject} "
        f"({', '.join(teacher.subjects) or 'none on record'}) and cannot be offered for it: change "
        "the subject or name another teacher.",
        pointer=f"{pointer}/teacher",
        value=teacher.id,
    )
