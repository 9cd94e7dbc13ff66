"""Two pages for people, in a browser: forecasts and monitoring. They ask the HTTP API only."""
