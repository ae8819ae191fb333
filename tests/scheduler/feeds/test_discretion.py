import pytest

from scheduler.feeds.discretion import discreet, discreet_link


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("有事打13800138000", "有事打***"),
        ("138 0013 8000 或 138-0013-8000", "*** 或 ***"),
        ("Call +86 28 8765 4321.", "Call ***."),
        ("028-87654321", "***"),
        ("会议号: 123 456 789, 密码 a1B2", "会议号: ***, 密码 ***"),
        ("密码是1234", "密码是***"),
        ("Passcode: 99-11", "Passcode: ***"),
        ("password is hunter2", "password is ***"),
        ("腾讯会议 123-456-789", "腾讯会议 ***"),
    ],
)
def test_numbers_and_passwords_are_not_told(written: str, told: str) -> None:
    assert discreet(written) == told


@pytest.mark.parametrize(
    "written",
    [
        "三年级音乐: 葫芦丝第12课 (2026-09-08)",
        "请带40支葫芦丝, 8:30到录播室",
        "电话会议改为现场",
        "口令游戏",
        "ISO 9001 and 2026/27",
    ],
)
def test_ordinary_words_and_numbers_stay(written: str) -> None:
    assert discreet(written) == written


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("", ""),
        ("https://zoom.example/j/123?pwd=abc", "https://zoom.example/j/123"),
        ("https://m.example/j?pwd=abc&lang=zh", "https://m.example/j?lang=zh"),
        ("https://m.example/j?lang=zh&Password=a%20b", "https://m.example/j?lang=zh"),
        ("https://m.example/#/room/7?x=1", "https://m.example/#/room/7?x=1"),
        ("https://m.example/j#token=1&x=2", "https://m.example/j#x=2"),
    ],
)
def test_a_link_is_told_without_its_password(written: str, told: str) -> None:
    assert discreet_link(written) == told
