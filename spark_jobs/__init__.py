"""One file per job: read tables, a pure transform, one write. Each also runs under spark-submit."""
