-- What the application's role may do: everything with ordinary tables, and with the log only
-- append, read and seal. {role} is the setting DATABASE_APP_ROLE.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN
        CREATE ROLE {role} NOLOGIN;
    END IF;
END $$;

GRANT USAGE ON SCHEMA public TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role};
GRANT USAGE, SELECT, UPDATE ON ALL SEQUENCES IN SCHEMA public TO {role};
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role};
ALTER DEFAULT PRIVILEGES IN SCHEMA public 
    GRANT USAGE, SELECT, UPDATE ON SEQUENCES TO {role};

REVOKE ALL ON eventlog_stream, eventlog_event, eventlog_command, eventlog_position, eventlog_head,
    eventlog_tile, eventlog_checkpoint, eventlog_ref, eventlog_subject_key FROM {role}, PUBLIC;
GRANT SELECT ON eventlog_stream, eventlog_event, eventlog_command, eventlog_position,
    eventlog_head, eventlog_tile, eventlog_checkpoint, eventlog_ref, eventlog_subject_key TO {role};
-- the sealer looks at the last number drawn; only appending draws one
REVOKE ALL ON SEQUENCE eventlog_event_seq_seq FROM {role};
GRANT SELECT ON SEQUENCE eventlog_event_seq_seq TO {role};
GRANT INSERT ON eventlog_position, eventlog_tile, eventlog_checkpoint, eventlog_ref TO {role};
GRANT UPDATE (position, seq) ON eventlog_head TO {role};
GRANT INSERT, UPDATE ON eventlog_subject_key TO {role};
REVOKE ALL ON FUNCTION eventlog_append, eventlog_lock FROM PUBLIC;
GRANT EXECUTE ON FUNCTION eventlog_append, eventlog_lock TO {role};
