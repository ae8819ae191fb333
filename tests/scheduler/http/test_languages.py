import pytest

from scheduler.http.languages import preferred_language


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "zh-CN"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh-CN"),
        ("en-GB", "en"),
        ("en", "en"),
        ("EN-us;q=0.9, zh;q=0.3", "en"),
        ("zh;q=0.3, en;q=0.9", "en"),
        ("fr, de", "zh-CN"),
        ("fr, en;q=0.1", "en"),
        ("en;q=0", "zh-CN"),
        ("*", "zh-CN"),
        ("en;q=0.5, *;q=0.1", "en"),
        ("en;q=many, zh;q=0.1", "zh-CN"),
        ("en;q=7", "zh-CN"),
        ("en;level=1", "en"),
        (",,;;q=", "zh-CN"),
        ("english", "zh-CN"),
    ],
)
def test_the_weightiest_known_language_wins(header: str, language: str) -> None:
    assert preferred_language(header) == language
