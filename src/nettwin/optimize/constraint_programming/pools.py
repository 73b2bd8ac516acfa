"""The best few candidates of each demand."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import zip_longest

import numpy as np

from nettwin.intents.intent import Intent
from nettwin.intents.selecting import rows
from nettwin.intents.slo import Metric
from nettwin.optimize.constraint_programming.candidates import Candidate, along_route, as_it_is, over_detour
from nettwin.optimize.steering.admissible import Admissible
from nettwin.optimize.steering.allowed_routes import Route, RouteSearch, detour_along
from nettwin.optimize.steering.crossings import crossings
from nettwin.optimize.steering.detours import Detour
from nettwin.optimize.steering.disjointness import DisjointPair, Resources
from nettwin.optimize.steering.exact_routes import Apart, Requirement, RouteModel, Traveler
from nettwin.optimize.steering.present import Present
from nettwin.optimize.steering.required import required_detours
from nettwin.scenario import Scenario
from nettwin.scenario.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Ways:
    """All that is needed to propose ways for a demand."""

    scenario: Scenario
    intent: Intent
    admissible: Admissible

    @cached_property
    def present_share(self):  # type: ignore[no-untyped-def]  # csr_array [demand, link]
        """What each demand crosses now."""
        return crossings(self.scenario)

    @cached_property
    def has_way(self) -> BoolArray:  # [demand]
        return np.asarray(np.diff(self.present_share.indptr) > 0)

    @cached_property
    def is_explicit(self) -> BoolArray:  # [demand]
        pinned = np.zeros(self.scenario.traffic.n_demands, dtype=np.bool_)
        pinned[[self.scenario.index_of_demand(name) for name in self.scenario.policy.explicit_paths]] = True
        return pinned

    @cached_property
    def most_delay_s(self) -> FloatArray:  # [demand]
        """What hard SLOs leave for propagation: nothing slower can keep them."""
        most = np.full(self.scenario.traffic.n_demands, np.inf)
        for slo in self.intent.slos:
            if slo.metric is Metric.ONE_WAY_DELAY and slo.soft is None:
                concerned = rows(self.intent, slo.selected, self.scenario)
                most[concerned] = np.minimum(most[concerned], slo.bound)
        return most

    @cached_property
    def possible_delay_s(self) -> FloatArray:  # [demand]
        """Propagation delay of the shortest path over links that are up."""
        traffic = self.scenario.traffic
        return np.asarray(self.admissible.lengths.possible_delay_s[traffic.source, traffic.target])

    def disjoint_routes(self, pair: DisjointPair) -> list[Route]:
        """The shortest routes of a pair that share nothing; none where there are none."""
        if pair not in self._known_routes:
            travelers = tuple(self._traveler(row) for row in (pair.first, pair.second))
            model = RouteModel(self.scenario.topology, travelers, (Apart("disjoint", 0, 1, pair.kind),))
            self._known_routes[pair] = model.routes(np.inf, deterministic_s=1.0) or []
        return self._known_routes[pair]

    @cached_property
    def _known_routes(self) -> dict[DisjointPair, list[Route]]:
        return {}

    def _traveler(self, row: int) -> Traveler:
        rule, ends = self._search(row).rule, self.ends(row)
        slowest = rule.max_stretch * self.possible_delay_s[row] if rule.max_stretch < np.inf else np.inf
        asked = Requirement("paths", rule.is_avoided, rule.sequences, rule.max_hops, min(slowest, float(self.most_delay_s[row])))
        return Traveler(*ends, (asked,))

    def present(self, row: int) -> Candidate:
        """What the demand does now, and whether that is allowed."""
        if row not in self._known_present:
            self._known_present[row] = self._looked_up(row)
        return self._known_present[row]

    @cached_property
    def _known_present(self) -> dict[int, Candidate]:
        return {}

    def _looked_up(self, row: int) -> Candidate:
        share = self.present_share
        entries = slice(share.indptr[row], share.indptr[row + 1])
        link, fraction = share.indices[entries], share.data[entries]
        order = np.argsort(link)
        candidate = as_it_is(self.scenario, link[order], fraction[order], is_allowed=True)
        return replace(candidate, is_allowed=self._may_stay(row, candidate))

    def proposals(self, row: int, prices: Iterable[FloatArray], n_wanted: int) -> list[Candidate]:
        """New ways, none like another: the cheapest by each of the prices [link] in turn, over at most one node or link if that will do."""
        rows_ = np.array([row])
        allowed = self._allowed(rows_)
        ranked = [self._ranked(self._costs_over(rows_, price, allowed)[0], 4 * n_wanted) for price in prices]
        detours: Iterator[Detour] = (detour for best in zip_longest(*ranked) for detour in best if detour is not None)
        found = self._distinct(row, (self._over(row, detour) for detour in detours), n_wanted)
        if len(found) < 2:
            found = self._distinct(row, [*found, *self._far_fetched(row)], n_wanted)
        return found

    def along(self, row: int, route: Route) -> list[Candidate]:
        """The way of a route: by segments if so many are allowed, else as an explicit path, unless that must survive failures."""
        detour = detour_along(self.admissible.vectors, self.scenario.topology, route)
        if len(detour) <= self.admissible.max_segments:
            return [self._over(row, detour)]
        must_survive = any(clause.connected for clause in self.intent.survive)
        return [] if must_survive else [along_route(self.scenario.topology, route)]

    def beside(self, pair: DisjointPair, row: int, others: Iterable[Candidate]) -> list[Candidate]:
        """Ways of one demand of a pair that share nothing with a way of the other one."""
        other = pair.second if row == pair.first else pair.first
        resources = Resources(self.scenario.topology, pair.kind)
        found = []
        for candidate in others:
            closed = resources.links_using(resources.used(candidate.link, self.ends(other)))
            best = self._search(row).shortest(*self.ends(row), is_closed=closed)
            if best is not None and self._is_in_time(row, best[1]):
                found += self.along(row, best[0])
        return found

    def ends(self, row: int) -> tuple[int, int]:
        traffic = self.scenario.traffic
        return int(traffic.source[row]), int(traffic.target[row])

    def ordered(self, row: int, candidate: Candidate) -> Candidate:
        """With the number of changes that it takes: an explicit path must be cleared before segments count."""
        return replace(candidate, n_changes=2 if self.is_explicit[row] and any(detour for detour, _ in candidate.lists) else 1)

    def _over(self, row: int, detour: Detour) -> Candidate:
        return over_detour(self.admissible.vectors, self.scenario.topology, self.ends(row), detour)

    def _search(self, row: int) -> RouteSearch:
        return RouteSearch(self.scenario.topology, self.admissible.checks[self.admissible.check_of[row]].rule)

    def _is_in_time(self, row: int, delay_s: float) -> bool:
        rule = self.admissible.checks[self.admissible.check_of[row]].rule
        possible = self.admissible.lengths.possible_delay_s[self.ends(row)]
        limit = rule.max_stretch * possible if rule.max_stretch < np.inf else np.inf
        return delay_s <= min(limit, float(self.most_delay_s[row])) * (1 + 1e-9)

    def _may_stay(self, row: int, candidate: Candidate) -> bool:
        return candidate.delay_s <= self.most_delay_s[row] * (1 + 1e-9) and self._now.keeps(row)

    @cached_property
    def _now(self) -> Present:
        return Present(self.admissible)

    def cheapest_of(self, rows_: IntArray, price: FloatArray) -> list[Candidate | None]:
        """For each of many demands the cheapest of the direct way and the detours over one place; None where none is allowed."""
        costs = self._costs_over(rows_, price, self._allowed(rows_))
        best = costs.argmin(axis=1)
        is_any = np.isfinite(costs[np.arange(len(rows_)), best])
        return [
            self.ordered(row, self._over(row, self._places[place])) if found else None
            for row, place, found in zip(rows_.tolist(), best.tolist(), is_any.tolist(), strict=True)
        ]

    def _ranked(self, costs: FloatArray, n: int) -> list[Detour]:
        best = np.argsort(costs, kind="stable")[:n]
        return [self._places[place] for place in best if np.isfinite(costs[place])]

    @cached_property
    def _places(self) -> list[Detour]:
        """The direct way, then the detours over each node, then those over each link."""
        topology = self.scenario.topology
        return [(), *((node,) for node in range(topology.n_nodes)), *((~link,) for link in range(topology.n_links))]

    def _allowed(self, rows_: IntArray) -> BoolArray:  # [row, place]
        direct = self.admissible.direct[rows_][:, None]
        return np.concatenate([direct, *(self.admissible.of_rows(rows_, is_link=is_link) for is_link in (False, True))], axis=1)

    def _costs_over(self, rows_: IntArray, price: FloatArray, allowed: BoolArray) -> FloatArray:  # [row, place]
        """Of ways that cost the same the simplest is a little cheaper; infinite where a way is not allowed."""
        topology, traffic, cost = self.scenario.topology, self.scenario.traffic, self._costs(price)
        source, target = traffic.source[rows_], traffic.target[rows_]
        over_node = cost[source] + cost[:, target].T
        over_link = cost[source][:, topology.link_source] + price + cost[topology.link_target][:, target].T
        costs = np.concatenate([cost[source, target][:, None], over_node * (1 + 1e-9), over_link * (1 + 2e-9)], axis=1)
        return np.where(allowed, costs, np.inf)

    def _costs(self, price: FloatArray) -> FloatArray:  # [source, target]
        """What a unit of traffic pays on its way between any two nodes."""
        key = price.tobytes()
        if key not in self._known_costs:
            vectors = self.admissible.vectors
            paid = np.concatenate([[0.0], np.cumsum(vectors.fraction * price[vectors.link])])
            self._known_costs[key] = np.diff(paid[vectors.offsets]).reshape(vectors.n_nodes, vectors.n_nodes)
        return self._known_costs[key]

    @cached_property
    def _known_costs(self) -> dict[bytes, FloatArray]:
        return {}

    def _far_fetched(self, row: int) -> list[Candidate]:
        """Ways of several segments, and the shortest allowed one as a route of its own."""
        found = [self._over(row, detour) for detour in required_detours(self.admissible, row)]
        best = self._search(row).shortest(*self.ends(row))
        return found if best is None or not self._is_in_time(row, best[1]) else [*found, *self.along(row, best[0])]

    def _distinct(self, row: int, candidates: Iterable[Candidate], n_wanted: int) -> list[Candidate]:
        found: dict[tuple[bytes, bytes], Candidate] = {}
        for candidate in candidates:
            if candidate.delay_s <= self.most_delay_s[row] * (1 + 1e-9):
                found.setdefault(candidate.signature, self.ordered(row, candidate))
            if len(found) == n_wanted:
                break
        return list(found.values())
