"""Prefect flows and tasks: order, retries, schedules. The work is in jobs and models."""

import os

# Before Prefect is first imported: this software phones nobody.
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
os.environ.setdefault("DO_NOT_TRACK", "1")
