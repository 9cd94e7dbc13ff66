"""What data and forecasts look like today: profiles, drift verdicts, the report and its mail.

Frames, arrays and bytes come in, values come out; mails go to a folder (`mail`) or to a server
(`delivery`). No Spark, no Prefect, no clock.
"""
