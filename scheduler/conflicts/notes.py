"""What forbids nothing but should be known: out of step (E01), observers elsewhere (E45)."""

from collections.abc import Iterator

from calendars.text import Text
from scheduler.conflicts.case import Case
from scheduler.local_words import date_words, weekday_name


def schools_are_in_step(case: Case) -> Iterator[Text]:
    """On a make-up day each school follows a weekday of its own choice."""
    followed = {
        part.school_name: attending.day.follows
        for part in case.parts
        for attending in part.classes
        if attending.day.follows is not None
    }
    if len({follows.weekday for follows in followed.values()}) > 1:
        when = date_words(case.session.slot.starts, case.zone)
        told = [
            (school, follows.week, weekday_name(follows.weekday))
            for school, follows in followed.items()
        ]
        zh = "，".join(f"{school}按第{week}周{day.zh}" for school, week, day in told)
        en = ", ".join(
            f"{school} follows the {day.en} of week {week}" for school, week, day in told
        )
        yield Text(f"不同步：{when.zh}{zh}上课。", f"Out of step on {when.en}: {en}.")


def observers_are_free(case: Case) -> Iterator[Text]:
    """An observer who is needed elsewhere will simply not be there."""
    for part in case.parts:
        for observer in part.site.observers:
            for other in case.overlapping:
                if any(observer in site.required_teachers for site in other.sites):
                    name, when = case.teacher_name(observer), case.when(other.slot)
                    yield Text(
                        f"{name}（观课）{when.zh}要参加“{other.title}”。",
                        f"{name}, who only observes, takes part in “{other.title}”, {when.en}.",
                    )
