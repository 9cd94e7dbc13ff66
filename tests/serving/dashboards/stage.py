"""The API over the small world, the dashboards beside it, and what a browser asked for."""

import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import BrowserContext, Page, expect

from lakehouse.arrow import ArrowTables
from lakehouse.tables import TABLES
from serving.api.app import make_app
from tests.serving.api.world import served, settings_of

#: A browser that could ask others is no proof that the page does not: it knows no other host.
CHROMIUM = [
    "--no-sandbox",
    "--disable-background-networking",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
#: In ms. A busy machine draws slowly; what never comes fails all the same.
PATIENCE = 15_000
expect.set_options(timeout=PATIENCE)


class Switch:
    """An ASGI app that hands each request to whichever app stands in it now."""

    def __init__(self, app: Any) -> None:
        self.whole = app
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await (self.whole if scope["type"] == "lifespan" else self.app)(scope, receive, send)

    @contextmanager
    def set_to(self, app: Any) -> Iterator[None]:
        """Let another app answer for a while."""
        self.app = app
        try:
            yield
        finally:
            self.app = self.whole


async def broken(scope: Any, receive: Any, send: Any) -> None:
    """An API that fails at everything."""
    await send({"type": "http.response.start", "status": 500, "headers": []})
    await send({"type": "http.response.body", "body": b"Traceback (most recent call last)"})


def empty_api(folder: Path) -> Any:
    """The API over tables without rows."""
    ArrowTables(folder).create_missing(TABLES)
    return make_app(settings_of(folder))


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@contextmanager
def dashboards(api: str, *further: str) -> Iterator[str]:
    """The dashboards as the command line starts them; gives their address."""
    script = str(Path(sys.executable).with_name("gridcast"))
    port = free_port()
    command = [script, "serve", "dashboards", "--port", str(port), "--api", api, *further]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert process.stdout
        for line in process.stdout:
            if "URL:" in line:
                break
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.communicate()


class Stage:
    """Pages of the dashboards, over an API whose state a test may change.

    All pages share one browser context, and so its cache: each costs half as much.
    """

    def __init__(
        self, address: str, api: httpx.Client, switch: Switch, context: BrowserContext
    ) -> None:
        self.address = address
        self.api = api
        self.switch = switch
        self._context = context

    @contextmanager
    def page(self, width: int = 1280, scheme: Any = "light") -> Iterator[Page]:
        """A fresh page. Afterwards: it asked nobody but this machine, and showed no trace."""
        asked: set[str] = set()
        hear: Callable[[Any], None] = lambda it: asked.add(httpx.URL(it.url).host)  # noqa: E731
        page = self._context.new_page()
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        page.on("request", hear)
        page.on("websocket", hear)
        try:
            yield page
            assert "Traceback" not in page.content()
            assert asked - {""} == {"127.0.0.1"}
        finally:
            page.close()

    def opened(self, page: Page, path: str = "") -> Page:
        """The page once Streamlit has drawn all of it."""
        page.goto(f"{self.address}/{path}")
        page.get_by_role("heading").first.wait_for()
        return settled(page)


def settled(page: Page) -> Page:
    """The page once nothing runs any more."""
    expect(page.locator("[data-testid=stApp]")).to_have_attribute(
        "data-test-script-state", "notRunning"
    )
    return page


@contextmanager
def staged(folder: Path, context: BrowserContext) -> Iterator[Stage]:
    """API and dashboards over a lakehouse folder."""
    switch = Switch(make_app(settings_of(folder)))
    with served(switch) as api, dashboards(str(api.base_url).rstrip("/")) as address:
        context.set_default_timeout(PATIENCE)
        yield Stage(address, api, switch, context)
