"""The eight schools of the example and who teaches there: names are real, all else is invented."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Final

from calendars.bells import SchoolId
from scheduler.members import (
    ClassGroup,
    ClassGroupId,
    Teacher,
    TeacherId,
    TextbookEdition,
    Tier,
)

GRADES: Final = range(3, 7)
GRADE_NAMES: Final = {3: "三年级", 4: "四年级", 5: "五年级", 6: "六年级"}


@dataclass(frozen=True)
class Sketch:
    """What section 13 of the field notes says of a school."""

    id: SchoolId
    name: str
    district: str
    tier: Tier
    rooms: int
    classes: int
    bells: str
    confirmer: str
    support: bool = False


SCHOOLS: Final = (
    Sketch(
        SchoolId("TF1"),
        "四川天府新区第一小学",
        "tianfu",
        Tier.LEAD,
        2,
        60,
        "8:30-9:10 9:25-10:05 10:35-11:15 11:30-12:10 14:00-14:40 14:55-15:35",
        "教务处周主任",
    ),
    Sketch(
        SchoolId("JS"),
        "成都市金沙小学",
        "qingyang",
        Tier.GUIDE,
        2,
        54,
        "8:25-9:05 9:15-9:55 10:25-11:05 11:15-11:55 14:00-14:40 14:50-15:30",
        "教务处吴主任",
    ),
    Sketch(
        SchoolId("HM"),
        "成都市回民小学",
        "qingyang",
        Tier.MEMBER,
        1,
        24,
        "8:30-9:10 9:20-10:00 10:30-11:10 11:20-12:00 14:10-14:50 15:00-15:40",
        "教务处马主任",
    ),
    Sketch(
        SchoolId("WA"),
        "天府新区万安小学",
        "tianfu",
        Tier.MEMBER,
        1,
        48,
        "8:20-9:00 9:15-9:55 10:25-11:05 11:20-12:00 14:00-14:40 14:55-15:35",
        "教务处郑主任",
    ),
    Sketch(
        SchoolId("QB"),
        "成都市清波小学",
        "qingyang",
        Tier.GUIDE,
        1,
        36,
        "8:35-9:15 9:25-10:05 10:40-11:20 11:30-12:10 14:00-14:40 14:50-15:30",
        "教务处罗主任",
    ),
    Sketch(
        SchoolId("GD"),
        "红光学府高店小学",
        "pidu",
        Tier.MEMBER,
        1,
        30,
        "8:25-9:05 9:20-10:00 10:30-11:10 11:25-12:05 14:10-14:50 15:05-15:45",
        "教务处唐主任",
    ),
    Sketch(
        SchoolId("JYS"),
        "金钥匙学校",
        "pujiang",
        Tier.MEMBER,
        1,
        18,
        "8:20-9:00 9:10-9:50 10:20-11:00 11:10-11:50 14:20-15:00 15:10-15:50",
        "教务处何主任",
        support=True,
    ),
    Sketch(
        SchoolId("CB"),
        "简城城北小学",
        "jianyang",
        Tier.MEMBER,
        1,
        36,
        "8:20-9:00 9:10-9:50 10:20-11:00 11:10-11:50 14:30-15:10 15:20-16:00",
        "教务处汪主任",
        support=True,
    ),
)

BY_CLASS_TEACHER: Final = frozenset({"语文", "综合", "劳动", "班会"})
CLASSES_A_TEACHER: Final = {
    "语文": 2,
    "数学": 3,
    "体育": 5,
    "英语": 6,
    "科学": 7,
    "音乐": 6,
    "美术": 6,
    "道德与法治": 7,
    "书法": 14,
    "信息科技": 14,
}
SURNAMES: Final = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"  # noqa: E501 - one list of characters
GIVEN: Final = "敏静丽娟燕玲芳霞莉萍红梅琳雪慧婷洁颖倩蓉磊强军勇涛明超杰辉鹏斌宇浩凯健峰"


def initials(subject: str) -> str:
    return {
        "语文": "YW",
        "数学": "SX",
        "体育": "TY",
        "英语": "EN",
        "科学": "KX",
        "音乐": "YY",
        "美术": "MS",
        "道德与法治": "DF",
        "书法": "SF",
        "信息科技": "XX",
    }[subject]


def class_id(school: str, grade: int, no: int) -> ClassGroupId:
    """Such as TF1-C3-02 for the second class of grade 3."""
    return ClassGroupId(f"{school}-C{grade}-{no:02}")


def class_index(school: str, grade: int, no: int) -> int:
    """The place of a class among the school's classes of grades 3-6."""
    sketch = next(sketch for sketch in SCHOOLS if sketch.id == school)
    return (grade - GRADES[0]) * (sketch.classes // 6) + no - 1


def classes_of(sketch: Sketch) -> tuple[ClassGroup, ...]:
    """The classes of grades 3-6; the school has as many in grades 1 and 2."""
    return tuple(
        ClassGroup(
            id=class_id(sketch.id, grade, no),
            school=sketch.id,
            name=f"{GRADE_NAMES[grade]}{no}班",
            grade=grade,
            pupils=38 + (grade * 7 + no * 3) % 9,
            editions=tuple(
                TextbookEdition(subject=subject, edition="人教版")
                for subject in ("音乐", "美术", "英语", "科学")
            ),
        )
        for grade in GRADES
        for no in range(1, sketch.classes // 6 + 1)
    )


def teachers_of(sketch: Sketch) -> Iterator[Teacher]:
    """The subject teachers of grades 3-6, such as TF1-YY3 for the third music teacher."""
    random = Random(f"staff of {sketch.id}")
    classes = len(GRADES) * (sketch.classes // 6)
    for subject, share in CLASSES_A_TEACHER.items():
        others = tuple(sorted(BY_CLASS_TEACHER - {subject})) if subject == "语文" else ()
        for no in range(1, -(-classes // share) + 1):
            yield Teacher(
                id=TeacherId(f"{sketch.id}-{initials(subject)}{no}"),
                school=sketch.id,
                name=random.choice(SURNAMES)
                + random.choice(GIVEN)
                + random.choice(("", random.choice(GIVEN))),
                subjects=(subject, *others),
            )


def teacher_of(school: SchoolId, subject: str, index: int) -> TeacherId:
    """Who teaches a subject in the class of that index."""
    taught_by = "语文" if subject in BY_CLASS_TEACHER else subject
    return TeacherId(f"{school}-{initials(taught_by)}{index // CLASSES_A_TEACHER[taught_by] + 1}")
