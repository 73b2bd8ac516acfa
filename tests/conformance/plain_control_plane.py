"""The control plane once more, in plain Python and networkx, written from the descriptions in scenario/routing.py only."""

import math
from collections import defaultdict

import networkx as nx

from nettwin.scenario import ForwardingTable, NodeSegment, Scenario


class PlainControlPlane:
    """Loads and unreachable traffic of one scenario, slow and obvious."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self.topology = scenario.topology
        up_nodes = {node.id for node in self.topology.nodes if node.is_up}
        self.links = {link.id: link for link in self.topology.links if link.is_up and {link.source, link.target} <= up_nodes}
        self.names = [node.id for node in self.topology.nodes]
        self.out = defaultdict(list)
        for link in self.links.values():
            self.out[link.source].append(link)
        self.reverse = nx.DiGraph()
        self.reverse.add_nodes_from(self.names)
        for link in self.links.values():
            known = self.reverse.get_edge_data(link.target, link.source, {"weight": math.inf})["weight"]
            self.reverse.add_edge(link.target, link.source, weight=min(known, link.metric))
        self.distance = {}
        self.load = dict.fromkeys((link.id for link in self.topology.links), 0.0)
        self.unreachable = []
        self.unreachable_bps = 0.0
        for row in range(scenario.traffic.n_demands):
            self._add_demand(row)

    def _add_demand(self, row: int) -> None:
        traffic, name = self.scenario.traffic, self.scenario.demand_ids[row]
        source, target = self.names[traffic.source[row]], self.names[traffic.target[row]]
        shares = self._shares(name, source, target)
        routed = 0.0
        for share, load in shares:
            routed += share
            for link, part in load.items():
                self.load[link] += float(traffic.rate_bps[row]) * share * part
        if routed < 1e-9:
            self.unreachable.append(row)
        self.unreachable_bps += float(traffic.rate_bps[row]) * (1.0 - routed if routed < 1 - 1e-9 else 0.0)

    def _shares(self, name, source, target):
        policy = self.scenario.policy
        if name in policy.explicit_paths:
            paths = policy.explicit_paths[name]
            return [(path.share, count(path.links)) for path in paths if path.share > 0 and all(link in self.links for link in path.links)]
        lists = [each for each in policy.segment_lists.get(name, ()) if each.segments and each.weight > 0]
        valid = [(each.weight, load) for each in lists if (load := self._segments(each.segments, source, target)) is not None]
        if valid:
            total = sum(weight for weight, _ in valid)
            return [(weight / total, load) for weight, load in valid]
        load = self._follow(source, target)
        return [] if load is None else [(1.0, load)]

    def _segments(self, segments, source, target):
        here, load = source, defaultdict(float)
        for segment in (*segments, NodeSegment(target)):
            if isinstance(segment, NodeSegment):
                parts = [self._follow(here, segment.node)]
                here = segment.node
            else:
                link = self.topology.link(segment.link)
                parts = [self._follow(here, link.source), {link.id: 1.0} if link.id in self.links else None]
                here = link.target
            for part in parts:
                if part is None:
                    return None
                for name, share in part.items():
                    load[name] += share
        return load

    def _follow(self, source, target):
        """Share of every link, or None where nothing arrives."""
        if isinstance(self.scenario.policy.base, ForwardingTable):
            return self._follow_table(source, target)
        if target not in self.distance:
            self.distance[target] = nx.single_source_dijkstra_path_length(self.reverse, target, weight="weight")
        distance = self.distance[target]
        if source not in distance:
            return None
        at, load = defaultdict(float, {source: 1.0}), defaultdict(float)
        for node in sorted(distance, key=distance.get, reverse=True):
            if node == target or at[node] == 0.0:
                continue
            following = self._next_links(node, distance)
            for link in following:
                load[link.id] += at[node] / len(following)
                at[link.target] += at[node] / len(following)
        return load

    def _next_links(self, node, distance):
        equal = [
            link
            for link in self.out[node]
            if link.target in distance and math.isclose(distance[link.target] + link.metric, distance[node], rel_tol=1e-11)
        ]
        return equal if self.scenario.policy.base.has_ecmp else [min(equal, key=lambda link: link.id)]

    def _follow_table(self, source, target):
        load, node = {}, source
        while node != target:
            index = self.scenario.policy.base.next_link[self.topology.node_index[node], self.topology.node_index[target]]
            link = self.topology.links[index] if index >= 0 else None
            if link is None or link.id not in self.links or link.id in load:
                return None
            load[link.id] = 1.0
            node = link.target
        return load


def count(links):
    shares = defaultdict(float)
    for link in links:
        shares[link] += 1.0
    return shares
