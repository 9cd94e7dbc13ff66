"""Where keys are set, one is needed, and each may ask so many times a minute."""

from pathlib import Path

from serving.api.keys import Keys
from tests.serving.api.world import serving, settings_of


def test_a_key_is_needed_and_has_its_own_limit(filled: Path) -> None:
    with serving(settings_of(filled, api_keys=("a", "b"), api_requests_per_minute=2)) as api:

        def asked(key: str | None) -> tuple[int, str]:
            answer = api.get("/v1/series", headers={"X-API-Key": key} if key else {})
            return answer.status_code, answer.headers.get("retry-after", "")

        assert asked(None) == (401, "")
        assert asked("c") == (401, "")
        assert [asked("a")[0] for _ in range(3)] == [200, 200, 429]
        assert asked("a")[1]
        assert asked("b")[0] == 200
        assert api.get("/v1/health").status_code == 200
        told = api.get("/v1/series").json()
        assert (told["parameter"], told["title"]) == ("X-API-Key", "Key needed")
        schemes = api.get("/v1/openapi.json").json()["components"]["securitySchemes"]
        assert schemes["APIKeyHeader"]["name"] == "X-API-Key"


def test_a_bucket_refills_evenly_and_no_further_than_a_minute_s_worth() -> None:
    now = [0.0]
    keys = Keys(["a"], per_minute=60, seconds=lambda: now[0])
    assert [keys.wait("a") for _ in range(60)] == [0.0] * 60
    assert keys.wait("a") == 1.0
    now[0] = 0.5
    assert keys.wait("a") == 0.5
    now[0] = 2.0
    assert [keys.wait("a") > 0 for _ in range(3)] == [False, False, True]
    now[0] = 9999.0
    assert [keys.wait("a") > 0 for _ in range(61)] == [False] * 60 + [True]
