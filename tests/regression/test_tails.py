import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from llamastyle.regression import tails

DEGREES = (1.0, 2.0, 9.0, 33.5, 1e3, 1e6, np.inf)
STATISTIC = np.concatenate([np.linspace(-12, 12, 97), [0.0, 1e-9, 40.0, np.nan]])


def law(df):
    return stats.t(df) if np.isfinite(df) else stats.norm()


@pytest.mark.parametrize("df", DEGREES)
def test_quantiles_are_those_of_scipy(df):
    for p in (1e-9, 0.001, 0.025, 0.5, 0.8, 0.95, 0.975, 0.9995):
        assert tails.t_quantile(p, df) == pytest.approx(law(df).ppf(p), rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("df", DEGREES)
def test_tails_are_those_of_scipy(df):
    np.testing.assert_allclose(tails.t_tail(STATISTIC, df), law(df).sf(STATISTIC), rtol=1e-12)


def test_the_normal_has_its_known_quantile():
    assert tails.normal_quantile(0.975) == pytest.approx(1.959963984540054, rel=1e-14)


@pytest.mark.parametrize("df", [1, 2, 7, 60])
@pytest.mark.parametrize("statistic", [0.0, 1e-6, 0.7, 3.84, 55.0, 400.0])
def test_joint_tails_are_those_of_scipy(df, statistic):
    assert tails.chi2_tail(statistic, df) == pytest.approx(stats.chi2.sf(statistic, df), rel=1e-12)
    for error in (1.0, 12.0, 5000.0):
        assert tails.f_tail(statistic, df, error) == pytest.approx(stats.f.sf(statistic, df, error), rel=1e-12)


@pytest.mark.parametrize("p", [1e-4, 0.03, 0.5, 0.97])
def test_binomial_sums_its_probabilities(p):
    for n in (1, 5, 40, 2000):
        count = np.unique(np.linspace(0, n, 7).astype(int))
        np.testing.assert_allclose(tails.binomial_cdf(count, n, p), stats.binom.cdf(count, n, p), rtol=1e-11)
    assert tails.binomial_cdf(1, 3, 0.5) == pytest.approx(0.5, rel=1e-14)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_false_discovery_is_that_of_scipy(p):
    p = np.array(p)
    np.testing.assert_allclose(tails.false_discovery(p), stats.false_discovery_control(p), rtol=1e-12)


def test_an_audit_does_not_load_scipy_stats():
    code = "import sys, llamastyle.regression.fitting, llamastyle.regression.detector; print('scipy.stats' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
