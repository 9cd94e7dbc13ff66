"""`gridcast serve …`: what people and programs read."""

import os
from contextlib import ExitStack
from typing import Annotated

import typer

from gridcast.front import API_PORT, DASHBOARDS_PORT, MLFLOW_PORT, SQL_PORT, Front

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


@serve.command("sql")
def serve_sql(
    context: typer.Context,
    host: Annotated[
        str, typer.Option(help="Address to listen at; whoever reaches it reads all.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 is any free one.")] = SQL_PORT,
) -> None:
    """Answer SQL for beeline, JDBC, ODBC and PyHive, read only, until Ctrl-C."""
    from serving.sql.server import sql_server

    front: Front = context.obj
    front.lasting = True
    os.environ.setdefault("GRIDCAST_SPARK_DRIVER_MEMORY", "1g")
    with ExitStack() as stack:
        with front.console.status("Starting Spark and naming the tables"):
            server = stack.enter_context(sql_server(front.settings, host, port))
        address = f"jdbc:hive2://{host}:{server.port}/gold"
        front.console.print(f"SQL  {address}  Stop it with Ctrl-C.", soft_wrap=True)
        server.wait()


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
    from serving.dashboards.server import serve
    from serving.ports import free_port

    front: Front = context.obj
    free_port(host, port, "dashboards")
    told = f"Dashboards  http://{host}:{port}  They ask the API at {api}.  Stop it with Ctrl-C."
    front.console.print(told, soft_wrap=True)
    serve(host, port, api, mlflow, front.settings.api_keys)
