"""Other people's forecasters on the same rows, each in an environment of its own."""
