"""Tests of the real thing need programs of the system; this says which, where one is absent."""

import os
import shutil

import pytest


def require_command(name: str, debian_package: str) -> str:
    """Path of a program. Without it the test is skipped with the command that installs it.

    Where CI is set nothing is skipped for that cause: the test fails.
    """
    path = shutil.which(name)
    if path:
        return path
    reason = (
        f"Expected the program '{name}' on the PATH; it is not there. Run 'make setup-system', or "
        f"'sudo apt-get install -y {debian_package}'."
    )
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def require_chromium() -> str:
    """Path of the system's Chromium, or of Chrome; else as `require_command`."""
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next((path for path in map(shutil.which, names) if path), None)
    return found or require_command("chromium", "chromium")
