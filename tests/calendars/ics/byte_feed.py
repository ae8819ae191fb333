"""Calendar bytes as they are, with what can be read of them; shares no code with the writer."""

from collections.abc import Iterator  # noqa: TC003 - quoted, and read with its neighbours
from dataclasses import dataclass, field
from functools import cached_property


@dataclass
class Line:
    """An unfolded content line."""

    name: str
    parameters: dict[str, str]
    value: str


@dataclass
class Component:
    """A component with its lines and the components inside it."""

    name: str
    lines: list[Line] = field(default_factory=list)
    inside: "list[Component]" = field(default_factory=list)

    def values(self, name: str) -> list[str]:
        return [line.value for line in self.lines if line.name == name]

    def walk(self) -> "Iterator[Component]":
        yield self
        for each in self.inside:
            yield from each.walk()


class Feed:
    """The bytes, and what can be read of them."""

    def __init__(self, octets: bytes) -> None:
        self.octets = octets

    @cached_property
    def physical(self) -> list[bytes]:
        return self.octets.split(b"\r\n")

    @cached_property
    def root(self) -> Component:
        text = self.octets.replace(b"\r\n ", b"").decode("utf-8", "replace")
        open_ones = [Component("")]
        for raw in text.split("\r\n"):
            if not raw:
                continue
            line = _read(raw)
            if line.name == "BEGIN":
                opened = Component(line.value)
                open_ones[-1].inside.append(opened)
                open_ones.append(opened)
            elif line.name == "END" and len(open_ones) > 1:
                open_ones.pop()
            else:
                open_ones[-1].lines.append(line)
        return open_ones[0]

    def all(self, name: str) -> list[Component]:
        return [each for each in self.root.walk() if each.name == name]

    @cached_property
    def calendar(self) -> Component:
        return next(iter(self.all("VCALENDAR")), Component("VCALENDAR"))


def _read(raw: str) -> Line:
    head, _, value = raw.partition(":")
    name, *parameters = head.split(";")
    pairs = (each.partition("=") for each in parameters)
    return Line(name, {key: text for key, _, text in pairs}, value)
