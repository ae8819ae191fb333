"""Links: how many sites one session may join (H5) and what a pool carries at once (H6)."""

from collections.abc import Iterator

from calendars.slots import peak
from scheduler.conflicts.case import Case, broken
from scheduler.local_words import clock_times
from scheduler.members import LinkPool
from scheduler.model import Conflict, Resource, ResourceKind, Role, Session


def sites_are_within_reach(case: Case) -> Iterator[Conflict]:
    """H5: the lead room reaches all remote sites, and the link pool joins so many in a session."""
    sites = len(case.session.sites)
    for part in case.parts:
        room = part.room
        if part.site.role is Role.LEAD and room is not None and sites - 1 > room.max_remote_sites:
            yield broken(
                "H5",
                f"{part.school_name}的“{room.name}”最多带{room.max_remote_sites}个远端，"
                f"这次有{sites - 1}个；多出的学校可改为收看或另开一场。",
                f"{room.name} of {part.school_name} reaches {room.max_remote_sites} remote sites, "
                f"not {sites - 1}; let one watch only, or hold it twice.",
                Resource(ResourceKind.ROOM, room.id),
            )
    pool = _pool(case)
    if pool is not None and sites > pool.max_sites:
        yield broken(
            "H5",
            f"“{pool.name}”一次活动最多接入{pool.max_sites}个参与点，这次有{sites}个。",
            f"{pool.name} joins {pool.max_sites} sites in one session, not {sites}.",
            Resource(ResourceKind.LINK_POOL, pool.id),
        )


def links_are_free(case: Case) -> Iterator[Conflict]:
    """H6: at no moment do sessions use more of a link pool than it has, in number or in sites."""
    pool = _pool(case)
    if pool is None:
        if (unknown := case.session.link_pool) is not None:
            yield broken(
                "H6",
                f"没有链路池“{unknown}”。",
                f"There is no link pool {unknown}.",
                Resource(ResourceKind.LINK_POOL, unknown),
            )
        return
    others = tuple(other for other in case.overlapping if other.link_pool == pool.id)
    uses = (case.session, *others)
    at_once = peak((each.slot, 1) for each in uses)
    ports = peak((each.slot, len(each.sites)) for each in uses)
    if at_once <= pool.sessions and ports <= pool.ports:
        return
    next_zh, next_en = _free_again(case, others)
    resource = Resource(ResourceKind.LINK_POOL, pool.id)
    if at_once > pool.sessions:
        yield broken(
            "H6",
            f"“{pool.name}”同时最多{pool.sessions}场，这个时间会有{at_once}场{next_zh}。",
            f"{pool.name} carries {pool.sessions} sessions at once, and this would be number "
            f"{at_once}{next_en}.",
            resource,
            sessions=others,
        )
    if ports > pool.ports:
        yield broken(
            "H6",
            f"“{pool.name}”同时最多接入{pool.ports}个参与点，这个时间会有{ports}个{next_zh}。",
            f"{pool.name} has {pool.ports} ports, and {ports} would be in use{next_en}.",
            resource,
            sessions=others,
        )


def _pool(case: Case) -> LinkPool | None:
    pool = case.session.link_pool
    return None if pool is None else case.situation.alliance.link_pools.get(pool)


def _free_again(case: Case, others: tuple[Session, ...]) -> tuple[str, str]:
    """When the first of the others ends: the nearest time worth asking for (E33)."""
    if not others:
        return "", ""
    first = min(others, key=lambda other: other.slot.ends)
    ends = clock_times(first.slot, case.zone).partition("-")[2]
    return f"，最早{ends}空出一路", f"; one is free again at {ends}"
