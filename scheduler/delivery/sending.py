"""Sends what is due: claim, call, settle. What a killed process had not settled is sent again."""

import asyncio
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import structlog

from calendars.text import Text
from scheduler.delivery.digests import is_quiet, parts_of, wake_time
from scheduler.delivery.failures import (
    DeliveryError,
    TemporaryDeliveryError,
)
from scheduler.delivery.outlets import Outlets, Part
from scheduler.members import Alliance
from scheduler.model import Actor, ActorRole, ChannelKind
from scheduler.store import Claim, Store, Transaction

log = structlog.get_logger()
Clock = Callable[[], datetime]
POSTMAN: Final = Actor(name="lianke", role=ActorRole.ALLIANCE_ADMIN, origin="job")

MOST_ATTEMPTS: Final = 12
"""About six hours with the pauses between them."""

_FIRST_PAUSE_SECONDS: Final = 30
_LONGEST_PAUSE_SECONDS: Final = 2 * 60 * 60.0
_AT_ONCE: Final = 8


async def send_due(store: Store, outlets: Outlets, clock: Clock) -> int:
    """Send everything that is due, to several robots at once but to each in turn; how many calls.

    No transaction is open while somebody is called.
    """
    pauses = {kind: outlet.pause_seconds for kind, outlet in outlets.by_kind.items()}

    async def claim(transaction: Transaction) -> list[Claim]:
        return list(await transaction.claim_messages(pauses, most=_AT_ONCE))

    calls = 0
    while claims := await store.write(claim, actor=POSTMAN, now=clock()):
        await asyncio.gather(*(_send(store, outlets, each, clock) for each in claims))
        calls += len(claims)
    return calls


async def _send(store: Store, outlets: Outlets, claim: Claim, clock: Clock) -> None:
    failure: DeliveryError | None = None
    is_last = True
    try:
        is_last = await send_part(outlets, claim)
    except DeliveryError as error:
        failure = error
    except Exception:  # noqa: BLE001 - see below
        # Whatever is wrong with this one, the others go out; it ends among those a person sees.
        await log.aexception("sending failed", message=claim.message.id)
        failure = TemporaryDeliveryError(Text("发送时出错，见日志。", "It broke: see the log."))

    async def settle(transaction: Transaction) -> None:
        if failure is None:
            await transaction.note_part(claim, is_last=is_last)
        else:
            await _put_off(transaction, claim, failure)

    await store.write(settle, actor=POSTMAN, now=clock())
    if failure is not None:
        await log.awarning(
            "message not taken",
            message=claim.message.id,
            channel=claim.channel.id,
            attempts=claim.message.attempts,
            problem=failure.sentence.en,
        )


async def send_part(outlets: Outlets, claim: Claim) -> bool:
    """Send the next part, or raise a `DeliveryError`; whether it was the last one."""
    message, channel = claim.message, claim.channel
    outlet = outlets.of(channel.kind)
    if claim.secret is None:
        raise TemporaryDeliveryError(
            Text(
                "LIANKE_SECRET_KEY 打不开该渠道的地址。",
                "LIANKE_SECRET_KEY does not open the channel's address.",
            )
        )
    text = message.text
    if channel.kind is not ChannelKind.MAIL:
        text = text.replace("<", "＜")  # robots read "<at ...>" as a call to everybody
    texts = parts_of(text, outlet.longest_bytes)
    number = min(message.parts_sent + 1, len(texts))
    part = Part(
        message=message.id,
        number=number,
        count=len(texts),
        text=texts[number - 1],
        language=channel.language,
        notices=len(message.notices),
        made_at=message.created_at,
    )
    await outlet.send(claim.secret, part)
    return number == len(texts)


async def _put_off(transaction: Transaction, claim: Claim, failure: DeliveryError) -> None:
    """Try again later, later each time; give up where that cannot help or has not helped."""
    now, attempts = transaction.now, claim.message.attempts
    again_at = None
    if isinstance(failure, TemporaryDeliveryError):
        if failure.wait_seconds:
            await transaction.hold_sender(claim.sender, now + _seconds(failure.wait_seconds))
        if attempts < MOST_ATTEMPTS:
            again_at = now + _seconds(max(failure.wait_seconds, pause_after(attempts)))
            again_at = await _not_in_quiet_hours(transaction, claim, again_at)
    await transaction.note_failure(claim, failure.sentence, again_at=again_at)


async def _not_in_quiet_hours(transaction: Transaction, claim: Claim, moment: datetime) -> datetime:
    alliances = await transaction.list(Alliance, limit=1)
    if claim.message.urgent or not alliances:
        return moment
    zone = ZoneInfo(alliances[0].record.zone)
    if not is_quiet(claim.channel, moment, zone):
        return moment
    return wake_time(moment, claim.channel.quiet_until, zone)


def pause_after(attempts: int) -> float:
    """Seconds until the next attempt: doubled each time, with jitter so that no two keep step."""
    longest = min(_FIRST_PAUSE_SECONDS * 2.0 ** (attempts - 1), _LONGEST_PAUSE_SECONDS)
    return longest * random.uniform(0.5, 1)  # noqa: S311 - jitter hides no secret


def _seconds(seconds: float) -> timedelta:
    return timedelta(seconds=seconds)
