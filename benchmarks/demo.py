"""The whole demo from an empty folder: time and peak memory of all processes.

    .venv/bin/python -m benchmarks.demo [FOLDER]

Limits: 6 minutes and 6 GiB on 2 cores and 24 GiB, after installation.
"""

import sys
import tempfile

from benchmarks.processes import gridcast, measure


def main() -> None:
    """Run it once and print the figures beside their limits."""
    folder = sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp()
    result = measure([gridcast(), "--lakehouse", folder, "demo", "--fresh"])
    print(result.told)
    print(f"demo: {result.seconds:.0f} s (limit 360 s), peak {result.peak_gib:.1f} GiB (limit 6)")
    sys.exit(result.returncode)


if __name__ == "__main__":
    main()
