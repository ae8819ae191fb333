"""Invariant 1, looked for in the sessions themselves, without the claims that prevent it. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from scheduler.members import LinkPool, Room, RoomId
from scheduler.model import Resource, ResourceKind, Session
from scheduler.model.findings import Check, Finding, about

_EXCLUSIVE: Final = (ResourceKind.ROOM, ResourceKind.TEACHER, ResourceKind.CLASS_GROUP)


def nothing_is_used_twice(
    live: Sequence[Session], rooms: Mapping[RoomId, Room], now: datetime
) -> Iterator[Finding]:
    """Invariant 1: no two of the live sessions, sorted by time, share a resource at once.

    Buffers and kits are those of today, so they bind only what has not ended.
    """
    using: defaultdict[Resource, list[Session]] = defaultdict(list)
    for session in live:
        for resource in session.resources():
            if resource.kind in _EXCLUSIVE:
                using[resource].append(session)
        if session.slot.ends > now:
            for kit in kits_of(session, rooms):
                using[kit].append(session)
    for resource, users in sorted(using.items(), key=lambda item: item[0]):
        room = rooms.get(RoomId(resource.id)) if resource.kind is ResourceKind.ROOM else None
        buffer = timedelta(minutes=room.buffer_minutes if room else 0)
        for earlier, later in _pairs_within(users, buffer):
            named = f"{resource.kind.value} {resource.id}"
            if earlier.slot.overlaps(later.slot):
                zh = f"与活动 {later.id} 同时占用 {named}。"
                en = f"it uses {named} at the same time as session {later.id}."
                yield about(earlier, Check.DOUBLE_BOOKING, zh, en)
            elif later.slot.ends > now and earlier.participants() != later.participants():
                zh = f"与活动 {later.id} 之间，{named} 的间隔不足。"
                en = f"{named} has too short a buffer between it and session {later.id}."
                yield about(earlier, Check.DOUBLE_BOOKING, zh, en)


def kits_of(session: Session, rooms: Mapping[RoomId, Room]) -> set[Resource]:
    """The kits that the rooms of a session need."""
    used = [rooms.get(site.room) for site in session.sites if site.room is not None]
    return {
        Resource(ResourceKind.KIT, room.kit)
        for room in used
        if room is not None and room.kit is not None
    }


def _pairs_within(sessions: Sequence[Session], gap: timedelta) -> Iterator[tuple[Session, Session]]:
    """The pairs of which the later begins less than `gap` after the earlier one's end."""
    for place, earlier in enumerate(sessions, start=1):
        for later in sessions[place:]:
            if later.slot.starts >= earlier.slot.ends + gap:
                break
            yield earlier, later


def pools_carry_their_peaks(
    live: Sequence[Session], pools: Iterable[LinkPool], now: datetime
) -> Iterator[Finding]:
    """Invariant 1: whenever a session begins, its link pool carries it and all that are on."""
    for pool in pools:
        on: list[Session] = []
        for session in live:
            if session.link_pool != pool.id or session.slot.ends <= now:
                continue
            on = [each for each in on if each.slot.ends > session.slot.starts] + [session]
            ports = sum(len(each.sites) for each in on)
            if len(on) > pool.sessions or ports > pool.ports:
                zh = (
                    f"开始时链路池 {pool.id} 有 {len(on)} 场、{ports} 个接入点，"
                    f"超过 {pool.sessions} 场、{pool.ports} 个。"
                )
                en = (
                    f"when it begins, link pool {pool.id} carries {len(on)} sessions with {ports} "
                    f"sites, more than {pool.sessions} with {pool.ports}."
                )
                yield about(session, Check.DOUBLE_BOOKING, zh, en)
