from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from scheduler.model import Role, SessionState, SiteState
from tests.builders import NOW, a_session, a_site, a_situation, at
from tests.scheduler.conflicts.judging import judge, sentences

# H10


@pytest.mark.parametrize(
    ("state", "zh", "en"),
    [
        (SiteState.HELD, "尚未确认", "has not confirmed yet"),
        (SiteState.DECLINED, "已谢绝", "has declined"),
    ],
)
def test_a_session_is_confirmed_only_by_every_school(state: SiteState, zh: str, en: str) -> None:
    session = a_session(sites=(a_site("TF1"), a_site("JS", Role.LISTEN, state=state)))

    assert judge(session, a_situation()) == ["H10 school:JS"]
    assert sentences(session, a_situation()) == [
        (f"JS{zh}，这次活动还不能确认。", f"JS {en}, so the session cannot be confirmed.")
    ]


def test_every_school_that_has_not_confirmed_is_named() -> None:
    session = a_session(
        sites=(
            a_site("TF1", state=SiteState.HELD),
            a_site("JS", Role.LISTEN, state=SiteState.DECLINED),
        )
    )

    assert judge(session, a_situation()) == ["H10 school:TF1", "H10 school:JS"]


def test_a_held_session_waits_for_its_schools() -> None:
    waiting = a_session(
        sites=(a_site("TF1"), a_site("JS", Role.LISTEN, state=SiteState.HELD)),
        state=SessionState.HELD,
    )

    assert judge(waiting, a_situation()) == []


# H11

PINNED = a_session(pinned=True)


@pytest.mark.parametrize(
    "change",
    [
        {
            "slot": at("14:00", 35),
            "sites": (
                a_site("TF1", effective_minutes=35),
                a_site("JS", Role.LISTEN, effective_minutes=35),
            ),
        },
        {"sites": (a_site("TF1", room="TF1-R2"), a_site("JS", Role.LISTEN))},
        {"sites": (a_site("TF1", teacher="TF1-T2"), a_site("JS", Role.LISTEN))},
        {"sites": (a_site("TF1", participants=("TF1-T2",)), a_site("JS", Role.LISTEN))},
        {"sites": (a_site("TF1"),)},
    ],
)
def test_no_machine_moves_a_pinned_session(change: Any) -> None:
    moved = replace(PINNED, **change)

    assert judge(moved, a_situation(), published=PINNED, automatic=True) == ["H11 | s1"]
    assert judge(moved, a_situation(), published=PINNED) == []


def test_the_refusal_says_what_is_pinned() -> None:
    moved = a_session(
        slot=at("14:00", 39),
        pinned=False,
        sites=(
            a_site("TF1", effective_minutes=39),
            a_site("JS", Role.LISTEN, effective_minutes=39),
        ),
    )

    assert sentences(moved, a_situation(), published=PINNED, automatic=True) == [
        (
            "“三年级音乐”（9月8日（周二）14:00-14:40）已锁定，不能自动调整时间、教室或教师。",
            (
                "“三年级音乐” (Tue 8 Sep 14:00-14:40) is pinned: its time, rooms and teachers are "
                "not changed automatically."
            ),
        )
    ]


def test_a_machine_may_leave_a_pinned_session_where_it_is() -> None:
    renamed = replace(PINNED, title="三年级合唱")

    assert judge(renamed, a_situation(), published=PINNED, automatic=True) == []


def test_a_machine_may_move_what_is_not_pinned_and_make_what_is_new() -> None:
    before = a_session(slot=at("14:00"))
    moved = replace(before, sites=(a_site("TF1", room="TF1-R2"), a_site("JS", Role.LISTEN)))

    assert judge(moved, a_situation(), published=before, automatic=True) == []
    assert judge(moved, a_situation(), automatic=True) == []


# H14


@pytest.mark.parametrize(
    "gone",
    [
        a_session("s2", state=SessionState.CANCELLED),
        a_session("s2", state=SessionState.EXPIRED),
        a_session("s2", state=SessionState.HELD, hold_expires_at=NOW),
    ],
)
def test_what_was_cancelled_or_ran_out_is_in_nobodys_way(gone: Any) -> None:
    assert judge(a_session(), a_situation(gone)) == []


def test_a_hold_is_in_the_way_until_it_runs_out() -> None:
    held = a_session(
        "s2", state=SessionState.HELD, hold_expires_at=NOW + timedelta(seconds=1), link_pool=None
    )

    assert judge(a_session(), a_situation(held)) == [
        "H1 room:TF1-R1 | s2",
        "H1 room:JS-R1 | s2",
        "H2 teacher:TF1-T1 | s2",
        "H2 teacher:JS-T1 | s2",
        "H3 class_group:TF1-C1 | s2",
        "H3 class_group:JS-C1 | s2",
    ]


def test_a_session_is_not_in_its_own_way() -> None:
    assert judge(a_session(slot=at("14:00")), a_situation(a_session())) == []


@pytest.mark.parametrize("state", [SessionState.CANCELLED, SessionState.EXPIRED])
def test_a_session_that_takes_nothing_breaks_nothing(state: SessionState) -> None:
    over = a_session("s1", at("3:00"), state=state)

    assert judge(over, a_situation(a_session("s2", at("3:00")))) == []


def test_e51_a_hold_that_ran_out_is_not_confirmed() -> None:
    expired = a_session(state=SessionState.HELD, hold_expires_at=NOW)

    assert judge(a_session(), a_situation(), published=expired) == ["H14 | s1"]
    assert sentences(a_session(), a_situation(), published=expired) == [
        (
            "“三年级音乐”（9月8日（周二）14:00-14:40）的暂占已到期，资源已释放，请重新申请。",
            (
                "“三年级音乐” (Tue 8 Sep 14:00-14:40) was held too long and has freed everything; "
                "please book again."
            ),
        )
    ]


def test_a_cancelled_session_does_not_come_back() -> None:
    cancelled = a_session(state=SessionState.CANCELLED)

    assert judge(a_session(), a_situation(), published=cancelled) == ["H14 | s1"]
    assert "已取消" in sentences(a_session(), a_situation(), published=cancelled)[0][0]


def test_nothing_is_held_into_the_past() -> None:
    late = a_session(state=SessionState.HELD, hold_expires_at=NOW)

    assert judge(late, a_situation()) == ["H14 | s1"]
