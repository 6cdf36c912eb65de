"""Texts as bytes and offsets: the one place where Arrow meets the kernel."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from llamastyle.errors import FeatureError, warn

if TYPE_CHECKING:
    import pyarrow as pa

TURN_JOIN = "\n\n"
"""What stands between two assistant turns of one text."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_TAG = re.compile(r"</?think>")


@runtime_checkable
class TextSource(Protocol):
    """Whatever has texts: ``Responses`` and ``Battles`` do."""

    @property
    def texts(self) -> pa.Array:
        """Large strings, one row a response, null where none was given."""
        ...

    @property
    def turn_starts(self) -> pa.Array | None:
        """Lists of byte offsets where turns 2, 3, ... of a row's text start; ``None`` if no row has any."""
        ...

    @property
    def tokens(self) -> NDArray[np.float64] | None:
        """Token counts from the data's own metadata, NaN where unknown."""
        ...

    @property
    def rows(self) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
        """For battles, the rows of side a and of side b."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class TextBatch:
    """Texts as UTF-8 bytes.

    Attributes
    ----------
    data : uint8 array
        The bytes of all texts, one after the other.
    offsets : int64 array, rows + 1
        Row ``i`` is ``data[offsets[i]:offsets[i + 1]]``.
    turns : int64 array
        Byte offsets in their row's text where turns 2, 3, ... start, all rows one after the other.
    turn_offsets : int64 array, rows + 1, or empty
        Row ``i`` has ``turns[turn_offsets[i]:turn_offsets[i + 1]]``; empty if every row is a single turn.
    """

    data: NDArray[np.uint8]
    offsets: NDArray[np.int64]
    turns: NDArray[np.int64]
    turn_offsets: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def text(self, row: int) -> str:
        """The text of a row, as it came."""
        return self.data[self.offsets[row] : self.offsets[row + 1]].tobytes().decode()

    def turn_texts(self, row: int) -> list[str]:
        """The turns of a row, as they came."""
        data = self.data[self.offsets[row] : self.offsets[row + 1]].tobytes()
        if not len(self.turn_offsets):
            return [data.decode()]
        starts = self.turns[self.turn_offsets[row] : self.turn_offsets[row + 1]].tolist()
        ends = [start - len(TURN_JOIN) for start in starts] + [len(data)]
        return [data[start:end].decode() for start, end in zip([0, *starts], ends, strict=True)]

    def prose(self, row: int, strip_think: bool) -> str:
        """The text of a row as the features see it: without reasoning, if that is to go."""
        turns = self.turn_texts(row)
        return TURN_JOIN.join(map(without_reasoning, turns) if strip_think else turns)

    def chunks(self, size: int) -> Iterator[tuple[int, int]]:
        """Ranges of rows with about ``size`` bytes each."""
        begin, n = 0, len(self)
        while begin < n:
            end = int(np.searchsorted(self.offsets, self.offsets[begin] + size, side="right")) - 1
            end = min(max(end, begin + 1), n)
            yield begin, end
            begin = end


def without_reasoning(text: str) -> str:
    """Cut paired ``<think>...</think>`` out of a turn, and reasoning that a chat template opened.

    The latter ends with a ``</think>`` that is the only tag in the turn, stands alone on its line, and has text
    behind it. Any other tag without a partner stays, and all around it.

    >>> without_reasoning("<think>hm</think>Yes.<think>and")
    'Yes.<think>and'
    """
    return "".join(text[start:end] for start, end in outside_reasoning(text))


def outside_reasoning(text: str) -> list[tuple[int, int]]:
    """The ranges of a turn that ``without_reasoning`` keeps."""
    kept, at = [], _supplied(text)
    while (begin := text.find("<think>", at)) >= 0:
        close = text.find("</think>", begin)
        if close < 0:
            break
        kept.append((at, begin))
        at = close + len("</think>")
    return [*kept, (at, len(text))]


def _supplied(text: str) -> int:
    """Where the answer starts behind reasoning that a chat template opened; 0 if there is none."""
    before, tag, behind = text.partition("</think>")
    before, behind = before.rstrip(" \t\r"), behind.lstrip(" \t\r")
    alone = tag and before[-1:] in ("", "\n") and behind[:1] == "\n" and behind.strip(" \t\r\n")
    return text.find(tag) + len(tag) if alone and not _TAG.search(before) and not _TAG.search(behind) else 0


def batch_from_arrow(texts: pa.Array, turn_starts: pa.Array | None = None) -> TextBatch:
    """Bytes and offsets of an Arrow array of strings without nulls; copies nothing that it can share."""
    import pyarrow as pa

    texts = texts.cast(pa.large_string())
    try:
        texts.validate(full=True)
    except pa.ArrowInvalid as error:
        raise FeatureError(f"the texts are not valid UTF-8: {error}") from error
    _, offset_buffer, data_buffer = texts.buffers()
    if len(texts):
        offsets = np.frombuffer(offset_buffer, dtype=np.int64)[texts.offset : texts.offset + len(texts) + 1]
    else:
        offsets = _frozen(np.zeros(1, dtype=np.int64))
    data = np.frombuffer(data_buffer if data_buffer is not None else b"", dtype=np.uint8)
    turns = turn_offsets = _frozen(np.empty(0, dtype=np.int64))
    if turn_starts is not None and len(turn_starts):
        lengths = turn_starts.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
        turns = _frozen(turn_starts.flatten().to_numpy(zero_copy_only=False).astype(np.int64))
        turn_offsets = _frozen(np.concatenate(([0], np.cumsum(lengths))).astype(np.int64))
    return TextBatch(_frozen(data), _frozen(offsets), turns, turn_offsets)


def _frozen(array: NDArray) -> NDArray:
    """The array, read-only: the kernel is compiled for that."""
    if array.flags.writeable:
        array = array.view()
        array.flags.writeable = False
    return array


def arrow_texts(source: Any) -> pa.Array:
    """A text, a list, a Series, or an Arrow array as one Arrow array of large strings without nulls."""
    import pyarrow as pa

    if isinstance(source, str):
        source = [source]
    if isinstance(source, (bytes, dict)) or hasattr(source, "columns") or not isinstance(source, Iterable):
        raise FeatureError(
            f"texts are expected, not {type(source).__name__}; hand in a text, a list, a Series (one column of a "
            "table), an Arrow array, or what read_battles returns"
        )
    array: Any = source
    kind = getattr(getattr(array, "dtype", None), "kind", "O")
    if kind == "S":
        raise FeatureError("texts are expected, not bytes; decode them first, as with values.astype(str)")
    if kind == "f":  # what an empty column is to pandas
        array = list(array)
        if not all(map(_is_missing, array)):
            raise FeatureError(f"texts are expected, not values of type {getattr(source, 'dtype', 'float')}")
    if hasattr(array, "to_arrow"):  # polars
        array = array.to_arrow()
    if isinstance(array, (list, tuple)) or not isinstance(array, (pa.Array, pa.ChunkedArray)):
        array = _from_values(array)
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks() if array.num_chunks != 1 else array.chunk(0)
        if isinstance(array, pa.ChunkedArray):
            array = pa.concat_arrays(array.cast(pa.large_string()).chunks)
    if not is_text(array.type):
        raise FeatureError(f"texts are expected, not values of type {array.type}; row 0 is {_shown(array)}")
    check_no_nulls(array)
    return array.cast(pa.large_string())


def is_text(kind: pa.DataType) -> bool:
    """Whether an Arrow type holds texts, or nothing at all."""
    import pyarrow as pa

    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or str(kind) in ("string_view", "null")


def _shown(array: pa.Array) -> str:
    return repr(array[0].as_py())[:40] if len(array) else "missing"


def check_texts(
    texts: pa.Array, rows: tuple[NDArray[np.int64], NDArray[np.int64]] | None
) -> NDArray[np.bool_]:
    """Which responses have no text; raise if a battle uses one of them, or if there are no battles."""
    absent = texts.is_null().to_numpy(zero_copy_only=False)
    if rows is None or absent.all():
        check_no_nulls(texts)
    elif (without := absent[rows[0]] | absent[rows[1]]).any():
        raise FeatureError(
            f"battle {int(np.argmax(without))} has a response without text ({int(without.sum())} of "
            f"{len(without)} battles have one); leave them out with battles.filter(battles.text_known)"
        )
    return absent


def check_no_nulls(array: pa.Array) -> None:
    """Raise with the first row that has no text, and how many there are."""
    if array.null_count:
        first = int(np.flatnonzero(array.is_null().to_numpy(zero_copy_only=False))[0])
        raise FeatureError(
            f"row {first} has no text ({array.null_count} of {len(array)} rows have none); "
            "leave such rows out, or hand in an empty text if that is what was said"
        )


def _from_values(values: Iterable[Any]) -> pa.Array:
    """An Arrow array of Python values, lone surrogates as U+FFFD; what is no text is an error with its row."""
    import pyarrow as pa

    if hasattr(values, "dtype") and str(getattr(values, "dtype", "")) == "category":
        values = values.astype(object)  # pyright: ignore[reportAttributeAccessIssue]
    kind = str(getattr(values, "dtype", "object"))
    if kind == "object" or kind.startswith("<U"):  # not every Arrow takes NumPy's own texts
        values = list(map(str, values)) if kind != "object" else list(values)
    if not isinstance(values, list) or all(type(value) is str for value in values):
        try:
            return pa.array(values, type=pa.large_string(), from_pandas=True)
        except UnicodeEncodeError:
            pass
        except (pa.ArrowException, TypeError, ValueError) as error:
            kind = getattr(values, "dtype", type(values).__name__)
            raise FeatureError(f"texts are expected, not values of type {kind}") from error
    clean = []
    scrubbed = 0
    for row, value in enumerate(values):
        if not (isinstance(value, str) or _is_missing(value)):
            raise FeatureError(f"row {row} is {type(value).__name__} ({str(value)[:40]!r}), not a text")
        clean.append(_SURROGATE.sub("\ufffd", value) if isinstance(value, str) else None)
        scrubbed += clean[-1] is not None and clean[-1] != value
    if scrubbed:
        warn(
            f"{scrubbed} of {len(clean)} texts have halves of surrogate pairs, which no UTF-8 can hold: measured with "
            f"U+FFFD in their place"
        )
    return pa.array(clean, type=pa.large_string())


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and value != value) or type(value).__name__ == "NAType"
