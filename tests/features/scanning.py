"""The compiled scan as plain dictionaries, and texts to try it on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st

from llamastyle.features import kernel, tables
from llamastyle.features.counters import Counter
from llamastyle.features.text import batch_from_arrow

PIECES = (
    "a b The I'm 1 2. 10) word Great question ! ? . … 。 ** * _ __ *** ` `` ``` ~~~ # ## ####### - + > | | --- === "
    "[ ] ( ) ![ ]( http://x.y <http://x.y> $ $$ \\ é ß İ ñ 漢 字 カ ไทย عربي 🎉 👍🏽 👨‍👩‍👧 🇩🇪 ❤️ © 1️⃣ ‍ ️ 🏽 "
    "<think> </think> <b> &amp; You're absolutely right Let me know that's a brilliant idea"
).split(" ")
SPACES = ["\n", "\n\n", " ", "  ", "    ", "\t", "\r\n", "\u00a0", ""]
# Code points assigned in both Unicode versions: the twin reads the running Python's tables.
KNOWN = st.characters(codec="utf-8", exclude_categories=["Cn"])
TEXTS = st.one_of(
    st.lists(st.sampled_from([*PIECES, *SPACES, *SPACES]), max_size=40).map("".join),
    st.lists(st.sampled_from([*PIECES, *SPACES]) | st.text(KNOWN, max_size=4), max_size=25).map("".join),
    st.text(alphabet=KNOWN, max_size=60),
)


def scan(texts: Sequence[str], strip: bool = True, arena: bool = False) -> list[dict[str, int]]:
    """Every counter of each text."""
    batch = batch_from_arrow(pa.array(texts, pa.large_string()))
    out = np.empty((len(texts), len(Counter)), dtype=np.int64)
    args = (batch.data, batch.offsets, batch.turns, batch.turn_offsets, 0, len(texts), strip, arena)
    kernel.scan_prose(*args, tables.load()[0], out)
    return [{c.name.lower(): int(row[c]) for c in Counter} for row in out]
