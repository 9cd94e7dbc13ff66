"""The front door: the command line. It does nothing itself."""
