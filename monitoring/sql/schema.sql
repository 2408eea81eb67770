-- Measurements, partitioned by the month of their time, and what happened to them.
CREATE TABLE monitoring_measurement (
    series_id bigint NOT NULL,
    time timestamptz NOT NULL,
    value double precision NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    revision integer NOT NULL DEFAULT 0,
    PRIMARY KEY (series_id, time)
) PARTITION BY RANGE (time);

-- Catches what arrives for a month that has no partition yet; such rows move when it gets one.
CREATE TABLE monitoring_measurement_default PARTITION OF monitoring_measurement DEFAULT;

-- Values that a correction replaced.
CREATE TABLE monitoring_revision (
    series_id bigint NOT NULL,
    time timestamptz NOT NULL,
    revision integer NOT NULL,
    value double precision NOT NULL,
    recorded_at timestamptz NOT NULL,
    replaced_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (series_id, time, revision)
);

-- Measurements that arrived, or were corrected, behind a monitor's cursor. The evaluation takes
-- them from here, so that none is dropped in silence.
CREATE TABLE monitoring_late (
    monitor_id uuid NOT NULL,
    time timestamptz NOT NULL,
    noted_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (monitor_id, time)
);

-- The application may not create or drop tables. These two functions do it for one purpose and
-- run with the rights of their owner.
CREATE FUNCTION monitoring_add_month(day timestamptz) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    start timestamptz := date_trunc('month', day);
    stop timestamptz := start + interval '1 month';
    name text := 'monitoring_measurement_' || to_char(start, 'YYYY_MM');
BEGIN
    IF to_regclass('public.' || name) IS NOT NULL THEN
        RETURN name;
    END IF;
    IF start < '1990-01-01' OR start > now() + interval '2 months' THEN
        RAISE EXCEPTION 'no measurements are kept for %', to_char(start, 'YYYY-MM');
    END IF;
    -- One creator at a time; the loser finds the table made. It looks in pg_class, since the cache
    -- behind to_regclass may remember for a moment that there was none.
    PERFORM pg_advisory_xact_lock(1297042254, 1);
    IF EXISTS (SELECT FROM pg_class
        WHERE relname = name AND relnamespace = 'public'::regnamespace) THEN
        RETURN name;
    END IF;
    EXECUTE format('CREATE TABLE public.%I (LIKE public.monitoring_measurement INCLUDING DEFAULTS'
        ' INCLUDING CONSTRAINTS INCLUDING INDEXES)', name);
    EXECUTE format('ALTER TABLE public.%I ADD CONSTRAINT in_month CHECK (time >= %L AND time < %L)',
        name, start, stop);
    LOCK TABLE public.monitoring_measurement_default IN ACCESS EXCLUSIVE MODE;
    EXECUTE format('WITH moved AS (DELETE FROM public.monitoring_measurement_default'
        ' WHERE time >= %L AND time < %L RETURNING *) INSERT INTO public.%I SELECT * FROM moved',
        start, stop, name);
    EXECUTE format('ALTER TABLE public.monitoring_measurement ATTACH PARTITION public.%I'
        ' FOR VALUES FROM (%L) TO (%L)', name, start, stop);
    EXECUTE format('ALTER TABLE public.%I DROP CONSTRAINT in_month', name);
    RETURN name;
END $$;

-- Drops the months in which nothing was measured or recorded since `horizon`. A history that was
-- replayed yesterday is old by its times and new by its arrival, and stays.
CREATE FUNCTION monitoring_drop_months(horizon timestamptz) RETURNS text[]
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
        dropped := dropped || part::text;
        EXECUTE format('DROP TABLE %s', part);
    END LOOP;
    RETURN dropped;
END $$;

REVOKE ALL ON FUNCTION monitoring_add_month, monitoring_drop_months FROM PUBLIC;
GRANT EXECUTE ON FUNCTION monitoring_add_month, monitoring_drop_months TO {role};
