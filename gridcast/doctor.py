"""What Gridcast needs to run here, whether it is there, and what to do. Starts no Spark."""

import shutil
import socket
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import httpx
from rich.console import Console
from rich.table import Table

from gridcast import jars, system
from gridcast.front import MLFLOW_PORT, PREFECT_PORT
from lakehouse.errors import GridcastError
from lakehouse.places import Place
from lakehouse.settings import Settings

FREE_GIB = 5
ANSWER_SECONDS = 2.0
_GIB = 1024**3


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: what was found, and, where that is not enough, what to do."""

    name: str
    ok: bool
    found: str
    fix: str = ""


def checks(settings: Settings) -> list[Check]:
    """All that a run with these settings needs from the machine, in the order of putting right."""
    return [
        _java(),
        _python(),
        _jars(settings.jars),
        _profile(settings),
        _writable(settings.lakehouse),
        _space(settings.here),
        _port("Prefect", PREFECT_PORT, "/api/health"),
        _port("MLflow", MLFLOW_PORT, "/health"),
    ]


def print_report(report: list[Check], console: Console) -> bool:
    """Print the checks as a table, then what to do; whether all is well."""
    table = Table(box=None, pad_edge=False)
    for heading in ("", "Check", "Found"):
        table.add_column(heading, overflow="fold")
    for check in report:
        mark = "[green]ok[/]" if check.ok else "[red]no[/]"
        table.add_row(mark, check.name, check.found)
    console.print(table)
    wrong = [check for check in report if not check.ok]
    for check in wrong:
        console.print(f"\n[bold]{check.name}[/]", highlight=False)
        console.print(check.fix, highlight=False, markup=False, soft_wrap=True)
    console.print("\nAll is well." if not wrong else f"\n{len(wrong)} to put right.")
    return not wrong


def _java() -> Check:
    return Check(*system.java())


def _python() -> Check:
    version = sys.version_info[:2]
    found = f"Python {sys.version.split(maxsplit=1)[0]} ({sys.executable})"
    return Check("Python 3.11 or 3.12", version in system.PYTHONS, found, system.PYTHON_FIX)


def _jars(folder: Path) -> Check:
    wrong = jars.faults(folder, jars.read_lock())
    found = f"{folder}: {'; '.join(wrong)}" if wrong else f"as locked, in {folder}"
    return Check("Delta jars", not wrong, found, "Run 'make setup': it resolves them once.")


def _profile(settings: Settings) -> Check:
    name = f"Profile '{settings.profile}'"
    try:
        catalogue = settings.read_catalogue()
    except GridcastError as fault:
        return Check(name, False, str(fault), f"Mend {settings.catalogue}, or choose --profile.")
    found = f"{len(catalogue.series)} series in {len(catalogue.groups)} groups"
    return Check(name, True, f"{found} ({settings.catalogue})")


def _writable(folder: Place) -> Check:
    if not isinstance(folder, Path):
        return _writable_on_s3(folder)
    place = _nearest(folder)
    name = "Lakehouse folder writable"
    try:
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as fault:
        fix = f"chown or chmod {place}, or choose another folder with GRIDCAST_LAKEHOUSE=FOLDER."
        return Check(name, False, f"{place}: {fault.strerror}", fix)
    return Check(name, True, str(folder) if place == folder else f"{folder} (not made yet)")


def _writable_on_s3(folder: Place) -> Check:
    name, mark = "Lakehouse on S3 writable", folder / ".doctor"
    try:
        mark.write_text("")
        mark.unlink()
    except Exception as fault:  # botocore's, of many kinds: no bucket, no network, no permission
        fix = (
            "Check the bucket's name, AWS_REGION, and that these credentials may get, put, list "
            "and delete there ('aws sts get-caller-identity' tells whose they are)."
        )
        return Check(name, False, f"{folder}: {fault}", fix)
    return Check(name, True, str(folder))


def _space(folder: Path) -> Check:
    free = shutil.disk_usage(_nearest(folder)).free / _GIB
    fix = "Free some space, or choose a folder on another disk with GRIDCAST_LAKEHOUSE=FOLDER."
    return Check("Disk space", free >= FREE_GIB, f"{free:.1f} GiB free of {FREE_GIB} needed", fix)


def _port(program: str, port: int, health: str) -> Check:
    """Free, or answered by the program itself (then `gridcast up` is running)."""
    name = f"Port {port} for {program}"
    with socket.socket() as probe:
        probe.settimeout(ANSWER_SECONDS)
        if probe.connect_ex(("127.0.0.1", port)) != 0:
            return Check(name, True, "free")
    if _answers(f"http://127.0.0.1:{port}{health}"):
        return Check(name, True, f"{program} answers there")
    fix = f"Another program has it. See which with 'lsof -i :{port}' and stop it."
    return Check(name, False, f"taken, and not by {program}", fix)


def _answers(address: str) -> bool:
    try:
        return httpx.get(address, timeout=ANSWER_SECONDS, trust_env=False).is_success
    except httpx.HTTPError:
        return False


def _nearest(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists."""
    return next(place for place in (folder, *folder.parents) if place.is_dir())
