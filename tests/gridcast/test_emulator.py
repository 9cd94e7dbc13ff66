"""`gridcast emulator`, by hand: it plays, says how to reach it, and goes when it is told to."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from lakehouse.settings import PROJECT
from tests.gridcast.conftest import Gridcast

BARE = {name: value for name, value in os.environ.items() if not name.startswith("GRIDCAST_")}


@contextmanager
def emulator(*arguments: str) -> Iterator[tuple["subprocess.Popen[str]", dict[str, str]]]:
    """The command in a process of its own, and the variables that it prints."""
    script = Path(sys.executable).with_name("gridcast")
    process = subprocess.Popen(
        [script, "emulator", "--port", "0", *arguments], cwd=PROJECT, env=BARE,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert process.stdout
        lines = [process.stdout.readline() for _ in range(6)]
        exports = [
            re.fullmatch(r"export (GRIDCAST_[A-Z_]+)=(http://\S+)\n", line) for line in lines
        ]
        assert all(exports), lines
        yield process, {told[1]: told[2] for told in exports if told}
    finally:
        process.kill()
        process.communicate()


def test_it_plays_with_faults_on_a_clock_of_its_own_until_it_is_stopped(tmp_path: Path) -> None:
    (tmp_path / "Elspotprices_x.csv").write_text(
        "HourUTC;HourDK;PriceArea;SpotPriceDKK;SpotPriceEUR\n"
        "2021-03-01 00:00;2021-03-01 01:00;DK1;7,45;1,0\n"
    )
    fault = "429:data_set=Elspotprices,first=1,retry_after=7"
    options = ("--data", str(tmp_path), "--at", "2021-02-28T11:44Z", "--fault", fault)
    with emulator(*options) as (process, variables):
        assert set(variables) == {
            f"GRIDCAST_{name}"
            for name in ("ENERGI_DATA_SERVICE", "OPEN_METEO_FORECAST", "OPEN_METEO_ARCHIVE",
                         "OPEN_METEO_SINGLE_RUNS", "OPEN_METEO_PREVIOUS_RUNS", "OCTOPUS")
        }  # fmt: skip
        address = variables["GRIDCAST_ENERGI_DATA_SERVICE"] + "/dataset/Elspotprices"
        clock = variables["GRIDCAST_OCTOPUS"].removesuffix("/octopus") + "/clock"
        limited = httpx.get(address)
        assert (limited.status_code, limited.headers["retry-after"]) == (429, "7")
        assert httpx.get(address).json()["total"] == 0
        assert httpx.get(clock).text == "2021-02-28T11:44:00Z\n"
        assert httpx.put(clock, params={"at": "2021-02-28T11:45Z"}).status_code == 200
        assert httpx.get(address).json()["total"] == 1
        assert httpx.put(clock, params={"at": "tomorrow"}).status_code == 400
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
        assert process.returncode == 0
    assert f"429 /energi-data-service/dataset/Elspotprices? ({fault})" in said
    assert "200 /energi-data-service/dataset/Elspotprices?" in said
    assert "Its clock is its own: 2021-02-28T11:44:00Z." in said
    assert said.rstrip().endswith("Stopped.")
    assert "Traceback" not in said


def test_the_help_of_faults_is_a_result(gridcast: Gridcast) -> None:
    said = gridcast("emulator", "--fault", "help")
    assert (said.code, said.err) == (0, "")
    assert "drip: an answer that trickles" in said.out


def test_what_is_wrong_is_one_sentence(gridcast: Gridcast, tmp_path: Path) -> None:
    for arguments, told in (
        (("--fault", "418"), "Unknown fault '418'"),
        (("--data", str(tmp_path)), "Expected recorded data in"),
    ):
        said = gridcast("emulator", "--port", "0", *arguments)
        assert (said.code, said.out) == (2, "")
        assert said.err.startswith("gridcast: ") and said.err.count("\n") == 1
        assert told in said.err


def test_a_port_that_is_taken_is_one_sentence(gridcast: Gridcast) -> None:
    with emulator() as (_, variables):
        port = variables["GRIDCAST_OCTOPUS"].split(":")[-1].removesuffix("/octopus")
        said = gridcast("emulator", "--port", port)
    assert said.code == 2
    assert f"could not open port {port} on 127.0.0.1: Address already in use" in said.err
