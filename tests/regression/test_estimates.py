"""What a fit hands to its result is frozen."""

from __future__ import annotations

import dataclasses

import pytest

import llamastyle as ls


def test_everything_is_frozen():
    result = ls.fit(ls.simulate(500, 4, seed=1).battles)
    for part in (
        result,
        result.settings,
        result.estimates,
        result.estimates.clustering,
        result.estimates.fit,
    ):
        name = dataclasses.fields(part)[0].name
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(part, name, None)
    assert result.estimates.counts.shape == (4, 2)
    assert result.estimates.plain is not None
