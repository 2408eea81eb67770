-- The log's tables. Events are only ever added, by eventlog_append (append.sql).

-- head of every stream: version and hash of its newest event
CREATE TABLE eventlog_stream (
    stream text PRIMARY KEY CHECK (stream ~ '^[a-z][a-z_]*:.+$' AND length(stream) <= 200),
    version integer NOT NULL CHECK (version >= 0),
    head_hash bytea NOT NULL CHECK (length(head_hash) = 32)
) WITH (fillfactor = 70);

-- seq is the order of insertion and not of commit: readers go by eventlog_position.
-- payload is json and not jsonb: the exact text is what was hashed.
CREATE TABLE eventlog_event (
    seq bigint GENERATED ALWAYS AS IDENTITY (CACHE 1) PRIMARY KEY,
    event_id uuid NOT NULL UNIQUE,
    stream text NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    type text NOT NULL,
    schema smallint NOT NULL CHECK (schema > 0),
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    actor text NOT NULL,
    command_id uuid NOT NULL,
    correlation_id uuid,
    causation_id uuid,
    refs text[] NOT NULL,
    payload json NOT NULL,
    content bytea NOT NULL CHECK (length(content) = 32),
    hash bytea NOT NULL CHECK (length(hash) = 32),
    UNIQUE (stream, version)
) WITH (autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);
CREATE INDEX eventlog_event_recorded_at ON eventlog_event USING brin (recorded_at);

-- what each command led to: said twice is said once
CREATE TABLE eventlog_command (
    command_id uuid PRIMARY KEY,
    request bytea NOT NULL CHECK (length(request) = 32),
    streams text[] NOT NULL,
    first_versions integer[] NOT NULL,
    last_versions integer[] NOT NULL,
    recorded_at timestamptz NOT NULL
);

-- written by the sealer: the gapless global order, with the Merkle leaf of each event
CREATE TABLE eventlog_position (
    position bigint PRIMARY KEY CHECK (position > 0),
    seq bigint NOT NULL UNIQUE,
    type text NOT NULL,
    leaf bytea NOT NULL CHECK (length(leaf) = 32),
    sealed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX eventlog_position_type ON eventlog_position (type, position);

-- one row: how far the sealer has come
CREATE TABLE eventlog_head (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    position bigint NOT NULL DEFAULT 0,
    seq bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
INSERT INTO eventlog_head DEFAULT VALUES;

-- hashes of complete subtrees of 256^level leaves
CREATE TABLE eventlog_tile (
    level smallint NOT NULL CHECK (level > 0),
    index bigint NOT NULL CHECK (index >= 0),
    hash bytea NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (level, index)
);

CREATE TABLE eventlog_checkpoint (
    size bigint PRIMARY KEY CHECK (size > 0),
    root bytea NOT NULL CHECK (length(root) = 32),
    note text NOT NULL,
    key_id text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- everything about an entity around a time, across apps: one index scan
CREATE TABLE eventlog_ref (
    ref text NOT NULL,
    occurred_at timestamptz NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (ref, occurred_at, position)
);

-- how far each reader of the log has come; a fence against two runners of one reader
CREATE TABLE eventlog_follower (
    name text PRIMARY KEY,
    position bigint NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (fillfactor = 50);

-- events that a reader could not digest, and the later ones of the same stream that wait for them
CREATE TABLE eventlog_parked (
    follower text NOT NULL,
    position bigint NOT NULL,
    stream text NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    retry_at timestamptz,
    error text NOT NULL DEFAULT '',
    parked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (follower, position)
);
CREATE INDEX eventlog_parked_stream ON eventlog_parked (follower, stream, position);

-- keys of personal data, wrapped; the only rows of the log that may change
CREATE TABLE eventlog_subject_key (
    subject text PRIMARY KEY,
    parent text,
    wrapped_key bytea,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    shredded_at timestamptz,
    CHECK ((wrapped_key IS NULL) = (shredded_at IS NOT NULL))
);
