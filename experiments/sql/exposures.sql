-- Exposures, partitioned by experiment and phase. A unit is once in a phase, whenever it came, so
-- time cannot part them: the key would have to contain it. What ended lies apart from what runs.
ALTER TABLE experiments_exposure RENAME TO experiments_exposure_whole;
DROP INDEX experiments_exposure_arm, experiments_exposure_when;

CREATE TABLE experiments_exposure (
    LIKE experiments_exposure_whole INCLUDING DEFAULTS,
    PRIMARY KEY (experiment, phase, unit)
) PARTITION BY HASH (experiment, phase);

DO $$
BEGIN
    FOR part IN 0..15 LOOP
        EXECUTE format('CREATE TABLE experiments_exposure_%s PARTITION OF experiments_exposure'
            ' FOR VALUES WITH (MODULUS 16, REMAINDER %s)', to_char(part, 'FM00'), part);
    END LOOP;
END
$$;

INSERT INTO experiments_exposure
    (experiment, phase, unit, variation, environment, exposed_at, recorded_at, probability,
     several, attributes)
SELECT experiment, phase, unit, variation, environment, exposed_at, recorded_at, probability,
    several, attributes
FROM experiments_exposure_whole;
DROP TABLE experiments_exposure_whole;

INSERT INTO experiments_exposure_count
    (experiment, phase, variation, units, several, hour, in_hour, last_at)
SELECT experiment, phase, variation, count(*), count(*) FILTER (WHERE several),
    date_trunc('hour', now()), count(*) FILTER (WHERE recorded_at >= date_trunc('hour', now())),
    max(recorded_at)
FROM experiments_exposure
GROUP BY experiment, phase, variation;
