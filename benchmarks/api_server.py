"""The API with two endpoints to compare it with. Run as `python -m benchmarks.api_server FOLDER`.

`/noop` answers nothing in particular: what the framework and the machine cost. `/naive` does what
the API does without keeping anything: it opens and reads the table at every call.
"""

import sys
from pathlib import Path
from typing import Any

import deltalake
import pyarrow as pa
from fastapi import FastAPI, Response

from lakehouse.arrow import ArrowTables
from lakehouse.newest import forecasts_to_use
from lakehouse.settings import load_settings
from lakehouse.tables.gold import FORECASTS
from serving.api.answers import encoded
from serving.api.app import make_app
from serving.api.latest import COLUMNS, from_newest_origin
from serving.api.server import listening, serve


def _with_comparisons(app: FastAPI, folder: Path) -> FastAPI:
    path = str(ArrowTables(folder).path(FORECASTS))

    @app.get("/noop")
    async def noop() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/naive")
    def naive(series_id: str) -> Response:
        wanted: list[tuple[str, str, Any]] = [("series_id", "=", series_id)]
        rows: pa.Table = deltalake.DeltaTable(path).to_pyarrow_table(
            columns=list(COLUMNS), filters=[*wanted, ("run_kind", "=", "live")]
        )
        latest = from_newest_origin(forecasts_to_use(rows))
        return Response(encoded(latest, "json", "UTC", {}), media_type="application/json")

    return app


if __name__ == "__main__":
    lakehouse = Path(sys.argv[1])
    with listening("127.0.0.1", 0) as bound:
        app = _with_comparisons(make_app(load_settings("sample", lakehouse=lakehouse)), lakehouse)
        print(bound.getsockname()[1], flush=True)
        serve(app, bound, 1)
