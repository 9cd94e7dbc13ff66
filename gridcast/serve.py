"""`gridcast serve …`: what people and programs read."""

from typing import Annotated

import typer

from gridcast.front import API_PORT, DASHBOARDS_PORT, MLFLOW_PORT, Front

serve = typer.Typer(no_args_is_help=True, help="Serve the tables to people and programs.")


@serve.command("api")
def serve_api(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 is any free one.")] = API_PORT,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes that answer.")] = 1,
) -> None:
    """Answer over HTTP, read only, until Ctrl-C."""
    from serving.api.app import make_app
    from serving.api.server import listening, serve

    front: Front = context.obj
    with listening(host, port) as bound:
        app = make_app(front.settings)
        address = f"http://{host}:{bound.getsockname()[1]}/v1"
        told = f"API  {address}/forecasts  All paths: {address}/openapi.json  Stop it with Ctrl-C."
        front.console.print(told, soft_wrap=True)
        serve(app, bound, workers)


@serve.command("dashboards")
def serve_dashboards(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535)] = DASHBOARDS_PORT,
    api: Annotated[
        str, typer.Option(help="Where the API is; 'gridcast serve api' starts one.")
    ] = f"http://127.0.0.1:{API_PORT}",
    mlflow: Annotated[
        str, typer.Option(help="Where links to training runs lead; 'gridcast up' starts it.")
    ] = f"http://127.0.0.1:{MLFLOW_PORT}",
) -> None:
    """Show forecasts and monitoring in a browser, from a running API, until Ctrl-C."""
    from serving.dashboards.server import require_free, serve

    front: Front = context.obj
    require_free(host, port)
    told = f"Dashboards  http://{host}:{port}  They ask the API at {api}.  Stop it with Ctrl-C."
    front.console.print(told, soft_wrap=True)
    serve(host, port, api, mlflow, front.settings.api_keys)
