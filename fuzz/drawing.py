"""Values drawn from bytes, one after the other; when the bytes are at their end, the simplest ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Draws:
    """Bytes, read from the front.

    Examples
    --------
    >>> draws = Draws(b"\\x05ab\\x00rest")
    >>> draws.whole(1, 3), draws.text(), draws.text(), draws.pick("xyz")
    (3, 'ab', 'rest', 'x')
    """

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def whole(self, low: int, high: int) -> int:
        """A whole number in a range, both ends in it."""
        size = 1 if high - low < 256 else 2
        taken = self.data[self.at : self.at + size]
        self.at += size
        return low + int.from_bytes(taken, "little") % (high - low + 1)

    def pick(self, options: Sequence[T]) -> T:
        """One of some values."""
        return options[self.whole(0, len(options) - 1)]

    def text(self) -> str:
        """The text up to the next zero byte; two of them are one that belongs to the text."""
        made = bytearray()
        while self.at < len(self.data):
            byte = self.data[self.at]
            self.at += 1
            if byte == 0:
                if self.data[self.at : self.at + 1] != b"\0":
                    break
                self.at += 1
            made.append(byte)
        return made.decode("utf-8", "replace")

    def rest(self) -> bytes:
        """All that is left."""
        left, self.at = self.data[self.at :], len(self.data)
        return left
