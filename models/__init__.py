"""Arrays in, arrays out: naive, LSTM, metrics, promotion, registry. No Spark, no Prefect."""
