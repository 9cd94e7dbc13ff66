"""How soon the dashboards show a forecast, in Chromium. `python -m benchmarks.dashboards FOLDER`

Starts the API over a lakehouse folder and the dashboards beside it, and opens the first page in a
browser without a cache, again and again. `--pictures docs` writes the pictures of the docs, too.
"""

import argparse
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from lakehouse.errors import SetupError

CHROMIUM = ["--no-sandbox", "--disable-background-networking"]
_CHART = ".js-plotly-plot .ytitle"
_PICTURES = {
    "forecasts": "?series=dk1.price.day_ahead",
    "monitoring": "monitoring?watched=day_ahead_price",
}
_WIDTH, _HEIGHT = 1280, 1500


@contextmanager
def serving(told: str, *command: str) -> Iterator[str]:
    """A `gridcast serve` command; gives the address that `told` finds in what it prints."""
    script = str(Path(sys.executable).with_name("gridcast"))
    process = subprocess.Popen(
        [script, *command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        assert process.stdout
        said = []
        for line in process.stdout:
            said.append(line)
            found = re.search(told, line)
            if found:
                yield found[1]
                return
        raise SetupError(f"'gridcast {' '.join(command)}' ended: {''.join(said)}")
    finally:
        process.terminate()
        process.communicate()


@contextmanager
def fresh_page(browser: Browser) -> Iterator[Page]:
    """A page of a browser that has seen nothing."""
    context = browser.new_context(viewport={"width": _WIDTH, "height": _HEIGHT})
    yield context.new_page()
    context.close()


def first_paint(page: Page, address: str) -> tuple[float, float]:
    """Seconds until anything is drawn, and until the forecast is."""
    page.goto(address)
    page.locator(_CHART).first.wait_for(timeout=60_000)
    milliseconds: list[float] = page.evaluate(
        "[performance.getEntriesByName('first-contentful-paint')[0].startTime, performance.now()]"
    )
    anything, forecast = milliseconds
    return anything / 1000, forecast / 1000


def take_pictures(browser: Browser, address: str, folder: Path) -> None:
    """Both pages as the docs show them."""
    for name, path in _PICTURES.items():
        with fresh_page(browser) as page:
            page.goto(f"{address}/{path}")
            page.locator(".js-plotly-plot").nth(2).wait_for(timeout=60_000)
            page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for()
            page.screenshot(path=folder / f"dashboard-{name}.png", animations="disabled")


def main() -> None:
    """Measure, and print a line for the first visitor and one for the others."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--pictures", type=Path)
    told = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        raise SetupError("Expected Chromium on the PATH; it is not there. Run 'make setup-system'.")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = str(probe.getsockname()[1])
    lakehouse = ("--lakehouse", str(told.folder))
    with (
        serving(r"API  (http://[\d.:]+)", *lakehouse, "serve", "api", "--port", "0") as api,
        serving(r"URL: (http\S+)", "serve", "dashboards", "--port", port, "--api", api) as address,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM)
        times = []
        for _ in range(told.rounds + 1):
            with fresh_page(browser) as page:
                times.append(first_paint(page, f"{address}/{_PICTURES['forecasts']}"))
        if told.pictures:
            take_pictures(browser, address, told.pictures)
        browser.close()
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(f"first visitor: anything {times[0][0]:.2f} s, forecast {times[0][1]:.2f} s")
    for what, place in (("anything", 0), ("forecast", 1)):
        later = sorted(pair[place] for pair in times[1:])
        print(f"{what}: median {statistics.median(later):.2f} s, {later[0]:.2f} to {later[-1]:.2f}")


if __name__ == "__main__":
    main()
