"""The suite notices when a promise is broken: a planted bug makes the tests fail that guard it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from lakehouse.settings import PROJECT
from tests.plants.planting import (
    PAGE,
    Plant,
    caught,
    copy_of_the_house,
    failures,
    growing,
    one_jvm,
    page,
    plants,
)

PLANTS = plants()


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.name)
def test_a_plant_still_fits_the_code_and_names_tests_that_there_are(plant: Plant) -> None:
    file = PROJECT / plant.file
    assert plant.planted(file.read_text()) != file.read_text()
    assert plant.caught_by
    for test in plant.caught_by:
        path, _, function = test.partition("::")
        assert re.search(rf"^def {function}\(", (PROJECT / path).read_text(), flags=re.M), test


def test_each_promise_has_plants_of_its_own_and_the_page_tells_of_all() -> None:
    assert len({plant.name for plant in PLANTS}) == len(PLANTS) >= 24
    for promise in {plant.promise for plant in PLANTS}:
        assert len([plant for plant in PLANTS if plant.promise == promise]) >= 8
    assert PAGE.read_text() == page(), "run 'make docs'"


def test_a_text_that_is_not_there_once_cannot_be_planted() -> None:
    plant = Plant("p", "n", "f.py", old="a <= b", new="a < b", why="", caught_by=())
    assert plant.planted("if a <= b:") == "if a < b:"
    for text in ("if a < b:", "a <= b or a <= b"):
        with pytest.raises(
            ValueError, match=r"Expected the old text of the plant 'n' once in f\.py"
        ):
            plant.planted(text)


@dataclass(frozen=True)
class House:
    """A copy of the house, and a JVM to run its tests with."""

    folder: Path
    jvm: dict[str, str]

    def failures(self, tests: Sequence[str]) -> dict[str, str]:
        return failures(self.folder, tests, self.folder.with_name("report.xml"), self.jvm)


@pytest.fixture(scope="session")
def house(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    """A copy of the house in which all guards of the chosen plants pass."""
    folder = copy_of_the_house(tmp_path_factory.mktemp("house"))
    chosen = {
        item.callspec.params["plant"] for item in request.session.items
        if item.get_closest_marker("plants")
    }  # fmt: skip
    guards = sorted({test for plant in chosen for test in plant.caught_by})
    with one_jvm(folder) as jvm:
        sound = House(folder, jvm)
        assert sound.failures(guards) == {}
        yield sound


@pytest.mark.plants
@pytest.mark.timeout(0)
@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.name)
def test_a_plant_is_caught(plant: Plant, house: House, capsys: pytest.CaptureFixture[str]) -> None:
    with growing(plant, house.folder):
        failed = house.failures(plant.caught_by)
    said = {test: caught(test, failed) for test in plant.caught_by}
    with capsys.disabled():
        print(f"\n{plant.promise}: {plant.name}")
        for test, words in said.items():
            print(f"  caught by {test}: {words}" if words else f"  SURVIVED {test}")
    assert all(said.values()), f"{plant.name} survived"
