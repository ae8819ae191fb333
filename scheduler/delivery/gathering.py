"""From notices to messages: who is told through what, and what is told at once."""

from typing import Final
from uuid import uuid4
from zoneinfo import ZoneInfo

from scheduler.delivery.digests import carries, digest, is_quiet, ripe
from scheduler.members import Alliance
from scheduler.model import Message
from scheduler.store import Transaction

_AT_ONCE: Final = 500


async def route(transaction: Transaction) -> int:
    """Decide through which channels some new notices go; how many there were.

    A notice that no channel carries is still there to be read.
    """
    notices = await transaction.unrouted_notices(_AT_ONCE)
    if notices:
        channels = await transaction.channels(limit=None)
        routes = [
            (notice.id, channel.id)
            for notice in notices
            for channel in channels
            if carries(channel, notice)
        ]
        await transaction.note_routes(notices, routes)
    return len(notices)


async def gather(transaction: Transaction) -> int:
    """Make a message of what has waited long enough in each channel; how many were made."""
    alliances = await transaction.list(Alliance, limit=1)
    if not alliances:
        return 0
    zone, now, made = ZoneInfo(alliances[0].record.zone), transaction.now, 0
    for channel, waiting in (await transaction.waiting_deliveries()).items():
        notices = ripe(waiting, now, quiet=is_quiet(channel, now, zone))
        if notices:
            message = Message(
                id=uuid4().hex,
                channel=channel.id,
                notices=tuple(notice.id for notice in notices),
                text=digest(notices, channel.language),
                urgent=any(notice.urgent for notice in notices),
                created_at=now,
                due_at=now,
            )
            await transaction.add_message(message)
            made += 1
    return made
