"""A folder of this machine and one of S3 do the same for those who write and read files in it."""

from pathlib import Path

import pytest

from lakehouse.catalogue.own import read_own, write_own
from lakehouse.clock import SampleClock
from lakehouse.errors import BadInput
from lakehouse.landing import LandingZone, Request, Response
from lakehouse.places import Place, at_hand, filled, listing, place, remove, spark_uri, whole
from lakehouse.settings import load_settings
from tests.small_lakehouse import utc

NOON = utc("2024-10-18 12:00")


@pytest.fixture(params=["folder", "s3"])
def somewhere(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    found: Place = request.getfixturevalue("on_s3") if request.param == "s3" else tmp_path / "here"
    return found


def test_names_become_places(s3: None, tmp_path: Path) -> None:
    assert place("lakehouse-data") == Path.cwd() / "lakehouse-data"
    assert place("~") == Path.home().resolve()
    bucket = place("s3://bucket/folder/")
    assert (str(bucket), spark_uri(bucket)) == ("s3://bucket/folder", "s3a://bucket/folder")
    assert spark_uri(tmp_path) == str(tmp_path)
    settings = load_settings("sample", lakehouse="s3://bucket", machine_folder=tmp_path)
    assert (str(settings.lakehouse), settings.here) == ("s3://bucket", tmp_path)
    assert load_settings("sample", lakehouse=str(tmp_path)).here == tmp_path


def test_a_file_is_there_whole_or_not_at_all(somewhere: Place) -> None:
    file = somewhere / "file.txt"
    somewhere.mkdir(parents=True, exist_ok=True)

    def broken() -> None:
        with whole(file) as draft:
            draft.write_text("half")
            raise InterruptedError

    with pytest.raises(InterruptedError):
        broken()
    assert not file.exists()
    with whole(file) as draft:
        draft.write_text("one")
        assert not file.exists()  # a kill tidies nothing up
    with whole(file) as draft:
        draft.write_text("another")
    assert file.read_text() == "another"
    with at_hand(file) as here:
        assert here.read_text() == "another"


def test_folders_are_filled_listed_copied_and_removed(somewhere: Place) -> None:
    folder = somewhere / "model"
    assert list(listing(folder)) == []
    with filled(folder) as files:
        (files / "a.json").write_text("{}")
        (files / "deep").mkdir()
        (files / "deep" / "b.txt").write_text("b")
    with whole(somewhere / "part") as draft:
        draft.mkdir()
        (draft / "c.txt").write_text("c")
    assert [name for name, _ in listing(folder) if name.endswith(".json")] == ["a.json"]
    with at_hand(folder) as here:
        assert (here / "deep" / "b.txt").read_text() == "b"
    assert (somewhere / "part" / "c.txt").read_text() == "c"
    remove(folder)
    remove(folder)
    assert not folder.exists() and (somewhere / "part").exists()


def test_what_another_wrote_since_is_read(somewhere: Place) -> None:
    clock = SampleClock(somewhere / "clock", NOON)
    same = SampleClock(place(str(somewhere)) / "clock", NOON)
    assert clock.now() == same.now() == NOON
    for hour in (13, 14):
        clock.move_to(NOON.replace(hour=hour))
        assert same.now() == NOON.replace(hour=hour)
    with pytest.raises(BadInput, match="cannot go back"):
        same.move_to(NOON)


def test_bodies_and_added_series_are_kept(somewhere: Place) -> None:
    zone = LandingZone(somewhere / "landing")
    request = Request("source", "set", "/path", (), NOON, NOON, ("a",))
    row = zone.write(Response(request, NOON, 200, "text/csv", b"body"), "run")
    assert zone.path(row["body_path"]).read_bytes() == b"body"
    assert zone.manifest() == [row] and not list(zone.damaged())
    zone.path(row["body_path"]).write_bytes(b"bodY")
    assert len(list(zone.damaged())) == 1
    assert read_own(somewhere) == {}
    write_own(somewhere, {"series": {"town.load": {"unit": "MW"}}})
    assert read_own(somewhere) == {"series": {"town.load": {"unit": "MW"}}}
