"""`python -m serving.scorer FOLDER [--host H] [--port P]`: answer until it is stopped."""

import argparse
import sys
from pathlib import Path

import uvicorn

from lakehouse.errors import GridcastError
from serving.ports import free_port
from serving.scorer.app import make_app


def main() -> int:
    """Serve; 2 and a sentence where that is not possible."""
    parser = argparse.ArgumentParser(prog="python -m serving.scorer", description=__doc__)
    parser.add_argument("folder", type=Path, help="what 'gridcast export-champion' wrote")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080, help="0 is any free one")
    told = parser.parse_args()
    try:
        app = make_app(told.folder)
        port = free_port(told.host, told.port, "scorer")
    except GridcastError as fault:
        print(f"scorer: {fault}", file=sys.stderr)
        return 2
    print(f"Scorer  http://{told.host}:{port}/v1/forecast", file=sys.stderr, flush=True)
    uvicorn.run(app, host=told.host, port=port, log_level="warning", server_header=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
