import pytest

from calendars.text import InvalidValueError
from scheduler.imports.addresses import Allowed, is_public, read_address

NOBODY = Allowed()


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("https://calendar.example.cn/a.ics?k=1#x", "https://calendar.example.cn/a.ics?k=1"),
        ("webcal://calendar.example.cn/a.ics", "http://calendar.example.cn/a.ics"),
        ("webcals://calendar.example.cn/a.ics", "https://calendar.example.cn/a.ics"),
        (" HTTP://Calendar.Example.cn:8080/A ", "http://calendar.example.cn:8080/A"),
        ("https://8.8.8.8/a.ics", "https://8.8.8.8/a.ics"),
    ],
)
def test_addresses_of_the_open_internet_are_taken(written: str, read: str) -> None:
    assert str(read_address(written, NOBODY)) == read


@pytest.mark.parametrize(
    "written",
    [
        *("", "calendar", "/etc/passwd", "file:///etc/passwd", "ftp://example.cn/a", "https://"),
        *(
            "gopher://example.cn/",
            "data:text/calendar,x",
            "javascript:1",
            "http:///a",
            "https://:1",
        ),
        *(
            "https://user@example.cn/a",
            "https://user:pAssw0rd@example.cn/a",
            "https://:p@example.cn",
        ),
        *("http://example.cn:22/", "http://example.cn:6379/", "http://example.cn:99999/"),
        *("http://127.0.0.1/", "http://127.1/", "http://2130706433/", "http://0x7f.1/"),
        *("http://0177.0.0.1/", "http://0x7f000001/", "http://[::1]/", "http://[::]/", "http://0/"),
        *("http://[::ffff:127.0.0.1]/", "http://[::ffff:a00:1]/", "http://169.254.169.254/latest"),
        *("http://10.0.0.1/", "http://192.168.1.1/", "http://172.31.0.1/", "http://100.64.0.1/"),
        *(
            "http://224.0.0.1/",
            "http://[fe80::1%25eth0]/",
            "http://[fd00::1]/",
            "http://[ff02::1]/",
        ),
        "https://example.cn/" + "a" * 2000,
    ],
)
def test_nothing_else_is(written: str) -> None:
    with pytest.raises(InvalidValueError) as refused:
        read_address(written, NOBODY)
    assert "pAssw0rd" not in f"{refused.value.text}"


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.0.1"),  # noqa: S104 - nothing is bound
        *("169.254.169.254", "100.64.0.1", "100.127.255.255", "224.0.0.1", "255.255.255.255"),
        *("192.0.2.1", "198.51.100.1", "203.0.113.1", "198.18.0.1", "240.0.0.1", "192.0.0.8"),
        *("::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "ff02::1", "fec0::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1"),
        *("64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a00:1::", "2001:db8::1", "not an address"),
        *("fd00:ec2::254", "2001::1", "::ffff:0:7f00:1", "64:ff9b:1::7f00:1", "3fff::1"),
        *("5f00::1", "100::1", "4000::1"),
    ],
)
def test_no_address_within_is_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "114.114.114.114", "2400:3200::1", "64:ff9b::808:808", "::ffff:8.8.8.8"]
)
def test_addresses_of_the_internet_are(address: str) -> None:
    assert is_public(address)


def test_a_host_is_allowed_by_name_and_port() -> None:
    allowed = Allowed(frozenset({"intranet", "10.0.0.5:9000"}))
    assert str(read_address("http://intranet:9999/a", allowed)) == "http://intranet:9999/a"
    assert str(read_address("http://10.0.0.5:9000/a", allowed)) == "http://10.0.0.5:9000/a"
    for other in ("http://10.0.0.5/a", "http://10.0.0.5:9001/a", "http://intranet.evil:9999/a"):
        with pytest.raises(InvalidValueError):
            read_address(other, allowed)
