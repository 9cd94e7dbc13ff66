"""The jobs' tests count records: here a record belongs to one series."""

import pytest

from lakehouse.catalogue import Catalogue
from lakehouse.settings import Settings


@pytest.fixture(scope="session")
def catalogue(settings: Settings) -> Catalogue:
    """The catalogue of the sample profile without the series that are derived from others."""
    whole = settings.read_catalogue()
    recorded = {name: s for name, s in whole.series.items() if not s.tariff}
    used = {s.series_group for s in recorded.values()}
    groups = {name: group for name, group in whole.groups.items() if name in used}
    return whole.model_copy(update={"series": recorded, "groups": groups})
