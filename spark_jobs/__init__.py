"""The jobs: read tables, a pure transform, one write; and what they plan and decide, most of it
without Spark. `deployments/spark/step.py` runs one under spark-submit."""
