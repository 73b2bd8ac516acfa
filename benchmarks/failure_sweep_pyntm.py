"""Run by failure_sweep.py in pyNTM's own environment: network and failures from standard input, loads and CPU seconds to its output."""

import json
import sys
import time

from pyNTM import Demand, Interface, Node, PerformanceModel


def main() -> None:
    question = json.load(sys.stdin)
    nodes = {name: Node(name) for name in question["nodes"]}
    interfaces = [
        Interface(link["id"], int(link["metric"]), 1e12, nodes[link["source"]], nodes[link["target"]], link["circuit"])
        for link in question["links"]
    ]
    demands = {Demand(nodes[a], nodes[b], rate, f"{a}-{b}") for a, b, rate in question["demands"]}
    model = PerformanceModel(set(interfaces), set(nodes.values()), demands)
    loads, seconds = [], 0.0
    for index in question["failures"]:
        link = question["links"][index]
        start = time.process_time()
        model.fail_interface(link["id"], link["source"])
        model.update_simulation()
        loads.append([0.0 if interface.failed else float(interface.traffic) for interface in interfaces])
        seconds += time.process_time() - start
        model.unfail_interface(link["id"], link["source"])
    json.dump({"loads": loads, "seconds": seconds}, sys.stdout)


if __name__ == "__main__":
    main()
