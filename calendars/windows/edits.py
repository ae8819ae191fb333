"""What an edit of the bells does to a slot that is already held. Nothing moves by itself (E21)."""

from collections.abc import Sequence
from dataclasses import dataclass

from calendars.bells import TimedPeriod
from calendars.slots import Slot
from calendars.text import Text
from calendars.windows.attendance import Attendance, attend
from calendars.windows.wording import Wording


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """A class attends a slot otherwise than before; minutes are effective minutes."""

    minutes_before: int
    minutes_after: int
    sentence: Text


def compare_bells(
    before: Sequence[TimedPeriod],
    after: Sequence[TimedPeriod],
    slot: Slot,
    *,
    shift_minutes: int = 0,
) -> Edit | None:
    """What changes for a class in `slot` if the bells of its date change; None if nothing does."""
    was = attend(before, slot, shift_minutes=shift_minutes)
    will_be = attend(after, slot, shift_minutes=shift_minutes)
    if was == will_be:
        return None
    minutes_before, minutes_after = _minutes(was), _minutes(will_be)
    old, new = _named(was), _named(will_be)
    return Edit(
        minutes_before=minutes_before,
        minutes_after=minutes_after,
        sentence=Text(
            f"作息改动后，本次由{old.zh}变为{new.zh}，有效时长由{minutes_before}分钟变为"
            f"{minutes_after}分钟。",
            f"The edited bells put it in {new.en} instead of {old.en}: {minutes_after} effective "
            f"minutes instead of {minutes_before}.",
        ),
    )


def _minutes(attendance: Attendance | None) -> int:
    return 0 if attendance is None else attendance.effective_minutes


def _named(attendance: Attendance | None) -> Text:
    if attendance is None:
        return Text("无对应节次", "no period")
    words = Wording.of([timed.period for timed in attendance.periods])
    return Text(f"{words.names.zh}（{words.clock()}）", f"{words.names.en} ({words.clock()})")
