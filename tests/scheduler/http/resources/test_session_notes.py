from typing import Any

from tests.scheduler.http.conftest import As, Caller


async def test_a_session_in_soft_time_is_booked_and_its_reader_is_told(
    as_: As, office: Caller, booking: dict[str, Any]
) -> None:
    block = {
        "school": "JS",
        "teacher": "JS-T1",
        "slot": booking["slot"],
        "soft": True,
        "note": "看牙",
    }
    assert (await office("POST", "/busy-blocks", json=block)).status == 201
    session = await (await office("POST", "/sessions", json=booking)).json()
    address = f"/sessions/{session['id']}/notes"
    assert await office.get(address) == {
        "notes": [
            "JS 教师1 is occupied, Tue 8 Sep 14:00-14:40, but may give way: better to avoid it."
        ]
    }
    chinese = {"Accept-Language": "zh-CN"}
    told = await (await as_("observer")("GET", address, headers=chinese)).json()
    assert told["notes"] == ["JS 教师1在9月8日（周二）14:00-14:40占用（可让出），建议避开。"]
    assert (await office("GET", "/sessions/none/notes")).status == 404
