"""Where a calendar may be fetched: over HTTP, from the open internet or a host allowed by name."""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

from yarl import URL

from calendars.text import InvalidValueError
from scheduler.errors import InvalidWishError

LONGEST_ADDRESS: Final = 2000

_SCHEMES: Final = {"http": "http", "https": "https", "webcal": "http", "webcals": "https"}
_PORTS: Final = frozenset({80, 443, 8080, 8443})
_NOBODYS: Final = tuple(
    ip_network(each)
    for each in (
        "0.0.0.0/8",
        "100.64.0.0/10",  # shared by carriers (RFC 6598)
        "192.0.0.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "2001::/23",
        "3fff::/20",  # for examples (RFC 9637)
    )
)
_GLOBAL: Final = ip_network("2000::/3")
"""All of IPv6 that is given to anybody on the open internet; the rest only stands for others."""
_NAT64: Final = ip_network("64:ff9b::/96")
_6TO4: Final = ip_network("2002::/16")
_IPV4: Final = 4


class RefusedAddressError(InvalidValueError):
    """An address that nobody may ask this service to call."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """Hosts that the operator has allowed by name or `name:port`, wherever they are."""

    hosts: frozenset[str] = frozenset()

    def __contains__(self, url: URL) -> bool:
        host = (url.host or "").lower().rstrip(".")
        return host in self.hosts or f"{host}:{url.port}" in self.hosts


def read_address(written: str, allowed: Allowed) -> URL:
    """The address of a calendar, `webcal` as HTTP, or `RefusedAddressError`.

    Its host is looked up, and refused or not, when it is called: names may lead anywhere by then.
    """
    try:
        url = URL(written.strip())
        scheme = _SCHEMES.get(url.scheme.lower())
        port = url.port
    except ValueError:
        scheme, url, port = None, URL(), None
    if scheme is None or not url.host or len(written) > LONGEST_ADDRESS:
        raise RefusedAddressError(
            "地址应以 https://、http:// 或 webcal:// 开头，例如 https://calendar.example.cn/a.ics。",
            "The address must begin with https://, http:// or webcal://, such as "
            "https://calendar.example.cn/a.ics.",
        )
    if url.user is not None or url.password is not None:
        raise RefusedAddressError(
            "地址中不能带用户名和密码；请使用日历的私密 ICS 地址。",
            "The address may hold no user and password: use the calendar's secret ICS address.",
        )
    url = url.with_scheme(scheme).with_fragment(None)
    if port is not None and port not in _PORTS and url not in allowed:
        raise RefusedAddressError(
            f"不允许访问端口 {port}；其他端口须由管理员在 LIANKE_IMPORT_HOSTS 中允许。",
            f"Port {port} may not be called: the operator allows others in LIANKE_IMPORT_HOSTS.",
        )
    literal = _literal(url.host or "")
    if literal is not None and not is_public(literal) and url not in allowed:
        raise refused_host()
    return url


def checked_address(written: str, allowed: Allowed) -> URL:
    """The address that a person gives, or `InvalidWishError`: it does not repeat the secret."""
    try:
        return read_address(written, allowed)
    except RefusedAddressError as error:
        raise InvalidWishError(error.text.zh, error.text.en, pointer="/address") from None


def refused_host() -> RefusedAddressError:
    """For a host that is not on the open internet."""
    return RefusedAddressError(
        "该地址指向内部网络，不允许访问；确有需要，请管理员在 LIANKE_IMPORT_HOSTS 中允许该主机。",
        "The address leads into a private network and is not called: the operator may allow its "
        "host in LIANKE_IMPORT_HOSTS.",
    )


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open internet, whatever it is wrapped in."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return all(_is_public(each) for each in _unwrapped(found))


def _unwrapped(address: IPv4Address | IPv6Address) -> list[IPv4Address | IPv6Address]:
    """The address and the IPv4 address that it stands for, if any."""
    found: list[IPv4Address | IPv6Address] = [address]
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return [address.ipv4_mapped]
        if address in _NAT64:
            found = [IPv4Address(int(address) & 0xFFFFFFFF)]
        elif address in _6TO4:
            found.append(IPv4Address(int(address) >> 80 & 0xFFFFFFFF))
    return found


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    return (
        address.is_global
        and not address.is_multicast
        and (address.version == _IPV4 or address in _GLOBAL)
        and not any(address in each for each in _NOBODYS if each.version == address.version)
    )


def _literal(host: str) -> str | None:
    """The IP address that a host is written as, also in a form that only a resolver understands."""
    try:
        return str(ip_address(host))
    except ValueError:
        pass
    is_number = all(part[:2].lower() == "0x" or part.isdigit() for part in host.split("."))
    return "0.0.0.0" if is_number else None  # noqa: S104 - nothing is bound, and it is refused
