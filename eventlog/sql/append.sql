-- Appends the events of one command to one stream or several, all or nothing, in one round trip.
--
-- Per stream: the version and hash that the caller decided on, and those after its events. Per
-- event: everything it claims, its digests and its place. The caller gives the streams sorted, so
-- that two commands never wait for each other in a circle.
--
-- status: appended | repeated (same command again: the first answer) | reused (same id, another
-- request) | stale (a stream has moved on; the caller must roll back and decide again).
CREATE FUNCTION eventlog_append(
    p_command uuid, p_request bytea, p_actor text, p_correlation uuid, p_causation uuid,
    p_streams text[], p_before integer[], p_after integer[],
    p_hashes_before bytea[], p_hashes_after bytea[],
    p_event_ids uuid[], p_event_streams text[], p_versions integer[], p_types text[],
    p_schemas smallint[], p_occurred timestamptz[], p_refs text[], p_payloads text[],
    p_contents bytea[], p_hashes bytea[],
    OUT status text, OUT streams text[], OUT first_versions integer[],
    OUT last_versions integer[], OUT recorded_at timestamptz
) LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_request bytea;
BEGIN
    -- shared by all commands; taken exclusively while a rebuilt projection is swapped in
    PERFORM pg_advisory_xact_lock_shared(1162627398, 1);

    streams := p_streams;
    first_versions := p_before;
    last_versions := p_after;
    recorded_at := clock_timestamp();

    INSERT INTO eventlog_command
        VALUES (p_command, p_request, p_streams, p_before, p_after, recorded_at)
        ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        SELECT c.request, c.streams, c.first_versions, c.last_versions, c.recorded_at
            INTO v_request, streams, first_versions, last_versions, recorded_at
            FROM eventlog_command c WHERE c.command_id = p_command;
        status := CASE WHEN v_request = p_request THEN 'repeated' ELSE 'reused' END;
        RETURN;
    END IF;

    FOR s IN 1 .. cardinality(p_streams) LOOP
        CONTINUE WHEN p_before[s] = p_after[s];
        -- this check comes before any id of an event is drawn: losers burn none
        IF p_before[s] = 0 THEN
            INSERT INTO eventlog_stream VALUES (p_streams[s], p_after[s], p_hashes_after[s])
                ON CONFLICT DO NOTHING;
        ELSE
            UPDATE eventlog_stream SET version = p_after[s], head_hash = p_hashes_after[s]
                WHERE stream = p_streams[s] AND version = p_before[s]
                AND head_hash = p_hashes_before[s];
        END IF;
        IF NOT FOUND THEN
            status := 'stale';
            RETURN;
        END IF;
    END LOOP;

    INSERT INTO eventlog_event (event_id, stream, version, type, schema, occurred_at, recorded_at,
            actor, command_id, correlation_id, causation_id, refs, payload, content, hash)
        SELECT e.event_id, e.stream, e.version, e.type, e.schema, e.occurred_at,
            eventlog_append.recorded_at, p_actor, p_command, p_correlation, p_causation,
            string_to_array(e.refs, E'\n'), e.payload::json, e.content, e.hash
        FROM unnest(p_event_ids, p_event_streams, p_versions, p_types, p_schemas, p_occurred,
            p_refs, p_payloads, p_contents, p_hashes)
            AS e(event_id, stream, version, type, schema, occurred_at, refs, payload, content, hash);
    status := 'appended';
END $$;

-- Queues for the rows of these streams, which the application's role may not lock by itself.
CREATE FUNCTION eventlog_lock(p_streams text[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT 1 FROM eventlog_stream WHERE stream = ANY(p_streams) ORDER BY stream FOR UPDATE
$$;
