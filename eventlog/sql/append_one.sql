-- Appends one event to one stream, as nearly every command does: eventlog_append without arrays,
-- whose packing and unpacking costs as much as the commit itself.
--
-- Returns when the event was recorded, or null when the stream has moved on or the command was
-- carried out before; then nothing has been written, so that the caller may call it outside a
-- transaction. The same command at the same moment on two streams violates eventlog_command_pkey.
CREATE OR REPLACE FUNCTION eventlog_append_one(
    p_command uuid, p_request bytea, p_actor text, p_correlation uuid, p_causation uuid,
    p_stream text, p_before integer, p_hash_before bytea,
    p_event_id uuid, p_type text, p_schema integer, p_occurred timestamptz, p_refs text,
    p_payload text, p_content bytea, p_hash bytea
) RETURNS timestamptz LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    v_recorded_at timestamptz;
BEGIN
    -- shared by all commands; taken exclusively while a rebuilt projection is swapped in
    PERFORM pg_advisory_xact_lock_shared(1162627398, 1);

    -- this check comes before the id of the event is drawn: losers burn none
    IF p_before = 0 THEN
        INSERT INTO eventlog_stream VALUES (p_stream, 1, p_hash) ON CONFLICT DO NOTHING;
    ELSE
        UPDATE eventlog_stream SET version = p_before + 1, head_hash = p_hash
            WHERE stream = p_stream AND version = p_before AND head_hash = p_hash_before;
    END IF;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;

    v_recorded_at := clock_timestamp();
    INSERT INTO eventlog_command VALUES (p_command, p_request, ARRAY[p_stream], ARRAY[p_before],
        ARRAY[p_before + 1], v_recorded_at);
    INSERT INTO eventlog_event (event_id, stream, version, type, schema, occurred_at, recorded_at,
            actor, command_id, correlation_id, causation_id, refs, payload, content, hash)
        VALUES (p_event_id, p_stream, p_before + 1, p_type, p_schema, p_occurred, v_recorded_at,
            p_actor, p_command, p_correlation, p_causation, string_to_array(p_refs, E'\n'),
            p_payload::json, p_content, p_hash);
    RETURN v_recorded_at;
END $$;
REVOKE ALL ON FUNCTION eventlog_append_one FROM PUBLIC;
GRANT EXECUTE ON FUNCTION eventlog_append_one TO {role};
