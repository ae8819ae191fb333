from typing import Any

import pytest

from calendars.slots import Slot
from scheduler.model import Form, Role, Session
from scheduler.schools import Situation
from tests.builders import (
    a_pool,
    a_room,
    a_session,
    a_site,
    a_situation,
    an_alliance,
    at,
    some_books,
)
from tests.scheduler.conflicts.judging import judge, sentences


def with_pool(*others: Session, books: Any = None, **fields: Any) -> Situation:
    pool = a_pool(**fields)
    return a_situation(*others, books=books, alliance=an_alliance(link_pools={pool.id: pool}))


def a_call(id: str, slot: Slot, sites: int = 1, pool: str | None = "bridge") -> Session:
    """A session of schools that nobody here meets otherwise."""
    return a_session(
        id,
        slot,
        sites=tuple(a_site(f"{id}-{no}", Role.LISTEN if no else Role.LEAD) for no in range(sites)),
        link_pool=pool,
    )


def to_all(*schools: str) -> Session:
    return a_session(
        sites=(a_site("TF1"), *(a_site(school, Role.LISTEN) for school in schools)),
        slot=at("14:00"),
    )


# H5


@pytest.mark.parametrize(("reaches", "found"), [(2, []), (1, ["H5 room:TF1-R1"])])
def test_e31_a_lead_room_reaches_so_many_remote_sites(reaches: int, found: list[str]) -> None:
    books = some_books(TF1={"rooms": {"TF1-R1": a_room("TF1", 1, max_remote_sites=reaches)}}, WA={})

    assert judge(to_all("JS", "WA"), a_situation(books=books)) == found


def test_e31_who_is_too_many_is_offered_to_watch_or_a_second_run() -> None:
    books = some_books(TF1={"rooms": {"TF1-R1": a_room("TF1", 1, max_remote_sites=0)}})

    assert sentences(a_session(), a_situation(books=books)) == [
        (
            "TF1的“TF1 互动教室1”最多带0个远端，这次有1个；多出的学校可改为收看或另开一场。",
            (
                "TF1 互动教室1 of TF1 reaches 0 remote sites, not 1; "
                "let one watch only, or hold it twice."
            ),
        )
    ]


@pytest.mark.parametrize(("joins", "found"), [(3, []), (2, ["H5 link_pool:bridge"])])
def test_a_link_pool_joins_so_many_sites_in_one_session(joins: int, found: list[str]) -> None:
    situation = with_pool(books=some_books(WA={}), max_sites=joins)

    assert judge(to_all("JS", "WA"), situation) == found


# H6


def test_e33_the_third_session_at_once_is_refused_and_told_when_a_link_is_free() -> None:
    others = a_call("s2", at("13:30", 60)), a_call("s3", at("14:20", 60))

    assert judge(a_session(), with_pool(*others)) == ["H6 link_pool:bridge | s2 s3"]
    assert sentences(a_session(), with_pool(*others)) == [
        (
            "“视频桥”同时最多2场，这个时间会有3场，最早14:30空出一路。",
            (
                "视频桥 carries 2 sessions at once, and this would be number 3; "
                "one is free again at 14:30."
            ),
        )
    ]


def test_only_the_peak_counts() -> None:
    one_after_the_other = a_call("s2", at("14:00", 20)), a_call("s3", at("14:20", 20))

    assert judge(a_session(), with_pool(*one_after_the_other)) == []


def test_other_pools_and_other_times_do_not_count() -> None:
    others = (
        a_call("s2", at("13:20")),
        a_call("s3", at("14:40")),
        a_call("s4", at("14:00"), pool="second"),
        a_call("s5", at("14:00"), pool=None),
        a_call("s6", at("14:00")),
    )

    assert judge(a_session(), with_pool(*others)) == []
    assert judge(a_session(link_pool=None), with_pool(*others, sessions=1)) == []


@pytest.mark.parametrize(("ports", "found"), [(5, []), (4, ["H6 link_pool:bridge | s2"])])
def test_the_sites_of_all_sessions_share_the_ports(ports: int, found: list[str]) -> None:
    situation = with_pool(a_call("s2", at("14:30"), sites=3), ports=ports)

    assert judge(a_session(), situation) == found


def test_one_session_can_need_more_ports_than_there_are() -> None:
    situation = with_pool(books=some_books(WA={}), ports=2)

    assert judge(to_all("JS", "WA"), situation) == ["H6 link_pool:bridge"]
    assert sentences(to_all("JS", "WA"), situation) == [
        (
            "“视频桥”同时最多接入2个参与点，这个时间会有3个。",
            "视频桥 has 2 ports, and 3 would be in use.",
        )
    ]


def test_sessions_and_ports_are_both_named_when_both_run_out() -> None:
    situation = with_pool(a_call("s2", at("14:00"), sites=2), sessions=1, ports=3)

    assert judge(a_session(), situation) == [
        "H6 link_pool:bridge | s2",
        "H6 link_pool:bridge | s2",
    ]


def test_what_has_not_run_out_is_not_named() -> None:
    situation = with_pool(a_call("s2", at("14:00"), sites=2), sessions=1, ports=4)

    assert judge(a_session(), situation) == ["H6 link_pool:bridge | s2"]
    assert "同时最多1场" in sentences(a_session(), situation)[0][0]


def test_a_link_pool_that_nobody_knows_is_refused() -> None:
    assert judge(a_session(link_pool="none", form=Form.SYNCHRONOUS), a_situation()) == [
        "H6 link_pool:none"
    ]
