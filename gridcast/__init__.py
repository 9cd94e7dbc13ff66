"""The front door: the command line, the gate of releases, what set-up and generated pages need."""
