"""Meeting numbers that run out before the last session that needs them (E34)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from calendars.slots import Slot
from calendars.text import Text
from scheduler.digests import Reader, digests
from scheduler.local_words import date_words
from scheduler.members import LinkPool, LinkPoolId
from scheduler.model import Actor, Resource, ResourceKind, Session, SessionState
from scheduler.store import Store, Transaction

WARNED_DAYS_BEFORE: Final = 3
_LOOKED_AHEAD: Final = timedelta(days=366)


def outlived(
    sessions: Iterable[Session], pools: Mapping[LinkPoolId, LinkPool], zone: ZoneInfo
) -> tuple[Text, ...]:
    """One sentence for each link that some of these sessions outlive: since when, how many."""
    after: defaultdict[LinkPoolId, list[Session]] = defaultdict(list)
    for each in sessions:
        pool = pools.get(each.link_pool) if each.link_pool is not None else None
        if pool is not None and pool.ends_before(each.slot.starts.astimezone(zone).date()):
            after[pool.id].append(each)
    return tuple(_sentence(pools[pool], late, zone) for pool, late in sorted(after.items()))


def _sentence(pool: LinkPool, late: Sequence[Session], zone: ZoneInfo) -> Text:
    first = date_words(min(each.slot.starts for each in late), zone)
    return Text(
        f"{pool.name}的会议号有效期到{pool.valid_until}为止，{first.zh}起还有{len(late)}次活动要用："
        "请及时续期或更换链路。",
        f"The meeting numbers of {pool.name} are valid until {pool.valid_until}; {len(late)} "
        f"sessions from {first.en} on still need them: renew them, or use another link.",
    )


async def warn_of_expiring(store: Store, now: datetime, actor: Actor) -> None:
    """Tell the schools that lead, once, three days before a link runs out that they still need."""
    async with store.read(now=now) as transaction:
        due = await _due(transaction)
    if due:
        await store.write(_warn, actor=actor, now=now)


async def _warn(transaction: Transaction) -> None:
    alliance = await transaction.alliance()
    zone = ZoneInfo(alliance.alliance.zone)
    for pool in await _due(transaction):
        late = await _sessions_after(transaction, pool, zone)
        led: defaultdict[Reader, list[Session]] = defaultdict(list)
        for each in late:
            led[each.lead.school, None].append(each)
        lines = [(school, _sentence(pool, own, zone)) for school, own in led.items()]
        key = f"link-pool:{pool.id}:{pool.valid_until}"
        await transaction.add_notices(digests(lines, None, key, transaction.now))


async def _due(transaction: Transaction) -> list[LinkPool]:
    """The links that run out within days."""
    alliance = await transaction.alliance()
    today = transaction.now.astimezone(ZoneInfo(alliance.alliance.zone)).date()
    soon = today + timedelta(days=WARNED_DAYS_BEFORE)
    return [
        pool
        for pool in alliance.link_pools.values()
        if pool.valid_until is not None and today <= pool.valid_until <= soon
    ]


async def _sessions_after(
    transaction: Transaction, pool: LinkPool, zone: ZoneInfo
) -> Sequence[Session]:
    last = pool.valid_until or date.max
    starts = datetime.combine(last + timedelta(days=1), time(), zone)
    found = await transaction.sessions(
        resource=Resource(ResourceKind.LINK_POOL, pool.id),
        within=Slot(starts, starts + _LOOKED_AHEAD),
        states=(SessionState.HELD, SessionState.CONFIRMED),
        limit=None,
    )
    return [each for each in found if each.is_live(transaction.now)]
