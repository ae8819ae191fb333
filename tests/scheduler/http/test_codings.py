import pytest
from hypothesis import given
from hypothesis import strategies as some

from scheduler.http.codings import CODINGS, preferred_coding


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        (None, "identity"),
        ("", "identity"),
        ("gzip", "gzip"),
        ("gzip, deflate, br", "br"),
        ("gzip, deflate, br, zstd", "br"),
        ("deflate", "identity"),
        ("br;q=0.5, gzip;q=0.8", "gzip"),
        ("br;q=0.5, gzip;q=0.5", "br"),
        ("gzip;q=0", "identity"),
        ("gzip;q=0.000", "identity"),
        ("gzip;q=0, br", "br"),
        ("GZIP;Q=1.0", "gzip"),
        ("x-gzip", "gzip"),
        ("*", "br"),
        ("*;q=0", "identity"),
        ("br;q=0, *", "gzip"),
        ("identity", "identity"),
        ("identity;q=1, gzip;q=0.5", "identity"),
        ("identity;q=0.5, gzip;q=0.5", "gzip"),
        ("gzip;q=0.001", "gzip"),
        ("gzip; q=0.3 , identity;q=0.2", "gzip"),
        ("gzip;q=lots", "identity"),
        ("gzip;q=7", "identity"),
        ("identity;q=0", "identity"),
    ],
)
def test_the_best_liked_coding_is_sent(accepted: str | None, coding: str) -> None:
    assert preferred_coding(accepted) == coding


@given(some.text())
def test_any_header_gets_some_coding(accepted: str) -> None:
    assert preferred_coding(accepted) in CODINGS
