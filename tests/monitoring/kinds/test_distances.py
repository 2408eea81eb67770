"""Distances of distributions, against other computations of them, and what chance makes of them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from monitoring.kinds import distances

WAS, NOW = np.array([50.0, 30, 20, 0]), np.array([20.0, 30, 30, 20])


def test_the_index_is_the_sum_over_smoothed_shares() -> None:
    p = [50.5 / 102, 30.5 / 102, 20.5 / 102, 0.5 / 102]
    q = [20.5 / 102, 30.5 / 102, 30.5 / 102, 20.5 / 102]
    expected = sum((b - a) * math.log(b / a) for a, b in zip(p, q, strict=True))
    assert distances.psi(WAS, NOW)[0] == pytest.approx(expected)


def test_jensen_shannon_is_the_root_of_the_mean_entropy_to_the_middle() -> None:
    p, q = WAS / 100, NOW / 100
    middle = (p + q) / 2
    divergence = (stats.entropy(p, middle, base=2) + stats.entropy(q, middle, base=2)) / 2
    assert distances.jensen_shannon(WAS, NOW)[0] == pytest.approx(math.sqrt(divergence))
    assert distances.jensen_shannon(np.array([5.0, 0]), np.array([0, 3.0]))[0] == pytest.approx(1)


def test_chi_square_as_an_effect_size() -> None:
    p, q = (WAS + 0.5) / 102, (NOW + 0.5) / 102
    pooled = (p + q) / 2
    expected = 102 * float(np.sum(((p - pooled) ** 2 + (q - pooled) ** 2) / pooled))
    assert distances.chi_square(WAS, NOW)[0] == pytest.approx(math.sqrt(expected * 0.02))


def test_kolmogorov_smirnov_and_wasserstein_are_those_of_the_values() -> None:
    places = np.array([-1.0, 0.5, 2, 7])
    first, second = np.repeat(places, WAS.astype(int)), np.repeat(places, NOW.astype(int))
    found = distances.kolmogorov_smirnov(WAS, NOW)[0]
    assert found == pytest.approx(stats.ks_2samp(first, second).statistic)
    expected = stats.wasserstein_distance(first, second) / np.std(first)
    assert distances.wasserstein(places, WAS, NOW)[0] == pytest.approx(expected)


def test_a_constant_is_at_no_distance_to_itself_and_infinitely_far_from_others() -> None:
    places, held = np.array([1.0, 2.0]), np.array([600.0, 0])
    assert distances.wasserstein(places, held, held)[0] == 0
    assert distances.wasserstein(places, held, held[::-1])[0] == math.inf


METHODS = ("psi", "jensen_shannon", "chi_square", "kolmogorov_smirnov")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("n", [500, 2000])
def test_chance_exceeds_the_noise_about_once_in_a_thousand(method: str, n: int) -> None:
    rng = np.random.default_rng(1)
    shares = np.full(10, 0.1)
    draws = [(rng.multinomial(5000, shares), rng.multinomial(n, shares)) for _ in range(1000)]
    found = [getattr(distances, method)(a.astype(float), b.astype(float)) for a, b in draws]
    assert sum(distance > noise for distance, noise in found) <= 5  # P(more) is 0.06 %
    assert np.quantile([distance for distance, _ in found], 0.99) > found[0][1] / 2


@pytest.mark.parametrize("law", [stats.norm(), stats.uniform(), stats.expon()])
def test_the_noise_of_wasserstein_holds_for_usual_shapes(law: stats.rv_frozen) -> None:
    rng = np.random.default_rng(2)
    edges = law.ppf(np.linspace(0.0005, 0.9995, 40))
    shares = np.diff([0, *law.cdf(edges[:-1] + np.diff(edges) / 2), 1])
    beyond = 0
    for _ in range(1000):
        was, now = rng.multinomial(5000, shares), rng.multinomial(500, shares)
        distance, noise = distances.wasserstein(edges, was.astype(float), now.astype(float))
        beyond += distance > noise
    assert beyond <= 5
