"""What units add to the sums that results are computed from: worked out anew, and added exactly.

Whatever becomes known of a unit, by an exposure or an outcome, in whatever order: its value of each
metric is computed from its outcomes, compared with what it added before, and the difference goes to
the sums. They are decimals of as many digits as it takes, so that no order, no batching and no
repetition can change a digit, and nothing cancels: a variance of values about 1e8 is exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from psycopg import Cursor

# One batch of a phase at a time: what was known before is then known for certain, which differences
# need, and no two batches wait for each other's units in a circle.
LOCK = """
SELECT pg_advisory_xact_lock(hashtextextended(phase, 0))
FROM (SELECT DISTINCT phase FROM unnest(%s::text[]) AS p(phase) ORDER BY phase) AS phases
"""

REFRESH = """
WITH touched AS (
    SELECT e.experiment, e.phase, e.unit, e.variation, e.exposed_at, e.several, e.attributes,
        t.metric, t.aggregation, t.source, t.denominator, t.cap, t.slices,
        e.exposed_at - make_interval(days => t.before_days) AS since,
        least(t.until, CASE WHEN t.window_hours > 0
            THEN e.exposed_at + make_interval(hours => t.window_hours) ELSE 'infinity' END) AS until
    FROM (
        SELECT DISTINCT * FROM unnest(%(experiments)s::text[], %(phases)s::text[], %(units)s::text[])
            AS a(experiment, phase, unit)
    ) AS asked
    JOIN experiments_exposure AS e USING (experiment, phase, unit)
    JOIN experiments_tracked AS t USING (experiment, phase)
    WHERE %(metric)s::text IS NULL OR t.metric = %(metric)s
), known AS (
    SELECT touched.*, found.*
    FROM touched CROSS JOIN LATERAL (
        SELECT
            count(*) FILTER (WHERE is_source AND is_after) AS number,
            coalesce(sum(value) FILTER (WHERE is_source AND is_after), 0) AS total,
            coalesce(sum(value) FILTER (WHERE NOT is_source AND is_after), 0) AS other,
            count(*) FILTER (WHERE is_source AND NOT is_after) AS number_before,
            coalesce(sum(value) FILTER (WHERE is_source AND NOT is_after), 0) AS total_before
        FROM (
            SELECT value, source = touched.source AS is_source,
                time >= touched.exposed_at AS is_after
            FROM experiments_outcome
            WHERE unit = touched.unit AND source IN (touched.source, touched.denominator)
                AND time >= touched.since AND time < touched.until
        ) AS outcomes
    ) AS found
), new AS (
    SELECT experiment, phase, metric, unit, variation, (exposed_at AT TIME ZONE 'UTC')::date AS day,
        ARRAY(
            SELECT name || '=' || left(attributes ->> name, 100) FROM unnest(slices) AS s(name)
            WHERE attributes ->> name IS NOT NULL ORDER BY name
        ) AS slices,
        CASE aggregation
            WHEN 'conversion' THEN sign(number)
            WHEN 'count' THEN least(number, cap)
            ELSE least(total, cap) END::numeric AS x,
        CASE aggregation
            WHEN 'mean' THEN number
            WHEN 'ratio' THEN other
            WHEN 'conversion' THEN sign(number_before)
            WHEN 'count' THEN least(number_before, cap)
            WHEN 'quantile' THEN 0
            ELSE least(total_before, cap) END::numeric AS y
    FROM known WHERE NOT several AND exposed_at < until
), old AS (
    SELECT v.experiment, v.phase, v.metric, v.unit, v.variation, v.day, v.slices, v.x, v.y
    FROM touched JOIN experiments_unit_value AS v USING (experiment, phase, metric, unit)
), gone AS (
    DELETE FROM experiments_unit_value AS v USING touched
    WHERE (v.experiment, v.phase, v.metric, v.unit)
        = (touched.experiment, touched.phase, touched.metric, touched.unit)
        AND (touched.several OR touched.exposed_at >= touched.until)
), kept AS (
    INSERT INTO experiments_unit_value AS v
        (experiment, phase, metric, unit, variation, day, slices, x, y)
    SELECT * FROM (SELECT * FROM new EXCEPT SELECT * FROM old) AS changed
    ON CONFLICT (experiment, phase, unit, metric) DO UPDATE SET
        variation = excluded.variation, day = excluded.day, slices = excluded.slices,
        x = excluded.x, y = excluded.y
), moved AS (
    SELECT 1 AS sign, changed.* FROM (SELECT * FROM new EXCEPT SELECT * FROM old) AS changed
    UNION ALL
    SELECT -1, changed.* FROM (SELECT * FROM old EXCEPT SELECT * FROM new) AS changed
), summed AS (
    INSERT INTO experiments_cell AS c
        (experiment, phase, metric, variation, slice, day, n, x, xx, y, yy, xy)
    SELECT experiment, phase, metric, variation, slice, day, sum(sign),
        sum(sign * x), sum(sign * x * x), sum(sign * y), sum(sign * y * y), sum(sign * x * y)
    FROM moved CROSS JOIN LATERAL unnest(array_append(slices, '')) AS s(slice)
    GROUP BY experiment, phase, metric, variation, slice, day
    ORDER BY experiment, phase, metric, variation, slice, day
    ON CONFLICT (experiment, phase, metric, variation, slice, day) DO UPDATE SET
        n = c.n + excluded.n, x = c.x + excluded.x, xx = c.xx + excluded.xx,
        y = c.y + excluded.y, yy = c.yy + excluded.yy, xy = c.xy + excluded.xy
)
INSERT INTO experiments_bin AS b (experiment, phase, metric, variation, bin, n)
SELECT experiment, phase, metric, variation,
    CASE WHEN abs(x) < 1e-9 THEN 0
        ELSE sign(x) * (1 + floor(ln(abs(x)::float8 / 1e-9) / ln(1.02::float8))) END::int AS bin,
    sum(sign)
FROM moved
WHERE (experiment, phase, metric) IN (
    SELECT experiment, phase, metric FROM touched WHERE aggregation = 'quantile')
GROUP BY experiment, phase, metric, variation, bin
HAVING sum(sign) <> 0
ORDER BY experiment, phase, metric, variation, bin
ON CONFLICT (experiment, phase, metric, variation, bin) DO UPDATE SET n = b.n + excluded.n
"""


def lock(cursor: Cursor[Any], phases: Iterable[tuple[str, str]]) -> None:
    """Waits until nobody else counts in these (experiment, phase), to the end of the transaction."""
    names = sorted({f"{experiment}\n{phase}" for experiment, phase in phases})
    cursor.execute(LOCK, [names])


def refresh(
    cursor: Cursor[Any],
    experiments: Sequence[str],
    phases: Sequence[str],
    units: Sequence[str],
    metric: str | None = None,
) -> None:
    """Brings the sums up to what is known of these units, under `lock`; of one metric, or of all."""
    asked = {
        "experiments": list(experiments),
        "phases": list(phases),
        "units": list(units),
        "metric": metric,
    }
    cursor.execute(REFRESH, asked)
