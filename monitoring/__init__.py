"""What data and forecasts look like today: profiles, drift verdicts, the report and its mail.

Frames, arrays and bytes come in, values come out. No Spark, no Prefect, no clock, no network.
"""
