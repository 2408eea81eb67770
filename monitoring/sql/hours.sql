-- What is left of measurements whose month was dropped: how many there were in each hour, the
-- extremes and the mean. Charts go on with these; monitors and objectives judge measurements only.
CREATE TABLE monitoring_hour (
    series_id bigint NOT NULL,
    hour timestamptz NOT NULL,
    n bigint NOT NULL,
    lo double precision NOT NULL,
    mean double precision NOT NULL,
    hi double precision NOT NULL,
    PRIMARY KEY (series_id, hour)
);
CREATE INDEX monitoring_hour_by_age ON monitoring_hour USING brin (hour);

-- Condenses to hours and drops the months in which nothing was measured or recorded since `horizon`.
-- A history that was replayed yesterday is old by its times and new by its arrival, and stays.
CREATE OR REPLACE FUNCTION monitoring_drop_months(horizon timestamptz) RETURNS text[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    part regclass;
    month timestamptz;
    fresh boolean;
    dropped text[] := '{}';
BEGIN
    SET LOCAL lock_timeout = '5s';
    FOR part IN SELECT inhrelid::regclass FROM pg_inherits
        WHERE inhparent = 'public.monitoring_measurement'::regclass
        AND inhrelid::regclass::text ~ '_[0-9]{4}_[0-9]{2}$' ORDER BY 1
    LOOP
        month := to_date(right(part::text, 7), 'YYYY_MM')::timestamptz;
        CONTINUE WHEN month + interval '1 month' > horizon;
        EXECUTE format('SELECT EXISTS (SELECT FROM %s WHERE recorded_at >= %L)', part, horizon)
            INTO fresh;
        CONTINUE WHEN fresh;
        DELETE FROM public.monitoring_revision
            WHERE time >= month AND time < month + interval '1 month';
        EXECUTE format('INSERT INTO public.monitoring_hour AS h (series_id, hour, n, lo, mean, hi)'
            ' SELECT series_id, date_trunc(''hour'', time), count(*), min(value), avg(value),'
            ' max(value) FROM %s GROUP BY 1, 2'
            ' ON CONFLICT (series_id, hour) DO UPDATE SET n = h.n + excluded.n,'
            ' lo = least(h.lo, excluded.lo), hi = greatest(h.hi, excluded.hi),'
            ' mean = h.mean + (excluded.mean - h.mean) * excluded.n / (h.n + excluded.n)', part);
        dropped := dropped || part::text;
        EXECUTE format('DROP TABLE %s', part);
    END LOOP;
    RETURN dropped;
END $$;
