"""The sums of an experiment, read as moments."""

from __future__ import annotations

from decimal import Context, Decimal

from experiments.stats.moments import JointMoments, Moments

# Sums of squares have twice the digits of values and more; what is left of a difference counts.
EXACT = Context(prec=120)


def joint_moments(
    n: int, x: Decimal, xx: Decimal, y: Decimal, yy: Decimal, xy: Decimal
) -> JointMoments:
    """Moments of exact sums: only what is left after subtracting becomes a float."""
    if n <= 0:
        return JointMoments()
    return JointMoments(
        Moments(n, float(EXACT.divide(x, n)), _left(n, x, x, xx)),
        Moments(n, float(EXACT.divide(y, n)), _left(n, y, y, yy)),
        _left(n, x, y, xy),
    )


def _left(n: int, a: Decimal, b: Decimal, ab: Decimal) -> float:
    return float(EXACT.subtract(ab, EXACT.divide(EXACT.multiply(a, b), n)))
