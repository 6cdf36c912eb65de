"""The compiled single pass over the texts; numba is imported here and nowhere else.

``scan_rows`` reads each text once. A tight loop reads words; line starts are parsed once a line
(``_parse_line``, the block structure of CommonMark); bytes that may be inline markup are noted and paired at
the end of their block (``_pair_marks``). Time is linear in the text: notes that overflow their array double
it and the row is read again, reasoning is cut out once and the row is read again.

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
from llamastyle.features.counters import Counter

Array = NDArray[Any]

NO_CACHE = (
    "the compiled text scanner cannot be kept, because no cache folder can be written; every process compiles it "
    "again (about a minute). Set the environment variable NUMBA_CACHE_DIR to a folder that can be written"
)


_warned: list[str] = []


def _njit(function: Callable) -> Any:
    """Compile without the GIL and keep the machine code, or warn (once) where it cannot be kept."""
    try:
        return numba.njit(nogil=True, cache=True)(function)
    except RuntimeError as error:
        if "cache" not in str(error):
            raise
        if not _warned:
            _warned.append(NO_CACHE)
            warn(NO_CACHE)
        return numba.njit(nogil=True)(function)


# Plain integers: numba freezes globals into the machine code, and knows no IntEnum arithmetic it can trust.
(
    C_CHARS, C_WORDS, C_PROSE_WORDS, C_SENTENCES, C_PARAGRAPHS, C_LINES, C_HEADERS, C_ORDERED, C_BULLET,
    C_BOLD, C_ITALIC, C_CODE, C_FENCES, C_CODE_CHARS, C_LINKS, C_IMAGES, C_TABLES, C_QUOTES, C_RULES, C_MATH,
    C_MARKUP, C_EMOJI, C_DISTINCT, C_EMOJI_LINES, C_PRAISE, C_OPENING, C_CLOSING, C_A_HEADERS, C_A_LISTS,
    C_A_BOLD, C_TURNS,
) = (
    int(c)
    for c in (
        Counter.CHARS, Counter.WORDS, Counter.PROSE_WORDS, Counter.SENTENCES, Counter.PARAGRAPHS, Counter.LINES,
        Counter.HEADERS, Counter.ORDERED_ITEMS, Counter.BULLET_ITEMS, Counter.BOLD, Counter.ITALIC,
        Counter.INLINE_CODE, Counter.CODE_BLOCKS, Counter.CODE_CHARS, Counter.LINKS, Counter.IMAGES,
        Counter.TABLES, Counter.QUOTES, Counter.RULES, Counter.MATH, Counter.MARKUP_CHARS, Counter.EMOJI,
        Counter.EMOJI_DISTINCT, Counter.EMOJI_LINES, Counter.PRAISE, Counter.SYCOPHANTIC_OPENING,
        Counter.SYCOPHANTIC_CLOSING, Counter.ARENA_HEADERS, Counter.ARENA_LISTS, Counter.ARENA_BOLD,
        Counter.TURNS,
    )
)  # fmt: skip

LETTER, MARK, ALONE, SPACE, DECIMAL = t.LETTER, t.MARK, t.ALONE, t.SPACE, t.DECIMAL
EMOJI, PUNCTUATION, CASED, QUOTE = t.EMOJI, t.PUNCTUATION, t.CASED, t.QUOTE
KEY_MIX, PAIR_MIX, STATE_MIX = np.uint64(t.KEY_MIX), np.uint64(t.PAIR_MIX), np.uint64(t.STATE_MIX)
ROLL, UNROLL = np.uint64(t.ROLL), np.uint64(64 - t.ROLL)
ONE, TWENTY, SEVENTEEN, FORTYSEVEN, FORTY = (
    np.uint64(1),
    np.uint64(20),
    np.uint64(17),
    np.uint64(47),
    np.uint64(40),
)
APOSTROPHE, HYPHEN = np.uint64(t.APOSTROPHE_CODE), np.uint64(t.HYPHEN_CODE)

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
STATE_SIZE = 80
NONE, PARAGRAPH, FENCE, HTML, TABLE = range(5)
MAX_TICKS = 64


# -- characters ---------------------------------------------------------------------------------------------


@_njit
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


@_njit
def _kind(point: int, C: Any) -> Any:
    return np.int64(C.kind[point])


@_njit
def _kind_at(b: Array, i: int, C: Any) -> Any:
    point, _ = _decode(b, i)
    return _kind(point, C)


@_njit
def _kind_before(b: Array, i: int, lo: int, C: Any) -> Any:
    """Kind of the character that ends before ``i``; white space at the start of the turn."""
    if i <= lo:
        return SPACE
    i -= 1
    while b[i] & 0xC0 == 0x80:
        i -= 1
    return _kind_at(b, i, C)


@_njit
def _kind_after(b: Array, i: int, hi: int, C: Any) -> Any:
    if i >= hi:
        return SPACE
    return _kind_at(b, i, C)


@_njit
def _is_ascii_punct(c: int) -> bool:
    return 33 <= c <= 47 or 58 <= c <= 64 or 91 <= c <= 96 or 123 <= c <= 126


@_njit
def _line_end(b: Array, i: int, hi: int) -> Any:
    while i < hi and b[i] != 10 and b[i] != 13:
        i += 1
    return i


@_njit
def _visible(b: Array, i: int, hi: int) -> Any:
    """Code points from here to the end of the line that are no space or tab."""
    n = 0
    while i < hi and b[i] != 10 and b[i] != 13:
        if b[i] != 32 and b[i] != 9 and b[i] & 0xC0 != 0x80:
            n += 1
        i += 1
    return n


@_njit
def _points(b: Array, i: int, j: int) -> Any:
    """Code points in a range of bytes."""
    n = 0
    for k in range(i, j):
        if b[k] & 0xC0 != 0x80:
            n += 1
    return n


@_njit
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


@_njit
def _mark(counter: int, start: int, end: int, spans: Any) -> None:
    """Note where something stands; row 0 of ``spans`` holds how many marks there are."""
    if spans is not None:
        spans[0, 0] += 1
        n = spans[0, 0]
        if n < spans.shape[0]:  # a pass that is to be repeated may find more
            spans[n, 0] = counter
            spans[n, 1] = start
            spans[n, 2] = end


@_njit
def _tally(counter: int, start: int, end: int, cnt: Array, spans: Any) -> None:
    """Count one, and mark it."""
    cnt[counter] += 1
    _mark(counter, start, end, spans)


@_njit
def _tally_line(counter: int, start: int, b: Array, p: int, hi: int, cnt: Array, spans: Any) -> None:
    """Count one, and mark it up to the end of the line that ``p`` is on, without white space there."""
    cnt[counter] += 1
    if spans is not None:
        _mark(counter, start, _trimmed(b, p, _line_end(b, p, hi)), spans)


@_njit
def _trimmed(b: Array, lo: int, i: int) -> Any:
    """The end ``i``, moved back over white space as far as ``lo``."""
    while i > lo and (b[i - 1] == 32 or b[i - 1] == 9 or b[i - 1] == 10 or b[i - 1] == 13):
        i -= 1
    return i


@_njit
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


@_njit
def _move_back(origin: Any, lo: int, spans: Any) -> None:
    """Marks as offsets in their row's text; ``origin``, unless it is empty, says where the bytes scanned come from."""
    if spans is not None:
        for n in range(1, min(spans[0, 0] + 1, spans.shape[0])):
            if origin.size > 0:
                spans[n, 1] = origin[spans[n, 1]]
                spans[n, 2] = origin[spans[n, 2] - 1] + 1
            spans[n, 1] -= lo
            spans[n, 2] -= lo


# -- words, phrases, emoji ----------------------------------------------------------------------------------


@_njit
def _lower(point: int, C: Any) -> Any:
    k = np.searchsorted(C.upper, point)
    return np.int64(C.lower[k])


@_njit
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


@_njit
def _word_tail(b: Array, i: int, hi: int, h: Any, C: Any) -> Any:
    """Finish a word whose ASCII run ended at ``i``: end, hash, continuation bytes, whether emoji may be inside."""
    cont = 0
    odd = False
    fold = C.fold
    while i < hi:
        f = fold[b[i]]
        if f:
            h = ((h << ROLL) | (h >> UNROLL)) ^ np.uint64(f)
            i += 1
            continue
        step = 0
        if b[i] >= 128:
            point, n = _decode(b, i)
            k = _kind(point, C)
            if k & (LETTER | MARK):
                if k & (MARK | EMOJI):
                    odd = True
                if k & CASED:
                    point = _lower(point, C)
                code = np.uint64(fold[point]) if point < 128 else np.uint64(point) * KEY_MIX
                h = ((h << ROLL) | (h >> UNROLL)) ^ code
                i += n
                cont += n - 1
                continue
            if b[i] != 0xE2:
                break
        step = _connector(b, i, hi, C)
        if step == 0:
            break
        code = APOSTROPHE if (b[i] == 39 or (step == 3 and b[i + 2] == 0x99)) else HYPHEN
        h = ((h << ROLL) | (h >> UNROLL)) ^ code
        i += step
        cont += step - 1
    return i, h, cont, odd


@_njit
def _read_word(b: Array, i: int, hi: int, C: Any) -> Any:
    """End and key of the word that starts here."""
    i, h, _, _ = _word_tail(b, i, hi, np.uint64(0), C)
    return i, h * KEY_MIX


@_njit
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


@_njit
def _is_called(b: Array, i: int, hi: int) -> bool:
    """Whether an exclamation mark follows, but for emphasis marks and quotes."""
    while i < hi and (b[i] == 42 or b[i] == 95 or b[i] == 34 or b[i] == 39):
        i += 1
    return i < hi and b[i] == 33


@_njit
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


@_njit
def _match_phrase(b: Array, i: int, hi: int, state: int, C: Any, P: Any) -> Any:
    """Category and end of the longest phrase that goes on from a word that ends at ``i``, or 0."""
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
        if k >= hi or k == i:
            break
        if b[k] < 128:
            if C.fold[b[k]] == 0:
                break
        elif _kind_at(b, k, C) & LETTER == 0:
            break
        i, key = _read_word(b, k, hi, C)
        state = _step(state, key, P)
    return best, best_end


@_njit
def _pair_hit(first: int, second: int, P: Any) -> Any:
    slot = ((((first << SEVENTEEN) | (first >> FORTYSEVEN)) ^ second) * PAIR_MIX) >> FORTY & np.uint64(
        8 * P.pair.size - 1
    )
    return (P.pair[slot >> np.uint64(3)] >> np.uint8(slot & np.uint64(7))) & 1


@_njit
def _first_hit(key: int, P: Any) -> Any:
    slot = key >> FORTY & np.uint64(8 * P.first.size - 1)
    return (P.first[slot >> np.uint64(3)] >> np.uint8(slot & np.uint64(7))) & 1


@_njit
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


@_njit
def _keycap_start(b: Array, i: int, lo: int) -> Any:
    """Start of the keycap sequence whose U+20E3 is at ``i``, or -1."""
    j = i
    if j - 3 >= lo and b[j - 3] == 0xEF and b[j - 2] == 0xB8 and b[j - 1] == 0x8F:
        j -= 3
    j -= 1
    if j >= lo and (48 <= b[j] <= 57 or b[j] == 35 or b[j] == 42):
        return j
    return -1


@_njit
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


@_njit
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


@_njit
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


@_njit
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


@_njit
def _skip_blank(b: Array, i: int, hi: int) -> Any:
    while i < hi and (b[i] == 32 or b[i] == 9 or b[i] == 10 or b[i] == 13):
        i += 1
    return i


@_njit
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


@_njit
def _pair_emphasis(dl: Array, bottom: int, n: int, cnt: Array, spans: Any) -> None:
    """Pair the delimiter runs from ``bottom`` on, as CommonMark does, and count what comes of them."""
    floors = np.full(12, bottom, dtype=np.int64)
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


@_njit
def _pair_marks(
    b: Array, lo: int, hi: int, ev: Array, n: int, dl: Array, br: Array, cnt: Array, spans: Any, C: Any
) -> None:
    """Pair the noted marks of one block that ends at ``hi``: code, links, emphasis, formulas."""
    last = np.full(MAX_TICKS + 1, -1, dtype=np.int64)
    know = False
    delims = 0
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
            _pair_emphasis(dl, br[1, brackets], delims, cnt, spans)
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
    _pair_emphasis(dl, 0, delims, cnt, spans)


# -- blocks -------------------------------------------------------------------------------------------------


@_njit
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


@_njit
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


@_njit
def _html_start(b: Array, i: int, hi: int, in_paragraph: bool, fold: Array, H: Any) -> Any:
    """Kind of HTML block that starts at the < here: 1 ends at its closing tag, 2 at -->, 6 at a blank line, 0 none."""
    if i + 3 < hi and b[i + 1] == 33 and b[i + 2] == 45 and b[i + 3] == 45:
        return 2
    j = i + 1
    closing = j < hi and b[j] == 47
    if closing:
        j += 1
    h = np.uint64(0)
    first = j
    while j < hi and fold[b[j]]:
        h = ((h << ROLL) | (h >> UNROLL)) ^ np.uint64(fold[b[j]])
        j += 1
    if j == first or not 97 <= (b[first] | 32) <= 122:
        return 0
    key = h * KEY_MIX
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


@_njit
def _html_ends(b: Array, i: int, hi: int, kind: int, fold: Array, H: Any) -> bool:
    """Whether an HTML block of kind 1 or 2 ends on this line."""
    while i < hi and b[i] != 10 and b[i] != 13:
        if kind == 2:
            if b[i] == 45 and i + 2 < hi and b[i + 1] == 45 and b[i + 2] == 62:
                return True
        elif b[i] == 60 and i + 1 < hi and b[i + 1] == 47:
            j = i + 2
            h = np.uint64(0)
            while j < hi and fold[b[j]]:
                h = ((h << ROLL) | (h >> UNROLL)) ^ np.uint64(fold[b[j]])
                j += 1
            for tag in H.raw_tags:
                if tag == h * KEY_MIX and j < hi and b[j] == 62:
                    return True
        i += 1
    return False


@_njit
def _blank_from(b: Array, i: int, hi: int) -> bool:
    return i >= hi or b[i] == 10 or b[i] == 13


@_njit
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


@_njit
def _parse_line(b: Array, i: int, hi: int, S: Array, cnt: Array, spans: Any, fold: Array, H: Any) -> Any:
    """Parse the start of the line at ``i`` as CommonMark does; where its content starts.

    What the line is goes to ``S``: S_INLINE (its marks are noted), S_EOL_FLUSH (its block ends with it),
    S_FLUSH (a block ended before it), S_CODE (it is inside a fence), S_PROSE.
    """
    p, col = _skip_indent(b, i, 0, hi)
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
                q, _ = _skip_indent(b, q, 0, hi)
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


@_njit
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


@_njit
def _fill(S: Array, depth: int) -> None:
    """Every open item has content now."""
    for k in range(depth):
        S[S_EMPTY + k] = 0


@_njit
def _paragraph_line(blank: bool, S: Array, cnt: Array) -> None:
    """Count runs of lines that are not blank; S_RUN is 2 on the first line of a run."""
    if blank:
        S[S_RUN] = 0
    elif S[S_RUN] == 0:
        S[S_RUN] = 2
        cnt[C_PARAGRAPHS] += 1
    else:
        S[S_RUN] = 1


@_njit
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


@_njit
def _setext(b: Array, p: int, hi: int) -> bool:
    """Whether the rest of the line is one run of = or -, spaces behind it allowed."""
    c = b[p]
    while p < hi and b[p] == c:
        p += 1
    return _visible(b, p, hi) == 0


@_njit
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


@_njit
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


@_njit
def _scan_turn(
    b: Array,
    lo: int,
    hi: int,
    T: Any,
    S: Array,
    ev: Array,
    dl: Array,
    br: Array,
    stamps: Array,
    stamp: int,
    strip: bool,
    cnt: Array,
    spans: Any,
) -> Any:
    """Count everything in one turn; adds to ``cnt`` and ``spans``."""
    C, E, P, H = T
    fold, act = C.fold, C.act
    S[:] = 0
    limit = ev.shape[1]
    stop = np.uint64(hi)
    notes = 0
    words = prose_words = sentences = cont = 0
    has_word = False
    prev_key = np.uint64(0)
    prev_start = -1
    prev_first = False
    free = lo
    phrase_sentence = -1
    opening_hit = False
    begin = last = -1  # where the newest phrase starts, and the last one of the turn
    i = lo
    while i < hi:
        line = i
        line_cont = cont
        leaf = S[S_LEAF]
        if S[S_DEPTH] > 0 or leaf > PARAGRAPH or not (b[i] == 10 or 0 < fold[b[i]] <= 26):
            first = _parse_line(b, i, hi, S, cnt, spans, fold, H)
        else:
            first = i
            _plain_line(i, b[i] == 10, leaf, S, cnt, spans)
        i = first
        if S[S_FLUSH] == 1 and notes > 0:
            _pair_marks(b, lo, line, ev, notes, dl, br, cnt, spans, C)
            notes = 0
        prose = S[S_PROSE] == 1
        inline = S[S_INLINE] == 1
        has_word = False
        prev_start = -1
        opening = first
        if prose:
            while opening < hi and (b[opening] == 42 or b[opening] == 95):
                opening += 1
        else:
            first = hi
            opening = -1
        while i < hi:
            c = b[i]
            f = fold[c]
            point = np.int64(0)
            width = 1
            kind = 0
            if f == 0:
                a = act[c]
                if a == 1:
                    i += 1
                    continue
                if a == 2:
                    break
                if a == 8:
                    point, width = _decode(b, i)
                    kind = _kind(point, C)
                if kind & LETTER == 0:
                    if a == 6:
                        i += 1
                    elif a == 3:
                        i += 1
                        prev_start = -1
                        if has_word and prose and (i >= hi or b[i] == 32 or b[i] == 10 or _ends_sentence(b, i, hi, C)):
                            sentences += 1
                            has_word = False
                    elif a == 4:
                        j = i + 1
                        while j < hi and b[j] == c:
                            j += 1
                        if inline:
                            if notes >= limit:
                                return CROWDED
                            ev[0, notes] = i
                            ev[1, notes] = j - i
                            notes += 1
                        if c != 42 and c != 95:
                            prev_start = -1
                        i = j
                    elif a == 5:
                        if c == 60 and strip and _is_think(b, i, hi):
                            return REASONING
                        if inline:
                            if notes >= limit:
                                return CROWDED
                            ev[0, notes] = i
                            ev[1, notes] = 1
                            notes += 1
                        prev_start = -1
                        i += 1
                    elif a == 7:
                        if i + 1 < hi and b[i + 1] == 10:
                            i += 1
                        break
                    elif a == 8:
                        end = i
                        if kind & EMOJI:
                            end, node = _match_emoji(b, i, hi, E)
                            if end > i:
                                _note_emoji(i, end, node, first, opening, stamps, stamp, cnt, spans)
                        elif point == 0x20E3:
                            start = _keycap_start(b, i, lo)
                            if start >= 0:
                                _, node = _match_emoji(b, start, i + 3, E)
                                _note_emoji(start, i + 3, node, first, opening, stamps, stamp, cnt, spans)
                        if end > i:
                            cont += end - i - _points(b, i, end)
                            prev_start = -1
                            i = end
                            continue
                        cont += width - 1
                        i += width
                        if kind & ALONE:
                            words += 1
                            if prose:
                                prose_words += 1
                                has_word = True
                            prev_start = -1
                        elif (
                            point == 0xA0
                            or point == 0x2019
                            or point == 0x201C
                            or point == 0x201D
                            or point == 0x2018
                        ):
                            pass
                        else:
                            prev_start = -1
                            if has_word and prose:
                                if (
                                    point == 0x3002
                                    or point == 0xFF01
                                    or point == 0xFF1F
                                    or point == 0xFF61
                                    or (point == 0x2026 and _ends_sentence(b, i, hi, C))
                                ):
                                    sentences += 1
                                    has_word = False
                    else:
                        i += 1
                        prev_start = -1
                    continue
            # a word starts here
            start = i
            h = np.uint64(0)
            u = np.uint64(i)  # unsigned, so that numba need not ask whether the index is negative
            while f:
                h = ((h << ROLL) | (h >> UNROLL)) ^ np.uint64(f)
                u += ONE
                if u >= stop:
                    break
                c = b[u]
                f = fold[c]
            i = np.int64(u)
            if i < hi and (c >= 128 or c == 39 or c == 45):
                i, h, extra, odd = _word_tail(b, i, hi, h, C)
                cont += extra
                if odd:
                    _emoji_in_word(b, lo, start, i, first, opening, stamps, stamp, cnt, spans, C, E)
            words += 1
            if prose:
                prose_words += 1
                key = h * KEY_MIX
                state = -1
                if prev_start >= free and _pair_hit(prev_key, key, P):  # prev_start is -1 if it opens no phrase
                    state = _step(1 if prev_first else 0, prev_key, P)
                    if state >= 0:
                        state = _step(state, key, P)
                category = end = 0
                begin = prev_start
                if state >= 0:
                    category, end = _match_phrase(b, i, hi, state, C, P)
                opens = _first_hit(key, P)
                if opens and not has_word and category == 0 and start >= free:
                    state = _step(1, key, P)
                    begin = start
                    if state >= 0:
                        category, end = _match_phrase(b, i, hi, state, C, P)
                if category > 0:
                    _tally(C_PRAISE - 1 + category, begin, end, cnt, spans)
                    if sentences == 0 and not opening_hit:
                        _mark(C_OPENING, begin, end, spans)
                    last = begin
                    free = end
                    phrase_sentence = sentences
                    opening_hit = opening_hit or sentences == 0
                prev_start = start if opens else -1
                prev_key = key
                prev_first = not has_word
                has_word = True
            if i < hi and b[i] == 32:
                i += 1
        if has_word:
            sentences += 1
            has_word = False
        if i < hi:
            i += 1
        if S[S_CODE] == 1:
            cnt[C_CODE_CHARS] += (i - line) - (cont - line_cont)
        if S[S_EOL_FLUSH] == 1 and notes > 0:
            _pair_marks(b, lo, i, ev, notes, dl, br, cnt, spans, C)
            notes = 0
    if notes > 0:
        _pair_marks(b, lo, hi, ev, notes, dl, br, cnt, spans, C)
    cnt[C_CHARS] += hi - lo - cont
    cnt[C_WORDS] += words
    cnt[C_PROSE_WORDS] += prose_words
    cnt[C_SENTENCES] += sentences
    if opening_hit:
        cnt[C_OPENING] += 1
    if phrase_sentence >= 0 and phrase_sentence == sentences - 1:
        _tally(C_CLOSING, last, free, cnt, spans)
    if spans is not None:
        if S[S_LEAF] == FENCE:
            _end_fence(S, b, hi, spans)
    return DONE


@_njit
def _blank(c: int) -> Any:
    return c == 32 or c == 9 or c == 13


@_njit
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


@_njit
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


@_njit
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


@_njit
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


@_njit
def _slot(keys: Array, node: int, c: int) -> Any:
    """Where the child of a node by a byte stands, or would stand, in a table of a power of two of slots."""
    key = (node << 8) + np.int64(c) + 1
    at = np.int64(((np.uint64(key) * KEY_MIX) >> TWENTY) & np.uint64(keys.size - 1))
    while keys[at] != 0 and keys[at] != key:
        at = (at + 1) & (keys.size - 1)
    return at


@_njit
def _follow(keys: Array, kids: Array, fail: Array, node: int, c: int) -> Any:
    """The state of the automaton (Aho, Corasick) after one more byte."""
    while True:
        at = _slot(keys, node, c)
        if keys[at] != 0:
            return kids[at]
        if node == 0:
            return 0
        node = fail[node]


@_njit
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
        node = 0
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
        node = 0 if buf[i] == 96 else _follow(keys, kids, fail, node, buf[i])
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


@_njit
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


@_njit
def _space_end(b: Array, i: int, hi: int, C: Any) -> Any:
    """End of the white space character here, or -1."""
    if i >= hi:
        return -1
    point, n = _decode(b, i)
    return i + n if _kind(point, C) & SPACE else -1


@_njit
def _next_line(b: Array, i: int, hi: int) -> Any:
    while i < hi and b[i] != 10:
        i += 1
    return i + 1


@_njit
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


@_njit
def _mark_copy(counter: int, start: int, end: int, origin: Any, spans: Any) -> None:
    """Mark where something in a copy comes from."""
    if spans is not None:
        _mark(counter, origin[start], origin[end - 1] + 1, spans)


@_njit
def _arena_bold(b: Array, n: int, mark: int, origin: Any, spans: Any) -> Any:
    count = 0
    i = 0
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
    p = 0
    while p < n:
        q = p
        while q < n and b[q] == 35:
            q += 1
        if 1 <= q - p <= 6 and _space_end(b, q, n, C) > 0:
            cnt[C_A_HEADERS] += 1
            _mark_copy(C_A_HEADERS, p, _space_end(b, q, n, C), origin, spans)
        p = _next_line(b, q, n)
    for ordered in (False, True):
        p = 0
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
    cnt[C_A_BOLD] += _arena_bold(b, n, 42, origin, spans) + _arena_bold(b, n, 95, origin, spans)
    return exact


# -- rows --------------------------------------------------------------------------------------------------


@_njit
def _scan_row(
    b: Array,
    bounds: Array,
    T: Any,
    S: Array,
    ev: Array,
    dl: Array,
    br: Array,
    stamps: Array,
    stamp: int,
    strip: bool,
    cnt: Array,
    spans: Any,
) -> Any:
    for k in range(bounds.shape[0]):
        code = _scan_turn(b, bounds[k, 0], bounds[k, 1], T, S, ev, dl, br, stamps, stamp, strip, cnt, spans)
        if code != DONE:
            return code
    cnt[C_TURNS] = bounds.shape[0]
    cnt[C_CHARS] += 2 * (bounds.shape[0] - 1)
    return DONE


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
def _scan_rows(
    b: Array,
    offsets: Array,
    turns: Array,
    turn_offsets: Array,
    begin: int,
    end: int,
    strip: bool,
    arena: bool,
    T: Any,
    out: Array,
    spans: Any,
    starts: Any,
) -> Any:
    """What ``scan_rows`` does, with None for the last two, and ``scan_spans``."""
    inexact = 0
    S = np.zeros(STATE_SIZE, dtype=np.int64)
    stamps = np.zeros(T[1].end.size, dtype=np.int64)
    stamp = 0
    size = 1024
    ev = np.empty((2, size), dtype=np.int64)
    dl = np.empty((7, size), dtype=np.int64)
    br = np.empty((3, size), dtype=np.int64)
    for row in range(begin, end):
        lo, hi = offsets[row], offsets[row + 1]
        first = last = 0
        if turn_offsets.size > 0:
            first, last = turn_offsets[row], turn_offsets[row + 1]
        bounds = row_turns(lo, hi, turns, first, last)
        text = b
        cnt = out[row - begin]
        marks = _row_spans(starts, row - begin, spans)
        origin = _origins(0, spans)
        look = strip
        while True:
            cnt[:] = 0
            if spans is not None:
                marks[0, 0] = 0
            stamp += 1
            code = _scan_row(text, bounds, T, S, ev, dl, br, stamps, stamp, look, cnt, marks)
            if code == DONE:
                break
            if code == CROWDED:
                size *= 4
                ev = np.empty((2, size), dtype=np.int64)
                dl = np.empty((7, size), dtype=np.int64)
                br = np.empty((3, size), dtype=np.int64)
            else:
                copy = np.empty(hi - lo, dtype=np.uint8)
                origin = _origins(hi - lo, spans)
                at = 0
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


@_njit
def scan_rows(
    b: Array,
    offsets: Array,
    turns: Array,
    turn_offsets: Array,
    begin: int,
    end: int,
    strip: bool,
    arena: bool,
    T: Any,
    out: Array,
) -> Any:
    """Count rows ``begin`` to ``end`` into ``out[0:end - begin]``; ``turn_offsets`` is empty for single turns.

    Returns in how many rows Arena's counts are not exact (see ``_remove_many``).
    """
    return _scan_rows(b, offsets, turns, turn_offsets, begin, end, strip, arena, T, out, None, None)


@_njit
def scan_spans(
    b: Array,
    offsets: Array,
    turns: Array,
    turn_offsets: Array,
    begin: int,
    end: int,
    strip: bool,
    arena: bool,
    T: Any,
    out: Array,
    spans: Array,
    starts: Array,
) -> None:
    """Count as ``scan_rows`` does, and mark what is counted and has a place.

    Row ``begin + k`` has ``spans[starts[k]:starts[k + 1]]``: first how many marks there are, then the marks as
    counter, start and end, in bytes of the row's text. What finds no room there is not written.
    """
    _scan_rows(b, offsets, turns, turn_offsets, begin, end, strip, arena, T, out, spans, starts)
