"""Every figure the README states, reproducible by one command."""
