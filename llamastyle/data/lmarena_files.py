"""Simulated arenas as files in the schema of LMArena's arena-human-preference-140k."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet
from numpy.typing import NDArray

from llamastyle.errors import DataError
from llamastyle.features.extraction import extract
from llamastyle.report.files import write_whole

if TYPE_CHECKING:
    from llamastyle.data.simulation import Arena

__all__ = ["MARK", "SCHEMA", "write_lmarena"]

Ints = NDArray[np.int64]

MARK = {"llamastyle": "simulated"}
"""What the metadata of every file's schema says of it."""
GROUP = 8192
"""Battles that are in memory as rows at once."""

PART = pa.struct([(name, pa.string()) for name in ("type", "text", "image", "mimeType")])
TURN = pa.struct([("role", pa.string()), ("content", pa.list_(PART))])
COUNTED_TURN = pa.struct([*TURN, ("num_tokens", pa.int64())])
EXCHANGE = pa.struct([(name, TURN) for name in ("user", "model_side_a", "model_side_b")])
HEADERS = pa.struct([(f"h{i}", pa.int64()) for i in range(1, 7)])
LISTS = pa.struct([("ordered", pa.int64()), ("unordered", pa.int64())])
BOLD = pa.struct([("**", pa.int64()), ("__", pa.int64())])
CRITERIA = (
    *("complexity", "creativity", "domain_knowledge", "problem_solving"),
    *("real_world", "specificity", "technical_accuracy"),
)
TAGS = pa.struct(
    [
        ("creative_writing_v0.1", pa.struct([("creative_writing", pa.bool_()), ("score", pa.string())])),
        ("criteria_v0.1", pa.struct([(name, pa.bool_()) for name in CRITERIA])),
        ("if_v0.1", pa.struct([("if", pa.bool_()), ("score", pa.int64())])),
        ("math_v0.1", pa.struct([("math", pa.bool_())])),
    ]
)


def _side(side: str) -> list[tuple[str, pa.DataType]]:
    return [
        (f"sum_assistant_{side}_tokens", pa.int64()),
        (f"header_count_{side}", HEADERS),
        (f"list_count_{side}", LISTS),
        (f"bold_count_{side}", BOLD),
        (f"context_{side}_tokens", pa.int64()),
    ]


METADATA = pa.struct([*_side("a"), *_side("b"), ("sum_user_tokens", pa.int64()), ("turns", pa.int64())])
SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("model_a", pa.string()),
        ("model_b", pa.string()),
        ("winner", pa.string()),
        ("evaluation_session_id", pa.string()),
        ("evaluation_order", pa.int64()),
        ("conversation_a", pa.list_(TURN)),
        ("conversation_b", pa.list_(COUNTED_TURN)),
        ("full_conversation", pa.list_(EXCHANGE)),
        ("conv_metadata", METADATA),
        ("category_tag", TAGS),
        ("language", pa.string()),
        ("is_code", pa.bool_()),
        ("timestamp", pa.string()),
    ],
    metadata=MARK,
)
"""Only ``conversation_b`` has tokens by turn, as in Arena's own files."""

WINNERS = np.array(["model_a", "model_b", "tie", "both_bad"], object)
LANGUAGES = {"en": 0.6, "pl": 0.08, "ru": 0.07, "und": 0.07, "de": 0.06, "zh": 0.06, "es": 0.06}
CODE, CREATIVE, MATH = 0.3, 0.08, 0.06
"""Shares of prompts with these labels."""
BEGIN, END = np.datetime64("2025-04-17", "us"), np.datetime64("2025-07-25", "us")
"""When Arena's own battles were voted on."""


def write_lmarena(arena: Arena, folder: str | Path, shards: int = 7, seed: int = 0) -> list[Path]:
    """Write a simulated arena in the schema of LMArena's arena-human-preference-140k, as parquet shards.

    The texts, votes and sessions are the arena's, an ``evaluation_session_id`` for each of its voters. The
    counts of headers, lists and bold in ``conv_metadata`` are Arena's own counts of these texts. Its tokens
    are words x 4/3, rounded: no tokenizer is at work. The rest are labels drawn at random: categories,
    languages and ``is_code`` by prompt (every text is English, whatever its label says), and times.

    The schema has no place for correctness. It is written beside, with the prompt's text as ``prompt_id``,
    which is what `read_battles` makes of the schema: hand the file in as ``correctness=``.

    Every file is marked as simulated in the metadata of its schema (``llamastyle: simulated``), which
    `read_battles` says in the notes.

    Parameters
    ----------
    arena : Arena
        Simulated with ``texts=True``.
    folder : str or Path
        Made if it is not there.
    shards : int
        How many files the battles are in: ``data/train-00000-of-00007.parquet`` and so on.
    seed : int
        Of the labels that are drawn at random.

    Returns
    -------
    list of Path
        The shards, then ``correctness.parquet`` (``prompt_id, model, correct``).

    Raises
    ------
    DataError
        An arena without texts, more shards than battles, or other shards in the folder.
    LlamaStyleError
        A file could not be written; each is whole or not there.

    Examples
    --------
    >>> import tempfile
    >>> import llamastyle as ls
    >>> arena = ls.simulate(60, 4, texts=True, versions="style", seed=1)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     made = write_lmarena(arena, folder, shards=2)
    ...     battles = ls.read_battles(f"{folder}/data/*.parquet", correctness=made[-1])
    >>> [path.name for path in made]
    ['train-00000-of-00002.parquet', 'train-00001-of-00002.parquet', 'correctness.parquet']
    >>> battles.notes[0]
    'simulated by llamastyle: no votes of people'
    """
    n = len(arena.battles)
    if not arena.world.texts:
        raise DataError("this arena has no texts to write: make it with simulate(..., texts=True)")
    if not 1 <= shards <= n:
        raise DataError(f"shards={shards} must lie between 1 and the number of battles, {n}")
    data = Path(folder) / "data"
    paths = [data / f"train-{i:05d}-of-{shards:05d}.parquet" for i in range(shards)]
    _prepare(data, paths)
    bounds = np.linspace(0, n, shards + 1).astype(np.int64).tolist()
    labels = _labels(arena, np.random.default_rng(seed))
    for path, (begin, end) in zip(paths, pairwise(bounds), strict=True):
        write_whole(path, partial(_write, groups=_groups(arena, labels, begin, end)))
    scores = Path(folder) / "correctness.parquet"
    return [*paths, write_whole(scores, partial(pyarrow.parquet.write_table, _correctness(arena)))]


def _prepare(data: Path, paths: list[Path]) -> None:
    """Make the folder; shards of another number would be read together with these."""
    try:
        data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{data} cannot be made: {error.strerror or error}; choose another folder") from None
    others = sorted({path.name for path in data.glob("*.parquet")} - {path.name for path in paths})
    if others:
        raise DataError(
            f"{data} has other parquet files, such as {others[0]}, which would be read together with these: "
            f"choose an empty folder, or remove them"
        )


@dataclass(frozen=True, slots=True)
class _Labels:
    """What texts and votes do not say, of n battles.

    Attributes
    ----------
    ids, sessions, times : object (n,)
    order : int64 (n,)
        Which of its session's battles each is, from 1.
    language : object (n,)
    is_code, creative, math : bool (n,)
    following : int64 (n,)
        Score of instruction following, 0 to 4.
    criteria : bool (n, 7)
    """

    ids: NDArray[np.object_]
    sessions: NDArray[np.object_]
    times: NDArray[np.object_]
    order: Ints
    language: NDArray[np.object_]
    is_code: NDArray[np.bool_]
    creative: NDArray[np.bool_]
    math: NDArray[np.bool_]
    following: Ints
    criteria: NDArray[np.bool_]


def _labels(arena: Arena, rng: np.random.Generator) -> _Labels:
    columns = arena.battles.columns
    voter, voters = pd.factorize(columns["voter"])
    prompt, prompts = pd.factorize(columns["prompt_id"])
    n, k = len(columns), len(prompts)
    times = np.sort(BEGIN + rng.integers((END - BEGIN).astype(np.int64), size=n))
    return _Labels(
        ids=_uuids(n, rng),
        sessions=_uuids(len(voters), rng)[voter],
        times=np.datetime_as_string(times).astype(object),
        order=pd.Series(voter).groupby(voter).cumcount().to_numpy(np.int64) + 1,
        language=rng.choice(np.array([*LANGUAGES], object), k, p=list(LANGUAGES.values()))[prompt],
        is_code=(rng.random(k) < CODE)[prompt],
        creative=(rng.random(k) < CREATIVE)[prompt],
        math=(rng.random(k) < MATH)[prompt],
        following=rng.integers(5, size=k)[prompt],
        criteria=(rng.random((k, len(CRITERIA))) < 0.5)[prompt],
    )


def _uuids(n: int, rng: np.random.Generator) -> NDArray[np.object_]:
    drawn = rng.bytes(16 * n)
    return np.array(
        [str(uuid.UUID(bytes=drawn[i : i + 16], version=4)) for i in range(0, 16 * n, 16)], object
    )


def _write(path: Path, groups: Iterator[pa.Table]) -> None:
    with pyarrow.parquet.ParquetWriter(path, SCHEMA, compression="zstd") as writer:
        for table in groups:
            writer.write_table(table)


def _groups(arena: Arena, labels: _Labels, begin: int, end: int) -> Iterator[pa.Table]:
    for first in range(begin, end, GROUP):
        yield _table(arena, labels, np.arange(first, min(first + GROUP, end)))


def _table(arena: Arena, labels: _Labels, at: Ints) -> pa.Table:
    """Some of the battles, as rows of the schema."""
    battles = arena.battles
    prompts = pa.array(battles.columns["prompt"].to_numpy()[at], pa.string())
    answers = [_texts(battles.texts, row[at]) for row in battles.rows]
    asked = _tokens(_count(prompts, ["words"])[:, 0])
    sides = [_counts(texts, asked) for texts in answers]
    vote = np.select([battles.outcome[at] == 1, battles.outcome[at] == 0, battles.both_bad[at]], [0, 1, 3], 2)
    names = np.array(battles.models, object)
    columns = {
        "id": labels.ids[at],
        "model_a": names[battles.model_a[at]],
        "model_b": names[battles.model_b[at]],
        "winner": WINNERS[vote],
        "evaluation_session_id": labels.sessions[at],
        "evaluation_order": labels.order[at],
        "conversation_a": _conversations(TURN, prompts, answers[0]),
        "conversation_b": _conversations(
            COUNTED_TURN, prompts, answers[1], num_tokens=_in_turn(asked, sides[1]["tokens"])
        ),
        "full_conversation": _lists(
            _struct(
                EXCHANGE,
                user=_turns(TURN, _same("user", at.size), prompts),
                model_side_a=_turns(TURN, _same("assistant", at.size), answers[0]),
                model_side_b=_turns(TURN, _same("assistant", at.size), answers[1]),
            ),
            1,
        ),
        "conv_metadata": _metadata(asked, *sides),
        "category_tag": _tags(labels, at),
        "language": labels.language[at],
        "is_code": labels.is_code[at],
        "timestamp": labels.times[at],
    }
    return pa.table(columns, SCHEMA)


def _texts(texts: pa.Array, rows: Ints) -> pa.Array:
    return texts.take(pa.array(rows)).cast(pa.string())


def _count(texts: pa.Array, names: list[str]) -> NDArray[np.float64]:
    return extract(texts, names).values


def _tokens(words: NDArray[np.float64]) -> Ints:
    """About as many as a tokenizer would make of English words."""
    return np.rint(words * 4 / 3).astype(np.int64)


def _counts(texts: pa.Array, asked: Ints) -> dict[str, Any]:
    """Arena's counts of one side. These answers have headings of level two, one kind of list each, and ``**``."""
    made = _count(texts, ["words", "arena_headers", "arena_lists", "arena_bold"])
    headers, lists, bold = made[:, 1:].astype(np.int64).T
    options = pc.MatchSubstringOptions(r"(?m)^1\.\s")
    numbered = pc.call_function("match_substring_regex", [texts], options).to_numpy(zero_copy_only=False)
    none = np.zeros(len(texts), np.int64)
    return {
        "tokens": _tokens(made[:, 0]),
        "header": _struct(HEADERS, **{f"h{i}": headers if i == 2 else none for i in range(1, 7)}),
        "list": _struct(LISTS, ordered=np.where(numbered, lists, 0), unordered=np.where(numbered, 0, lists)),
        "bold": _struct(BOLD, **{"**": bold, "__": none}),
        "context": asked,
    }


def _metadata(asked: Ints, a: dict[str, Any], b: dict[str, Any]) -> pa.StructArray:
    made: dict[str, Any] = {"sum_user_tokens": asked, "turns": np.ones(asked.size, np.int64)}
    for side, counts in (("a", a), ("b", b)):
        made[f"sum_assistant_{side}_tokens"] = counts["tokens"]
        made[f"context_{side}_tokens"] = counts["context"]
        made |= {f"{name}_count_{side}": counts[name] for name in ("header", "list", "bold")}
    return _struct(METADATA, **made)


def _tags(labels: _Labels, at: Ints) -> pa.StructArray:
    creative, following = labels.creative[at], labels.following[at]
    writing, criteria, instructions, maths = (field.type for field in TAGS)
    flags = dict(zip(CRITERIA, labels.criteria[at].T, strict=True))
    made = {
        "creative_writing_v0.1": _struct(
            writing, creative_writing=creative, score=np.where(creative, "yes", "no").astype(object)
        ),
        "criteria_v0.1": _struct(criteria, **flags),
        "if_v0.1": _struct(instructions, **{"if": following == 4, "score": following}),
        "math_v0.1": _struct(maths, math=labels.math[at]),
    }
    return _struct(TAGS, **made)


def _conversations(kind: pa.StructType, prompts: pa.Array, answers: pa.Array, **more: Any) -> pa.ListArray:
    """Conversations of one turn each."""
    n = len(prompts)
    order = pa.array(_in_turn(np.arange(n), np.arange(n, 2 * n)))
    both = pa.concat_arrays([prompts, answers]).take(order)
    roles = pa.concat_arrays([_same("user", n), _same("assistant", n)]).take(order)
    return _lists(_turns(kind, roles, both, **more), 2)


def _turns(kind: pa.StructType, roles: pa.Array, texts: pa.Array, **more: Any) -> pa.StructArray:
    n = len(texts)
    none = pa.nulls(n, pa.string())
    parts = _struct(PART, type=_same("text", n), text=texts, image=none, mimeType=none)
    return _struct(kind, role=roles, content=_lists(parts, 1), **more)


def _in_turn(first: Ints, second: Ints) -> Ints:
    """Values of the two, in turn."""
    return np.column_stack([first, second]).ravel()


def _same(text: str, n: int) -> pa.Array:
    return pa.repeat(pa.scalar(text), n)


def _lists(values: pa.Array, size: int) -> pa.ListArray:
    """Lists of so many values each."""
    return pa.ListArray.from_arrays(np.arange(0, len(values) + 1, size, dtype=np.int32), values)


def _struct(kind: pa.StructType, **values: Any) -> pa.StructArray:
    made = [pa.array(values[field.name], field.type) for field in kind]
    return pa.StructArray.from_arrays(made, fields=list(kind))


def _correctness(arena: Arena) -> pa.Table:
    """Whether each response is correct, by the text of its prompt and its model."""
    responses = arena.battles.responses
    prompts = arena.battles.columns.drop_duplicates("prompt_id").set_index("prompt_id")["prompt"]
    made = {
        "prompt_id": prompts.loc[responses.prompt_id].to_numpy(object),
        "model": np.array(responses.models, object)[responses.model],
        "correct": responses.correct,
    }
    return pa.table(made).replace_schema_metadata(MARK)
