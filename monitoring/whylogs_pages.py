"""whylogs' own drift report, for those who know it. Its page loads scripts from the web when it is
opened; nothing of it goes into a mail."""

from __future__ import annotations

import warnings

from monitoring.profiles import read


def drift_page(week: bytes, reference: bytes) -> str:
    """The summary drift report of whylogs as an HTML page.

    week, reference: payloads of `profiles.merge`. Its verdicts are whylogs' own: a distance of
    binned distributions against fixed thresholds, which knows no season and no days in a row.
    Raises BadInput for unreadable bytes.
    """
    views = read(week), read(reference)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its libraries about their own old calls
        from whylogs.viz import NotebookProfileVisualizer

        visualizer = NotebookProfileVisualizer()
        visualizer.set_profiles(target_profile_view=views[0], reference_profile_view=views[1])
        report = visualizer.summary_drift_report()
    return f'<!doctype html>\n<meta charset="utf-8">\n{report.data}\n'
