"""The compiled single pass over the texts; numba is imported here and nowhere else.

``scan_rows`` goes through each text twice. ``_classify`` makes bit maps of it, 64 bytes a step: where words
start, where lines end, where a byte is that may be markup or the end of a sentence, where one is not ASCII. Then
``_scan_turn`` goes line by line: the start of a line is parsed (``_parse_line``, the block structure of CommonMark),
a line of ASCII is read by the bits of its maps alone, any other line byte by byte. Bytes that may be inline markup
are noted and paired at the end of their block (``_pair_marks``). Of a line of ASCII, a word is hashed from sixteen
bytes at once, and a phrase is tried only where two words follow one another that may open one. Time is linear in
the text: notes that overflow their array double it and the row is read again, reasoning is cut out once and the row
is read again.

What is counted word by word (``PROSE_COUNTERS``) has its own arrays in the argument ``prose``; for None, numba cuts
that out of what it compiles.

``scan_spans`` is the same source compiled a second time: what is counted is also marked, with the bytes where it
stands. The argument ``spans`` of the functions below is an array of marks or None; numba cuts the branches on
``spans is not None`` out of what it compiles for None, so that counting costs nothing more.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from llamastyle.errors import warn
from llamastyle.features import tables as t
from llamastyle.features.counters import STYLE_CATEGORIES, WORD_LISTS, Counter
from llamastyle.features.counters import WINDOW as WINDOW_SIZE

Array = NDArray[Any]

NO_CACHE = (
    "the compiled text scanner cannot be kept, because no cache folder can be written; every process compiles it "
    "again (about a minute). Set the environment variable NUMBA_CACHE_DIR to a folder that can be written"
)
INNER = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
"""What is called by compiled functions only need not be callable from elsewhere; such wrappers take time to compile."""

_warned: list[str] = []


def _njit(function: Callable) -> Any:
    """Compile what makes arrays or returns them."""
    return _compiled(function)


def _lean(function: Callable) -> Any:
    """Compile without counting references to arrays, which would take half of the time, and for compiled callers only.

    What is compiled so may make no array, nor return one; its callers hold those that it is given.
    """
    return _compiled(function, _nrt=False, **INNER)


def _small(function: Callable) -> Any:
    """Compile likewise, into whatever calls it."""
    return _compiled(function, _nrt=False, forceinline=True, **INNER)


def _compiled(function: Callable, **options: Any) -> Any:
    """Compile without the GIL and keep the machine code, or warn (once) where it cannot be kept."""
    try:
        return numba.njit(nogil=True, cache=True, **options)(function)
    except RuntimeError as error:
        if "cache" not in str(error):
            raise
        if not _warned:
            _warned.append(NO_CACHE)
            warn(NO_CACHE)
        return numba.njit(nogil=True, **options)(function)


# numba freezes globals into the machine code, and knows no IntEnum arithmetic it can trust. What is handed to a
# function is an int64: of Python's integers, numba would compile the function anew for each value.
(
    C_CHARS, C_WORDS, C_PROSE_WORDS, C_SENTENCES, C_PARAGRAPHS, C_LINES, C_HEADERS, C_ORDERED, C_BULLET,
    C_BOLD, C_ITALIC, C_CODE, C_FENCES, C_CODE_CHARS, C_LINKS, C_IMAGES, C_TABLES, C_QUOTES, C_RULES, C_MATH,
    C_MARKUP, C_EMOJI, C_DISTINCT, C_EMOJI_LINES, C_PRAISE, C_OPENING, C_CLOSING, C_A_HEADERS, C_A_LISTS,
    C_A_BOLD, C_TURNS, C_REFUSAL, C_FIRST_PERSON, C_CAPS, C_EXCLAMATIONS, C_QUESTIONS, C_CLOSING_QUESTION, C_SYLLABLES,
    C_COMPLEX, C_LONG, C_LETTERS, C_TYPES, C_WINDOWS,
) = (
    np.int64(c)
    for c in (
        Counter.CHARS, Counter.WORDS, Counter.PROSE_WORDS, Counter.SENTENCES, Counter.PARAGRAPHS, Counter.LINES,
        Counter.HEADERS, Counter.ORDERED_ITEMS, Counter.BULLET_ITEMS, Counter.BOLD, Counter.ITALIC,
        Counter.INLINE_CODE, Counter.CODE_BLOCKS, Counter.CODE_CHARS, Counter.LINKS, Counter.IMAGES,
        Counter.TABLES, Counter.QUOTES, Counter.RULES, Counter.MATH, Counter.MARKUP_CHARS, Counter.EMOJI,
        Counter.EMOJI_DISTINCT, Counter.EMOJI_LINES, Counter.PRAISE, Counter.SYCOPHANTIC_OPENING,
        Counter.SYCOPHANTIC_CLOSING, Counter.ARENA_HEADERS, Counter.ARENA_LISTS, Counter.ARENA_BOLD,
        Counter.TURNS, Counter.REFUSAL, Counter.FIRST_PERSON, Counter.ALL_CAPS, Counter.EXCLAMATIONS,
        Counter.QUESTIONS, Counter.CLOSING_QUESTION, Counter.SYLLABLES, Counter.COMPLEX_WORDS, Counter.LONG_WORDS,
        Counter.LETTERS, Counter.WINDOW_TYPES, Counter.WINDOW_WORDS,
    )
)  # fmt: skip

NULL, FIRST, ASTERISK, UNDERSCORE = map(np.int64, (0, 1, ord("*"), ord("_")))
LETTER, MARK, ALONE, SPACE, DECIMAL = t.LETTER, t.MARK, t.ALONE, t.SPACE, t.DECIMAL
EMOJI, PUNCTUATION, CASED, QUOTE = t.EMOJI, t.PUNCTUATION, t.CASED, t.QUOTE
VOWEL, WINDOW, LISTS = t.VOWEL, WINDOW_SIZE, len(WORD_LISTS)
KEY_MIX, PAIR_MIX, STATE_MIX = np.uint64(t.KEY_MIX), np.uint64(t.PAIR_MIX), np.uint64(t.STATE_MIX)
FOLD_SHIFT = np.uint64(t.FOLD_SHIFT)
ZERO, ONE, TWO, THREE, FOUR, SIX, SEVEN, EIGHT, SIXTEEN, SEVENTEEN, TWENTY, FORTY, FORTYSEVEN, FIFTYSIX = (
    np.uint64(n) for n in (0, 1, 2, 3, 4, 6, 7, 8, 16, 17, 20, 40, 47, 56)
)
SIXTYTHREE, SIXTYFOUR, ALL = np.uint64(63), np.uint64(64), np.uint64(t.MASK64)


def _eight(byte: int) -> Any:
    """Eight times the same byte."""
    return np.uint64(byte * 0x0101010101010101)


HIGH_BITS, LOW_BITS, CASE = _eight(0x80), _eight(0x7F), _eight(0x20)
SMALL_FROM, SMALL_TO = _eight(0x80 - ord("a")), _eight(0x80 - ord("z") - 1)
DIGIT_FROM, DIGIT_TO = _eight(0x80 - ord("0")), _eight(0x80 - ord("9") - 1)
BRACKETS_FROM, BRACKETS_TO = _eight(0x80 - ord("[")), _eight(0x80 - ord("`") - 1)
GATHER = np.uint64(0x0102040810204080)
ODD_BITS, TWO_BITS, NIBBLES, BYTES = _eight(0x55), _eight(0x33), _eight(0x0F), _eight(0x01)
LINE_FEED, RETURN, APOSTROPHE, HYPHEN, LESS, EXCLAMATION, DOLLAR, STAR, STOP, QUERY = (
    _eight(ord(char)) for char in "\n\r'-<!$*.?"
)
LETTER_A, LETTER_E, LETTER_I, LETTER_O, LETTER_U, LETTER_Y = (_eight(ord(char)) for char in "aeiouy")

# Bit maps of a turn, one bit a byte.
M_START, M_WORD, M_ALNUM, M_EVENT, M_EOL, M_HIGH, M_LESS, M_VOWEL, M_CAPITAL, M_ALPHA = map(np.int64, range(10))
MAPS = 10
# What is known of the phrases of a turn.
Z_FREE, Z_SENTENCE, Z_LAST, Z_OPENED = range(4)
# State of the windows of words, and of the prose of a turn.
N_WORDS, N_DISTINCT, N_SUM, N_USED, N_QUESTION, N_QUESTION_AT, N_RUN_END, N_BEGIN = range(8)
SLOTS, RING, BATCH, FAR = 2048, 128, 256, 1 << 40

# State of a turn, one int64 array.
(
    S_DEPTH,
    S_LEAF,
    S_FENCE,
    S_FENCE_LEN,
    S_HTML,
    S_LINE,
    S_INLINE,
    S_EOL_FLUSH,
    S_CODE,
    S_FLUSH,
    S_RUN,
    S_PROSE,
    S_BEGIN,  # where the paragraph starts, and the mark of the open fence: kept for spans only
    S_MARK,
) = range(14)
S_WIDTH, S_EMPTY, MAX_DEPTH = (
    16,
    48,
    32,
)  # containers: width of a list item or -1 for a quote; item without content
S_PHRASES, S_STYLE, STATE_SIZE = 80, 84, 84 + len(STYLE_CATEGORIES)
NONE, PARAGRAPH, FENCE, HTML, TABLE = range(5)
MAX_TICKS = 64


# -- characters ---------------------------------------------------------------------------------------------


@_lean
def _decode(b: Array, i: int) -> Any:
    """Code point at a lead byte, and its length in bytes."""
    c = np.int64(b[i])
    if c < 0x80:
        return c, 1
    if c < 0xE0:
        return ((c & 0x1F) << 6) | (np.int64(b[i + 1]) & 0x3F), 2
    if c < 0xF0:
        return ((c & 0xF) << 12) | ((np.int64(b[i + 1]) & 0x3F) << 6) | (np.int64(b[i + 2]) & 0x3F), 3
    return (
        ((c & 7) << 18)
        | ((np.int64(b[i + 1]) & 0x3F) << 12)
        | ((np.int64(b[i + 2]) & 0x3F) << 6)
        | (np.int64(b[i + 3]) & 0x3F)
    ), 4


@_small
def _kind(point: int, C: Any) -> Any:
    return np.int64(C.kind[point])


@_lean
def _kind_at(b: Array, i: int, C: Any) -> Any:
    point, _ = _decode(b, i)
    return _kind(point, C)


@_lean
def _kind_before(b: Array, i: int, lo: int, C: Any) -> Any:
    """Kind of the character that ends before ``i``; white space at the start of the turn."""
    if i <= lo:
        return SPACE
    i -= 1
    while b[i] & 0xC0 == 0x80:
        i -= 1
    return _kind_at(b, i, C)


@_lean
def _kind_after(b: Array, i: int, hi: int, C: Any) -> Any:
    if i >= hi:
        return SPACE
    return _kind_at(b, i, C)


@_lean
def _is_ascii_punct(c: int) -> bool:
    return 33 <= c <= 47 or 58 <= c <= 64 or 91 <= c <= 96 or 123 <= c <= 126


@_lean
def _line_end(b: Array, i: int, hi: int) -> Any:
    while i < hi and b[i] != 10 and b[i] != 13:
        i += 1
    return i


@_lean
def _visible(b: Array, i: int, hi: int) -> Any:
    """Code points from here to the end of the line that are no space or tab."""
    n = 0
    while i < hi and b[i] != 10 and b[i] != 13:
        if b[i] != 32 and b[i] != 9 and b[i] & 0xC0 != 0x80:
            n += 1
        i += 1
    return n


@_lean
def _points(b: Array, i: int, j: int) -> Any:
    """Code points in a range of bytes."""
    n = 0
    for k in range(i, j):
        if b[k] & 0xC0 != 0x80:
            n += 1
    return n


@_lean
def _only(b: Array, i: int, hi: int, char: int) -> Any:
    """How many of one character stand on the rest of the line if nothing else but spaces does, else 0."""
    n = 0
    while i < hi and b[i] != 10 and b[i] != 13:
        if b[i] == char:
            n += 1
        elif b[i] != 32 and b[i] != 9:
            return 0
        i += 1
    return n


# -- counting and marking -----------------------------------------------------------------------------------


@_small
def _mark(counter: int, start: int, end: int, spans: Any) -> None:
    """Note where something stands; row 0 of ``spans`` holds how many marks there are."""
    if spans is not None:
        spans[0, 0] += 1
        n = spans[0, 0]
        if n < spans.shape[0]:  # a pass that is to be repeated may find more
            spans[n, 0] = counter
            spans[n, 1] = start
            spans[n, 2] = end


@_small
def _tally(counter: int, start: int, end: int, cnt: Array, spans: Any) -> None:
    """Count one, and mark it."""
    cnt[counter] += 1
    _mark(counter, start, end, spans)


@_lean
def _tally_line(counter: int, start: int, b: Array, p: int, hi: int, cnt: Array, spans: Any) -> None:
    """Count one, and mark it up to the end of the line that ``p`` is on, without white space there."""
    cnt[counter] += 1
    if spans is not None:
        _mark(counter, start, _trimmed(b, p, _line_end(b, p, hi)), spans)


@_lean
def _trimmed(b: Array, lo: int, i: int) -> Any:
    """The end ``i``, moved back over white space as far as ``lo``."""
    while i > lo and (b[i - 1] == 32 or b[i - 1] == 9 or b[i - 1] == 10 or b[i - 1] == 13):
        i -= 1
    return i


@_lean
def _end_fence(S: Array, b: Array, i: int, spans: Any) -> None:
    """The open fence ends before ``i``: its mark goes up to there."""
    if spans is not None:
        n = S[S_MARK]
        if n < spans.shape[0]:
            spans[n, 2] = _trimmed(b, spans[n, 1], i)


@_njit
def _origins(size: int, spans: Any) -> Any:
    """Room for the places where the bytes of a changed copy come from, if there are marks to be moved back."""
    if spans is not None:
        return np.empty(size, dtype=np.int64)
    return None


@_njit
def _row_spans(starts: Any, row: int, spans: Any) -> Any:
    """The marks of one row."""
    if spans is not None:
        return spans[starts[row] : starts[row + 1]]
    return None


@_lean
def _move_back(origin: Any, lo: int, spans: Any) -> None:
    """Marks as offsets in their row's text; ``origin``, unless it is empty, says where the bytes scanned come from."""
    if spans is not None:
        for n in range(1, min(spans[0, 0] + 1, spans.shape[0])):
            if origin.size > 0:
                spans[n, 1] = origin[spans[n, 1]]
                spans[n, 2] = origin[spans[n, 2] - 1] + 1
            spans[n, 1] -= lo
            spans[n, 2] -= lo


# -- bit maps -----------------------------------------------------------------------------------------------


@_small
def _load(b: Array, i: Any) -> Any:
    """Eight bytes as one number, the first byte lowest; the compiler makes one load of it."""
    return (
        np.uint64(b[i])
        | np.uint64(b[i + ONE]) << EIGHT
        | np.uint64(b[i + TWO]) << SIXTEEN
        | np.uint64(b[i + THREE]) << np.uint64(24)
        | np.uint64(b[i + FOUR]) << np.uint64(32)
        | np.uint64(b[i + np.uint64(5)]) << FORTY
        | np.uint64(b[i + SIX]) << np.uint64(48)
        | np.uint64(b[i + SEVEN]) << FIFTYSIX
    )


@_small
def _ones(x: Any) -> Any:
    """How many bits are set; the compiler knows this way to count them."""
    x = x - ((x >> ONE) & ODD_BITS)
    x = (x & TWO_BITS) + ((x >> TWO) & TWO_BITS)
    return (((x + (x >> FOUR)) & NIBBLES) * BYTES) >> FIFTYSIX


@_small
def _lowest(x: Any) -> Any:
    """Place of the lowest bit that is set, 64 if there is none."""
    return _ones((x & (~x + ONE)) - ONE)


@_small
def _same(low: Any, byte: Any) -> Any:
    """High bits where bytes, each below 128, are the byte."""
    return ~((low ^ byte) + LOW_BITS)


@_small
def _gathered(x: Any) -> Any:
    """The high bits of eight bytes, one beside the other; other bits must be zero."""
    return (x >> SEVEN) * GATHER >> FIFTYSIX


@_lean
def _classify(b: Array, lo: int, hi: int, maps: Array, tail: Array, prose: bool) -> Any:
    """Fill the bit maps of a turn; how many bytes continue a code point."""
    blocks = (hi - lo) >> 6
    cont = ZERO
    for q in range(blocks):
        cont += _classify_block(b, np.uint64(lo + (q << 6)), q, maps, prose)
    rest = hi - lo - (blocks << 6)
    if rest > 0:
        tail[:] = 0
        for k in range(rest):
            tail[k] = b[hi - rest + k]
        cont += _classify_block(tail, ZERO, blocks, maps, prose)
        blocks += 1
    for m in range(MAPS):
        maps[m, blocks] = ZERO
    word, start = maps[M_WORD], maps[M_START]
    before = ZERO  # the last letter of the block before
    carry = ZERO
    for q in range(blocks):
        letters = maps[M_ALNUM, q]
        joints = start[q] & (letters << ONE | before) & (letters >> ONE | maps[M_ALNUM, q + 1] << SIXTYTHREE)
        before = letters >> SIXTYTHREE
        word[q] = letters | joints
        start[q] = word[q] & ~(word[q] << ONE | carry)
        carry = word[q] >> SIXTYTHREE
    word[blocks] = start[blocks] = ZERO
    return np.int64(cont)


@_lean
def _classify_block(b: Array, i: Any, q: int, maps: Array, prose: bool) -> Any:
    """The bits of 64 bytes; apostrophes and hyphens go to M_START for now. How many bytes continue a code point."""
    alnum = joint = event = eol = high = less = vowel = capital = alpha = cont = ZERO
    for j in range(8):
        at = np.uint64(8 * j)
        x = _load(b, i + at)
        ascii_ = ~x & HIGH_BITS
        low = x & LOW_BITS
        small = low | CASE
        letter = ((small + SMALL_FROM) & ~(small + SMALL_TO)) & ascii_
        digit = ((low + DIGIT_FROM) & ~(low + DIGIT_TO)) & ascii_
        alnum |= _gathered(letter | digit) << at
        joint |= _gathered((_same(low, APOSTROPHE) | _same(low, HYPHEN)) & ascii_) << at
        angle = _same(low, LESS)
        marks = (
            _same(low, EXCLAMATION) | _same(low, DOLLAR) | _same(low, STAR) | _same(low, STOP) | _same(low, QUERY)
            | angle | ((low + BRACKETS_FROM) & ~(low + BRACKETS_TO))
        )  # fmt: skip
        event |= _gathered(marks & ascii_) << at
        less |= _gathered(angle & ascii_) << at
        eol |= _gathered((_same(low, LINE_FEED) | _same(low, RETURN)) & ascii_) << at
        high |= _gathered(x & HIGH_BITS) << at
        cont |= _gathered(x & ~(x << ONE) & HIGH_BITS) << at
        if prose:
            sound = (
                _same(small, LETTER_A) | _same(small, LETTER_E) | _same(small, LETTER_I) | _same(small, LETTER_O)
                | _same(small, LETTER_U) | _same(small, LETTER_Y)
            )  # fmt: skip
            vowel |= _gathered(sound & letter) << at
            capital |= _gathered(letter & ~(x << TWO)) << at
            alpha |= _gathered(letter) << at
    maps[M_START, q] = joint
    maps[M_ALNUM, q] = alnum
    maps[M_EVENT, q] = event
    maps[M_EOL, q] = eol
    maps[M_HIGH, q] = high
    maps[M_LESS, q] = less
    maps[M_VOWEL, q] = vowel
    maps[M_CAPITAL, q] = capital
    maps[M_ALPHA, q] = alpha
    return _ones(cont)


@_small
def _part(bits: Any, q: int, first: int, last: int) -> Any:
    """The bits of block ``q`` that are in ``first`` to ``last``, bytes of the turn."""
    base = q << 6
    if first > base:
        bits &= ALL << np.uint64(first - base)
    if last < base + 64:
        bits &= ~(ALL << np.uint64(last - base))
    return bits


@_small
def _next_bit(maps: Array, m: int, first: int, last: int) -> Any:
    """Place of the first bit that is set in ``first`` to ``last``, or ``last``."""
    if first >= last:
        return last
    q = first >> 6
    bits = maps[m, q] & (ALL << np.uint64(first & 63))
    while bits == ZERO:
        q += 1
        if q << 6 >= last:
            return last
        bits = maps[m, q]
    return min(last, (q << 6) + np.int64(_lowest(bits)))


@_small
def _count_bits(maps: Array, m: int, first: int, last: int) -> Any:
    n = ZERO
    for q in range(first >> 6, (last + 63) >> 6):
        n += _ones(_part(maps[m, q], q, first, last))
    return np.int64(n)


@_small
def _window(maps: Array, m: int, q: int, k: Any) -> Any:
    """64 bits from bit ``k`` of block ``q`` on."""
    return maps[m, q] >> k | maps[m, q + 1] << ONE << (SIXTYTHREE - k)


# -- words, phrases, emoji ----------------------------------------------------------------------------------


@_lean
def _lower(point: int, C: Any) -> Any:
    k = np.searchsorted(C.upper, point)
    return np.int64(C.lower[k])


@_lean
def _connector(b: Array, i: int, hi: int, C: Any) -> Any:
    """Bytes of the apostrophe or hyphen here if a letter or digit follows it, else 0."""
    c = b[i]
    step = 0
    if c == 39 or c == 45:
        step = 1
    elif c == 0xE2 and i + 2 < hi and b[i + 1] == 0x80:
        d = b[i + 2]
        if d == 0x99 or d == 0x90 or d == 0x91:
            step = 3
    if step == 0 or i + step >= hi:
        return 0
    n = b[i + step]
    if n < 128:
        return step if C.fold[n] else 0
    return step if _kind_at(b, i + step, C) & LETTER else 0


@_small
def _stir(h: Any, chunk: Any) -> Any:
    """The hash with eight bytes more."""
    h = (h ^ chunk) * KEY_MIX
    return h ^ (h >> FOLD_SHIFT)


@_lean
def _finish(h: Any, chunk: Any, size: int) -> Any:
    """The hash of a word of so many bytes, of which the last are in ``chunk``."""
    if size & 7:
        h = _stir(h, chunk)
    for _ in range(2 - (size + 7) // 8):
        h = _stir(h, ZERO)
    return h


@_lean
def _add_point(h: Any, chunk: Any, size: int, point: int) -> Any:
    """Add the bytes of a code point to a hash: hash, bytes not yet in it, bytes in all."""
    n = 1 if point < 0x80 else 2 if point < 0x800 else 3 if point < 0x10000 else 4
    for k in range(n):
        if n == 1:
            byte = point
        elif k == 0:
            byte = (0xF00 >> n) & 0xFF | point >> 6 * (n - 1)
        else:
            byte = 0x80 | (point >> 6 * (n - 1 - k)) & 0x3F
        chunk |= np.uint64(byte) << np.uint64(8 * (size & 7))
        size += 1
        if size & 7 == 0:
            h, chunk = _stir(h, chunk), ZERO
    return h, chunk, size


@_small
def _alnum(x: Any) -> Any:
    """One bit a byte: ASCII letters and digits."""
    low = x & LOW_BITS
    small = low | CASE
    letter = (small + SMALL_FROM) & ~(small + SMALL_TO)
    return _gathered((letter | ((low + DIGIT_FROM) & ~(low + DIGIT_TO))) & ~x & HIGH_BITS)


@_small
def _short_key(b: Array, at: Any, size: Any) -> Any:
    """Key of a word of ASCII, of 1 to 15 bytes, where sixteen can be read."""
    first = min(size, EIGHT)  # no branch: what cannot be foreseen costs more than it saves
    chunk = (_load(b, at) | CASE) & (ALL >> (SIXTYFOUR - (first << THREE)))
    rest = (_load(b, at + EIGHT) | CASE) & (ALL >> ONE >> (SIXTYTHREE - ((size - first) << THREE)))
    return _stir(_stir(ZERO, chunk), rest)


@_lean
def _long_key(b: Array, at: Any, size: Any, maps: Array, place: Any) -> Any:
    """Size and key of any word of ASCII; a size of 64 is 64 at least."""
    while (size & SIXTYTHREE) == ZERO:
        more = _lowest(~_window(maps, M_WORD, np.int64((place + size) >> SIX), (place + size) & SIXTYTHREE))
        size += more
        if more < SIXTYFOUR:
            break
    h = chunk = ZERO
    for k in range(size):
        chunk |= (np.uint64(b[at + np.uint64(k)]) | np.uint64(32)) << np.uint64(8 * (k & 7))
        if k & 7 == 7:
            h, chunk = _stir(h, chunk), ZERO
    return size, _finish(h, chunk, np.int64(size))


@_small
def _ascii_key(b: Array, lo: int, place: Any, maps: Array) -> Any:
    """Size and key of the word of ASCII that starts at ``place`` of the turn."""
    at = np.uint64(lo) + place
    size = _lowest(~_window(maps, M_WORD, np.int64(place >> SIX), place & SIXTYTHREE))
    if size < SIXTEEN and at + SIXTEEN <= np.uint64(b.size):
        return size, _short_key(b, at, size)
    return _long_key(b, at, size, maps, place)


@_lean
def _read_tag(b: Array, i: int, hi: int, fold: Array) -> Any:
    """End and key of the letters and digits here."""
    h = chunk = ZERO
    size = NULL
    while i < hi and fold[b[i]]:
        h, chunk, size = _add_point(h, chunk, size, np.int64(b[i]) | 32)
        i += 1
    return i, _finish(h, chunk, size)


@_lean
def _read_word(b: Array, i: int, hi: int, C: Any) -> Any:
    """End and key of the word that starts here, and whether emoji may be inside."""
    at = np.uint64(i)
    if b[i] < 128 and i + 16 <= b.size:
        size = _lowest(~(_alnum(_load(b, at)) | _alnum(_load(b, at + EIGHT)) << EIGHT))
        end = i + np.int64(size)
        if size < SIXTEEN and end < hi:
            c = b[end]
            if c < 128 and c != 39 and c != 45:
                return end, _short_key(b, at, size), False
    return _read_any_word(b, i, hi, C)


@_lean
def _read_any_word(b: Array, i: int, hi: int, C: Any) -> Any:
    """What ``_read_word`` does, byte by byte."""
    h = chunk = ZERO
    size = NULL
    odd = False
    fold = C.fold
    if b[i] >= 128:
        point, n = _decode(b, i)
        if _kind(point, C) & ALONE:
            h, chunk, size = _add_point(h, chunk, size, point)
            return i + n, _finish(h, chunk, size), False
    while i < hi:
        if fold[b[i]]:
            h, chunk, size = _add_point(h, chunk, size, np.int64(b[i]) | 32)
            i += 1
            continue
        step = 0
        if b[i] >= 128:
            point, n = _decode(b, i)
            k = _kind(point, C)
            if k & (LETTER | MARK):
                odd |= k & (MARK | EMOJI) != 0
                if k & CASED:
                    point = _lower(point, C)
                h, chunk, size = _add_point(h, chunk, size, point)
                i += n
                continue
            if b[i] != 0xE2:
                break
        step = _connector(b, i, hi, C)
        if step == 0:
            break
        code = 39 if (b[i] == 39 or (step == 3 and b[i + 2] == 0x99)) else 45
        h, chunk, size = _add_point(h, chunk, size, code)
        i += step
    return i, _finish(h, chunk, size), odd


@_lean
def _skip_soft(b: Array, i: int, hi: int) -> Any:
    """Skip what may stand between two words of a phrase: spaces, commas, quotes, emphasis marks."""
    while i < hi:
        c = b[i]
        if c == 32 or c == 9 or c == 44 or c == 34 or c == 39 or c == 42 or c == 95:
            i += 1
        elif c == 0xC2 and b[i + 1] == 0xA0:
            i += 2
        elif (
            c == 0xE2
            and b[i + 1] == 0x80
            and (b[i + 2] == 0x98 or b[i + 2] == 0x99 or b[i + 2] == 0x9C or b[i + 2] == 0x9D)
        ):
            i += 3
        else:
            break
    return i


@_lean
def _is_called(b: Array, i: int, hi: int) -> bool:
    """Whether an exclamation mark follows, but for emphasis marks and quotes."""
    while i < hi and (b[i] == 42 or b[i] == 95 or b[i] == 34 or b[i] == 39):
        i += 1
    return i < hi and (b[i] == 33 or (b[i] == 0xEF and b[i + 1] == 0xBC and b[i + 2] == 0x81))


@_lean
def _step(state: int, key: int, P: Any) -> Any:
    """Next state of the phrase automaton, or -1."""
    edge = (key ^ (np.uint64(state + 1) * STATE_MIX)) * PAIR_MIX
    if edge == 0:
        edge = ONE
    size = np.uint64(P.key.size - 1)
    slot = (edge >> TWENTY) & size
    while P.key[slot] != 0:
        if P.key[slot] == edge:
            return np.int64(P.next[slot])
        slot = (slot + ONE) & size
    return np.int64(P.other[state])


@_lean
def _match_phrase(b: Array, i: int, hi: int, state: int, C: Any, P: Any) -> Any:
    """Category and end of the longest phrase whose first word ends at ``i`` and leads to ``state``, or 0."""
    best = 0
    best_end = i
    while state >= 0:
        if P.accept_bang[state] and _is_called(b, i, hi):
            best = np.int64(P.accept_bang[state])
            best_end = i
        elif P.accept[state]:
            best = np.int64(P.accept[state])
            best_end = i
        k = _skip_soft(b, i, hi)
        if k >= hi:
            break
        if b[k] < 128:
            if C.fold[b[k]] == 0:
                break
        elif _kind_at(b, k, C) & (LETTER | ALONE) == 0:
            break
        i, key, _ = _read_word(b, k, hi, C)
        state = _step(state, key, P)
    return best, best_end


@_lean
def _match_emoji(b: Array, i: int, hi: int, E: Any) -> Any:
    """End and node of the longest emoji sequence that starts here; the end is ``i`` if there is none."""
    node = np.int64(0)
    best = i
    best_node = np.int64(0)
    size = E.key.size - 1
    while i < hi:
        point, n = _decode(b, i)
        edge = (node << 21) | point
        slot = np.int64((np.uint64(edge) * KEY_MIX) >> np.uint64(40)) & size
        while E.key[slot] != edge and E.key[slot] != -1:
            slot = (slot + 1) & size
        if E.key[slot] == -1:
            break
        node = np.int64(E.next[slot])
        i += n
        if E.end[node]:
            best = i
            best_node = node
    return best, best_node


@_lean
def _keycap_start(b: Array, i: int, lo: int) -> Any:
    """Start of the keycap sequence whose U+20E3 is at ``i``, or -1."""
    j = i
    if j - 3 >= lo and b[j - 3] == 0xEF and b[j - 2] == 0xB8 and b[j - 1] == 0x8F:
        j -= 3
    j -= 1
    if j >= lo and (48 <= b[j] <= 57 or b[j] == 35 or b[j] == 42):
        return j
    return -1


@_lean
def _note_emoji(
    start: int,
    end: int,
    node: int,
    first: int,
    opening: bool,
    stamps: Array,
    stamp: int,
    cnt: Array,
    spans: Any,
) -> None:
    _tally(C_EMOJI, start, end, cnt, spans)
    if stamps[node] != stamp:
        stamps[node] = stamp
        _tally(C_DISTINCT, start, end, cnt, spans)
    if first <= start <= opening:
        _tally(C_EMOJI_LINES, start, end, cnt, spans)


@_lean
def _emoji_in_word(
    b: Array,
    lo: int,
    i: int,
    hi: int,
    first: int,
    opening: bool,
    stamps: Array,
    stamp: int,
    cnt: Array,
    spans: Any,
    C: Any,
    E: Any,
) -> None:
    """Count emoji inside a word: keycaps and the letter-like ones."""
    while i < hi:
        c = b[i]
        if c < 128:
            i += 1
            continue
        point, n = _decode(b, i)
        if point == 0x20E3:
            start = _keycap_start(b, i, lo)
            if start >= 0:
                _, node = _match_emoji(b, start, i + 3, E)
                _note_emoji(start, i + 3, node, first, opening, stamps, stamp, cnt, spans)
        elif _kind(point, C) & EMOJI:
            end, node = _match_emoji(b, i, hi, E)
            if end > i:
                _note_emoji(i, end, node, first, opening, stamps, stamp, cnt, spans)
                i = end
                continue
        i += n


@_lean
def _ends_sentence(b: Array, i: int, hi: int, C: Any) -> bool:
    """Whether a full stop that ends before ``i`` ends its sentence: white space, quote, bracket, * or _ follows."""
    if i >= hi:
        return True
    c = b[i]
    if c == 32 or c == 10:
        return True
    if c < 128:
        if (
            c == 42
            or c == 95
            or c == 34
            or c == 39
            or c == 40
            or c == 41
            or c == 91
            or c == 93
            or c == 123
            or c == 125
        ):
            return True
        return _kind(np.int64(c), C) & SPACE != 0
    return _kind_at(b, i, C) & (SPACE | QUOTE) != 0


# -- inline markup ------------------------------------------------------------------------------------------


@_lean
def _autolink(b: Array, i: int, hi: int) -> Any:
    """End of the autolink whose < is at ``i``, or -1."""
    j = i + 1
    at = -1
    colon = -1
    while j < hi:
        c = b[j]
        if c == 62:
            break
        if c <= 32 or c == 60 or c == 127:
            return -1
        if c == 58 and colon < 0:
            colon = j
        if c == 64 and at < 0:
            at = j
        j += 1
    if j >= hi or j == i + 1:
        return -1
    if colon > 0 and 2 <= colon - i - 1 <= 32:
        ok = 97 <= (b[i + 1] | 32) <= 122
        for k in range(i + 2, colon):
            c = b[k]
            ok = ok and (97 <= (c | 32) <= 122 or 48 <= c <= 57 or c == 43 or c == 45 or c == 46)
        if ok:
            return j + 1
    if at > i + 1 and at < j - 1:
        for k in range(i + 1, at):
            c = b[k]
            if c >= 128 or c == 34 or c == 40 or c == 41 or c == 44 or 58 <= c <= 60 or 91 <= c <= 93:
                return -1
        label = 0
        for k in range(at + 1, j):
            c = b[k]
            if c == 46:
                if label == 0 or b[k - 1] == 45:
                    return -1
                label = 0
            elif 97 <= (c | 32) <= 122 or 48 <= c <= 57 or (c == 45 and label > 0):
                label += 1
            else:
                return -1
            if label > 63:
                return -1
        return j + 1 if label > 0 and b[j - 1] != 45 else -1
    return -1


@_lean
def _skip_blank(b: Array, i: int, hi: int) -> Any:
    while i < hi and (b[i] == 32 or b[i] == 9 or b[i] == 10 or b[i] == 13):
        i += 1
    return i


@_lean
def _link_end(b: Array, i: int, hi: int) -> Any:
    """End of the ``(address "title")`` whose bracket is at ``i``, or -1."""
    i = _skip_blank(b, i + 1, hi)
    if i < hi and b[i] == 60:
        i += 1
        while i < hi and b[i] != 62:
            if b[i] == 10 or b[i] == 13 or b[i] == 60:
                return -1
            if b[i] == 92 and i + 1 < hi and _is_ascii_punct(b[i + 1]):
                i += 1
            i += 1
        if i >= hi:
            return -1
        i += 1
    else:
        depth = 0
        while i < hi and b[i] > 32 and b[i] != 127:
            if b[i] == 92 and i + 1 < hi and _is_ascii_punct(b[i + 1]):
                i += 1
            elif b[i] == 40:
                depth += 1
                if depth > 32:
                    return -1
            elif b[i] == 41:
                if depth == 0:
                    break
                depth -= 1
            i += 1
        if depth != 0:
            return -1
    j = _skip_blank(b, i, hi)
    if j < hi and j > i and (b[j] == 34 or b[j] == 39 or b[j] == 40):
        close = 41 if b[j] == 40 else b[j]
        opening = b[j]
        j += 1
        while j < hi and b[j] != close:
            if opening == 40 and b[j] == 40:
                return -1
            if b[j] == 92 and j + 1 < hi and _is_ascii_punct(b[j + 1]):
                j += 1
            j += 1
        if j >= hi:
            return -1
        j = _skip_blank(b, j + 1, hi)
    if j < hi and b[j] == 41:
        return j + 1
    return -1


@_lean
def _pair_emphasis(dl: Array, bottom: int, n: int, floors: Array, cnt: Array, spans: Any) -> None:
    """Pair the delimiter runs from ``bottom`` on, as CommonMark does, and count what comes of them."""
    if n - bottom < 2:
        return
    floors[:] = bottom
    top = bottom  # dl[5, bottom:top] is the stack of runs that may still open
    for k in range(bottom, n):
        char, left, original, opens, closes = dl[0, k], dl[1, k], dl[2, k], dl[3, k], dl[4, k]
        if closes:
            slot = (original % 3) * 4 + opens * 2 + (1 if char == 95 else 0)
            while left > 0:
                j = top - 1
                while j >= floors[slot]:
                    o = dl[5, j]
                    if dl[0, o] == char:
                        both = opens or dl[4, o]
                        total = original + dl[2, o]
                        if not both or total % 3 != 0 or (original % 3 == 0 and dl[2, o] % 3 == 0):
                            break
                    j -= 1
                if j < floors[slot]:
                    floors[slot] = top
                    break
                o = dl[5, j]
                use = 2 if left >= 2 and dl[1, o] >= 2 else 1
                start = dl[6, o] + dl[1, o] - use
                end = dl[6, k] + original - left + use
                _tally(C_BOLD if use == 2 else C_ITALIC, start, end, cnt, spans)
                cnt[C_MARKUP] += 2 * use
                left -= use
                dl[1, o] -= use
                top = j + 1 if dl[1, o] > 0 else j
                for s in range(12):
                    if floors[s] > top:
                        floors[s] = top
        dl[1, k] = left
        dl[6, k] += original - left  # what closed something is gone from the left end
        if left > 0 and opens:
            dl[5, top] = k
            top += 1


@_lean
def _pair_marks(
    b: Array, lo: int, hi: int, n: int, room: Any, cnt: Array, spans: Any, C: Any
) -> None:
    """Pair the noted marks of one block that ends at ``hi``: code, links, emphasis, formulas."""
    ev, dl, br, last, floors, _ = room
    know = False
    delims = NULL
    brackets = 0
    dead = 0  # '[' below this height in the stack may open no link any more
    dollar = -1
    dollars = -1
    round_ = -1
    square = -1
    k = 0
    escaped = -1  # position of the character behind an odd run of backslashes
    while k < n:
        pos, size = ev[0, k], ev[1, k]
        char = b[pos]
        k += 1
        if pos == escaped and char != 92:
            pos += 1
            size -= 1
            if size == 0:
                continue
        if char == 92:
            if size % 2 == 1:
                escaped = pos + size
                c = b[escaped] if escaped < hi else 0
                if c == 40:
                    round_ = escaped
                elif c == 91:
                    square = escaped
                elif c == 41 and round_ >= 0:
                    _tally(C_MATH, round_ - 1, escaped + 1, cnt, spans)
                    cnt[C_MARKUP] += 4
                    round_ = -1
                elif c == 93 and square >= 0:
                    _tally(C_MATH, square - 1, escaped + 1, cnt, spans)
                    cnt[C_MARKUP] += 4
                    square = -1
        elif char == 96:
            if size > MAX_TICKS:
                continue
            if not know:
                last[:] = -1
                for m in range(k, n):
                    if b[ev[0, m]] == 96 and ev[1, m] <= MAX_TICKS:
                        last[ev[1, m]] = m
                know = True
            if last[size] >= k:
                m = k
                while b[ev[0, m]] != 96 or ev[1, m] != size:
                    m += 1
                k = m + 1
                _tally(C_CODE, pos, ev[0, m] + size, cnt, spans)
                cnt[C_MARKUP] += 2 * size
        elif char == 60:
            end = _autolink(b, pos, hi)
            if end > 0:
                _tally(C_LINKS, pos, end, cnt, spans)
                cnt[C_MARKUP] += 2
                while k < n and ev[0, k] < end:
                    k += 1
        elif char == 36:
            before = b[pos - 1] if pos > lo else 32
            after = b[pos + size] if pos + size < hi else 32
            if size == 2:
                if dollars >= 0:
                    _tally(C_MATH, dollars, pos + 2, cnt, spans)
                    cnt[C_MARKUP] += 4
                    dollars = -1
                else:
                    dollars = pos
                dollar = -1
            elif size == 1 and dollars < 0:
                if dollar >= 0 and before > 32 and not 48 <= after <= 57:
                    _tally(C_MATH, dollar, pos + 1, cnt, spans)
                    cnt[C_MARKUP] += 2
                    dollar = -1
                elif after > 32:
                    dollar = pos
        elif char == 91:
            image = pos > lo and b[pos - 1] == 33 and pos - 1 != escaped
            br[0, brackets] = 1 if image else 0
            br[1, brackets] = delims
            br[2, brackets] = pos - 1 if image else pos
            brackets += 1
        elif char == 93:
            if brackets == 0:
                continue
            brackets -= 1
            image = br[0, brackets] == 1
            live = image or brackets >= dead
            if dead > brackets:
                dead = brackets
            if not live or pos + 1 >= hi or b[pos + 1] != 40:
                continue
            end = _link_end(b, pos + 1, hi)
            if end < 0:
                continue
            _pair_emphasis(dl, br[1, brackets], delims, floors, cnt, spans)
            delims = br[1, brackets]
            _tally(C_IMAGES if image else C_LINKS, br[2, brackets], end, cnt, spans)
            cnt[C_MARKUP] += _points(b, pos, end) + (2 if image else 1)
            if not image:
                dead = brackets
            while k < n and ev[0, k] < end:
                k += 1
        else:
            before = _kind_before(b, pos, lo, C)
            after = _kind_after(b, pos + size, hi, C)
            left = after & SPACE == 0 and (after & PUNCTUATION == 0 or before & (SPACE | PUNCTUATION) != 0)
            right = before & SPACE == 0 and (before & PUNCTUATION == 0 or after & (SPACE | PUNCTUATION) != 0)
            opens, closes = left, right
            if char == 95:
                opens = left and (not right or before & PUNCTUATION != 0)
                closes = right and (not left or after & PUNCTUATION != 0)
            if opens or closes:
                dl[0, delims] = char
                dl[1, delims] = size
                dl[2, delims] = size
                dl[3, delims] = 1 if opens else 0
                dl[4, delims] = 1 if closes else 0
                dl[6, delims] = pos
                delims += 1
    _pair_emphasis(dl, NULL, delims, floors, cnt, spans)


# -- blocks -------------------------------------------------------------------------------------------------


@_lean
def _columns(b: Array, i: int, hi: int) -> Any:
    """Cells of a table row: bars that are not escaped, outer ones left out."""
    while i < hi and (b[i] == 32 or b[i] == 9):
        i += 1
    end = _line_end(b, i, hi)
    while end > i and (b[end - 1] == 32 or b[end - 1] == 9):
        end -= 1
    n = 1
    bars = 0
    for k in range(i, end):
        if b[k] == 124 and (k == i or b[k - 1] != 92):
            bars += 1
            if i < k < end - 1:
                n += 1
    return n, bars


@_lean
def _delimiter_row(b: Array, i: int, hi: int) -> Any:
    """Columns of a table's ``| --- | :-: |`` line, or 0."""
    end = _line_end(b, i, hi)
    while end > i and (b[end - 1] == 32 or b[end - 1] == 9):
        end -= 1
    if end - i < 2 or (b[i] == 45 and (b[i + 1] == 32 or b[i + 1] == 9)):
        return 0
    for k in range(i, end):
        c = b[k]
        if c != 124 and c != 45 and c != 58 and c != 32 and c != 9:
            return 0
    n = 0
    k = i + 1 if b[i] == 124 else i
    if b[end - 1] == 124 and end - 1 > i:
        end -= 1
    while k <= end:
        while k < end and (b[k] == 32 or b[k] == 9):
            k += 1
        if k < end and b[k] == 58:
            k += 1
        dashes = k
        while k < end and b[k] == 45:
            k += 1
        if k == dashes:
            return 0
        if k < end and b[k] == 58:
            k += 1
        while k < end and (b[k] == 32 or b[k] == 9):
            k += 1
        if k < end and b[k] != 124:
            return 0
        n += 1
        k += 1
    return n


@_lean
def _html_start(b: Array, i: int, hi: int, in_paragraph: bool, fold: Array, H: Any) -> Any:
    """Kind of HTML block that starts at the < here: 1 ends at its closing tag, 2 at -->, 6 at a blank line, 0 none."""
    if i + 3 < hi and b[i + 1] == 33 and b[i + 2] == 45 and b[i + 3] == 45:
        return 2
    j = i + 1
    closing = j < hi and b[j] == 47
    if closing:
        j += 1
    first = j
    j, key = _read_tag(b, j, hi, fold)
    if j == first or not 97 <= (b[first] | 32) <= 122:
        return 0
    bare = j >= hi or b[j] == 32 or b[j] == 9 or b[j] == 10 or b[j] == 13 or b[j] == 62
    if bare and not closing:
        for tag in H.raw_tags:
            if tag == key:
                return 1
    if bare or (b[j] == 47 and j + 1 < hi and b[j + 1] == 62):
        slot = np.searchsorted(H.block_tags, key)
        if slot < H.block_tags.size and H.block_tags[slot] == key:
            return 6
    if in_paragraph:
        return 0
    while j < hi and (b[j] == 45 or fold[b[j]]):
        j += 1
    if j < hi and b[j] != 32 and b[j] != 9 and b[j] != 62 and b[j] != 47:
        return 0
    quote = 0
    while j < hi and b[j] != 10 and b[j] != 13:
        c = b[j]
        if quote:
            if c == quote:
                quote = 0
        elif c == 34 or c == 39:
            quote = np.int64(c)
        elif c == 62:
            return 6 if _visible(b, j + 1, hi) == 0 else 0
        elif c == 60 or c == 96 or c == 44:
            return 0
        j += 1
    return 0


@_lean
def _html_ends(b: Array, i: int, hi: int, kind: int, fold: Array, H: Any) -> bool:
    """Whether an HTML block of kind 1 or 2 ends on this line."""
    while i < hi and b[i] != 10 and b[i] != 13:
        if kind == 2:
            if b[i] == 45 and i + 2 < hi and b[i + 1] == 45 and b[i + 2] == 62:
                return True
        elif b[i] == 60 and i + 1 < hi and b[i + 1] == 47:
            j, key = _read_tag(b, i + 2, hi, fold)
            for tag in H.raw_tags:
                if tag == key and j < hi and b[j] == 62:
                    return True
        i += 1
    return False


@_lean
def _blank_from(b: Array, i: int, hi: int) -> bool:
    return i >= hi or b[i] == 10 or b[i] == 13


@_lean
def _skip_indent(b: Array, p: int, col: int, hi: int) -> Any:
    """Skip spaces and tabs: position and column."""
    while p < hi:
        if b[p] == 32:
            col += 1
        elif b[p] == 9:
            col += 4 - col % 4
        else:
            break
        p += 1
    return p, col


@_lean
def _parse_line(b: Array, i: int, hi: int, S: Array, cnt: Array, spans: Any, fold: Array, H: Any) -> Any:
    """Parse the start of the line at ``i`` as CommonMark does; where its content starts.

    What the line is goes to ``S``: S_INLINE (its marks are noted), S_EOL_FLUSH (its block ends with it),
    S_FLUSH (a block ended before it), S_CODE (it is inside a fence), S_PROSE.
    """
    p, col = _skip_indent(b, i, NULL, hi)
    blank = _blank_from(b, p, hi)
    depth = S[S_DEPTH]
    leaf = S[S_LEAF]
    if not blank:
        cnt[C_LINES] += 1
    S[S_INLINE] = 0
    S[S_EOL_FLUSH] = 0
    S[S_CODE] = 0
    S[S_FLUSH] = 1
    S[S_PROSE] = 1
    base = 0
    m = 0
    raw_blank = blank
    while m < depth:
        width = S[S_WIDTH + m]
        if width < 0:
            if blank or col - base > 3 or b[p] != 62:
                break
            cnt[C_MARKUP] += 1
            base = col + 1
            p, col = _skip_indent(b, p + 1, col + 1, hi)
            if col > base:
                base += 1
            blank = _blank_from(b, p, hi)
        elif blank:
            if S[S_EMPTY + m] == 1:
                break
        elif col - base >= width:
            base += width
        else:
            break
        m += 1
    if leaf == FENCE:
        if m == depth:
            return _fence_line(b, i, p, hi, col - base, raw_blank, S, cnt, spans)
        _end_fence(S, b, i, spans)
        leaf = NONE
    elif leaf == HTML:
        if m == depth and not (blank and S[S_HTML] == 6):
            if S[S_HTML] != 6 and _html_ends(b, p, hi, S[S_HTML], fold, H):
                S[S_LEAF] = NONE
            _paragraph_line(raw_blank, S, cnt)
            return p
        leaf = NONE
    _paragraph_line(raw_blank, S, cnt)
    fresh = False  # a container was opened on this line
    d = m
    while not blank and not (col - base >= 4):
        c = b[p]
        if fold[c] > 26 or c == 45 or c == 43 or c == 42 or c == 95 or c == 61:
            if c == 61 or c == 45:
                if leaf == PARAGRAPH and m == depth and not fresh and _setext(b, p, hi):
                    if c != 45 or not _table_here(b, p, hi, S):
                        _tally_line(C_HEADERS, S[S_BEGIN], b, p, hi, cnt, spans)
                        cnt[C_MARKUP] += _visible(b, p, hi)
                        S[S_DEPTH], S[S_LEAF] = d, NONE
                        _fill(S, d)
                        return p
            if c == 42 or c == 45 or c == 95:
                n = _only(b, p, hi, c)
                if n >= 3 and not (
                    leaf == PARAGRAPH and m == depth and not fresh and c == 45 and _table_here(b, p, hi, S)
                ):
                    _tally_line(C_RULES, p, b, p, hi, cnt, spans)
                    cnt[C_MARKUP] += n
                    S[S_DEPTH], S[S_LEAF] = d, NONE
                    _fill(S, d)
                    return p
            if c == 95 or c == 61:
                break
            q = p
            ordered = fold[c] > 26
            if ordered:
                while q < hi and 48 <= b[q] <= 57 and q - p < 10:
                    q += 1
                if q - p > 9 or q >= hi or (b[q] != 46 and b[q] != 41):
                    break
            q += 1
            if q < hi and b[q] != 32 and b[q] != 9 and b[q] != 10 and b[q] != 13:
                break
            after, after_col = _skip_indent(b, q, col + q - p, hi)
            empty = _blank_from(b, after, hi)
            if leaf == PARAGRAPH and m == depth and not fresh:
                one = not ordered or (q - p == 2 and b[p] == 49)
                if empty or not one or (c == 45 and _table_here(b, p, hi, S)):
                    break
            if d >= MAX_DEPTH:
                break
            _tally_line(C_ORDERED if ordered else C_BULLET, p, b, p, hi, cnt, spans)
            cnt[C_MARKUP] += q - p
            if ordered:
                cnt[C_WORDS] += 1
                cnt[C_PROSE_WORDS] += 1
                cnt[C_SYLLABLES] += 1
                cnt[C_LETTERS] += q - 1 - p
            gap = after_col - (col + q - p)
            width = (col - base) + (q - p) + (1 if empty or gap > 4 else gap)
            S[S_WIDTH + d] = width
            S[S_EMPTY + d] = 1 if empty else 0
            base += width
            d += 1
            p, col = after, after_col
            fresh = True
            leaf = NONE
            blank = empty
            continue
        if c == 62:
            if d >= MAX_DEPTH:
                break
            _tally_line(C_QUOTES, p, b, p, hi, cnt, spans)
            cnt[C_MARKUP] += 1
            S[S_WIDTH + d] = -1
            S[S_EMPTY + d] = 0
            d += 1
            base = col + 1
            p, col = _skip_indent(b, p + 1, col + 1, hi)
            if col > base:
                base += 1
            fresh = True
            leaf = NONE
            blank = _blank_from(b, p, hi)
            continue
        if c == 35:
            q = p
            while q < hi and b[q] == 35:
                q += 1
            if q - p <= 6 and (q >= hi or b[q] == 32 or b[q] == 9 or b[q] == 10 or b[q] == 13):
                _tally_line(C_HEADERS, p, b, p, hi, cnt, spans)
                cnt[C_MARKUP] += q - p
                S[S_DEPTH], S[S_LEAF] = d, NONE
                S[S_INLINE], S[S_EOL_FLUSH] = 1, 1
                _fill(S, d)
                q, _ = _skip_indent(b, q, NULL, hi)
                return q
            break
        if c == 96 or c == 126:
            q = p
            while q < hi and b[q] == c:
                q += 1
            n = q - p
            if n < 3:
                break
            if c == 96:
                while q < hi and b[q] != 10 and b[q] != 13 and b[q] != 96:
                    q += 1
                if q < hi and b[q] == 96:
                    break
            _tally(C_FENCES, p, hi, cnt, spans)
            if spans is not None:
                S[S_MARK] = spans[0, 0]
            cnt[C_MARKUP] += _visible(b, p, hi)
            S[S_DEPTH], S[S_LEAF] = d, FENCE
            S[S_FENCE], S[S_FENCE_LEN] = c, n
            S[S_PROSE] = 0
            if S[S_RUN] == 2:
                cnt[C_PARAGRAPHS] -= 1
            S[S_RUN] = 0
            _fill(S, d)
            return p
        if c == 60:
            kind = _html_start(b, p, hi, leaf == PARAGRAPH, fold, H)
            if kind > 0:
                S[S_DEPTH], S[S_LEAF], S[S_HTML] = d, HTML, kind
                if kind != 6 and _html_ends(b, p, hi, kind, fold, H):
                    S[S_LEAF] = NONE
                _fill(S, d)
                return p
        break
    if not fresh and m < depth and leaf == PARAGRAPH and not blank:  # lazy continuation
        S[S_FLUSH] = 0
        S[S_INLINE] = 1
        S[S_LINE] = -1
        return p
    S[S_DEPTH] = d
    if blank:
        S[S_LEAF] = NONE
        return p
    _fill(S, d)
    indented = col - base >= 4
    matched = m == depth and not fresh
    if leaf == TABLE and matched and not indented:
        _, bars = _columns(b, p, hi)
        _tally_line(C_TABLES, p, b, p, hi, cnt, spans)
        cnt[C_MARKUP] += bars
        S[S_INLINE], S[S_EOL_FLUSH] = 1, 1
        return p
    if leaf == PARAGRAPH and matched:
        if not indented and _table_here(b, p, hi, S):
            _, bars = _columns(b, S[S_LINE], hi)
            _tally_line(C_TABLES, S[S_LINE], b, S[S_LINE], hi, cnt, spans)
            cnt[C_MARKUP] += bars + _visible(b, p, hi)
            S[S_LEAF] = TABLE
            return p
        S[S_FLUSH] = 0
        S[S_INLINE] = 1
        S[S_LINE] = p
        return p
    if indented:
        S[S_LEAF] = NONE
        return p
    S[S_LEAF] = PARAGRAPH
    S[S_LINE] = p
    S[S_BEGIN] = p
    S[S_INLINE] = 1
    return p


@_lean
def _plain_line(i: int, blank: bool, leaf: int, S: Array, cnt: Array, spans: Any) -> None:
    """What ``_parse_line`` does to the commonest lines, outside containers: empty, or opening with a letter."""
    S[S_EOL_FLUSH] = 0
    S[S_CODE] = 0
    S[S_PROSE] = 1
    S[S_FLUSH] = 0 if leaf == PARAGRAPH and not blank else 1
    S[S_INLINE] = 0 if blank else 1
    if blank:
        S[S_RUN] = 0
        S[S_LEAF] = NONE
        return
    cnt[C_LINES] += 1
    if S[S_RUN] == 0:
        cnt[C_PARAGRAPHS] += 1
    S[S_RUN] = 2 if S[S_RUN] == 0 else 1
    if spans is not None:
        if leaf != PARAGRAPH:
            S[S_BEGIN] = i
    S[S_LEAF] = PARAGRAPH
    S[S_LINE] = i


@_lean
def _fill(S: Array, depth: int) -> None:
    """Every open item has content now."""
    for k in range(depth):
        S[S_EMPTY + k] = 0


@_lean
def _paragraph_line(blank: bool, S: Array, cnt: Array) -> None:
    """Count runs of lines that are not blank; S_RUN is 2 on the first line of a run."""
    if blank:
        S[S_RUN] = 0
    elif S[S_RUN] == 0:
        S[S_RUN] = 2
        cnt[C_PARAGRAPHS] += 1
    else:
        S[S_RUN] = 1


@_lean
def _fence_line(
    b: Array, i: int, p: int, hi: int, indent: int, blank: bool, S: Array, cnt: Array, spans: Any
) -> Any:
    """A line inside an open fence, or the one that closes it."""
    S[S_PROSE] = 0
    S[S_RUN] = 0
    if not blank and indent <= 3 and b[p] == S[S_FENCE]:
        q = p
        while q < hi and b[q] == S[S_FENCE]:
            q += 1
        if q - p >= S[S_FENCE_LEN] and _visible(b, q, hi) == 0:
            S[S_LEAF] = NONE
            _end_fence(S, b, q, spans)
            cnt[C_MARKUP] += q - p
            return p
    S[S_CODE] = 1
    return p


@_lean
def _setext(b: Array, p: int, hi: int) -> bool:
    """Whether the rest of the line is one run of = or -, spaces behind it allowed."""
    c = b[p]
    while p < hi and b[p] == c:
        p += 1
    return _visible(b, p, hi) == 0


@_lean
def _table_here(b: Array, p: int, hi: int, S: Array) -> bool:
    """Whether this line makes the paragraph's last line the header row of a table."""
    if S[S_LINE] < 0:
        return False
    c = b[p]
    if c != 124 and c != 45 and c != 58:
        return False
    columns = _delimiter_row(b, p, hi)
    if columns == 0:
        return False
    n, bars = _columns(b, S[S_LINE], hi)
    return bars > 0 and n == columns


# -- the scan -----------------------------------------------------------------------------------------------

DONE, REASONING, CROWDED = 0, 1, 2


@_lean
def _is_think(b: Array, i: int, hi: int) -> Any:
    """1 at <think>, 2 at </think>, else 0."""
    closing = 1 if i + 1 < hi and b[i + 1] == 47 else 0
    j = i + 1 + closing
    if j + 6 > hi:
        return 0
    if (
        b[j] == 116
        and b[j + 1] == 104
        and b[j + 2] == 105
        and b[j + 3] == 110
        and b[j + 4] == 107
        and b[j + 5] == 62
    ):
        return 1 + closing
    return 0


@_lean
def _has_reasoning(b: Array, lo: int, hi: int, maps: Array) -> bool:
    at = _next_bit(maps, M_LESS, NULL, hi - lo)
    while at < hi - lo:
        if _is_think(b, lo + at, hi):
            return True
        at = _next_bit(maps, M_LESS, at + 1, hi - lo)
    return False


@_lean
def _note_phrase(
    b: Array, at: int, end: int, hi: int, state: int, sentence: int, C: Any, P: Any, Z: Array, cnt: Array, spans: Any
) -> None:
    """Count the phrase of sycophancy whose first word stands at ``at`` to ``end`` and leads to ``state``, if any."""
    category, end = _match_phrase(b, end, hi, state, C, P)
    if category > 0:
        _tally(C_PRAISE - 1 + category, at, end, cnt, spans)
        if sentence == 0 and Z[Z_OPENED] == 0:
            _mark(C_OPENING, at, end, spans)
            Z[Z_OPENED] = 1
        Z[Z_LAST] = at
        Z[Z_FREE] = end
        Z[Z_SENTENCE] = sentence


@_lean
def _note_style(
    b: Array, at: int, end: int, hi: int, state: int, C: Any, Q: Any, F: Array, cnt: Array, spans: Any
) -> None:
    """Count the phrase of style whose first word stands at ``at`` to ``end``, if any, and if no phrase of its category
    has that word; ``F`` is from where the next of each category may start."""
    category, end = _match_phrase(b, end, hi, state, C, Q)
    if category > 0 and at >= F[category - 1]:
        _tally(C_REFUSAL - 1 + category, at, end, cnt, spans)
        F[category - 1] = end


# -- word by word -------------------------------------------------------------------------------------------


def _windows() -> Any:
    """Room to count word by word: hash table of words and where each was last, the last words and whether each is
    the last of its kind, state; keys, places and sizes of words that wait."""
    return (
        np.zeros(SLOTS, dtype=np.uint64),
        np.zeros(SLOTS, dtype=np.int64),
        np.empty(RING, dtype=np.uint64),
        np.zeros(RING, dtype=np.int64),
        np.zeros(8, dtype=np.int64),
        np.empty(BATCH, dtype=np.uint64),
        np.empty(BATCH, dtype=np.uint64),
        np.empty(BATCH, dtype=np.uint64),
    )


@_small
def _word_slot(key: int, keys: Array) -> Any:
    """The slot that a word has, or may have."""
    slot = key >> TWENTY & np.uint64(SLOTS - 1)
    found = keys[slot]
    while min(found ^ key, found) != ZERO:  # one branch: neither the word nor nothing
        slot = (slot + ONE) & np.uint64(SLOTS - 1)
        found = keys[slot]
    return slot


@_small
def _slide(count: int, prose: Any) -> None:
    """Move the window of words on by the words that wait; without branches that cannot be foreseen."""
    keys, last, ring, live, N = prose[0], prose[1], prose[2], prose[3], prose[4]
    n, distinct, total, used = N[N_WORDS], N[N_DISTINCT], N[N_SUM], N[N_USED]
    begin = N[N_BEGIN]
    for j in range(count):
        key = prose[5][j]
        slot = _word_slot(key, keys)
        new = 1 if keys[slot] == ZERO else 0
        before = last[slot] - FAR * new
        again = ((n - WINDOW - before) >> 63) & 1  # it is in the window
        distinct += 1 - again - live[(n - WINDOW) & (RING - 1)]  # zero before the first window is full
        keys[slot] = key
        last[slot] = n
        live[before & (RING - 1)] &= again - 1
        live[n & (RING - 1)] = 1
        ring[n & (RING - 1)] = key
        used += new
        n += 1
        if n - begin >= WINDOW:
            total += distinct
        if used > SLOTS // 3:
            keys[:] = ZERO
            used = 0
            for at in range(max(begin, n - WINDOW), n):
                slot = _word_slot(ring[at & (RING - 1)], keys)
                used += 1 if keys[slot] == ZERO else 0
                keys[slot] = ring[at & (RING - 1)]
                last[slot] = at
    N[N_WORDS], N[N_DISTINCT], N[N_SUM], N[N_USED] = n, distinct, total, used


@_lean
def _begin_prose(prose: Any) -> None:
    live, N = prose[3], prose[4]
    live[:] = 0
    N[N_WORDS] += RING  # the words of the turn before are out of every window, and need not be forgotten
    N[N_BEGIN] = N[N_WORDS]
    N[N_DISTINCT] = N[N_SUM] = 0
    N[N_QUESTION] = N[N_RUN_END] = -1


@_lean
def _end_prose(sentences: int, cnt: Array, spans: Any, prose: Any) -> None:
    """What a turn's windows and last sentence come to."""
    N = prose[4]
    n = N[N_WORDS] - N[N_BEGIN]
    cnt[C_TYPES] += N[N_SUM] if n >= WINDOW else N[N_DISTINCT]
    cnt[C_WINDOWS] += (n - WINDOW + 1) * WINDOW if n >= WINDOW else n
    if sentences > 0 and N[N_QUESTION] == sentences - 1:
        _tally(C_CLOSING_QUESTION, N[N_QUESTION_AT], N[N_QUESTION_AT] + 1, cnt, spans)


@_small
def _silent(a: Any, b: Any, c: Any, d: Any) -> Any:
    """1 if a word that ends with characters of these kinds, ``d`` last, has a silent e at its end, else 0."""
    e = d & c >> 1 & ~(c >> 2 & b >> 1)
    ed = d >> 3 & c & b >> 1 & ~(b >> 4)
    es = d >> 5 & c & b >> 1 & ~(b >> 6)
    return (e | (ed | es) & ~(b >> 2 & a >> 1)) & 1


@_small
def _look_up(b: Array, start: int, end: int, key: int, cnt: Array, spans: Any, V: Any) -> Any:
    """Count a word in each list that has it, but no small i as a person; its flags."""
    if _bit(V.any, key >> FORTY & np.uint64(8 * V.any.size - 1)) == ZERO:
        return 0
    size = np.uint64(V.key.size - 1)
    slot = key >> TWENTY & size
    while V.key[slot] != ZERO and V.key[slot] != key:
        slot = (slot + ONE) & size
    flags = np.int64(V.flags[slot]) if V.key[slot] == key else 0
    if end - start == 1 and b[start] == 105:
        flags &= ~1
    if flags & 127:
        for k in range(LISTS):
            if flags >> k & 1:
                _tally(C_FIRST_PERSON + k, start, end, cnt, spans)
    return flags


@_lean
def _count_word(b: Array, start: int, end: int, key: int, cnt: Array, spans: Any, C: Any, V: Any, prose: Any) -> None:
    """Count what is counted of each word of prose, of one word."""
    syllables, letters, caps = _word_shape(b, start, end, C)
    cnt[C_SYLLABLES] += syllables
    cnt[C_LETTERS] += letters
    cnt[C_COMPLEX] += 1 if syllables > 2 else 0
    cnt[C_LONG] += 1 if letters > 6 else 0
    if caps:
        _tally(C_CAPS, start, end, cnt, spans)
    prose[5][0] = key
    _slide(1, prose)
    _look_up(b, start, end, key, cnt, spans, V)


@_small
def _count_words(b: Array, lo: int, n: int, maps: Array, T: Any, cnt: Array, spans: Any, prose: Any) -> None:
    """Count the same of some words of a line of ASCII; one loop for each thing, so that each finds its registers."""
    C, V = T[0], T[5]
    keys, places, sizes = prose[5], prose[6], prose[7]
    all_syllables = all_letters = complex_ = long_ = 0
    for j in range(n):
        here, size = places[j], sizes[j]
        at = np.uint64(lo) + here
        end = at + size
        q, k = np.int64(here >> SIX), here & SIXTYTHREE
        if size < np.uint64(60) and end >= FOUR:
            mask = ~(ALL << size)
            sound = _window(maps, M_VOWEL, q, k) & mask
            syllables = np.int64(_ones(sound & ~(sound << ONE)))
            letters = np.int64(_ones(_window(maps, M_ALNUM, q, k) & mask))
            w, x = C.ends[b[end - FOUR]], C.ends[b[end - THREE]]
            y, z = C.ends[b[end - TWO]], C.ends[b[end - ONE]]
            syllables = max(1, syllables - np.int64(_silent(w, x, y, z)))
            capital = _window(maps, M_CAPITAL, q, k) & mask
            if capital & (capital - ONE) != ZERO:
                if _window(maps, M_ALPHA, q, k) & mask == capital:
                    _tally(C_CAPS, np.int64(at), np.int64(end), cnt, spans)
        else:
            syllables, letters, caps = _word_shape(b, np.int64(at), np.int64(end), C)
            if caps:
                _tally(C_CAPS, np.int64(at), np.int64(end), cnt, spans)
        all_syllables += syllables
        all_letters += letters
        complex_ += 1 if syllables > 2 else 0
        long_ += 1 if letters > 6 else 0
    cnt[C_SYLLABLES] += all_syllables
    cnt[C_LETTERS] += all_letters
    cnt[C_COMPLEX] += complex_
    cnt[C_LONG] += long_
    _slide(n, prose)
    for j in range(n):
        at = np.uint64(lo) + places[j]
        flags = _look_up(b, np.int64(at), np.int64(at + sizes[j]), keys[j], cnt, spans, V)
        if flags & 128:
            maps[M_EVENT, places[j] >> SIX] |= ONE << (places[j] & SIXTYTHREE)


@_lean
def _word_shape(b: Array, i: int, hi: int, C: Any) -> Any:
    """Syllables and letters of a word, and whether it is in capitals."""
    groups = letters = capitals = others = 0
    sounding = False
    c1 = c2 = c3 = c4 = np.uint8(0)
    while i < hi:
        point, n = _decode(b, i)
        kind = _kind(point, C)
        i += n
        if kind & MARK:
            c4 = np.uint8(0)  # a letter with an accent is none of those that are silent
            continue
        vowel = kind & VOWEL != 0
        if vowel and not sounding:
            groups += 1
        sounding = vowel
        if kind & (LETTER | ALONE):
            letters += 1
            if 65 <= point <= 90 or kind & CASED:
                capitals += 1
            elif not 48 <= point <= 57:
                others += 1
        c1, c2, c3, c4 = c2, c3, c4, C.ends[point] if point < 128 else np.uint8(0)
    if groups > 1:
        groups -= np.int64(_silent(c1, c2, c3, c4))
    return max(1, groups), letters, capitals > 1 and others == 0


@_lean
def _note_calls(b: Array, pos: int, hi: int, sentence: int, C: Any, cnt: Array, spans: Any, prose: Any) -> None:
    """Count the exclamation and question marks of the run that starts here; a run is looked at once.

    ``sentence`` is the number of the sentence that the run is in, or -1.
    """
    N = prose[4]
    if pos < N[N_RUN_END]:
        return
    j = pos
    while j < hi and (b[j] == 33 or b[j] == 63):
        j += 1
    N[N_RUN_END] = j
    if (j < hi and b[j] == 91) or not _ends_sentence(b, j, hi, C):
        return
    for k in range(pos, j):
        _tally(C_EXCLAMATIONS if b[k] == 33 else C_QUESTIONS, k, k + 1, cnt, spans)
        if b[k] == 63 and sentence >= 0:
            N[N_QUESTION], N[N_QUESTION_AT] = sentence, k


# -- the scan -----------------------------------------------------------------------------------------------


@_lean
def _line_words(
    b: Array, lo: int, first: int, last: int, maps: Array, T: Any, cnt: Array, spans: Any, prose: Any
) -> None:
    """Go through the words of a line of ASCII: mark in M_EVENT the word before each pair that may open a phrase."""
    P, V = T[2], T[5]
    pair, first_words = (P.pair, P.first) if prose is None else (V.pair, V.first)
    pairs, firsts = np.uint64(8 * pair.size - 1), np.uint64(8 * first_words.size - 1)
    before, opened = ZERO, ZERO
    place = np.uint64(first)
    n = 0
    for q in range(first >> 6, (last + 63) >> 6):
        bits = _part(maps[M_START, q], q, first, last)
        base = np.uint64(q << 6)
        while bits != ZERO:
            k = _lowest(bits)
            bits &= bits - ONE
            here = base + k
            size, key = _ascii_key(b, lo, here, maps)
            hit = _bit(pair, _pair_slot(before, key) & pairs) & opened
            opened = _bit(first_words, key >> FORTY & firsts)
            if prose is not None:
                prose[5][n], prose[6][n], prose[7][n] = key, here, size
                n += 1
                if n == BATCH:
                    _count_words(b, lo, n, maps, T, cnt, spans, prose)
                    n = 0
            maps[M_EVENT, place >> SIX] |= hit << (place & SIXTYTHREE)
            before, place = key, here
    if prose is not None:
        _count_words(b, lo, n, maps, T, cnt, spans, prose)


@_small
def _pair_slot(first: int, second: int) -> Any:
    return ((((first << SEVENTEEN) | (first >> FORTYSEVEN)) ^ second) * PAIR_MIX) >> FORTY


@_small
def _bit(bits: Array, slot: int) -> Any:
    return np.uint64((bits[slot >> THREE] >> np.uint8(slot & SEVEN)) & 1)


@_small
def _note_mark(b: Array, at: int, hi: int, run: bool, inline: bool, ev: Array, notes: int) -> Any:
    """Note a byte that may be markup, or the run of it; its end, and how many notes there are, room or not."""
    end = at + 1
    while run and end < hi and b[end] == b[at]:
        end += 1
    if inline:
        if notes < ev.shape[1]:
            ev[0, notes], ev[1, notes] = at, end - at
        notes += 1
    return end, notes


@_small
def _opens(key: int, P: Any) -> bool:
    """Whether the word may be the first of a phrase."""
    return _bit(P.first, key >> FORTY & np.uint64(8 * P.first.size - 1)) != ZERO


@_lean
def _scan_turn(
    b: Array, lo: int, hi: int, T: Any, S: Array, maps: Array, room: Any, stamps: Array, stamp: int, strip: bool,
    cnt: Array, spans: Any, prose: Any,
) -> Any:  # fmt: skip
    """Count everything in one turn; adds to ``cnt`` and ``spans``."""
    C, E, P, H, Q, V = T
    fold, act = C.fold, C.act
    ev = room[0]
    S[:] = 0
    Z, F = S[S_PHRASES:S_STYLE], S[S_STYLE:]
    Z[Z_FREE], Z[Z_SENTENCE] = lo, -1
    cont = _classify(b, lo, hi, maps, room[5], prose is not None)
    if strip and _has_reasoning(b, lo, hi, maps):
        return REASONING
    if prose is not None:
        _begin_prose(prose)
    size = hi - lo
    notes = sentences = NULL
    words = prose_words = 0
    i = lo
    while i < hi:
        line = i
        leaf = S[S_LEAF]
        if S[S_DEPTH] > 0 or leaf > PARAGRAPH or not (b[i] == 10 or 0 < fold[b[i]] <= 26):
            first = _parse_line(b, i, hi, S, cnt, spans, fold, H)
        else:
            first = i
            _plain_line(i, b[i] == 10, leaf, S, cnt, spans)
        i = first
        if S[S_FLUSH] == 1 and notes > 0:
            _pair_marks(b, lo, line, notes, room, cnt, spans, C)
            notes = NULL
        in_prose = S[S_PROSE] == 1
        inline = S[S_INLINE] == 1
        eol = lo + _next_bit(maps, M_EOL, i - lo, size)
        if lo + _next_bit(maps, M_HIGH, i - lo, eol - lo) == eol:
            # a line of ASCII
            n = _count_bits(maps, M_START, i - lo, eol - lo)
            words += n
            fresh = eol
            if in_prose:
                prose_words += n
                if n > 0:
                    _line_words(b, lo, i - lo, eol - lo, maps, T, cnt, spans, prose)
                    fresh = lo + _next_bit(maps, M_START, i - lo, eol - lo)  # the first word of the sentence
            looked = False
            last = eol - lo
            q = (i - lo) >> 6
            bits = _part(maps[M_EVENT, q], q, i - lo, last)
            while in_prose or inline:
                if fresh < eol and not looked:
                    looked = True
                    length, key = _ascii_key(b, lo, np.uint64(fresh - lo), maps)
                    if fresh >= Z[Z_FREE] and _bit(P.alone, key >> FORTY & np.uint64(8 * P.alone.size - 1)):
                        state = _step(FIRST, key, P)
                        _note_phrase(b, fresh, fresh + np.int64(length), hi, state, sentences, C, P, Z, cnt, spans)
                while bits == ZERO:
                    q += 1
                    if q << 6 >= last:
                        break
                    bits = _part(maps[M_EVENT, q], q, NULL, last)
                if bits == ZERO:
                    break
                pos = lo + (q << 6) + np.int64(_lowest(bits))
                bits &= bits - ONE
                if pos < i:
                    continue
                c = b[pos]
                a = act[c]
                if a == 3:
                    i = pos + 1
                    if not in_prose:
                        continue
                    if prose is not None:
                        if c != 46:
                            _note_calls(b, pos, hi, sentences if fresh < pos else -1, C, cnt, spans, prose)
                    if fresh < pos and (i >= hi or b[i] == 32 or b[i] == 10 or _ends_sentence(b, i, hi, C)):
                        sentences += 1
                        fresh = lo + _next_bit(maps, M_START, i - lo, last)
                        looked = False
                elif a == 4 or a == 5:
                    i, notes = _note_mark(b, pos, hi, a == 4, inline, ev, notes)
                elif fold[c] and in_prose:
                    end, key, _ = _read_word(b, pos, hi, C)
                    opens = FIRST if pos == fresh else NULL
                    if pos >= Z[Z_FREE]:
                        _note_phrase(b, pos, end, hi, _step(opens, key, P), sentences, C, P, Z, cnt, spans)
                    if prose is not None:
                        _note_style(b, pos, end, hi, _step(opens, key, Q), C, Q, F, cnt, spans)
            if fresh < eol:
                sentences += 1
            i = eol
        else:
            has_word = False
            opening = first
            if in_prose:
                while opening < hi and (b[opening] == 42 or b[opening] == 95):
                    opening += 1
            else:
                first = hi
                opening = -1
            while i < eol:
                c = b[i]
                point = np.int64(c)
                width = 1
                kind = 1 if fold[c] else 0
                a = act[c]
                if a == 8:
                    point, width = _decode(b, i)
                    kind = _kind(point, C)
                if kind & (LETTER | ALONE):
                    begin = i
                    if kind & EMOJI and kind & ALONE:
                        end, node = _match_emoji(b, i, hi, E)
                        if end > i:
                            _note_emoji(i, end, node, first, opening, stamps, stamp, cnt, spans)
                            i = end
                            continue
                    i, key, odd = _read_word(b, i, hi, C)
                    if odd:
                        _emoji_in_word(b, lo, begin, i, first, opening, stamps, stamp, cnt, spans, C, E)
                    words += 1
                    if in_prose:
                        prose_words += 1
                        opens = NULL if has_word else FIRST
                        has_word = True
                        if begin >= Z[Z_FREE] and _opens(key, P):
                            _note_phrase(b, begin, i, hi, _step(opens, key, P), sentences, C, P, Z, cnt, spans)
                        if prose is not None:
                            _count_word(b, begin, i, key, cnt, spans, C, V, prose)
                            if _opens(key, Q):
                                _note_style(b, begin, i, hi, _step(opens, key, Q), C, Q, F, cnt, spans)
                    continue
                if a == 3:
                    i += 1
                    if in_prose:
                        if prose is not None:
                            if c != 46:
                                _note_calls(b, i - 1, hi, sentences if has_word else -1, C, cnt, spans, prose)
                        if has_word and _ends_sentence(b, i, hi, C):
                            sentences += 1
                            has_word = False
                elif a == 4 or a == 5:
                    i, notes = _note_mark(b, i, hi, a == 4, inline, ev, notes)
                elif a == 8:
                    end = i
                    if kind & EMOJI:
                        end, node = _match_emoji(b, i, hi, E)
                        if end > i:
                            _note_emoji(i, end, node, first, opening, stamps, stamp, cnt, spans)
                    elif point == 0x20E3:
                        begin = _keycap_start(b, i, lo)
                        if begin >= 0:
                            end = i + 3
                            _, node = _match_emoji(b, begin, end, E)
                            _note_emoji(begin, end, node, first, opening, stamps, stamp, cnt, spans)
                    if end > i:
                        i = end
                        continue
                    i += width
                    if in_prose:
                        wide = point == 0x3002 or point == 0xFF01 or point == 0xFF1F or point == 0xFF61
                        if prose is not None:
                            if point == 0xFF01:
                                _tally(C_EXCLAMATIONS, i - width, i, cnt, spans)
                            elif point == 0xFF1F:
                                _tally(C_QUESTIONS, i - width, i, cnt, spans)
                                if has_word:
                                    prose[4][N_QUESTION], prose[4][N_QUESTION_AT] = sentences, i - width
                        if has_word and (wide or (point == 0x2026 and _ends_sentence(b, i, hi, C))):
                            sentences += 1
                            has_word = False
                else:
                    i += 1
            if has_word:
                sentences += 1
            i = eol
        if notes > ev.shape[1]:
            return CROWDED
        if i < hi:
            i += 2 if b[i] == 13 and i + 1 < hi and b[i + 1] == 10 else 1
        if S[S_CODE] == 1:
            cnt[C_CODE_CHARS] += _points(b, line, i)
        if S[S_EOL_FLUSH] == 1 and notes > 0:
            _pair_marks(b, lo, i, notes, room, cnt, spans, C)
            notes = NULL
    if notes > 0:
        _pair_marks(b, lo, hi, notes, room, cnt, spans, C)
    cnt[C_CHARS] += size - cont
    cnt[C_WORDS] += words
    cnt[C_PROSE_WORDS] += prose_words
    cnt[C_SENTENCES] += sentences
    cnt[C_OPENING] += Z[Z_OPENED]
    if Z[Z_SENTENCE] >= 0 and Z[Z_SENTENCE] == sentences - 1:
        _tally(C_CLOSING, Z[Z_LAST], Z[Z_FREE], cnt, spans)
    if prose is not None:
        _end_prose(sentences, cnt, spans, prose)
    if spans is not None:
        if S[S_LEAF] == FENCE:
            _end_fence(S, b, hi, spans)
    return DONE


@_lean
def _blank(c: int) -> Any:
    return c == 32 or c == 9 or c == 13


@_lean
def _supplied(b: Array, lo: int, hi: int) -> Any:
    """End of reasoning that a chat template opened: behind a </think>, the only tag there is, alone on its line,
    with text behind it; else -1."""
    found = -1
    for i in range(lo, hi):
        if b[i] == 60:
            tag = _is_think(b, i, hi)
            if tag == 1 or (tag == 2 and found >= 0):
                return -1
            if tag == 2:
                found = i
    if found < 0:
        return -1
    i = found
    while i > lo and _blank(b[i - 1]):
        i -= 1
    j = found + 8
    while j < hi and _blank(b[j]):
        j += 1
    if (i > lo and b[i - 1] != 10) or j >= hi or b[j] != 10:
        return -1
    while j < hi and (_blank(b[j]) or b[j] == 10):
        j += 1
    return found + 8 if j < hi else -1


@_lean
def strip_reasoning(b: Array, lo: int, hi: int, out: Array, at: int, origin: Any) -> Any:
    """Copy a turn without its reasoning to ``out[at:]``, and where each byte comes from to ``origin``.

    Returns where the copy ends. Paired <think>...</think> go, and what a chat template opened (`_supplied`);
    other tags without a partner stay, and all around them.
    """
    i = max(lo, _supplied(b, lo, hi))
    paired = True
    while i < hi:
        if paired and b[i] == 60 and _is_think(b, i, hi) == 1:
            j = i + 7
            while j < hi and not (b[j] == 60 and _is_think(b, j, hi) == 2):
                j += 1
            if j < hi:
                i = j + 8
                continue
            paired = False
        out[at] = b[i]
        if origin is not None:
            origin[at] = i
        at += 1
        i += 1
    return at


# -- Arena's own counts -------------------------------------------------------------------------------------


@_lean
def _next_fence(b: Array, i: int, hi: int) -> Any:
    """The next ```, what it encloses up to the next back-tick, and ```: start and end of the inside, or -1."""
    while i + 6 <= hi:
        if b[i] == 96 and b[i + 1] == 96 and b[i + 2] == 96:
            j = i + 3
            while j < hi and b[j] != 96:
                j += 1
            if j + 3 <= hi and b[j] == 96 and b[j + 1] == 96 and b[j + 2] == 96:
                return i + 3, j
            i = max(i + 1, j - 2) if j > i + 3 else i + 1
        else:
            i += 1
    return -1, -1


@_lean
def _remove_all(buf: Array, n: int, b: Array, s: int, e: int, fail: Array, origin: Any) -> Any:
    """Remove what stands in ``b[s:e]`` from ``buf[0:n]`` wherever it occurs (Knuth, Morris, Pratt); the new length."""
    size = e - s
    fail[0] = 0
    k = 0
    for q in range(1, size):
        while k > 0 and b[s + k] != b[s + q]:
            k = fail[k - 1]
        if b[s + k] == b[s + q]:
            k += 1
        fail[q] = k
    w = 0
    k = 0
    for r in range(n):
        c = buf[r]
        while k > 0 and b[s + k] != c:
            k = fail[k - 1]
        if b[s + k] == c:
            k += 1
        buf[w] = c
        if origin is not None:
            origin[w] = origin[r]
        w += 1
        if k == size:
            w -= size
            k = 0
    return w


FEW_FENCES = 32
"""As many fences are removed one by one; time would grow with their square."""
WORK = 20_000_000
"""Steps beyond 50 a byte after which `_remove_many` takes the remaining fences out of their own places only."""


@_njit
def _without_code(b: Array, lo: int, hi: int, origin: Any) -> Any:
    """The turn as FastChat sees it: the inside of each ```fence``` removed from everywhere in the text.

    Returns the bytes, how many there are, and whether they are exactly FastChat's.
    """
    buf = b[lo:hi].copy()
    n = hi - lo
    if origin is not None:
        for k in range(n):
            origin[k] = lo + k
    m = 0
    s, e = _next_fence(b, lo, hi)
    while s >= 0:
        m += 1
        s, e = _next_fence(b, e + 3, hi)
    if m == 0:
        return buf, n, True
    if m > FEW_FENCES:
        return _remove_many(buf, m, origin, WORK + 50 * n)
    fail = np.empty(n, dtype=np.int64)
    seen = np.zeros(256, dtype=np.int64)
    for k in range(n):
        seen[buf[k]] += 1
    s, e = _next_fence(b, lo, hi)
    while s >= 0:
        there = e > s
        for k in range(s, e):
            if seen[b[k]] == 0:
                there = False
                break
        if there:
            after = _remove_all(buf, n, b, s, e, fail, origin)
            times = (n - after) // (e - s)
            n = after
            for k in range(s, e):
                seen[b[k]] -= times
        s, e = _next_fence(b, e + 3, hi)
    return buf, n, True


@_lean
def _slot(keys: Array, node: int, c: int) -> Any:
    """Where the child of a node by a byte stands, or would stand, in a table of a power of two of slots."""
    key = (node << 8) + np.int64(c) + 1
    at = np.int64(((np.uint64(key) * KEY_MIX) >> TWENTY) & np.uint64(keys.size - 1))
    while keys[at] != 0 and keys[at] != key:
        at = (at + 1) & (keys.size - 1)
    return at


@_lean
def _follow(keys: Array, kids: Array, fail: Array, node: int, c: int) -> Any:
    """The state of the automaton (Aho, Corasick) after one more byte."""
    while True:
        at = _slot(keys, node, c)
        if keys[at] != 0:
            return kids[at]
        if node == 0:
            return 0
        node = fail[node]


@_lean
def _put(i: int, turn: int, due: Array, head: Array, after: Array, before: Array) -> None:
    """Move a position to the list of the fence that is next to be removed there; ``head.size``: to none."""
    old = due[i]
    if old < head.size:
        if before[i] >= 0:
            after[before[i]] = after[i]
        else:
            head[old] = after[i]
        if after[i] >= 0:
            before[after[i]] = before[i]
    due[i] = turn
    if turn < head.size:
        first = head[turn]
        after[i], before[i] = first, -1
        if first >= 0:
            before[first] = i
        head[turn] = i


@_njit
def _remove_many(buf: Array, m: int, origin: Any, work: int) -> Any:
    """`_without_code` for ``m`` fences, in about linear time.

    A fence's inside has no back-tick, so that it stands between two back-ticks wherever it occurs, and these
    stay. An automaton of all insides runs over the text; each position knows its state, and which of the fences
    that end there is removed first (it is on that fence's list). Fences are taken in order. What a removal
    brings together is run over again until the states are the old ones. Beyond ``work`` steps of that, fences
    are only taken out of their own places.
    """
    n = buf.size
    begin, stop = np.empty(m, dtype=np.int64), np.empty(m, dtype=np.int64)
    total, e = 0, -3
    for j in range(m):
        begin[j], e = _next_fence(buf, e + 3, n)
        stop[j] = e
        total += e - begin[j]
    slots = 2
    while slots < 2 * (total + 1):
        slots *= 2
    keys, kids = np.zeros(slots, dtype=np.int64), np.empty(slots, dtype=np.int64)
    parent, depth = np.zeros(total + 1, dtype=np.int64), np.zeros(total + 1, dtype=np.int64)
    char = np.zeros(total + 1, dtype=np.uint8)
    turn, again = np.full(total + 1, m, dtype=np.int64), np.full(m, m, dtype=np.int64)
    inside = np.zeros(m, dtype=np.int64)
    nodes, deepest = 1, 0
    for j in range(m - 1, -1, -1):
        node = NULL
        for k in range(begin[j], stop[j]):
            at = _slot(keys, node, buf[k])
            if keys[at] == 0:
                keys[at], kids[at] = (node << 8) + np.int64(buf[k]) + 1, nodes
                parent[nodes], depth[nodes], char[nodes] = node, depth[node] + 1, buf[k]
                nodes += 1
            node = kids[at]
        if node > 0:
            again[j], turn[node] = turn[node], j
        inside[j] = node
        deepest = max(deepest, depth[node])
    ends = turn < m
    place = np.zeros(deepest + 2, dtype=np.int64)
    for v in range(nodes):
        place[depth[v] + 1] += 1
    for k in range(deepest + 1):
        place[k + 1] += place[k]
    order = np.empty(nodes, dtype=np.int64)
    for v in range(nodes):
        order[place[depth[v]]] = v
        place[depth[v]] += 1
    fail, link = np.zeros(nodes, dtype=np.int64), np.zeros(nodes, dtype=np.int64)
    soonest = turn[:nodes].copy()
    for v in order[1:]:
        if depth[v] > 1:
            fail[v] = _follow(keys, kids, fail, fail[parent[v]], char[v])
        link[v] = fail[v] if ends[fail[v]] else link[fail[v]]
        soonest[v] = min(soonest[v], soonest[fail[v]])
    left, right = np.arange(-1, n), np.arange(1, n + 2)
    state, due = np.zeros(n, dtype=np.int64), np.full(n, m, dtype=np.int64)
    head = np.full(m, -1, dtype=np.int64)
    after, before = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64)
    gone = np.zeros(n, dtype=np.bool_)
    node = 0
    for i in range(n):
        node = NULL if buf[i] == 96 else _follow(keys, kids, fail, node, buf[i])
        state[i] = node
        _put(i, soonest[node], due, head, after, before)
    todo, joins = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64)
    exact = True
    for j in range(m):
        if work < 0:
            exact = False
            gone[begin[j] : stop[j]] = True
            continue
        count = 0
        i = head[j]
        while i >= 0:
            todo[count] = i
            count += 1
            i = after[i]
        if count > 1:  # not the default, a quicksort whose time may grow with the square
            todo[:count] = todo[np.argsort(todo[:count], kind="mergesort")]
        size, last, joined = depth[inside[j]], -1, 0
        for q in range(count):
            i = todo[q]
            first = i
            for _ in range(size - 1):
                work -= 1
                if first <= last:
                    break
                first = left[first]
            if first <= last:  # overlaps what has just been removed
                continue
            k = i
            for _ in range(size):
                gone[k] = True
                _put(k, m, due, head, after, before)
                k = left[k]
            right[k], left[right[i]] = right[i], k
            if right[i] < n and buf[right[i]] != 96:
                joins[joined] = right[i]
                joined += 1
            last = i
        for q in range(joined):
            i = joins[q]
            if gone[i]:
                continue
            node = state[left[i]] if left[i] >= 0 else 0
            while i < n and buf[i] != 96:
                work -= 1
                node = _follow(keys, kids, fail, node, buf[i])
                if node == state[i]:
                    break
                state[i] = node
                work -= _wait(i, node, j, turn, again, ends, link, due, head, after, before)
                i = right[i]
        for q in range(count):
            i = todo[q]
            if not gone[i] and due[i] == j:
                work -= _wait(i, state[i], j, turn, again, ends, link, due, head, after, before)
    w = 0
    for i in range(n):
        if not gone[i]:
            buf[w] = buf[i]
            if origin is not None:
                origin[w] = origin[i]
            w += 1
    return buf, w, exact


@_lean
def _wait(
    i: int, node: int, j: int, turn: Array, again: Array, ends: Array, link: Array, due: Array, head: Array,
    after: Array, before: Array,
) -> Any:  # fmt: skip
    """Put a position on the list of the first fence after ``j`` whose inside ends there; the steps taken."""
    best, steps = head.size, 1
    v = node if ends[node] else link[node]
    while v > 0:
        while turn[v] <= j:
            turn[v] = again[turn[v]]
            steps += 1
        best = min(best, turn[v])
        v = link[v]
        steps += 1
    _put(i, best, due, head, after, before)
    return steps


@_lean
def _space_end(b: Array, i: int, hi: int, C: Any) -> Any:
    """End of the white space character here, or -1."""
    if i >= hi:
        return -1
    point, n = _decode(b, i)
    return i + n if _kind(point, C) & SPACE else -1


@_lean
def _next_line(b: Array, i: int, hi: int) -> Any:
    while i < hi and b[i] != 10:
        i += 1
    return i + 1


@_lean
def _arena_item(b: Array, q: int, hi: int, ordered: bool, C: Any) -> Any:
    """End of a list marker and the white space behind it, or -1."""
    if q >= hi:
        return -1
    if not ordered:
        if b[q] == 45 or b[q] == 42 or b[q] == 43:
            return _space_end(b, q + 1, hi, C)
        return -1
    start = q
    while q < hi:
        point, n = _decode(b, q)
        if _kind(point, C) & DECIMAL == 0:
            break
        q += n
    if q == start or q >= hi or b[q] != 46:
        return -1
    return _space_end(b, q + 1, hi, C)


@_lean
def _mark_copy(counter: int, start: int, end: int, origin: Any, spans: Any) -> None:
    """Mark where something in a copy comes from."""
    if spans is not None:
        _mark(counter, origin[start], origin[end - 1] + 1, spans)


@_lean
def _arena_bold(b: Array, n: int, mark: int, origin: Any, spans: Any) -> Any:
    count = 0
    i = NULL
    while i + 4 < n:
        if b[i] != mark or b[i + 1] != mark:
            i += 1
            continue
        j = i + 2
        while j < n and b[j] != mark and b[j] != 10:
            j += 1
        if j > i + 2 and j + 1 < n and b[j] == mark and b[j + 1] == mark:
            count += 1
            _mark_copy(C_A_BOLD, i, j + 2, origin, spans)
            i = j + 2
        else:
            i = j if j > i + 2 else i + 1
    return count


@_njit
def _scan_arena(text: Array, lo: int, hi: int, C: Any, cnt: Array, spans: Any) -> Any:
    """FastChat's counts of headers, list items and bold, one turn; whether they are exact."""
    origin = _origins(hi - lo, spans)
    b, n, exact = _without_code(text, lo, hi, origin)
    p = NULL
    while p < n:
        q = p
        while q < n and b[q] == 35:
            q += 1
        if 1 <= q - p <= 6 and _space_end(b, q, n, C) > 0:
            cnt[C_A_HEADERS] += 1
            _mark_copy(C_A_HEADERS, p, _space_end(b, q, n, C), origin, spans)
        p = _next_line(b, q, n)
    for ordered in (False, True):
        p = NULL
        while p < n:
            q = p
            after = _space_end(b, q, n, C)
            while after > 0:
                q = after
                after = _space_end(b, q, n, C)
            end = _arena_item(b, q, n, ordered, C)
            if end > 0:
                cnt[C_A_LISTS] += 1
                _mark_copy(C_A_LISTS, q, end, origin, spans)
                p = end if b[end - 1] == 10 else _next_line(b, end, n)
            else:
                p = _next_line(b, q, n)
    cnt[C_A_BOLD] += _arena_bold(b, n, ASTERISK, origin, spans) + _arena_bold(b, n, UNDERSCORE, origin, spans)
    return exact


# -- rows --------------------------------------------------------------------------------------------------


@_njit
def _room(size: int) -> Any:
    """Room to pair so many marks: marks, delimiter runs, brackets, back-ticks, floors of the runs; and for the last
    bytes of a turn."""
    return (
        np.empty((2, size), dtype=np.int64),
        np.empty((7, size), dtype=np.int64),
        np.empty((3, size), dtype=np.int64),
        np.empty(MAX_TICKS + 1, dtype=np.int64),
        np.empty(12, dtype=np.int64),
        np.empty(64, dtype=np.uint8),
    )


@_njit
def row_turns(lo: int, hi: int, turns: Array, first: int, last: int) -> Any:
    """Byte ranges of a row's turns: turns are joined by two line feeds, which belong to none."""
    bounds = np.empty((last - first + 1, 2), dtype=np.int64)
    begin = lo
    for k in range(first, last):
        bounds[k - first, 0] = begin
        bounds[k - first, 1] = lo + turns[k] - 2
        begin = lo + turns[k]
    bounds[last - first, 0] = begin
    bounds[last - first, 1] = hi
    return bounds


@_njit
def _scan(
    b: Array, offsets: Array, turns: Array, turn_offsets: Array, begin: int, end: int, strip: bool, arena: bool, T: Any,
    out: Array, spans: Any, starts: Any, prose: Any,
) -> Any:  # fmt: skip
    """What ``scan_rows`` does, with None for the last three, ``scan_prose`` and ``scan_spans``."""
    inexact = 0
    S = np.zeros(STATE_SIZE, dtype=np.int64)
    stamps = np.zeros(T[1].end.size, dtype=np.int64)
    stamp = 0
    size = np.int64(1024)
    room = _room(size)
    longest = 0
    for row in range(begin, end):
        longest = max(longest, offsets[row + 1] - offsets[row])
    maps = np.empty((MAPS, (longest >> 6) + 3), dtype=np.uint64)
    for row in range(begin, end):
        lo, hi = offsets[row], offsets[row + 1]
        first = last = 0
        if turn_offsets.size > 0:
            first, last = turn_offsets[row], turn_offsets[row + 1]
        bounds = row_turns(lo, hi, turns, first, last)
        text = b
        cnt = out[row - begin]
        marks = _row_spans(starts, row - begin, spans)
        origin = _origins(NULL, spans)
        look = strip
        while True:
            cnt[:] = 0
            if spans is not None:
                marks[0, 0] = 0
            stamp += 1
            code = DONE
            for k in range(bounds.shape[0]):
                code = _scan_turn(
                    text, bounds[k, 0], bounds[k, 1], T, S, maps, room, stamps, stamp, look, cnt, marks, prose
                )
                if code != DONE:
                    break
            if code == DONE:
                cnt[C_TURNS] = bounds.shape[0]
                cnt[C_CHARS] += 2 * (bounds.shape[0] - 1)
                break
            if code == CROWDED:
                size *= 4
                room = _room(size)
            else:
                copy = np.empty(hi - lo, dtype=np.uint8)
                origin = _origins(hi - lo, spans)
                at = NULL
                for k in range(bounds.shape[0]):
                    after = strip_reasoning(b, bounds[k, 0], bounds[k, 1], copy, at, origin)
                    bounds[k, 0] = at
                    bounds[k, 1] = after
                    at = after
                text = copy
                look = False
        if arena:
            exact = True
            for k in range(bounds.shape[0]):
                exact &= _scan_arena(text, bounds[k, 0], bounds[k, 1], T[0], cnt, marks)
            inexact += 0 if exact else 1
        _move_back(origin, lo, marks)
    return inexact


def scan_rows(
    b: Array, offsets: Array, turns: Array, turn_offsets: Array, begin: int, end: int, strip: bool, arena: bool, T: Any,
    out: Array,
) -> int:  # fmt: skip
    """Count rows ``begin`` to ``end`` into ``out[0:end - begin]``; ``turn_offsets`` is empty for single turns.

    What is counted word by word (``PROSE_COUNTERS``) is left out. Returns in how many rows Arena's counts are not
    exact (see ``_remove_many``).
    """
    return _scan(b, offsets, turns, turn_offsets, begin, end, strip, arena, T, out, None, None, None)


def scan_prose(
    b: Array, offsets: Array, turns: Array, turn_offsets: Array, begin: int, end: int, strip: bool, arena: bool, T: Any,
    out: Array,
) -> int:  # fmt: skip
    """Count as ``scan_rows`` does, and word by word too."""
    return _scan(b, offsets, turns, turn_offsets, begin, end, strip, arena, T, out, None, None, _windows())


def scan_spans(
    b: Array, offsets: Array, turns: Array, turn_offsets: Array, begin: int, end: int, strip: bool, arena: bool, T: Any,
    out: Array, spans: Array, starts: Array,
) -> None:  # fmt: skip
    """Count as ``scan_prose`` does, and mark what is counted and has a place.

    Row ``begin + k`` has ``spans[starts[k]:starts[k + 1]]``: first how many marks there are, then the marks as
    counter, start and end, in bytes of the row's text. What finds no room there is not written.
    """
    _scan(b, offsets, turns, turn_offsets, begin, end, strip, arena, T, out, spans, starts, _windows())
