"""The websocket door: one protocol for browsers and bots, over one reader of the log a process."""
