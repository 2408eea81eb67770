-- Sealed events in the log's order with the hash that each one follows in its stream.
-- {only} narrows them down; %(last)s is the size of the checkpoint that covers them.
SELECT p.position, e.event_id, e.stream, e.version, e.type, e.schema, e.occurred_at,
    e.recorded_at, e.actor, e.command_id, e.correlation_id, e.causation_id, e.refs,
    e.payload::text, e.hash, before.hash
FROM eventlog_position p JOIN eventlog_event e USING (seq)
LEFT JOIN eventlog_event before ON before.stream = e.stream AND before.version = e.version - 1
WHERE p.position <= %(last)s {only}
ORDER BY p.position
