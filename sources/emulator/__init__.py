"""Plays the recorded sample through the real sources' protocols, as far as it was public."""
