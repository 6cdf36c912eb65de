import numpy as np
import pytest

from llamastyle.regression import cluster_scores as module
from llamastyle.regression.cluster_scores import ClusterScores, cross_products
from llamastyle.regression.clusters import every_battle, stack
from llamastyle.regression.design import Column, Design, DesignSpec

MODELS = 5


def make(n, silent, k=3, seed=0):
    rng = np.random.default_rng(seed)
    a = rng.integers(MODELS, size=n)
    b = (a + rng.integers(1, MODELS, size=n)) % MODELS
    quiet = rng.random(n) < silent
    a[quiet] = b[quiet] = -1
    columns = tuple(Column(f"c{i}", "style", "style", "difference") for i in range(k))
    spec = DesignSpec(columns, tuple(f"m{i}" for i in range(MODELS)))
    return Design(spec, rng.standard_normal((n, k)), a, b, rng.random(n), np.ones(n), None)


def by_battle(design, residual, own):
    """Every battle's score, written out."""
    rows = np.zeros((design.n, MODELS + design.x.shape[1] + (own is not None)))
    for i in range(design.n):
        if design.a[i] >= 0:
            rows[i, design.a[i]] += residual[i]
            rows[i, design.b[i]] -= residual[i]
        rows[i, MODELS : MODELS + design.x.shape[1]] = residual[i] * design.x[i]
        if own is not None:
            rows[i, -1] = own[i]
    return rows


def summed(rows, clusters):
    sums = np.zeros((clusters.size, rows.shape[1]))
    for block in clusters.rows:
        np.add.at(sums, block, rows)
    return sums


def grouped(way, n, seed=2):
    rng = np.random.default_rng(seed)
    match way:
        case "none":
            return every_battle(n)
        case "several":
            return stack(np.column_stack([rng.permutation(n) % 40, rng.permutation(n) % 7]))
        case "one is large":
            codes = np.unique(np.where(rng.random(n) < 0.6, 0, rng.integers(1, 30, n)), return_inverse=True)[1]
            return stack(codes)
        case _:
            return stack(rng.permutation(n) % 60)


@pytest.mark.parametrize("way", ["none", "one", "one is large", "several"])
@pytest.mark.parametrize(("battles", "cells"), [(module.BATTLES, module.CELLS), (32, 128), (7, 1)])
@pytest.mark.parametrize("silent", [0.0, 0.3])
@pytest.mark.parametrize("ties", [False, True])
def test_sums_and_cross_products_are_those_written_out(monkeypatch, way, battles, cells, silent, ties):
    monkeypatch.setattr(module, "BATTLES", battles)
    monkeypatch.setattr(module, "CELLS", cells)
    design, rng = make(300, silent), np.random.default_rng(1)
    residual, own = rng.standard_normal(300), rng.standard_normal(300) if ties else None
    clusters = grouped(way, 300)
    scores = ClusterScores(design, clusters, residual, own)
    sums = summed(by_battle(design, residual, own), clusters)
    weight = np.ones(clusters.size) if clusters.weight is None else clusters.weight
    np.testing.assert_allclose(scores.table().toarray(), sums, atol=1e-12)
    np.testing.assert_allclose(cross_products(scores), (sums * weight[:, None]).T @ sums, atol=1e-10)


def test_a_table_is_made_once_and_has_one_entry_a_cluster_and_parameter():
    design = make(200, 0.0)
    scores = ClusterScores(design, grouped("one", 200), np.ones(200), None)
    table = scores.table()
    assert scores.table() is table
    assert table.has_canonical_format


@pytest.mark.parametrize("columns", [0, 2])
def test_without_models_or_without_columns(columns):
    design = make(50, 1.0, columns)
    scores = ClusterScores(design, grouped("one", 50), np.full(50, 0.5), None)
    expected = summed(by_battle(design, scores.residual, None), scores.clusters)
    np.testing.assert_allclose(cross_products(scores), expected.T @ expected, atol=1e-12)
