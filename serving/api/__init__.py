"""The HTTP API: read only, without Spark."""
