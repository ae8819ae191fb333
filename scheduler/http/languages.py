"""Which of the service's two languages a caller reads (RFC 9110, Accept-Language)."""

from typing import Final

from calendars.text import Language

DEFAULT: Final[Language] = "zh-CN"


def preferred_language(accepted: str) -> Language:
    """The language that an Accept-Language header likes best; Chinese where it names neither."""
    best: Language = DEFAULT
    best_weight = 0.0
    for part in accepted.split(","):
        tag, _, parameter = part.partition(";")
        language = _language_of(tag.strip().lower())
        weight = _weight(parameter)
        if language is not None and weight > best_weight:
            best, best_weight = language, weight
    return best


def _language_of(tag: str) -> Language | None:
    primary, _, _ = tag.partition("-")
    if primary in {"zh", "*"}:
        return "zh-CN"
    return "en" if primary == "en" else None


def _weight(parameter: str) -> float:
    name, _, number = parameter.replace(" ", "").partition("=")
    if name.lower() != "q":
        return 1.0
    try:
        weight = float(number)
    except ValueError:
        return 0.0
    return weight if 0 <= weight <= 1 else 0.0
