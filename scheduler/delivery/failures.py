"""Why a message was not taken, and whether trying again may help."""

from calendars.text import Text


class DeliveryError(Exception):
    """A message was not taken; `sentence` tells people why, without any secret."""

    def __init__(self, sentence: Text) -> None:
        super().__init__(sentence.en)
        self.sentence = sentence


class TemporaryDeliveryError(DeliveryError):
    """It may be taken later, but not before `wait_seconds` have passed."""

    def __init__(self, sentence: Text, *, wait_seconds: float = 0) -> None:
        super().__init__(sentence)
        self.wait_seconds = wait_seconds


class PermanentDeliveryError(DeliveryError):
    """It will never be taken as it is: somebody must mend the address, the key or the text."""
