-- Every event in the order of insertion, with its place, for one pass over the whole log.
SELECT p.position, p.leaf, p.type, e.seq, e.content, e.hash, e.stream, e.version, e.recorded_at,
    e.event_id, e.type, e.schema, e.occurred_at, e.actor, e.command_id, e.correlation_id,
    e.causation_id, e.refs, e.payload::text
FROM eventlog_event e LEFT JOIN eventlog_position p USING (seq)
ORDER BY e.seq
