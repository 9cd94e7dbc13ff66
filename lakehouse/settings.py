"""One typed settings object, read once at the front door and passed in.

A profile (deployments/profiles/NAME.toml) sets it; `GRIDCAST_*` variables override the profile;
the command line overrides both. Unknown keys are errors.
"""

import os
import tomllib
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    SecretStr,
    ValidationError,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError

from lakehouse.catalogue import Catalogue, read_catalogue
from lakehouse.clock import Clock, SampleClock, SystemClock
from lakehouse.errors import ConfigError
from lakehouse.places import Place, place

PROJECT = Path(__file__).resolve().parent.parent

#: What a browser opens.
Page = Literal["dashboards", "api", "mlflow"]
Source = Literal["energi_data_service", "open_meteo", "octopus"]


class Settings(BaseSettings):
    """What differs between one machine, profile or environment and another."""

    model_config = SettingsConfigDict(env_prefix="GRIDCAST_", extra="forbid", frozen=True)

    profile: str = "sample"
    # A folder of this machine, or of S3: s3://BUCKET/FOLDER.
    lakehouse: Annotated[Place, BeforeValidator(place)] = Path("lakehouse-data")
    # Files of this machine alone, where the lakehouse is on S3: logs, Prefect's and MLflow's own.
    machine_folder: Path = Path("~/.gridcast")
    catalogue: str
    clock: Literal["system", "sample"]
    sample_start: datetime | None = None
    sample_data: Path = Path("sample")
    energi_data_service: str
    open_meteo_forecast: str
    open_meteo_archive: str
    open_meteo_single_runs: str
    open_meteo_previous_runs: str
    octopus: str
    emulator_faults: tuple[str, ...] = ()
    seconds_between_requests: dict[Source, NonNegativeFloat] = {}
    jars: Path = PROJECT / ".jars"
    s3_jars: Path = PROJECT / ".jars-s3"
    spark_master: str = "local[2]"
    spark_driver_memory: str = "2g"
    spark_jvm_options: str = ""
    spark_options: dict[str, str] = {}
    train_days: int = 660
    holdout_days: int = 56
    train_epochs: int | None = None
    train_minutes: NonNegativeFloat = 240.0
    seed: int = 7
    # A group is trained before its schedule where a feature drifts for so many days in a row, and
    # the newest two weeks' MAE is above so many times seasonal naive's; so often in seven days.
    retrain_drift_days: PositiveInt = 5
    retrain_error_ratio: PositiveFloat = 1.0
    retrain_per_week: NonNegativeInt = 1
    # An MLflow server or database, and where it keeps files; without, SQLite beside the tables.
    mlflow_tracking: str = ""
    mlflow_artifacts: str = ""
    # Where a browser finds the other pages: Prefect's page links there. No slash at the end.
    pages: dict[Page, str] = {}
    mail_sender: str = "gridcast@localhost"
    mail_recipients: tuple[str, ...] = ("operator@localhost",)
    mail_group_recipients: dict[str, tuple[str, ...]] = {}
    mail_transport: Literal["folder", "smtp", "ses"] = "folder"
    smtp_host: str = ""
    smtp_port: int = 587
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    ses_region: str = ""
    api_keys: tuple[str, ...] = ()
    api_requests_per_minute: PositiveInt = 600
    verbose: bool = False
    # Where steps with Spark run: in the flow's own process, or as jobs of an EMR Serverless
    # application: its id, the role of its jobs, their entry file, and where it keeps their logs.
    spark_runner: Literal["local", "emr"] = "local"
    emr_application: str = ""
    emr_role: str = ""
    emr_entry: str = ""
    emr_logs: str = ""
    emr_region: str = ""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Variables win over the profile file, whose values arrive as arguments."""
        return env_settings, init_settings

    @property
    def emulated(self) -> bool:
        """Whether the sources are played by the emulator from recorded data."""
        return self.energi_data_service == "emulator"

    @property
    def sample_folder(self) -> Path:
        """The recorded data that the emulator plays."""
        return self.sample_data if self.sample_data.is_absolute() else PROJECT / self.sample_data

    @property
    def here(self) -> Path:
        """A folder for files of this machine alone: the lakehouse, where it is on this machine."""
        if isinstance(self.lakehouse, Path):
            return self.lakehouse
        return self.machine_folder.expanduser().resolve()

    @property
    def mlflow_store(self) -> str:
        """Where trainings are logged: what the profile names, else SQLite on this machine."""
        return self.mlflow_tracking or f"sqlite:///{self.here / 'mlflow' / 'mlflow.db'}"

    def read_catalogue(self) -> Catalogue:
        """The profile's series catalogue, with the series added to its lakehouse.

        Raises ConfigError where mail_group_recipients names a group that it does not have.
        """
        catalogue = read_catalogue(self.catalogue_file, self.lakehouse)
        unknown = sorted(self.mail_group_recipients.keys() - catalogue.groups.keys())
        if unknown:
            raise ConfigError(
                f"mail_group_recipients names the unknown groups {unknown}; known are "
                f"{sorted(catalogue.groups)}."
            )
        return catalogue

    @property
    def catalogue_file(self) -> Path:
        """The file of the profile's own catalogue."""
        file = Path(self.catalogue)
        return file if file.is_absolute() else PROJECT / file

    def make_clock(self) -> Clock:
        """The profile's clock. Raises ConfigError where the folder has lived by the other one: a
        simulated day among real ones would be learnt from."""
        file = self.lakehouse / "clock"
        if self.clock == "system":
            if file.exists():
                raise ConfigError(
                    f"Expected a lakehouse of real days for the profile '{self.profile}'; "
                    f"{self.lakehouse} holds simulated ones: it has a sample clock. Name another "
                    "folder with --lakehouse, or the profile that made this one with --profile."
                )
            return SystemClock()
        if self.sample_start is None or self.sample_start.tzinfo is None:
            raise ConfigError(
                f"Profile '{self.profile}' has a sample clock, so it needs sample_start with an "
                "offset, such as 2024-10-18T00:00:00+02:00."
            )
        return SampleClock(file, self.sample_start)


def profile_names() -> list[str]:
    """The profiles that can be chosen."""
    return sorted(file.stem for file in (PROJECT / "deployments" / "profiles").glob("*.toml"))


def load_settings(profile: str | None = None, **overrides: Any) -> Settings:
    """Settings of a profile: its file, then GRIDCAST_* variables, then `overrides`.

    Raises ConfigError for an unknown profile, key or variable.
    """
    name = profile or os.environ.get("GRIDCAST_PROFILE") or "sample"
    if name not in profile_names():
        raise ConfigError(f"Unknown profile '{name}'. Choose one of {profile_names()}.")
    values = tomllib.loads((PROJECT / "deployments" / "profiles" / f"{name}.toml").read_text())
    known = {f"GRIDCAST_{field.upper()}" for field in Settings.model_fields}
    unknown = sorted(v for v in os.environ if v.startswith("GRIDCAST_") and v not in known)
    if unknown:
        raise ConfigError(f"Unknown variables {unknown}. Known are {sorted(known)}.")
    try:
        settings = Settings(**values)
    except SettingsError as fault:  # its text: … for field "NAME" from source …
        field = str(fault).split('"')[1].upper()
        raise ConfigError(
            f'Expected GRIDCAST_{field} to be JSON, such as \'["a", "b"]\' for several values.'
        ) from None
    except ValidationError as fault:
        first = fault.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ConfigError(f"Profile '{name}': {where}: {first['msg']}.") from None
    chosen = {key: value for key, value in overrides.items() if value is not None}
    settings = settings.model_copy(update=chosen | {"profile": name})
    return settings.model_copy(update={"lakehouse": place(settings.lakehouse)})
