"""The columns of each kind's file: field names, and their headings in a Chinese spreadsheet."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final, get_args

from calendars.bells import BellSchedule
from scheduler.exchange.cells import hints_of
from scheduler.members import Teacher, Timetable
from scheduler.model import Request
from scheduler.records import KINDS, Record

ROWS_OF: Final[Mapping[type[Record], str]] = {
    BellSchedule: "periods",
    Timetable: "lessons",
    Request: "sites",
}
"""Kinds whose records take several rows, one for each value of this field. Such a value's columns
are named `period.starts`, `lesson.subject`, `site.room`; the record's own cells stand in its first
row."""

CHINESE: Final[Mapping[str, str]] = {
    "after": "接在之后",
    "agreed": "已同意",
    "also_at": "兼任学校",
    "buffer_minutes": "间隔分钟",
    "class_group": "班级",
    "class_groups": "班级",
    "confirmer": "确认人",
    "date": "日期",
    "days_confirmed": "校历已核对",
    "district": "区县",
    "earliest": "最早",
    "editions": "教材版本",
    "ends": "结束",
    "first_day": "开学日期",
    "follows": "按第几周/周几上课",
    "form": "课型",
    "grade": "年级",
    "grades": "适用年级",
    "head": "主持人",
    "hold_hours": "暂占小时",
    "id": "编号",
    "illustrative": "示意数据",
    "join_url": "入会链接",
    "kind": "类型",
    "kit": "便携设备",
    "lane": "通道",
    "language": "语言",
    "last_day": "结束日期",
    "latest": "最晚",
    "lesson.": "课.",
    "link_pool": "链路池",
    "link_test_minutes": "联调提醒分钟",
    "max_remote_sites": "最多远端",
    "max_sessions_a_day": "每日上限",
    "max_shift_minutes": "最多调铃分钟",
    "max_sites": "单次最多参与点",
    "members": "成员",
    "min_minutes": "最少有效分钟",
    "minutes": "时长分钟",
    "mode": "课堂类型",
    "must_have": "必到学校",
    "name": "名称",
    "no": "节次",
    "note": "备注",
    "observers": "观摩教师",
    "offer": "供给",
    "on_decline": "谢绝时",
    "override_reason": "例外理由",
    "participants": "参与教师",
    "per_week": "每周次数",
    "period": "节次",
    "period.": "时段.",
    "ports": "端口数",
    "preferred_weekdays": "首选星期",
    "pupils": "人数",
    "quorum": "最少校数",
    "reason": "原因",
    "research": "教研半日",
    "role": "角色",
    "room": "教室",
    "school": "学校",
    "schools": "面向学校",
    "seats": "座位",
    "series": "系列",
    "sessions": "并发场次",
    "shift_minutes": "调铃分钟",
    "site.": "参与点.",
    "slot": "时段",
    "soft": "可让出",
    "starts": "开始",
    "state": "状态",
    "studio": "工作室",
    "subject": "学科",
    "subjects": "学科",
    "support_priority": "重点支持",
    "swap_agreed": "同意换课",
    "tactic": "调适方式",
    "teacher": "教师",
    "term": "学期",
    "tier": "层级",
    "title": "标题",
    "travel_minutes": "路程分钟",
    "valid_from": "生效日期",
    "valid_until": "失效日期",
    "week_starts_on": "每周首日",
    "weekday": "星期",
    "weekdays": "星期",
    "weeks": "周次",
    "weights": "权重",
    "zone": "时区",
}


def _columns(kind: type[Record]) -> Mapping[str, Any]:
    """The plain type of each column by its English name, in order."""
    hints = hints_of(kind)
    several = ROWS_OF.get(kind)
    found = {field.name: hints[field.name] for field in fields(kind) if field.name != several}
    if several is not None:
        element: Any = get_args(hints[several])[0]
        inner = hints_of(element)
        prefix = several.removesuffix("s")
        found |= {f"{prefix}.{field.name}": inner[field.name] for field in fields(element)}
    return {"id": found["id"], **found}


def heading(column: str) -> str:
    """The Chinese heading of a column."""
    prefix, dot, name = column.rpartition(".")
    return CHINESE[prefix + dot] + CHINESE[name] if dot else CHINESE[name]


COLUMNS: Final = {kind: _columns(kind) for kind in KINDS.values()}

_ALSO_CALLED: Final[dict[type[Record], dict[str, str]]] = {Teacher: {"姓名": "name"}}

HEADINGS: Final = {
    kind: {heading(column): column for column in columns}
    | {column: column for column in columns}
    | _ALSO_CALLED.get(kind, {})
    for kind, columns in COLUMNS.items()
}
"""Column by every heading it may have, English or Chinese."""
