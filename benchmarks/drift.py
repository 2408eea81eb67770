"""Compares every inline read model with its rebuild: `python -m benchmarks.drift`.

Exit code 1, and the rows, where they differ.
"""

from __future__ import annotations

import sys

import django


def main() -> int:
    """Prints the rows that only one of the two has."""
    django.setup()
    from eventlog.projections import all_projections
    from eventlog.rebuild import differences

    drifted = 0
    for projection in all_projections().values():
        if not projection.inline:
            continue
        for table, rows in differences(projection).items():
            drifted += len(rows)
            print(f"{projection.name}: {table}", *rows[:10], sep="\n  ")
    return 1 if drifted else 0


if __name__ == "__main__":
    sys.exit(main())
