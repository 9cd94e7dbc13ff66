"""A mail about each change of an incident, to everybody whom it concerns."""

import hashlib
from datetime import datetime

from lakehouse.arrow import ArrowTables
from lakehouse.catalogue import Catalogue
from lakehouse.settings import Settings
from monitoring import incidents, mail, wording
from monitoring.incidents import Change
from spark_jobs import outbox
from spark_jobs.audiences import concerned


def mailed(
    arrow: ArrowTables,
    catalogue: Catalogue,
    settings: Settings,
    change: Change,
    since: datetime,
    run_id: str,
) -> str:
    """Put the mails about a change in the outbox, once; returns the id of everybody's."""
    when = wording.moment(change.at, catalogue.schedule.zone)
    built = incidents.alert(change, since, settings.profile, when)
    subject = f"{change.subject[:1].upper()}{change.subject[1:]} (Gridcast {settings.profile})"
    first = ""
    for audience in concerned(settings, catalogue, change.condition.about):
        told = f"{change.incident_id} {change.event} {audience.told}"
        message_id = hashlib.sha256(told.encode()).hexdigest()[:24]
        to = audience.recipients
        letter = mail.message(built, settings.mail_sender, to, subject, change.at, message_id)
        outbox.put(arrow, settings, letter, to, message_id, change.at, run_id)
        first = first or message_id
    return first
