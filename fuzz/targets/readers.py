"""Every reader of foreign files: the first byte says what the others are, and which function reads them."""

from __future__ import annotations

import gzip
import json
import math
import tempfile
import zipfile
from collections.abc import Callable
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet

import llamastyle as ls
from fuzz.checking import Wrong
from fuzz.mutating import changed
from llamastyle.data.readers import FORMATS
from llamastyle.data.readers.responses import SHAPED
from llamastyle.errors import LlamaStyleError

SUMMARY = "every reader: bytes as CSV, JSON, JSON lines, parquet, gzip, logs of harnesses, judges' folders, frames"
LONGEST = 4096
CUT = b"\xff"
"""Stands between the files of a folder, or the members of a zip; no UTF-8 has it."""
TOKENS = [
    b"model_a", b"model_b", b"winner", b"outcome", b"response_a", b"response_b", b"conversation_a", b"prompt_id",
    b"correct_a", b"weight", b"tokens_a", b"words_a", b"words_b", b"timestamp", b"question_id", b"judgment", b"games",
    b"judge", b"instruction", b"output_1", b"output_2", b"preference", b"generator_1", b"conv_metadata",
    b"sum_assistant_a_tokens", b"text_chosen", b"text_rejected", b"chosen", b"rejected", b"turns", b"choices",
    b"model_answer", b"resps", b"doc_id", b"filter", b"metrics", b"samples", b"scores", b"completion", b"attachments",
    b"role", b"content", b"assistant", b"user", b"null", b"NaN", b"Infinity", b"1e999", b"-1", b"\\ud800", b"true",
    b'{"', b'"}', b'": "', b'", "', b"[[", b"]]", b"[{", b"}]", b"array([", b"dtype=object)", b"None", b"\n", b"\r\n",
    b'""', b";", b"\t", CUT, b"\xef\xbb\xbf", b"\x1f\x8b", b"PAR1", b"tie", b"both_bad", b"tie (bothbad)",
    b"2026-01-01T00:00:00", b"9007199254740993", b"pairs", b"response_A", b"label", b"A>B", b"A>>B", b"B=A", b"score",
    b"[[A]]", b"_epoch_1.json", b"header.json", b"samples/", b"results", b"status", b"success", b"eval", b"task",
]  # fmt: skip

BATTLES = [
    {"model_a": "x", "model_b": "y", "winner": "model_a", "response_a": "**Yes**", "response_b": "No.", "prompt_id": 1},
    {"model_a": "y", "model_b": "z", "winner": "tie", "response_a": "- a", "response_b": "", "prompt_id": "2"},
    {"model_a": "z", "model_b": "x", "winner": "both_bad", "response_a": "A\nb", "response_b": "é", "prompt_id": 2.5},
]
TALK = [{"role": "user", "content": "Hm?"}, {"role": "assistant", "content": "A."}]
LOG = {
    "doc_id": 0, "doc": {"q": "a"}, "resps": [["One."]], "filtered_resps": ["One."], "filter": "none",
    "metrics": ["exact_match"], "exact_match": 1.0, "doc_hash": "h",
}  # fmt: skip
RUN = {"task_name": {}, "model_name": "m", "higher_is_better": {"small": {"exact_match": True}}}
SAMPLE = {
    "id": 1, "epoch": 1, "input": "Hm?", "scores": {"match": {"value": "C"}},
    "output": {"model": "m", "choices": [{}], "completion": "A. attachment://ab"}, "attachments": {"ab": "long"},
}  # fmt: skip
HEADER = {"version": 2, "status": "success", "eval": {"task": "small", "model": "m", "run_id": "r"}}
OTHERS: dict[str, list[dict[str, Any]]] = {
    "alpaca_eval": [{
        "instruction": "Hm?", "output_1": "a", "output_2": "**b**", "generator_1": "x", "generator_2": "y",
        "preference": 1.5, "annotator": "j",
    }],
    "arena_hard": [{
        "question_id": "1", "uid": "1", "model": "x", "judge": "j", "baseline": "y",
        "games": [{"user_prompt": "p", "judgment": "[[A>B]]", "score": "A>B"}, {"judgment": "B", "score": "B=A"}],
    }],
    "mt_bench": [{
        "question_id": 1, "model_1": "x", "model_2": "y", "g1_winner": "model_1", "g2_winner": "tie", "turn": 1,
        "judge": ["j", "pair-v2"], "g1_judgment": "[[A]]", "g2_judgment": "[[C]]",
    }],
    "mt_bench_votes": [{
        "question_id": 1, "model_a": "x", "model_b": "y", "winner": "model_a", "judge": "author_1", "turn": 1,
        "conversation_a": TALK, "conversation_b": TALK,
    }],
    "mt_bench_scores": [{"question_id": 1, "model": "x", "judge": ["j", "single-v1"], "score": 7, "turn": 1}],
    "judgebench": [{
        "pair_id": "1", "original_id": "o", "source": "s", "question": "Hm?", "response_model": "m",
        "response_A": "a", "response_B": "b", "label": "A>B", "judge_name": "j",
        "judgments": [{"judgment": {"judge_model": "j", "decision": "A>B"}, "decision": "A>B"}, {"decision": "B>A"}],
    }],
    "llmbar": [{
        "input": "Hm?", "output_1": "a", "output_2": "b", "label": 1, "swap = False": {"winner": "1"},
        "swap = True": {"winner": "2"},
    }],
    "rewardbench": [{
        "prompt": "Hm?", "chosen": "a", "rejected": "b", "chosen_model": "x", "rejected_model": "y", "subset": "s",
        "id": 1, "text_chosen": "a", "text_rejected": "b", "results": 1, "scores_chosen": 1.0, "scores_rejected": 0.5,
    }],
    "rm_bench": [{
        "id": 1, "prompt": "Hm?", "chosen": ["a", "- a", "**a**"], "rejected": ["b", "- b", "**b**"], "domain": "d",
        "score_chosen": [1, 2, 3], "score_rejected": [3, 2, 1],
    }],
    "lmarena_55k": [{
        "id": 1, "model_a": "x", "model_b": "y", "prompt": '["Hm?"]', "response_a": '["a", null]',
        "response_b": '["b"]', "winner_model_a": 1, "winner_model_b": 0, "winner_tie": 0,
    }],
    "lmarena": [{
        "question_id": "1", "model_a": "x", "model_b": "y", "winner": "tie (bothbad)", "judge": "u", "turn": 1,
        "conversation_a": TALK, "conversation_b": [*TALK, *TALK], "language": "English", "tstamp": 1.7e9,
    }],
    "lmarena_100k": [{
        "model_a": "x", "model_b": "y", "winner": "model_b", "evaluation_session_id": "e", "evaluation_order": 1,
        "conv_metadata": {"sum_assistant_a_tokens": 3, "sum_assistant_b_tokens": 4, "header_count_a": {"h1": 1},
                          "header_count_b": {"h1": 0}, "list_count_a": {"ordered": 1}, "list_count_b": {"ordered": 0},
                          "bold_count_a": {"**": 1}, "bold_count_b": {"__": 0}},
        "category_tag": {"math_v0.1": {"math": True}}, "is_code": False, "language": "en", "timestamp": "2026-01-01",
    }],
    "measured": [{"model_a": "x", "model_b": "y", "outcome": 0.5, "words_a": 3, "words_b": "4"}],
    "answers": [{"uid": "1", "question_id": 1, "model": "x", "model_id": "x", "answer_id": "a",
                 "messages": TALK, "choices": [{"index": 0, "turns": ["One.", "Two."]}]}],
    "texts": [{"model": "x", "text": "**Yes**", "prompt": "Hm?", "score": 1, "correct": 0.5, "tokens": 3}],
    "scores": [{"prompt_id": "1", "model": "x", "correct": 1}, {"prompt_id": 1, "model": "y", "correct": None}],
}  # fmt: skip

NAMES = ["auto", *(known.NAME for known in FORMATS)]
KINDS = ["auto", *SHAPED, "frame", "lm_eval", "inspect_ai"]


def _lines(rows: list[Any]) -> bytes:
    return b"\n".join(json.dumps(row).encode() for row in rows)


def _written(name: str) -> Callable[[bytes], Path]:
    """A function that writes bytes to a file of that name and returns its path."""

    def written(data: bytes) -> Path:
        path = _folder() / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    return written


def _zipped(data: bytes) -> bytes:
    """A zip of members, each a name and what is in it."""
    made, parts = BytesIO(), data.split(CUT)
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        names = [name.decode("latin-1").split("\0")[0] or "x" for name in parts[::2]]
        for name, content in dict(zip(names, parts[1::2], strict=False)).items():
            archive.writestr(name, content)
    return made.getvalue()


def _parsed(data: bytes) -> Any:
    """Python's value of a JSON text, or of lines of it; None where it is none, or a text, which would name a file."""
    try:
        value = json.loads(data)
        lists = isinstance(value, dict) and all(isinstance(v, list) for v in value.values())
        return [value] if isinstance(value, dict) and not lists else None if isinstance(value, str) else value
    except (ValueError, RecursionError):
        pass
    try:
        return [json.loads(line) for line in data.split(b"\n") if line.strip()]
    except (ValueError, RecursionError):
        return None


def _arrow(data: bytes) -> pa.Table | None:
    rows = _parsed(data)
    try:
        return pa.Table.from_pylist(rows)
    except Exception:  # pyarrow's, of what is no table
        return None


def _frame(data: bytes) -> Any:
    rows = _parsed(data)
    try:
        return pd.DataFrame(rows)
    except Exception:  # pandas', of what is no table
        return None


def _looked_at(made: Any) -> None:
    """Fails where what was read breaks what is promised of it."""
    frame = made.to_frame()
    if len(frame) != len(made) or not repr(made):
        raise Wrong(f"{len(made)} rows, and {len(frame)} in the frame")
    made.texts.validate(full=True)
    if not all(isinstance(note, str) for note in made.notes):
        raise Wrong("a note that is no text")
    if isinstance(made, ls.Battles):
        made.win_rates()
        made._repr_html_()
        _in_range(made.outcome, 0, 1)
        _in_range(made.correct_a, 0, 1, missing=True)
        _in_range(made.correct_b, 0, 1, missing=True)
        _in_range(made.weight, 0, math.inf)
        swapped = made.swap().outcome
        if not np.array_equal(swapped, 1 - np.asarray(made.outcome)):
            raise Wrong("outcomes that do not turn around with the sides")
    else:
        _in_range(made.correct, 0, 1, missing=True)


def _in_range(values: Any, low: float, high: float, missing: bool = False) -> None:
    if values is None:
        return
    known = values[~np.isnan(values)] if missing else values
    if not ((known >= low) & (known <= high) & np.isfinite(known)).all():
        raise Wrong(f"values outside [{low}, {high}]")


def _battles(source: Any, **options: Any) -> None:
    _looked_at(ls.read_battles(source, **options))


def _responses(source: Any, **options: Any) -> None:
    made = ls.read_responses(source, **options)
    _looked_at(made)
    ls.pair(made)


@cache
def _some() -> ls.Battles:
    return ls.read_battles(BATTLES)


def _joined(path: Path) -> None:
    _looked_at(ls.join_correctness(_some(), path))
    _battles(BATTLES, correctness=str(path))


def _judged(data: bytes) -> None:
    """A benchmark's folder: verdicts, answers, questions."""
    parts = [*data.split(CUT), b"", b"", b""]
    for name, content in zip(("model_judgment/j.jsonl", "model_answer/x.jsonl", "question.jsonl"), parts, strict=False):
        if content:
            _written(name)(content)
    path = _folder() / "model_judgment" / "j.jsonl"
    try:
        _battles(path)
    except LlamaStyleError:
        _responses(path)


def _log(data: bytes) -> None:
    """Samples of lm-evaluation-harness, with the results beside them."""
    samples, _, results = data.partition(CUT)
    if results:
        _written("m/results_2026-01-01T00-00-00.0.json")(results)
    path = _written("m/samples_small_2026-01-01T00-00-00.0.jsonl")(samples)
    _responses(path)
    _responses(path, strict=False)


def _options(data: bytes) -> None:
    """A table, and the options of `read_battles`, all of them from the bytes."""
    table, _, given = data.partition(CUT)
    options = (_parsed(given) or [None])[0] if isinstance(_parsed(given), list) else None
    known = {"format", "columns", "labels", "correctness", "responses", "cluster", "strict"}
    if not isinstance(options, dict) or not options.keys() <= known:
        return
    if not any(isinstance(options.get(name), str) for name in ("correctness", "responses")):  # which name files
        _battles(_written("options.jsonl")(table), **options)


def _streamed(path: Path) -> None:
    """Features of a file written part by part, and read again."""
    folder = _folder() / "features"
    ls.extract(path, ["words"], out=folder, progress=False, n_jobs=1)
    again = ls.extract(path, ["words"], out=folder, progress=False, n_jobs=1)
    frame = again.to_frame()
    words = frame[[name for name in ("words", "words_a", "words_b") if name in frame]]
    if len(frame) != again.rows or not words.shape[1] or np.isinf(words.to_numpy(float)).any():  # without text, NaN
        raise Wrong("features that are lost or infinite")


def _parquet(data: bytes) -> Path | None:
    table = _arrow(data)
    if table is None:
        return None
    path = _folder() / "built.parquet"
    try:
        pyarrow.parquet.write_table(table, path)
    except pa.ArrowException:
        return None
    return path


def _where(read: Callable[[Any], None], make: Callable[[bytes], Any]) -> Callable[[bytes], None]:
    """Reads what is made of the bytes, where something is."""

    def run(data: bytes) -> None:
        made = make(data)
        if made is not None:
            read(made)

    return run


def _of_format(read: Callable[..., None], formats: list[str]) -> Callable[[bytes], None]:
    def run(data: bytes) -> None:
        if data:
            read(_written("named.jsonl")(data[1:]), format=formats[data[0] % len(formats)])

    return run


def _loose(source: Any) -> None:
    _battles(source, strict=False)


def _loose_responses(source: Any) -> None:
    _responses(source, strict=False)


def _zip_of(read: Callable[[Any], None], name: str) -> Callable[[bytes], None]:
    return lambda data: read(_written(name)(_zipped(data)))


WAYS: dict[str, Callable[[bytes], None]] = {
    "battles.csv": _where(_battles, _written("a.csv")),
    "battles.json": _where(_battles, _written("a.json")),
    "battles.jsonl": _where(_battles, _written("a.jsonl")),
    "battles.parquet": _where(_battles, _written("a.parquet")),
    "battles.gz": _where(_battles, lambda data: _written("a.jsonl.gz")(gzip.compress(data, 1))),
    "battles.raw.gz": _where(_battles, _written("b.csv.gz")),
    "battles.bytes": _battles,
    "battles.list": _where(_battles, _parsed),
    "battles.frame": _where(_battles, _frame),
    "battles.arrow": _where(_battles, _arrow),
    "battles.built.parquet": _where(_battles, _parquet),
    "battles.format": _of_format(_battles, NAMES),
    "battles.loose": _where(_loose, _written("c.jsonl")),
    "battles.loose.csv": _where(_loose, _written("c.csv")),
    "battles.options": _options,
    "correctness": _where(_joined, _written("scores.jsonl")),
    "correctness.csv": _where(_joined, _written("scores.csv")),
    "judged": _judged,
    "responses.csv": _where(_responses, _written("r.csv")),
    "responses.json": _where(_responses, _written("r.json")),
    "responses.jsonl": _where(_responses, _written("r.jsonl")),
    "responses.list": _where(_responses, _parsed),
    "responses.parquet": _where(_responses, _parquet),
    "responses.format": _of_format(_responses, KINDS),
    "responses.loose": _where(_loose_responses, _written("s.jsonl")),
    "lm_eval": _log,
    "inspect.json": _where(_responses, _written("i.json")),
    "inspect.raw.eval": _where(_responses, _written("i.eval")),
    "inspect.eval": _zip_of(_responses, "j.eval"),
    "inspect.loose": _zip_of(_loose_responses, "k.eval"),
    "streamed.jsonl": _where(_streamed, _written("t.jsonl")),
    "streamed.parquet": _where(_streamed, _parquet),
    "streamed.raw.parquet": _where(_streamed, _written("u.parquet")),
    "streamed.raw.gz": _where(_streamed, _written("v.jsonl.gz")),
    "responses.raw.parquet": _where(_responses, _written("w.parquet")),
}
BY_BYTE = list(WAYS)
_HELD: list[Path] = []


def _folder() -> Path:
    return _HELD[-1]


def seeds() -> dict[str, bytes]:
    """Tiny files of each format, for every way that reads the like."""
    lined = {**{name: _lines(rows) for name, rows in OTHERS.items()}, "frame": _lines(BATTLES)}
    held = pa.BufferOutputStream()
    pyarrow.parquet.write_table(pa.Table.from_pylist([{**row, "prompt_id": "1"} for row in BATTLES]), held)
    written = pa.BufferOutputStream()
    pyarrow.parquet.write_table(pa.Table.from_pylist(OTHERS["texts"]), written)
    table = pd.DataFrame(BATTLES).to_csv(index=False).encode()
    member = [b"header.json", json.dumps(HEADER).encode(), b"samples/1_epoch_1.json", json.dumps(SAMPLE).encode()]
    inside = CUT.join(member)
    log = json.dumps({**HEADER, "samples": [SAMPLE]}).encode()
    odd = json.dumps({"columns": {"winner": "v"}, "labels": {"l": "model_a"}, "cluster": "prompt_id"}).encode()
    folder = CUT.join([lined["arena_hard"], lined["answers"], _lines([{"uid": "1", "prompt": "Hm?", "category": "c"}])])
    scored = CUT.join([lined["mt_bench_scores"], lined["answers"]])
    made = {
        "battles.csv": [table, table.replace(b",", b";"), b"a,b\n1", b'"a\n",b\n"x""y",2\n'],
        "battles.parquet": [held.getvalue().to_pybytes()],
        "battles.raw.gz": [gzip.compress(table, mtime=0)],
        "battles.loose.csv": [table],
        "battles.format": [bytes([NAMES.index(n)]) + data for n, data in lined.items() if n in NAMES],
        "battles.options": [CUT.join([lined["frame"].replace(b"winner", b"v").replace(b'"model_a",', b'"l",'), odd])],
        "correctness": [lined["scores"]],
        "correctness.csv": [pd.DataFrame(OTHERS["scores"]).to_csv(index=False).encode()],
        "judged": [folder, scored, CUT.join([lined["mt_bench"], lined["answers"]])],
        "responses.csv": [pd.DataFrame(OTHERS["texts"]).to_csv(index=False).encode()],
        "responses.format": [bytes([k]) + lined["texts"] for k in range(len(KINDS))],
        "lm_eval": [CUT.join([_lines([LOG, {**LOG, "doc_id": 1}]), json.dumps(RUN).encode()]), _lines([LOG])],
        "inspect.json": [log],
        "inspect.raw.eval": [_zipped(inside)],
        "inspect.eval": [inside],
        "inspect.loose": [inside.replace(b"success", b"started")],
        "streamed.jsonl": [lined["texts"], lined["frame"]],
        "streamed.parquet": [lined["texts"], lined["frame"]],
        "streamed.raw.parquet": [held.getvalue().to_pybytes()],
        "streamed.raw.gz": [gzip.compress(lined["texts"], mtime=0)],
        "responses.raw.parquet": [written.getvalue().to_pybytes()],
    }
    of_battles = [data for name, data in lined.items() if name not in ("answers", "texts", "scores", "mt_bench_scores")]
    for way in BY_BYTE:
        if way.startswith("battles") and way not in made:
            made[way] = of_battles
        elif way not in made:
            made[way] = [lined["texts"], lined["answers"], lined["alpaca_eval"].replace(b"output_1", b"output")]
    return {f"{way}-{k}": bytes([BY_BYTE.index(way)]) + data for way, some in made.items() for k, data in enumerate(some)}


def mutate(data: bytes, seed: int) -> bytes | None:
    """Another input near this one, its JSON still JSON."""
    return changed(data, CUT, LONGEST, seed)


def run(data: bytes) -> None:
    """Read the bytes in the way that the first of them names."""
    if not data:
        return
    with tempfile.TemporaryDirectory() as folder:
        _HELD.append(Path(folder))
        try:
            WAYS[BY_BYTE[data[0] % len(BY_BYTE)]](data[1:])
        finally:
            _HELD.pop()
