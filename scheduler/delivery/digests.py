"""What goes into one message, when, and in which words. Pure.

Thirty changes within a minute are one message (E71); nobody is woken for what can wait.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, time, timedelta, tzinfo
from typing import Final

import msgspec

from calendars.text import Language, Text
from scheduler.model import Channel, Notice

DIGEST: Final = timedelta(seconds=60)
"""How long the first notice waits for others to come along."""

URGENT_DIGEST: Final = timedelta(seconds=10)
"""The same for what is urgent: long enough for all that one decision caused."""

MOST_LINES: Final = 100


def carries(channel: Channel, notice: Notice) -> bool:
    """Whether this channel tells this notice: a teacher's, a school's, or those of all schools."""
    if not channel.active:
        return False
    if channel.teacher is not None:
        return notice.teacher == channel.teacher
    return notice.teacher is None and channel.school in {None, notice.school}


def is_quiet(channel: Channel, now: datetime, zone: tzinfo) -> bool:
    """Whether the channel keeps quiet now; its quiet hours may go past midnight."""
    clock = now.astimezone(zone).time()
    starts, ends = channel.quiet_from, channel.quiet_until
    if starts <= ends:
        return starts <= clock < ends
    return clock >= starts or clock < ends


def ripe(waiting: Sequence[Notice], now: datetime, *, quiet: bool) -> Sequence[Notice]:
    """Those that are to go out now: all of them once one has waited long enough.

    In quiet hours only what is urgent; the rest waits for the morning.
    """
    candidates = [notice for notice in waiting if notice.urgent or not quiet]
    for notice in candidates:
        if now - notice.created_at >= (URGENT_DIGEST if notice.urgent else DIGEST):
            return candidates
    return ()


def digest(notices: Iterable[Notice], language: Language) -> str:
    """A line for each notice, the urgent ones first; the same sentence is said once."""
    in_order = sorted(notices, key=lambda notice: (not notice.urgent, notice.created_at, notice.id))
    lines = list(dict.fromkeys(notice.sentence.read_in(language) for notice in in_order))
    if (left_out := len(lines) - MOST_LINES) > 0:
        more = Text(
            f"另有 {left_out} 条，请登录联课查看。", f"{left_out} more: see them in Lianke."
        )
        lines = [*lines[:MOST_LINES], more.read_in(language)]
    if len(lines) == 1:
        return lines[0]
    return "\n".join(f"{number}. {line}" for number, line in enumerate(lines, start=1))


def headline(language: Language) -> str:
    """Begins every part, so that a robot that demands a keyword may demand this one."""
    return Text("【联课】", "[Lianke 联课]").read_in(language)


def parts_of(text: str, longest: int) -> tuple[str, ...]:
    """The text in parts of at most `longest` bytes of JSON in UTF-8, cut at line ends.

    Only a line that is too long by itself is cut within, and never within a character.
    """
    parts: list[str] = []
    for line in _short_lines(text, longest):
        if parts and json_bytes(f"{parts[-1]}\n{line}") <= longest:
            parts[-1] += f"\n{line}"
        else:
            parts.append(line)
    return tuple(parts)


def json_bytes(text: str) -> int:
    """How long a text is when it is sent; never shorter than its plain UTF-8."""
    return len(msgspec.json.encode(text)) - len('""')


def _short_lines(text: str, longest: int) -> Iterator[str]:
    for line in text.split("\n"):
        rest = line
        while json_bytes(rest) > longest:
            fitting = longest
            while json_bytes(rest[:fitting]) > longest:
                fitting -= max(1, (json_bytes(rest[:fitting]) - longest) // 6)
            yield rest[:fitting]
            rest = rest[fitting:]
        yield rest


def wake_time(now: datetime, until: time, zone: tzinfo) -> datetime:
    """When quiet hours that end at `until` are over next."""
    local = now.astimezone(zone)
    ends = datetime.combine(local.date(), until, tzinfo=zone)
    return ends if ends > local else ends + timedelta(days=1)
