"""Everything that knows pyspark on the ground floor: session, Delta reads and writes."""
