"""A Spark cluster of this machine, as Spark's own standalone mode makes it: a master and workers,
each a process, whose executors are processes of theirs. The driver is whoever comes to it."""

import json
import os
import re
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pyspark

_LOOK_EVERY_SECONDS = 0.1
_PATIENCE_SECONDS = 120.0
_HERE = ("--host", "127.0.0.1", "--port", "0", "--webui-port", "0")
#: All that workers know of the machine: nothing of the project's, and no Python path.
_KEPT = ("PATH", "HOME", "JAVA_HOME", "LANG")


@contextmanager
def cluster(folder: Path, workers: int, memory: str) -> Iterator[str]:
    """The address of a master whose workers have a core and so much memory each."""
    with ExitStack() as stack:
        master = stack.enter_context(_started(folder, "master.Master", "master", _HERE))
        address = _told(master, r"Starting Spark master at (spark://\S+)")
        for number in range(workers):
            name = f"worker-{number}"
            (folder / name).mkdir()
            given = ("--cores", "1", "--memory", memory, "--work-dir", str(folder / name))
            worker = _started(folder, "worker.Worker", name, (*_HERE, *given, address))
            _told(stack.enter_context(worker), r"Successfully registered with (master)")
        yield address


def tasks_by_executor(event_log: Path) -> Counter[str]:
    """How many tasks each executor ended well, by Spark's log of events."""
    events = map(json.loads, event_log.read_text().splitlines())
    return Counter(
        event["Task Info"]["Executor ID"]
        for event in events
        if event["Event"] == "SparkListenerTaskEnd"
        and event["Task End Reason"]["Reason"] == "Success"
    )


class _Process:
    def __init__(self, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self.process, self.log = process, log


@contextmanager
def _started(folder: Path, kind: str, name: str, arguments: tuple[str, ...]) -> Iterator[_Process]:
    home = Path(pyspark.__file__).parent
    log = folder / f"{name}.log"
    environment = {key: os.environ[key] for key in _KEPT if key in os.environ}
    with log.open("wb") as said:
        process = subprocess.Popen(
            [home / "bin" / "spark-class", f"org.apache.spark.deploy.{kind}", *arguments],
            cwd=folder,
            env=environment
            | {
                "SPARK_HOME": str(home),
                "SPARK_LOCAL_IP": "127.0.0.1",
                "SPARK_DAEMON_MEMORY": "256m",
            },
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
    try:
        yield _Process(process, log)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _told(started: _Process, sentence: str) -> str:
    """What a process says of itself in its log, once it does."""
    waited = 0.0
    while not (found := re.search(sentence, started.log.read_text())):
        try:
            code = started.process.wait(_LOOK_EVERY_SECONDS)
        except subprocess.TimeoutExpired:
            waited += _LOOK_EVERY_SECONDS
            assert waited < _PATIENCE_SECONDS, f"not said: {sentence}\n{started.log.read_text()}"
        else:
            raise AssertionError(f"ended with {code}:\n{started.log.read_text()}")
    return found[1]
