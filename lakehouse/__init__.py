"""The ground floor: table contracts, time, quality rules, landing zone, settings and errors."""
