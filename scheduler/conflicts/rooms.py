"""Rooms: one session at a time (H1), fit for their part (H9), with time to set up (H12)."""

from collections.abc import Iterator
from typing import Final

from calendars.bells import SchoolId
from scheduler.conflicts.case import Case, Part, broken
from scheduler.members import ClassGroupId, Outage, Room, RoomId, RoomTier
from scheduler.model import Conflict, Kind, Resource, ResourceKind, Role, Session

_Sharing = tuple[Part, Room, RoomId, Session]


def rooms_are_free(case: Case) -> Iterator[Conflict]:
    """H1: a room, or a kit that rooms share, is in one session at a time."""
    for part, room, theirs, other in _sharing(case, case.overlapping):
        when = case.when(other.slot)
        yield broken(
            "H1",
            f"{part.school_name}的“{room.name}”{_kit_zh(case, room, theirs)}"
            f"在{when.zh}已安排“{other.title}”。",
            f"{room.name} of {part.school_name}{_kit_en(case, room, theirs)} is taken by "
            f"“{other.title}”, {when.en}.",
            *_taken(room, theirs),
            sessions=(other,),
        )
    yield from _kits_shared_within_the_session(case)
    yield from _rooms_used_by_others(case)


def rooms_have_time_to_set_up(case: Case) -> Iterator[Conflict]:
    """H12: between sessions of different participants a room has its buffer.

    The same classes of the same schools need none (E36).
    """
    if len(case.near) == len(case.overlapping):
        return
    slot, participants = case.session.slot, _participants(case.session)
    close_by = [
        other
        for other in case.near
        if not other.slot.overlaps(slot) and _participants(other) != participants
    ]
    for part, room, theirs, other in _sharing(case, close_by):
        their_room = case.situation.room(theirs) or room
        buffer = max(room.buffer_minutes, their_room.buffer_minutes)
        gap = max(slot.starts - other.slot.ends, other.slot.starts - slot.ends)
        minutes = int(gap.total_seconds() // 60)
        if minutes < buffer:
            when = case.when(other.slot)
            yield broken(
                "H12",
                f"{part.school_name}的“{room.name}”{_kit_zh(case, room, theirs)}"
                f"与“{other.title}”（{when.zh}）只隔{minutes}分钟，"
                f"参与班级不同，需要{buffer}分钟换场。",
                f"{room.name} of {part.school_name}{_kit_en(case, room, theirs)} has only "
                f"{minutes} minutes between this and “{other.title}” ({when.en}); other "
                f"participants need {buffer}.",
                *_taken(room, theirs),
                sessions=(other,),
            )


def rooms_can_do_their_part(case: Case) -> Iterator[Conflict]:
    """H9: every room belongs to its site's school, can do its part and works; so does the link.

    A room can do its part if its equipment can and its seats are enough for the pupils.
    """
    for part in case.parts:
        if part.room is None or part.room.school != part.site.school:
            yield from _no_room(case, part)
        else:
            yield from _role_is_supported(case, part, part.room)
            yield from _pupils_have_seats(part, part.room)
            for outage in part.book.outages:
                if outage.room == part.room.id and outage.slot.overlaps(case.session.slot):
                    yield _out_of_order(
                        case, outage, f"{part.school_name} {part.room.name}", _as_room(part.room.id)
                    )
    if (pool_id := case.session.link_pool) is not None:
        pool = case.situation.alliance.link_pools.get(pool_id)
        for outage in case.situation.alliance.outages:
            if outage.link_pool == pool_id and outage.slot.overlaps(case.session.slot):
                yield _out_of_order(
                    case,
                    outage,
                    pool.name if pool else pool_id,
                    Resource(ResourceKind.LINK_POOL, pool_id),
                )


def _as_room(id: RoomId) -> Resource:
    return Resource(ResourceKind.ROOM, id)


def _taken(room: Room, theirs: RoomId) -> tuple[Resource, ...]:
    """The room, or both rooms and the kit that they share."""
    if theirs == room.id or room.kit is None:
        return (_as_room(room.id),)
    return (_as_room(room.id), _as_room(theirs), Resource(ResourceKind.KIT, room.kit))


def _kit_zh(case: Case, room: Room, theirs: RoomId) -> str:
    if theirs == room.id:
        return ""
    return f"与“{case.room_name(theirs)}”共用设备 {room.kit}，该设备"


def _kit_en(case: Case, room: Room, theirs: RoomId) -> str:
    if theirs == room.id:
        return ""
    return f", which shares the kit {room.kit} with {case.room_name(theirs)},"


def _sharing(case: Case, others: "tuple[Session, ...] | list[Session]") -> Iterator[_Sharing]:
    """Every room of another session that is, or shares a kit with, one of ours."""
    if not others:
        return
    for part in case.parts:
        if part.room is None:
            continue
        for other in others:
            for site in other.sites:
                if site.room is not None and _are_one(case, part.room, site.room):
                    yield part, part.room, site.room, other


def _are_one(case: Case, room: Room, theirs: RoomId) -> bool:
    if room.id == theirs:
        return True
    if room.kit is None:
        return False
    their_room = case.situation.room(theirs)
    return their_room is not None and their_room.kit == room.kit


def _kits_shared_within_the_session(case: Case) -> Iterator[Conflict]:
    first_with: dict[str, Room] = {}
    for part in case.parts:
        room = part.room
        if room is None or room.kit is None:
            continue
        first = first_with.setdefault(room.kit, room)
        if first is not room:
            yield broken(
                "H1",
                f"“{first.name}”与“{room.name}”共用设备 {room.kit}，不能同时用于同一次活动。",
                f"{first.name} and {room.name} share the kit {room.kit} and cannot both be in use.",
                *_taken(first, room.id),
            )


def _rooms_used_by_others(case: Case) -> Iterator[Conflict]:
    """What a block is for stays with its school (E35, E37)."""
    for part in case.parts:
        if part.room is None:
            continue
        for block in part.book.busy_time.taking(_as_room(part.room.id), case.session.slot):
            when = case.when(block.slot)
            yield broken(
                "H1",
                f"{part.school_name}的“{part.room.name}”在{when.zh}占用。",
                f"{part.room.name} of {part.school_name} is occupied, {when.en}.",
                _as_room(part.room.id),
            )


_Participants = tuple[frozenset[SchoolId], frozenset[ClassGroupId]]


def _participants(session: Session) -> _Participants:
    return (
        frozenset(site.school for site in session.sites),
        frozenset(group for site in session.sites for group in site.class_groups),
    )


def _no_room(case: Case, part: Part) -> Iterator[Conflict]:
    room = part.site.room
    if room is not None:
        yield broken(
            "H9",
            f"{part.school_name}没有教室“{case.room_name(room)}”。",
            f"{part.school_name} has no room {case.room_name(room)}.",
            _as_room(room),
            part.school,
        )
    elif part.has_pupils:
        yield broken(
            "H9",
            f"{part.school_name}有学生参加，但没有安排教室。",
            f"{part.school_name} takes part with pupils but has no room.",
            part.school,
        )


_INTERACTIVE: Final = frozenset({RoomTier.LEAD, RoomTier.INTERACTIVE, RoomTier.PORTABLE})
_TIER_ZH: Final = {
    RoomTier.LEAD: "主讲教室",
    RoomTier.INTERACTIVE: "互动教室",
    RoomTier.WATCH_ONLY: "只能收看的教室",
    RoomTier.PORTABLE: "便携设备教室",
}


def tiers_for(role: Role, kind: Kind) -> frozenset[RoomTier]:
    """A lesson is led from a lead room; research, and listening, need a room that can speak.

    A visit needs no equipment, nor does a site that only observes.
    """
    if role is Role.OBSERVE or kind is Kind.VISIT:
        return frozenset(RoomTier)
    if role is Role.LEAD and kind is Kind.LESSON:
        return frozenset({RoomTier.LEAD})
    return _INTERACTIVE


def _role_is_supported(case: Case, part: Part, room: Room) -> Iterator[Conflict]:
    if room.tier in tiers_for(part.site.role, case.session.kind):
        return
    role = "主讲" if part.site.role is Role.LEAD else "互动听讲"
    yield broken(
        "H9",
        f"{part.school_name}的“{room.name}”是{_TIER_ZH[room.tier]}，不能{role}。",
        f"{room.name} of {part.school_name} is {room.tier}: it cannot {part.site.role} here.",
        _as_room(room.id),
    )


def _pupils_have_seats(part: Part, room: Room) -> Iterator[Conflict]:
    pupils = sum(each.group.pupils for each in part.classes)
    if pupils > room.seats:
        yield broken(
            "H9",
            f"{part.school_name}的“{room.name}”有{room.seats}个座位，坐不下{pupils}名学生。",
            f"{room.name} of {part.school_name} seats {room.seats}, not {pupils} pupils.",
            _as_room(room.id),
            *(Resource(ResourceKind.CLASS_GROUP, each.group.id) for each in part.classes),
        )


def _out_of_order(case: Case, outage: Outage, name: str, resource: Resource) -> Conflict:
    when = case.when(outage.slot)
    return broken(
        "H9",
        f"“{name}”在{when.zh}停用{_because(outage, '：')}。",
        f"{name} is out of order, {when.en}{_because(outage, ': ')}.",
        resource,
    )


def _because(outage: Outage, colon: str) -> str:
    return f"{colon}{outage.reason}" if outage.reason else ""
