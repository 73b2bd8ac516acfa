"""What may fail according to a clause of an intent."""

from fnmatch import fnmatchcase

from nettwin.changes.selection import links_named
from nettwin.changes.single_failures import Failure, FailureKind, single_failures
from nettwin.errors import UnknownNameError
from nettwin.intents import survival
from nettwin.scenario import Scenario

_KINDS: dict[survival.FailureKind, FailureKind] = {
    survival.FailureKind.LINK: "links",
    survival.FailureKind.NODE: "nodes",
    survival.FailureKind.RISK_GROUP: "groups",
}


def chosen_failures(clause: survival.Survive, scenario: Scenario) -> tuple[Failure, ...]:
    """Everything of its kind that can still fail, or what it names of that. Raises UnknownNameError for a name that nothing has."""
    every = single_failures(scenario.topology, _KINDS[clause.single])
    if not clause.only:
        return every
    chosen = {name for pattern in clause.only for name in _named(clause.single, pattern, every, scenario)}
    return tuple(failure for failure in every if failure.id in chosen)


def _named(kind: survival.FailureKind, pattern: str, every: tuple[Failure, ...], scenario: Scenario) -> set[str]:
    if kind is survival.FailureKind.LINK:  # a circuit goes by many names: its own, its links', with its ends turned
        links = set(links_named(scenario.topology, pattern))
        return {failure.id for failure in every if not links.isdisjoint(failure.links)}
    names = [failure.id for failure in every]
    found = {name for name in names if name == pattern or fnmatchcase(name, pattern)}
    if not found:
        raise UnknownNameError.among(str(kind), pattern, names, where="survive")
    return found
