"""The environments of other people's forecasters: pinned, apart from ours, made when asked for."""

import subprocess
import sys
from pathlib import Path

from lakehouse.settings import PROJECT

_HERE = Path(__file__).parent


def python_of(peer: str) -> str:
    """The interpreter of a peer's environment, with what its requirements file pins."""
    pinned, folder = _HERE / f"{peer}.txt", PROJECT / ".cache" / "peers" / peer
    made_from = folder / "made-from"
    if not made_from.exists() or made_from.read_text() != pinned.read_text():
        uv = str(Path(sys.executable).parent / "uv")
        python = str(folder / "bin" / "python")
        subprocess.run([uv, "venv", "--clear", "--python", sys.executable, folder], check=True)
        subprocess.run([uv, "pip", "install", "--python", python, "-r", pinned], check=True)
        made_from.write_text(pinned.read_text())
    return str(folder / "bin" / "python")


def script(name: str) -> str:
    """A program that such an interpreter runs. It imports nothing of ours."""
    return str(_HERE / f"{name}.py")
