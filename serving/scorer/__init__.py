"""One champion answers over HTTP: without MLflow, Spark or the lakehouse."""
