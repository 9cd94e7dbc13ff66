"""The one error family. A message says what was expected, what was there, and the next step."""


class GridcastError(Exception):
    """Anything a person can act on. The command line prints it as one sentence, exit code 2."""


class BadInput(GridcastError):
    """Data, an argument or a file is not what was asked for."""


class ConfigError(GridcastError):
    """A profile, a catalogue or an environment variable is wrong."""


class SourceError(GridcastError):
    """A source did not answer, or answered with an error."""


class TableError(GridcastError):
    """A table is missing, or is not what its contract says."""


class SetupError(GridcastError):
    """The machine lacks something: Java, jars, a port, disk space."""


class BusyError(GridcastError):
    """Another writer is at work, and did not finish in time."""


class JobError(GridcastError):
    """A step that was sent elsewhere failed there, was cancelled, or did not get there."""
