"""A sentence in both languages of the service. Who reads it in which is known elsewhere."""

from typing import Final, Literal, Self

Language = Literal["zh-CN", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("zh-CN", "en")


class Text:
    """One sentence in Chinese and English.

    Not a dataclass on purpose: the JSON encoder asks its hook for a `Text`, so an answer holds the
    sentence in the language of its reader, and nothing has to be translated on the way.
    """

    __slots__ = ("en", "zh")

    def __init__(self, zh: str, en: str) -> None:
        self.zh: Final = zh
        self.en: Final = en

    def read_in(self, language: Language) -> str:
        """The sentence as a reader of `language` sees it."""
        return self.en if language == "en" else self.zh

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Text) and (self.zh, self.en) == (other.zh, other.en)

    def __hash__(self) -> int:
        return hash((self.zh, self.en))

    def __repr__(self) -> str:
        return f"Text({self.zh!r}, {self.en!r})"

    @classmethod
    def joined(cls, texts: "tuple[Self, ...]") -> "Text":
        """Several sentences as one paragraph."""
        return Text("".join(text.zh for text in texts), " ".join(text.en for text in texts))


class InvalidValueError(ValueError):
    """A value that cannot exist, with the reason in both languages.

    `field` is the part of it to blame, with its way where that lies deeper: `sites/1/role`.
    """

    def __init__(self, zh: str, en: str, *, field: str = "") -> None:
        super().__init__(en)
        self.text = Text(zh, en)
        self.field = field
