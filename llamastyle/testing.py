"""Checks on style for someone's own test suite: plain functions that raise AssertionError."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from llamastyle.errors import LlamaStyleError
from llamastyle.options import nearest
from llamastyle.regression.fitting import audit
from llamastyle.regression.result import StyleResult

__all__ = ["assert_no_style_inflation"]

FOUND = ("inflated", "style-favoured")
UNTESTED = ("undetermined", "insufficient data")


def assert_no_style_inflation(
    source: Any,
    models: str | Collection[str] | None = None,
    *,
    margin: float = 20.0,
    fdr: float = 0.05,
    undetermined: bool = True,
    **options: Any,
) -> StyleResult:
    """Assert that no model stands higher than it would at the style of the field.

    The verdicts are those of `StyleResult.audit`. What cannot be told apart passes, unless
    ``undetermined=False``; where no model, or one of those that were named, has too few battles for a verdict, nothing
    was tested and it fails.

    Parameters
    ----------
    source : StyleResult, Battles, or what `read_battles` reads
        Battles are fitted as `audit` does.
    models : str or list of str, optional
        The models that are tested; all by default.
    margin : float
        Arena points of inflation that still count as nothing.
    fdr : float
        False-discovery rate of the verdicts.
    undetermined : bool
        Whether models pass whose inflation is known too badly to tell.
    **options
        Options of `audit`, where ``source`` is no result yet.

    Returns
    -------
    StyleResult
        What was tested, to look further.

    Raises
    ------
    AssertionError
        A model is inflated (without correctness: favoured by style), or nothing could be tested.
    LlamaStyleError
        The battles cannot be read or fitted, or there is no such model.

    Examples
    --------
    >>> import llamastyle as ls
    >>> from llamastyle.testing import assert_no_style_inflation
    >>> arena = ls.simulate(8000, style={"words": 1.0}, seed=2)
    >>> try:
    ...     assert_no_style_inflation(arena.battles)
    ... except AssertionError as error:
    ...     print(str(error).partition(" by ")[0])
    style inflates model-09
    """
    if isinstance(source, StyleResult) and options:
        raise LlamaStyleError(f"{', '.join(options)}: options of a fit, and this is a result already")
    result = source if isinstance(source, StyleResult) else audit(source, **options)
    rows = result.audit(margin=margin, fdr=fdr).to_dict(orient="records")
    known = [str(row["model"]) for row in rows]
    asked = [models] if isinstance(models, str) else known if models is None else list(models)
    for name in asked:
        if name not in known:
            raise LlamaStyleError(
                f"there is no model {name!r}{nearest(name, known)}; there are {', '.join(known)}"
            )
    tested = [row for row in rows if row["model"] in asked]
    bad = [row for row in tested if row["verdict"] in FOUND]
    if bad:
        raise AssertionError("; ".join(map(_said, bad)))
    unknown = [row for row in tested if row["verdict"] in UNTESTED]
    few = [row["verdict"] == "insufficient data" for row in tested]
    nothing = all(few) if models is None else any(few)  # of a model that was named, something is to be known
    if nothing or (unknown and not undetermined):
        names = ", ".join(f"{row['model']} ({row['verdict']})" for row in unknown) or "none"
        raise AssertionError(
            f"whether style inflates these models is not known: {names}; more battles would tell"
        )
    return result


def _said(row: dict[Any, Any]) -> str:
    return (
        f"style inflates {row['model']} by {row['inflation']:.0f} points (95 % interval {row['inflation_low']:.0f} "
        f"to {row['inflation_high']:.0f}; {row['verdict']}, most by {row['top_feature']})"
    )
