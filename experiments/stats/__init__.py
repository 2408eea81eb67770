"""Statistics of experiments in plain Python and numpy: one topic a file, its source beside it."""
