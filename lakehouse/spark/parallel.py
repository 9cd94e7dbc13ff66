"""Jobs that do not wait for each other run at once, each from a thread of its own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any


def side_by_side(*jobs: Callable[[], Any]) -> list[Any]:
    """Run all of them at once; returns their results in order.

    Small jobs leave most cores idle, and planning is work too. Where some fail, the others are
    finished first and the first fault, in order, is raised.
    """
    with ThreadPoolExecutor(max_workers=len(jobs)) as threads:
        running = [threads.submit(job) for job in jobs]
        wait(running)
    return [job.result() for job in running]
