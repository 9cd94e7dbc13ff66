"""Rolling backtests of the models on any regular series: a file in, forecasts and figures out."""
