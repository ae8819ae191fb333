"""The one small interface behind every channel: take one part of a message, or say why not."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from calendars.text import Language, Text
from scheduler.delivery.digests import headline
from scheduler.delivery.failures import PermanentDeliveryError
from scheduler.model import ChannelKind, ChannelSecret

KEY_BYTES: Final = 120
"""What head and key of a part may take of its length."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a message as one call sends it; `key` names it, however often it comes."""

    message: str
    number: int
    count: int
    text: str
    language: Language
    notices: int
    made_at: datetime

    @property
    def key(self) -> str:
        """The same for the same part, whenever it is sent."""
        return f"{self.message}.{self.number}"

    def in_a_group(self) -> str:
        """What a group reads: the head, the lines, and a short key that shows a repetition."""
        place = f"-{self.number}/{self.count}" if self.count > 1 else ""
        mark = Text(f"（编号 {self.message[:8]}{place}）", f"(No. {self.message[:8]}{place})")
        return f"{headline(self.language)}{self.text}\n{mark.read_in(self.language)}"


class Outlet(Protocol):
    """A way to reach people. `longest_bytes` bounds one part's text, `pause_seconds` the rate."""

    longest_bytes: int
    pause_seconds: float

    async def send(self, secret: ChannelSecret, part: Part) -> None:
        """Hand over one part, or raise a `DeliveryError`."""


@dataclass(frozen=True, slots=True)
class Outlets:
    """The outlet of each kind of channel."""

    by_kind: Mapping[ChannelKind, Outlet] = field(default_factory=dict)

    def of(self, kind: ChannelKind) -> Outlet:
        """The outlet for a kind of channel, or a `PermanentDeliveryError` if there is none."""
        if (found := self.by_kind.get(kind)) is None:
            raise PermanentDeliveryError(
                Text(f"没有 {kind} 渠道。", f"There is no outlet of kind {kind}.")
            )
        return found
