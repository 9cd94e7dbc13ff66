"""Bodies that a source might send on its worst day: answers of ours, changed in a few places."""

import json
from collections.abc import Callable
from random import Random
from typing import Any

from spark_jobs.weather_records import WEATHER_UNITS

TEXTS = (
    "",
    "NaN",
    "1,5",
    "2024-10-01T00:00:00",
    "2024-02-30T25:61",
    "DK1",
    "\ud800",
    "\0",
    "æ" * 99,
)
NUMBERS = (0, -1, 1e308, float("nan"), float("-inf"), 10**400, -0.0, 12345678901234567890, 0.1)
NAMES = (
    "records",
    "results",
    "hourly",
    "time",
    "next",
    "SpotPriceEUR",
    "PriceArea",
    "",
    "a.b",
    "`",
)


def any_json(random: Random, depth: int = 3) -> Any:
    """Any value at all."""
    kind = random.randrange(6 if depth else 4)
    if kind == 4:
        return [any_json(random, depth - 1) for _ in range(random.randrange(4))]
    if kind == 5:
        return {random.choice(NAMES): any_json(random, depth - 1) for _ in range(3)}
    return random.choice((None, True, False, *TEXTS, *NUMBERS))


def _energy(random: Random) -> Any:
    areas = ("DK1", "DK2", "SE4")
    return {
        "total": 2,
        "records": [
            {
                "HourUTC": f"2024-10-01T{random.randrange(30):02}:00:00",
                "PriceArea": random.choice(areas),
                "SpotPriceEUR": random.uniform(-50, 500),
            }
            for _ in range(random.randrange(4))
        ],
    }


def _rates(random: Random) -> Any:
    page = random.choice(("2", "0", "-1", "9" * 5_000, "two", "٣"))
    path = "/v1/products/A/electricity-tariffs/E-1R-A-C/standard-unit-rates/"
    return {
        "next": random.choice((None, f"https://[{path}", f"https://example.com{path}?page={page}")),
        "results": [{"value_inc_vat": 12.5, "valid_from": "2024-10-01T00:00:00Z"}],
    }


def _consumption(random: Random) -> Any:
    return {
        "records": [
            {
                "HourUTC": f"2024-10-01T{random.randrange(24):02}:{random.choice((0, 0, 15)):02}",
                "MunicipalityNo": random.choice(("851", "329", 851, "1")),
                "Branche": random.choice(("Privat", "Erhverv")),
                "ConsumptionkWh": random.choice((None, "1,5", random.uniform(0, 9_000))),
            }
            for _ in range(random.randrange(6))
        ],
    }


def _weather(random: Random) -> Any:
    return _weather_of(random, tuple(WEATHER_UNITS))


def _previous(random: Random) -> Any:
    return _weather_of(random, tuple(f"{v}_previous_day{d}" for v in WEATHER_UNITS for d in (1, 2)))


def _weather_of(random: Random, fields: tuple[str, ...]) -> Any:
    hours = [f"2024-10-01T{hour:02}:00" for hour in range(random.randrange(4))]
    given = random.sample(fields, random.randrange(len(fields) + 1))
    one = {
        "utc_offset_seconds": 0,
        "hourly_units": {field: WEATHER_UNITS[field.partition("_previous")[0]] for field in given},
        "hourly": {field: [random.uniform(-9, 30) for _ in hours] for field in given}
        | {"time": hours},
    }
    return random.choice((one, [one], [one, one]))


ENERGY: dict[str, Callable[[Random], Any]] = {
    "Elspotprices": _energy,
    "ConsumptionIndustry": _consumption,
    "agile": _rates,
}
WEATHER: dict[str, Callable[[Random], Any]] = {
    "archive": _weather,
    "forecast": _weather,
    "single_runs": _weather,
    "previous_runs": _previous,
}
ANSWERS = ENERGY | WEATHER


def _changed(value: Any, random: Random) -> Any:
    """The same with another value somewhere, or with something gone."""
    if isinstance(value, dict) and value and random.random() < 0.8:
        name = random.choice(list(value))
        if random.random() < 0.2:
            return {key: one for key, one in value.items() if key != name}
        return value | {name: _changed(value[name], random)}
    if isinstance(value, list) and value and random.random() < 0.8:
        place = random.randrange(len(value))
        return [*value[:place], _changed(value[place], random), *value[place + 1 :]]
    return any_json(random)


def _torn(body: bytes, random: Random) -> bytes:
    place = random.randrange(len(body) + 1)
    return random.choice(
        (
            body[:place],
            body[:place] + random.randbytes(random.randrange(1, 5)) + body[place + 1 :],
            body[:place] + body[place // 2 :],
            b"\xef\xbb\xbf" + body,
            body.decode("utf-8", "replace").encode("utf-16"),
            random.randbytes(40),
            b"[" * random.choice((10, 1_000, 100_000)),
        )
    )


def body(data_set: str, random: Random) -> bytes:
    """One body of a data set: as it should be, changed, torn, or anything else."""
    answer = ANSWERS[data_set](random)
    for _ in range(random.randrange(4)):
        answer = _changed(answer, random)
    written = json.dumps(answer, ensure_ascii=random.random() < 0.5)
    plain = written.encode("utf-8", "surrogatepass")
    return _torn(plain, random) if random.random() < 0.25 else plain
