"""A folder of recorded data: the project's sample, or a publisher's exports as they were saved.

The files lie in the folder itself, or energy records in `eds/`, weather in `openmeteo/` and home
tariffs in `octopus/`. What a folder lacks is answered as the real services answer for what they
do not have.
"""

from functools import cached_property
from pathlib import Path

from lakehouse.errors import BadInput
from sources.emulator.energy_files import EnergyTable, belongs, energy_table
from sources.emulator.files import recorded_files
from sources.emulator.tariff_files import Rate, unit_rates
from sources.emulator.weather_files import WeatherPlace, is_weather, weather_places


class Recordings:
    """The recorded files of a folder, each read once, when it is first asked for.

    Raises BadInput where the folder has none.
    """

    def __init__(self, folder: Path) -> None:
        self._energy_files = [
            f for f in recorded_files(folder, folder / "eds") if not is_weather(f)
        ]
        self._weather_files = [
            f for f in recorded_files(folder, folder / "openmeteo") if is_weather(f)
        ]
        self._tariff_files = recorded_files(folder / "octopus")
        self._energy: dict[str, EnergyTable | None] = {}
        if not (self._energy_files or self._weather_files or self._tariff_files):
            raise BadInput(
                f"Expected recorded data in {folder}: CSV files named after their data set, such "
                "as Elspotprices_2024.csv.gz, weather.csv.gz or archive_PLACE.csv.gz; it has none. "
                "Name another folder, or restore sample/ from git, or run "
                "'python sample/make_sample.py --from ../shared/data'."
            )

    def energy(self, data_set: str) -> EnergyTable | None:
        """The records of a data set, or None where it was not recorded."""
        if data_set not in self._energy:
            mine = [file for file in self._energy_files if belongs(file, data_set)]
            self._energy[data_set] = energy_table(data_set, mine) if mine else None
        return self._energy[data_set]

    @cached_property
    def weather(self) -> tuple[WeatherPlace, ...]:
        """Every place whose weather was recorded."""
        return weather_places(self._weather_files)

    @cached_property
    def tariffs(self) -> dict[str, list[Rate]]:
        """The unit rates of every tariff that was recorded, newest first."""
        return unit_rates(self._tariff_files)
