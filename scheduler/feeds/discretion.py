"""What an address that anybody may hold must not tell: numbers to call or join, and passwords.

People write them into titles and notes all the same, so they are taken out where they are shown.
"""

import re
from typing import Final

HIDDEN: Final = "***"

_AFTER_A_WORD: Final = re.compile(
    r"""
    (?P<word>密\s*码|口\s*令|验证码|会议号|会议\s*ID|微信号|pass(?:word|code|wd)|pwd|\bpin\b)
    (?P<gap>\s*(?:[:：=是为]|\bis\b)?\s*)
    [A-Za-z0-9@#$%&*!_+()-]+ (?:[ -]?[0-9]+)*
    """,
    re.VERBOSE | re.IGNORECASE,
)
_NUMBERS: Final = re.compile(
    r"""
    (?<![0-9A-Za-z])
    (?:
        \+[0-9][0-9 ()-]{6,}[0-9]              # +86 138 0013 8000
      | 1[3-9][0-9](?:[ -]?[0-9]{4}){2}        # 138-0013-8000
      | \(?0[0-9]{2,3}\)?[ -]?[0-9]{7,8}       # 028-87654321
      | [0-9]{3,4}[ -][0-9]{3,4}[ -][0-9]{3,4} # 123-456-789, a meeting's number
      | [0-9]{7,}
    )
    (?![0-9A-Za-z])
    """,
    re.VERBOSE,
)
_IN_A_LINK: Final = re.compile(
    r"(?<=[?&#])(?:pwd|passwd|password|passcode|psw|pass|pw|pin|tk|token|secret)=[^&#]*&?",
    re.IGNORECASE,
)


def discreet(text: str) -> str:
    """The text with such numbers, and whatever follows a word such as 密码, as `***`."""
    return _NUMBERS.sub(HIDDEN, _AFTER_A_WORD.sub(rf"\g<word>\g<gap>{HIDDEN}", text))


def discreet_link(url: str) -> str:
    """The link without parameters that carry a password: who needs one signs in to see it."""
    return _IN_A_LINK.sub("", url).rstrip("?&#")
