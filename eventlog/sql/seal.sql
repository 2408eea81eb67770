-- Places a batch of final events: position, leaf and refs, in the order of insertion.
--
-- Returns one row: how many they are, the last one's seq, their leaves in order, end to end, and
-- their types. The leaf is that of core.leaf, computed where the rows are: RFC 6962's 0x00, then
-- position, recorded_at in microseconds since 1970 and the event's hash.
WITH fresh AS MATERIALIZED (
    SELECT seq, type, stream, refs, occurred_at, position,
        sha256('\x00'::bytea || int8send(position)
            || int8send((extract(epoch FROM recorded_at) * 1000000)::bigint) || hash) AS leaf
    FROM (
        SELECT *, %(position)s::bigint + row_number() OVER (ORDER BY seq) AS position
        FROM eventlog_event WHERE seq > %(seq)s AND seq <= %(high)s ORDER BY seq LIMIT %(batch)s
    ) AS e
), placed AS (
    INSERT INTO eventlog_position (position, seq, type, leaf)
        SELECT position, seq, type, leaf FROM fresh
), mentioned AS (
    INSERT INTO eventlog_ref (ref, occurred_at, position)
        SELECT ref, occurred_at, position
        FROM fresh, unnest(CASE WHEN stream = ANY (refs) THEN refs ELSE refs || stream END) AS ref
)
SELECT count(*), max(seq), coalesce(string_agg(leaf, '' ORDER BY position), ''),
    coalesce(array_agg(DISTINCT type), '{}')
FROM fresh
