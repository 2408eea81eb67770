"""Whether the statistics keep what they promise, by simulation: one topic a file, one claim an entry."""
