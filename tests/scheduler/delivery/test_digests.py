"""What goes into one message, and how it is cut."""

import itertools
from dataclasses import replace
from datetime import time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calendars.text import Text
from scheduler.delivery.digests import (
    carries,
    digest,
    is_quiet,
    json_bytes,
    parts_of,
    ripe,
    wake_time,
)
from scheduler.members import TeacherId
from tests.builders import NOW, SHANGHAI, a_channel, a_notice


def told(text: str, **fields: Any) -> Any:
    return a_notice(text, sentence=Text(text, f"{text} in English"), **fields)


def test_a_schools_channel_carries_what_the_school_is_told_and_nothing_else() -> None:
    channel = a_channel(school="JS")
    assert carries(channel, a_notice(school="JS"))
    assert not carries(channel, a_notice(school="CB"))
    assert not carries(channel, a_notice(school="JS", teacher=TeacherId("JS-T1")))
    assert not carries(replace(channel, active=False), a_notice(school="JS"))


def test_a_teachers_channel_carries_what_this_teacher_is_told_at_any_school() -> None:
    channel = a_channel(school="JS", teacher=TeacherId("JS-T1"))
    assert carries(channel, a_notice(school="CB", teacher=TeacherId("JS-T1")))
    assert not carries(channel, a_notice(school="JS", teacher=TeacherId("JS-T2")))
    assert not carries(channel, a_notice(school="JS"))


def test_the_alliances_channel_carries_what_every_school_is_told() -> None:
    channel = a_channel(school=None)
    assert carries(channel, a_notice(school="JS"))
    assert carries(channel, a_notice(school="CB"))
    assert not carries(channel, a_notice(teacher=TeacherId("JS-T1")))


@pytest.mark.parametrize(
    ("starts", "ends", "quiet_at"),
    [
        ("21:00", "07:00", {"20:59": False, "21:00": True, "06:59": True, "07:00": False}),
        ("12:00", "14:00", {"11:59": False, "12:00": True, "13:59": True, "14:00": False}),
        ("00:00", "00:00", {"00:00": False, "12:00": False}),
    ],
)
def test_quiet_hours_may_go_past_midnight(
    starts: str, ends: str, quiet_at: dict[str, bool]
) -> None:
    channel = a_channel(quiet_from=time.fromisoformat(starts), quiet_until=time.fromisoformat(ends))
    for clock, quiet in quiet_at.items():
        moment = NOW.astimezone(SHANGHAI).replace(
            hour=int(clock[:2]), minute=int(clock[3:]), second=0
        )
        assert is_quiet(channel, moment, SHANGHAI) is quiet, clock


def test_the_first_notice_waits_a_minute_for_others_and_takes_them_along() -> None:
    waiting = [told("a"), told("b", created_at=NOW + timedelta(seconds=50))]
    assert ripe(waiting, NOW + timedelta(seconds=59), quiet=False) == ()
    assert ripe(waiting, NOW + timedelta(seconds=60), quiet=False) == waiting


def test_what_is_urgent_waits_ten_seconds_even_at_night() -> None:
    later, urgent = told("later"), told("now", urgent=True)
    assert ripe([later, urgent], NOW + timedelta(seconds=9), quiet=True) == ()
    assert ripe([later, urgent], NOW + timedelta(seconds=10), quiet=True) == [urgent]
    assert ripe([later, urgent], NOW + timedelta(seconds=10), quiet=False) == [later, urgent]
    assert ripe([later], NOW + timedelta(hours=8), quiet=True) == ()


def test_a_digest_numbers_its_lines_the_urgent_first_and_says_the_same_once() -> None:
    notices = [
        told("second", created_at=NOW),
        told("third", created_at=NOW + timedelta(seconds=1)),
        told("first", urgent=True, created_at=NOW + timedelta(seconds=2)),
        replace(told("second"), id="again"),
    ]
    assert digest(notices, "zh-CN") == "1. first\n2. second\n3. third"
    assert digest(notices[:1], "en") == "second in English"


def test_a_digest_ends_where_nobody_reads_on() -> None:
    lines = digest([told(f"n{number:03}") for number in range(150)], "zh-CN").split("\n")
    assert len(lines) == 101
    assert lines[-1] == "101. 另有 50 条，请登录联课查看。"


def test_quiet_hours_are_over_at_their_next_end() -> None:
    evening = NOW.astimezone(SHANGHAI).replace(hour=22, minute=0)
    assert wake_time(evening, time(7), SHANGHAI) == evening.replace(hour=7) + timedelta(days=1)
    night = evening.replace(hour=3)
    assert wake_time(night, time(7), SHANGHAI) == night.replace(hour=7)


def test_a_long_text_is_cut_at_line_ends() -> None:
    assert parts_of("一二\n三四\n五", longest=14) == ("一二\n三四", "五")
    assert parts_of("一二", longest=6) == ("一二",)


@given(
    text=st.text(alphabet=st.sampled_from('ab \n"\\课程🎵\x7f'), max_size=200),
    longest=st.integers(min_value=12, max_value=80),
)
def test_no_part_is_too_long_and_nothing_is_lost(text: str, longest: int) -> None:
    parts = parts_of(text, longest)
    assert all(json_bytes(part) <= longest for part in parts)
    assert "".join(parts).replace("\n", "") == text.replace("\n", "")
    if all(json_bytes(line) <= longest for line in text.split("\n")):
        assert "\n".join(parts) == text
        assert all(
            json_bytes(f"{part}\n{follower.split(chr(10))[0]}") > longest
            for part, follower in itertools.pairwise(parts)
        )
