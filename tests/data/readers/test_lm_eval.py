"""lm-evaluation-harness's samples, from committed runs, from a real run, and with every trap put in."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import llamastyle as ls
from llamastyle.data.readers.lm_eval import read, sniff
from tests.integrations.harnesses import QUESTIONS, ROOT, run_lm_eval

LOGS = Path(__file__).parent / "logs" / "lm_eval"
NAME = "samples_small_2026-01-01T00-00-00.000000.jsonl"


def row(doc_id: int = 0, **more: Any) -> dict[str, Any]:
    made = {
        "doc_id": doc_id,
        "doc": {"question": f"{doc_id}?"},
        "target": "4",
        "arguments": {"gen_args_0": {"arg_0": "2 + 2?", "arg_1": {}}},
        "resps": [[f"**It is {doc_id}.**"]],
        "filtered_resps": [str(doc_id)],
        "filter": "none",
        "metrics": ["exact_match"],
        "doc_hash": f"h{doc_id}",
        "exact_match": float(doc_id % 2),
        **more,
    }
    return {name: value for name, value in made.items() if value is not ...}


def write(
    folder: Path, rows: list[dict[str, Any]], model: str = "m", name: str = NAME, **results: Any
) -> Path:
    """A file of samples in a model's folder, and the results beside it where there are any."""
    path = folder / model / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(r) + "\n" for r in rows), "utf-8")
    if results:
        (path.parent / "results_2026-01-01T00-00-00.000000.json").write_text(json.dumps(results))
    return path


def check_run(folder: Path, model: str) -> None:
    """What a run of the dummy model on the small task must give: it says lol to everything."""
    number, whole = (ls.read_responses(folder, filter=name) for name in ("number", "whole"))
    for responses, right in ((number, [0, 0, 0]), (whole, [0, 0, 1])):
        assert responses.texts.to_pylist() == ["lol"] * len(QUESTIONS)
        assert responses.models == (model,)
        assert responses.prompt_id is not None
        assert responses.prompt_id.tolist() == ["small:0", "small:1", "small:2"]
        assert np.asarray(responses.score).tolist() == right
        assert np.asarray(responses.correct).tolist() == right
    first = ls.read_responses(folder)
    assert np.asarray(first.score).tolist() == [0, 0, 0]
    assert first.notes[:2] == (
        "small: the rows of filter 'number' are read, not those of 'whole' (filter= chooses)",
        "small: the score is 'exact_match', not 'bleu' (score= chooses)",
    )


def test_the_committed_run() -> None:
    check_run(LOGS, "qdpv68r5")


def test_a_real_run(tmp_path: Path) -> None:
    out = run_lm_eval(tmp_path)
    samples = next(out.rglob("samples_*.jsonl"))
    lines = [json.loads(line) for line in samples.read_text("utf-8").splitlines()]
    assert [r["filter"] for r in lines] == ["number"] * 3 + ["whole"] * 3
    check_run(out, json.loads(next(out.rglob("results_*.json")).read_text())["model_name"])
    check_run(samples, samples.parent.name)


def test_it_is_known_by_its_name_or_its_first_line(tmp_path: Path) -> None:
    assert sniff(Path("x/samples_a_b_2025-01-01T10-00-00.5.jsonl"), b"")
    assert sniff(Path("x/mine.jsonl"), b'{"doc_id": 0, "doc": {}')
    assert not sniff(Path("x/mine.jsonl"), b'{"prompt_id": 0}')
    path = write(tmp_path, [row(3)], name="mine.jsonl")
    assert ls.read_responses(path).to_frame()["prompt_id"].tolist() == ["mine:3"]


def test_the_model_is_that_of_the_results_else_the_folder(tmp_path: Path) -> None:
    path = write(tmp_path, [row()], "meta__llama", model_name="meta/llama")
    assert ls.read_responses(path).models == ("meta/llama",)
    assert not any("folder" in note for note in ls.read_responses(path).notes)
    path = write(tmp_path, [row()], "alone")
    assert ls.read_responses(path).models == ("alone",)
    assert "small: no results of the run beside the samples: the model is named by the folder, 'alone'" in (
        ls.read_responses(path).notes
    )


def test_each_filter_has_rows_of_its_own(tmp_path: Path) -> None:
    rows = [
        row(i, filter=name, exact_match=float(name == "loose"))
        for name in ("strict", "loose")
        for i in range(3)
    ]
    path = write(tmp_path, rows)
    assert ls.read_responses(path).to_frame()["score"].tolist() == [0, 0, 0]
    assert ls.read_responses(path, filter="loose").to_frame()["score"].tolist() == [1, 1, 1]
    with pytest.raises(ls.DataError, match="no such filter; did you mean 'strict'.*it has strict, loose"):
        ls.read_responses(path, filter="strikt")


def test_the_score_is_the_metric_asked_for(tmp_path: Path) -> None:
    path = write(tmp_path, [row(1, metrics=["exact_match", "f1"], f1=2.5)])
    assert ls.read_responses(path).to_frame()[["score", "correct"]].values.tolist() == [[1, 1]]
    f1 = ls.read_responses(path, score="f1")
    assert (np.asarray(f1.score).tolist(), f1.correct) == ([2.5], None)
    with pytest.raises(
        ls.DataError, match="score='exact'.*did you mean 'exact_match'.*it has exact_match, f1"
    ):
        ls.read_responses(path, score="exact")


def test_a_metric_of_which_less_is_better_is_turned(tmp_path: Path) -> None:
    rows = [row(i, metrics=["ter"], ter=float(i)) for i in range(2)]
    responses = ls.read_responses(
        write(tmp_path, rows, model_name="m", higher_is_better={"small": {"ter": False}})
    )
    assert np.asarray(responses.score).tolist() == [0, -1]
    assert responses.correct is None
    assert "small: lower is better for 'ter': the score is its negative" in responses.notes


def test_files_of_older_versions(tmp_path: Path) -> None:
    old = row(1, filter=..., metrics=..., doc_hash=..., arguments=[["2 + 2?", {"until": ["\n"]}]])
    responses = ls.read_responses(write(tmp_path, [old]))
    assert responses.to_frame()[["text", "score"]].values.tolist() == [["**It is 1.**", 1]]


@pytest.mark.parametrize(
    ("more", "score", "note"),
    [
        ({"exact_match": float("nan")}, None, "1 of 2 responses without a score"),
        ({"exact_match": None}, None, "1 of 2 responses without a score"),
        ({"exact_match": ...}, None, "1 of 2 responses without a score"),
        ({"exact_match": True}, 1, "correctness is the score of the harness"),
        ({"resps": [["one", "two"]]}, 0, "small: 1 document with several responses: the first is read"),
    ],
)
def test_what_is_noted(tmp_path: Path, more: dict[str, Any], score: float | None, note: str) -> None:
    responses = ls.read_responses(write(tmp_path, [row(1), row(0, **more)]))
    assert [None if np.isnan(x) else x for x in np.asarray(responses.score)] == [1, score]
    assert note in responses.notes


def test_a_run_without_metrics_has_no_scores(tmp_path: Path) -> None:
    responses = ls.read_responses(write(tmp_path, [row(0, metrics=["bypass"], bypass=999, exact_match=...)]))
    assert np.isnan(np.asarray(responses.score)).all()
    assert "small: the run was made without metrics: no scores" in responses.notes
    with pytest.raises(ls.DataError, match="score is missing in 1 of 1 responses"):
        ls.pair(responses)


@pytest.mark.parametrize(
    ("rows", "what"),
    [
        ([row(0, resps=[[[-1.5, False]]])], r"document 0: resps hold .* no text.*generate_until"),
        ([row(0, exact_match="high")], r"row 0 .*'score': not a number \('high'\); 1 of 1 row"),
        ([row(0, exact_match=[1, 2]), row(1)], r"'score': not a number .*1 of 2 rows"),
        ([row(0, resps=[[None]]), row(1)], r"'text': no text; 1 of 2 rows"),
        (
            [row(0), row(1), row(0), row(1), row(2)],
            r"more than one response to 2 prompts, first 'small:0' of .*samples",
        ),
        ([], r"has no samples; was the run made with --log_samples"),
    ],
)
def test_what_is_an_error(tmp_path: Path, rows: list[dict[str, Any]], what: str) -> None:
    with pytest.raises(ls.DataError, match=what):
        ls.read_responses(write(tmp_path, rows))


def test_a_file_that_is_cut_short(tmp_path: Path) -> None:
    path = write(tmp_path, [row(0), row(1)])
    path.write_bytes(path.read_bytes()[:-40] + b"\n" + b"[1]\n")
    with pytest.raises(ls.DataError, match=r"line 2 .*is not JSON.*may not have finished: strict=False"):
        ls.read_responses(path)
    responses = ls.read_responses(path, strict=False)
    assert responses.texts.to_pylist() == ["**It is 0.**"]
    assert responses.issues["what"].str.contains("line 2|line 3").tolist() == [True, True]


MEASURE = """
import resource, sys
import llamastyle as ls
ls.read_responses(sys.argv[1])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
responses = ls.read_responses(sys.argv[2])
print(len(responses), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_memory_is_that_of_the_texts_and_a_batch(tmp_path: Path) -> None:
    prompt = "x" * 4000
    small = write(tmp_path, [row()], "small")
    big = tmp_path / "big" / NAME
    big.parent.mkdir()
    with big.open("w") as file:
        for i in range(30_000):
            file.write(json.dumps(row(i, arguments={"gen_args_0": {"arg_0": prompt}})) + "\n")
    size = big.stat().st_size / 1024
    assert size > 120_000
    command = [sys.executable, "-c", MEASURE, str(small), str(big)]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    assert printed[0] == "30000"
    assert int(printed[1]) < size / 3, f"{printed[1]} kB more for a file of {size:.0f} kB"


def test_batches_are_put_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [row(i, filter=name) for i in range(7) for name in ("a", "b")]
    whole = read(write(tmp_path, rows))
    monkeypatch.setattr("llamastyle.data.readers.lm_eval.BATCH", 2)
    table = read(write(tmp_path, rows))
    assert table.columns["text"].to_pylist() == whole.columns["text"].to_pylist()
    assert table.n == 7


def test_a_metric_that_is_no_name_is_none(tmp_path: Path) -> None:
    path = write(tmp_path, [row(0, metrics=[["exact_match"], 1]), row(1)])
    assert ls.read_responses(path).score is not None
    assert np.isnan(np.asarray(ls.read_responses(path).score)).all()


def test_names_and_scores_that_no_column_holds(tmp_path: Path) -> None:
    assert len(ls.read_responses(write(tmp_path, [row() | {"doc_id": "\ud800"}]))) == 1
    with pytest.raises(ls.DataError, match="score"):
        ls.read_responses(write(tmp_path, [row(0, exact_match=10**400)]))
