"""Arrays in, arrays out: models, metrics, backtest, promotion, registry. No Spark, no Prefect."""
