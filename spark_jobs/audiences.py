"""Who gets which mail: everybody of the profile all of it, and some people that of their groups."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from lakehouse.catalogue import Catalogue
from lakehouse.settings import Settings
from monitoring.scope import Scope


@dataclass(frozen=True)
class Audience:
    """Recipients of one mail. scope: the groups that it is about; None is all of them."""

    recipients: tuple[str, ...]
    scope: Scope | None = None

    @property
    def told(self) -> str:
        """The recipients as message ids are made of them, and the groups where they are some."""
        return ",".join(self.recipients) + (f" {self.name}" if self.scope else "")

    @property
    def name(self) -> str:
        """The groups, for a person; empty where they are all."""
        return ", ".join(sorted(self.scope.groups)) if self.scope else ""

    def concerned(self, about: str) -> bool:
        """Whether an incident about something is theirs."""
        return self.scope is None or self.scope.concerns(about)


def audiences(settings: Settings, catalogue: Catalogue) -> list[Audience]:
    """Those who get everything, then those who get their groups alone.

    An address of several groups gets one mail about all of them; one that gets everything, none.
    """
    groups: dict[str, set[str]] = defaultdict(set)
    for group, recipients in settings.mail_group_recipients.items():
        for recipient in recipients:
            if recipient not in settings.mail_recipients:
                groups[recipient].add(group)
    alike: dict[frozenset[str], list[str]] = defaultdict(list)
    for recipient, own in groups.items():
        alike[frozenset(own)].append(recipient)
    limited = [
        Audience(tuple(sorted(recipients)), Scope.of(catalogue, own))
        for own, recipients in sorted(alike.items(), key=lambda pair: sorted(pair[0]))
    ]
    return [Audience(settings.mail_recipients), *limited]


def concerned(settings: Settings, catalogue: Catalogue, about: str) -> Iterable[Audience]:
    """The audiences that an incident about something is for; the one of everything is the first."""
    return (a for a in audiences(settings, catalogue) if a.concerned(about))
