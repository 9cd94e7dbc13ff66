"""The fence that holds whatever Spark is talked into: a user who may read the folder, not write."""

import os
import pwd
import shutil
import subprocess
import sys
from contextlib import suppress
from typing import Any

import pytest
from pyhive import exc

from lakehouse.tables.gold import FORECASTS
from tests.serving.sql.running import PACKAGES, lakehouse_for_all, running

READER = "nobody"
#: How the file system's refusal reads in Delta's writer, in its log, and in Spark's own.
REFUSED = r"(?i)permission denied|mkdirs failed|unable to (create|clear)"
#: The command line with the first fence taken away: its sessions refuse nothing.
WITHOUT_ITS_PARSER = """
import serving.sql.server
serving.sql.server.make_new_sessions_read_only = lambda spark: None
from gridcast.main import main
main()
"""


def test_a_server_of_a_user_who_may_only_read_cannot_write_by_a_path() -> None:
    interpreter, reader = _reader()
    command = (interpreter, "-c", WITHOUT_ITS_PARSER)
    with lakehouse_for_all() as lakehouse, running(lakehouse, command, **reader) as server:
        version, count = server.arrow.version(FORECASTS), server.arrow.count(FORECASTS)
        path = server.arrow.path(FORECASTS)
        for statement in (
            f"DELETE FROM delta.`{path}`",
            f"INSERT INTO delta.`{path}` SELECT * FROM delta.`{path}` LIMIT 1",
            f"INSERT OVERWRITE DIRECTORY '{path}' USING csv SELECT 1",
        ):
            with pytest.raises(exc.OperationalError, match=REFUSED):
                server.ask(statement)
        assert server.ask("SELECT count(*) FROM gold.forecasts") == [(count,)]
        assert (server.arrow.version(FORECASTS), server.arrow.count(FORECASTS)) == (version, count)


def _reader() -> tuple[str, dict[str, Any]]:
    """An interpreter that the other user may run, and how subprocess becomes that user. Skips
    where this machine does not let it."""
    if os.geteuid() != 0:
        pytest.skip("only root can start a server as another user")
    try:
        group = pwd.getpwnam(READER).pw_gid
    except KeyError:
        pytest.skip(f"this machine has no user '{READER}'")
    user = {"user": READER, "group": group, "extra_groups": []}
    same = shutil.which(f"python3.{sys.version_info.minor}", path="/usr/local/bin:/usr/bin")
    for interpreter in filter(None, (sys.executable, same)):
        imports = [interpreter, "-c", "import gridcast.main, pyspark"]
        with suppress(PermissionError):
            done = subprocess.run(imports, env=PACKAGES, capture_output=True, check=False, **user)
            if done.returncode == 0:
                return interpreter, user
    pytest.skip(f"the user '{READER}' may run no Python with the packages of this one")
