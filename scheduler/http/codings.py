"""Which content coding a client likes best (RFC 9110, Accept-Encoding)."""

import re
from functools import lru_cache
from typing import Final, Literal

Coding = Literal["br", "gzip", "identity"]

CODINGS: Final[tuple[Coding, ...]] = ("br", "gzip", "identity")
"""Those we have, smallest first."""

_WEIGHT: Final = re.compile(r"q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)", re.IGNORECASE)
_SAME: Final = {"x-gzip": "gzip"}


@lru_cache(maxsize=256)
def preferred_coding(accepted: str | None) -> Coding:
    """The best-liked coding, the smallest of equals; plain where the header names none of ours.

    A client that sends no header gets plain bytes: it may not know how to unpack any others.
    """
    if accepted is None:
        return "identity"
    weights = _weights(accepted)
    rest = weights.get("*", 0.0)
    liked = {coding: weights.get(coding, rest) for coding in CODINGS}
    # Plain is always welcome unless it is refused by name or by `*;q=0`, and the last choice.
    if "identity" not in weights and "*" not in weights:
        liked["identity"] = min((weight for weight in liked.values() if weight > 0), default=1.0)
    best = max(CODINGS, key=lambda coding: liked[coding])
    return best if liked[best] > 0 else "identity"


def _weights(accepted: str) -> dict[str, float]:
    weights = {}
    for part in accepted.lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        weights[_SAME.get(name, name)] = _weight(parameters)
    return weights


def _weight(parameters: list[str]) -> float:
    if not parameters:
        return 1.0
    found = _WEIGHT.fullmatch(parameters[0].replace(" ", ""))
    return float(found[1]) if found else 0.0
