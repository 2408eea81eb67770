-- Outcomes lie by unit: they are asked for when something is known of the unit. What units add to
-- the sums lies by experiment and phase, as exposures do.
CREATE TABLE experiments_outcome (
    unit text NOT NULL,
    source text NOT NULL,
    id text NOT NULL,
    time timestamptz NOT NULL,
    value numeric NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT statement_timestamp(),
    PRIMARY KEY (unit, source, id)
) PARTITION BY HASH (unit);

CREATE TABLE experiments_unit_value (
    experiment text NOT NULL,
    phase text NOT NULL,
    metric text NOT NULL,
    unit text NOT NULL,
    variation text NOT NULL,
    day date NOT NULL,
    slices text[] NOT NULL,
    x numeric NOT NULL,
    y numeric NOT NULL,
    PRIMARY KEY (experiment, phase, unit, metric)
) PARTITION BY HASH (experiment, phase);

DO $$
BEGIN
    FOR part IN 0..15 LOOP
        EXECUTE format('CREATE TABLE experiments_outcome_%s PARTITION OF experiments_outcome'
            ' FOR VALUES WITH (MODULUS 16, REMAINDER %s)', to_char(part, 'FM00'), part);
        EXECUTE format('CREATE TABLE experiments_unit_value_%s PARTITION OF experiments_unit_value'
            ' FOR VALUES WITH (MODULUS 16, REMAINDER %s)', to_char(part, 'FM00'), part);
    END LOOP;
END
$$;
