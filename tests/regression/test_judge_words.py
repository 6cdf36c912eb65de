"""What is said of a judge follows its figures."""

from __future__ import annotations

import pytest

import llamastyle as ls


@pytest.fixture(scope="module")
def battles():
    return ls.simulate(60, 4, texts=True, n_prompts=30, seed=5).battles


def audit(battles, judge, edits=("null", "add:emoji"), **options):
    return ls.audit_judge(judge, battles, list(edits), progress=False, **options)


def test_nothing_found(battles):
    found = audit(battles, lambda p, a, b: 0.5, name="fair")
    assert found.headline().startswith(
        "None of 1 edits is found to move fair beyond a margin of 2 points: 1 within it, 0 not known well enough. The null"
    )


def test_a_control_that_fails_is_said_first_of_all(battles):
    found = audit(battles, lambda p, a, b: 0.5 + 0.2 * (a.endswith("\n") - b.endswith("\n")))
    assert "lies BEYOND the margin: trust nothing here" in found.headline()


def test_without_a_control(battles):
    found = audit(battles, lambda p, a, b: 0.5, ["add:emoji"])
    assert "There was no null edit as a control." in found.headline()
    assert 'id="control"' not in found.report()


def test_no_wrong_answer_is_helped(battles):
    page = audit(battles, lambda p, a, b: 0.5).report()
    assert "No edit clearly helps a wrong answer" in page
    assert "not clear of zero among 2 edits" in page
