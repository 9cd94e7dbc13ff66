"""What the machine must have before anything is installed: Java 17, Python 3.11 or 3.12.

`make setup` runs this file as a script (`python3 -I gridcast/system.py`) with whatever Python
there is, so it imports only the standard library and keeps to the syntax of Python 3.6; the
doctor imports it. As a script it prints the path of a suitable Python; where something is missing
it prints what, and how to install it, on standard error and exits with 2.
"""

import argparse
import glob
import os
import re
import subprocess
import sys
from typing import NamedTuple

JAVA = 17
PYTHONS = ((3, 12), (3, 11))
PYTHON_NAMES = ("python3.12", "python3.11", "python3", "python")

JAVA_FIX = """\
  Debian, Ubuntu   sudo apt-get install -y openjdk-17-jre-headless
  macOS            brew install --cask temurin@17
  Windows          wsl --install -d Ubuntu-24.04, and in it the command for Ubuntu"""
PYTHON_FIX = """\
  Debian 12        sudo apt-get install -y python3.11 python3.11-venv
  Ubuntu 24.04     sudo apt-get install -y python3.12 python3.12-venv
  macOS            brew install python@3.12
  Windows          wsl --install -d Ubuntu-24.04, and in it the command for Ubuntu"""

_PROBE = "import sys, venv, ensurepip; print(sys.version.split()[0]); print(sys.executable)"


class Finding(NamedTuple):
    """What was looked for, what was there, and what to do where that is not enough."""

    name: str
    ok: bool
    found: str
    fix: str


def java() -> Finding:
    """The Java that Spark will start: that of JAVA_HOME, else the first on the PATH."""
    name = f"Java {JAVA}"
    home = os.environ.get("JAVA_HOME", "")
    command = os.path.join(home, "bin", "java") if home else "java"
    where = f"JAVA_HOME={home}" if home else "on the PATH"
    text = _output([command, "-version"])
    version = re.search(r'version "(\d+)(?:\.(\d+))?[^"]*"', text)
    if not version:
        return Finding(name, False, f"no Java ({where})", _java_fix())
    # Java 8 still called itself 1.8.
    major = int(version.group(2) if version.group(1) == "1" else version.group(1))
    found = f"Java {major} ({where})"
    return Finding(name, major == JAVA, found, "" if major == JAVA else _java_fix())


def _java_fix() -> str:
    """The commands that install it; before them, the one that chooses it where it is installed."""
    places = [
        f"/usr/lib/jvm/*-{JAVA}-*/bin/java",
        f"/Library/Java/JavaVirtualMachines/*-{JAVA}*/Contents/Home/bin/java",
    ]
    homes = [os.path.dirname(os.path.dirname(j)) for p in places for j in sorted(glob.glob(p))]
    if homes:
        return f"  It is installed, but not chosen: export JAVA_HOME={homes[0]}\n{JAVA_FIX}"
    return JAVA_FIX


def python(command: str = "") -> "tuple[Finding, str]":
    """A Python to make the environment with, and its path; `command` allows only that one."""
    seen = []
    for name in [command] if command else PYTHON_NAMES:
        lines = _output([name, "-c", _PROBE]).split("\n")
        version = re.match(r"(\d+)\.(\d+)\.", lines[0])
        if version and (int(version.group(1)), int(version.group(2))) in PYTHONS:
            found = f"Python {lines[0].strip()} ({name})"
            return Finding("Python 3.11 or 3.12", True, found, ""), lines[1].strip()
        seen.extend(_unsuitable(name))
    found = ", ".join(seen) or "no Python{}".format(" '" + command + "'" if command else "")
    return Finding("Python 3.11 or 3.12", False, found, PYTHON_FIX), ""


def _unsuitable(name: str) -> "list[str]":
    """How a Python that will not do is named: by version, or by what it lacks."""
    version = re.match(r"Python (\S+)", _output([name, "--version"]))
    if not version:
        return []
    right = tuple(int(part) for part in version.group(1).split(".")[:2]) in PYTHONS
    lack = ", without the modules venv and ensurepip" if right else ""
    return [f"Python {version.group(1)} ({name}{lack})"]


def _output(command: "list[str]") -> str:
    """What a command says, on either stream; nothing where it does not exist."""
    try:
        return subprocess.check_output(command, stderr=subprocess.STDOUT).decode(errors="replace")
    except subprocess.CalledProcessError as failed:
        return str(failed.output.decode(errors="replace"))
    except OSError:
        return ""


def main() -> int:
    """Print the path of a suitable Python; 2 where Java or Python is missing or wrong."""
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n", maxsplit=1)[0])
    parser.add_argument("--python", default="", help="allow only this Python")
    parser.add_argument("--only", choices=["java", "python"], help="check only this one")
    asked = parser.parse_args()
    findings = []
    path = ""
    if asked.only != "python":
        findings.append(java())
    if asked.only != "java":
        finding, path = python(asked.python)
        findings.append(finding)
    wrong = [finding for finding in findings if not finding.ok]
    for finding in wrong:
        sys.stderr.write(f"{finding.name} is needed; found {finding.found}.\n")
        sys.stderr.write(f"{finding.fix}\n")
    if wrong:
        sys.stderr.write("On Debian and Ubuntu 'make setup-system' does it, too.\n")
        return 2
    if path:
        sys.stdout.write(path + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
