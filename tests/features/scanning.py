"""The compiled scan as plain dictionaries, and texts to try it on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st

from llamastyle.features import kernel, tables
from llamastyle.features.counters import Counter
from llamastyle.features.spans import PLACES
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


def every_scan(texts: pa.Array, strip: bool = True) -> dict[str, np.ndarray]:
    """The counts of each compiled pass, texts x counters, and the marks of the one that marks: counter, start, end."""
    batch = batch_from_arrow(texts)
    rows = (batch.data, batch.offsets, batch.turns, batch.turn_offsets, 0, len(texts))
    args = (*rows, strip, True, tables.load()[0])
    found = {name: np.empty((len(texts), len(Counter)), np.int64) for name in ("rows", "prose", "spans")}
    kernel.scan_rows(*args, found["rows"])
    kernel.scan_prose(*args, found["prose"])
    # the first row of a text's marks says how many there are
    starts = np.concatenate(([0], np.cumsum(found["prose"][:, PLACES].sum(axis=1) + 1)))
    marks = np.zeros((starts[-1], 3), np.int64)
    kernel.scan_spans(*args, found["spans"], marks, starts)
    return {**found, "marks": marks}


UNCOMPILED = """
import json, sys, warnings
import numpy as np
import pyarrow as pa
from tests.features.scanning import every_scan, kernel
assert not hasattr(kernel._scan, "signatures")  # not compiled
warnings.simplefilter("error")
texts = pa.array(json.load(sys.stdin), pa.large_string())
with np.errstate(over="ignore"):  # as `extract` has it: hashes wrap around
    found = every_scan(texts)
json.dump({name: values.tolist() for name, values in found.items()}, sys.stdout)
"""


def scan_uncompiled(texts: Sequence[str]) -> dict[str, list[list[int]]]:
    """What `every_scan` finds where numba is switched off; any warning but that of hashes is an error."""
    done = subprocess.run(
        [sys.executable, "-c", UNCOMPILED],
        input=json.dumps(list(texts)),
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
