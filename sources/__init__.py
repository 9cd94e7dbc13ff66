"""Clients of the outside world, one file each, and the emulator that speaks their protocols."""
