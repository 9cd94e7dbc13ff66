"""A disk without room and a folder that may not be written: told in a sentence, nothing lost.

Each command runs in a mount namespace of its own, where a small file system lies in the place of
the lakehouse folder.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from flows import steps
from flows.run import new_run
from lakehouse.landing import LandingZone
from lakehouse.settings import PROJECT
from lakehouse.tables import TABLES
from tests.faults.two_series import new_small_world
from tests.system_packages import require_command
from tests.worlds import World

GRIDCAST = Path(sys.executable).with_name("gridcast")


def in_own_mounts(world: World, script: str) -> str:
    """What a shell script says that may mount; $LAKEHOUSE is the folder of the world."""
    unshare = [require_command("unshare", "util-linux"), "--map-root-user", "--mount"]
    if subprocess.run([*unshare, "mount", "-t", "tmpfs", "none", "/mnt"], check=False).returncode:
        pytest.skip("This machine lets nobody mount in a namespace of their own.")
    bare = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("GRIDCAST_", "PREFECT_"))
    }
    done = subprocess.run(
        [*unshare, "bash", "-euc", script],
        cwd=PROJECT,
        env=bare | world.environment | {"LAKEHOUSE": str(world.folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_a_disk_without_room_for_prefect_is_told_at_once(tmp_path: Path) -> None:
    world = new_small_world(tmp_path)
    world.folder.mkdir()
    said = in_own_mounts(
        world,
        f"""mount -t tmpfs -o size=1m none "$LAKEHOUSE"
        {GRIDCAST} run ingest || echo "code $?" """,
    )
    assert said == (
        "gridcast: Expected room to write in the lakehouse folder; the disk is full. Free some "
        "space, then run it again: it goes on where it was.\ncode 2\n"
    )


def test_a_disk_that_fills_while_bodies_land_keeps_them_and_ingest_goes_on_with_more_room(
    tmp_path: Path,
) -> None:
    """Twice in one process: who met the full disk in a lane must not stay in it."""
    world = new_small_world(tmp_path)
    world.folder.mkdir()
    full, after = (World(tmp_path / name) for name in ("full", "after"))
    said = in_own_mounts(
        world,
        f"""mount -t tmpfs -o size=900k none "$LAKEHOUSE"
        {sys.executable} -m tests.faults.one_step ingest ingest 2>/dev/null
        cp -a "$LAKEHOUSE" {full.folder}
        mount -o remount,size=64m "$LAKEHOUSE"
        {sys.executable} -m tests.faults.one_step ingest
        cp -a "$LAKEHOUSE" {after.folder}""",
    )
    told = r"ingest: Expected room to write in .*; the disk is full\. Free some space, .*\n"
    assert re.fullmatch(rf"({told}){{2}}ingest: done\n", said), said
    undisturbed = World(tmp_path / "undisturbed", world.variables)
    with undisturbed.entered():
        steps.ingest(new_run(None, None))
    assert after.checksums() == undisturbed.checksums()
    zones = [LandingZone(one.folder / "landing") for one in (full, after)]
    kept, landed = ({row["landing_id"] for row in zone.manifest()} for zone in zones)
    assert kept and kept < landed
    assert not [told for zone in zones for told in zone.damaged()]
    assert not list(after.folder.rglob("*.draft"))


def test_a_folder_that_may_not_be_written_is_told_at_once(tmp_path: Path) -> None:
    world = new_small_world(tmp_path)
    world.arrow.create_missing(TABLES)
    before = sorted(world.folder.rglob("*"))
    said = in_own_mounts(
        world,
        f"""mount --bind "$LAKEHOUSE" "$LAKEHOUSE"
        mount -o remount,bind,ro "$LAKEHOUSE"
        {GRIDCAST} run build || echo "code $?" """,
    )
    assert said == (
        f"gridcast: Expected to be allowed to write in {world.folder / 'prefect'}; the system "
        "refuses. Change its owner or rights, or choose another folder with --lakehouse; then run "
        "it again.\ncode 2\n"
    )
    assert sorted(world.folder.rglob("*")) == before
