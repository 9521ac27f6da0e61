#!/usr/bin/env python3
"""Other programs answer the questions that the benchmark asks the map, one program and one question a process.

    peers.py <peer> <question> <folder>

The folder holds an estate as arrays of u32 (`handout.rs`) and `sets`, a list of sets of sources: count, then as many
numbers, again and again. Questions: `reach` (how many nodes each set reaches), `cut` (what the cheapest cut between each set
and the crown jewels costs), `exact` (the same where steps have several premises, by integer programming). The last line
printed is one JSON object: `build_ms`, and for each set `ms`, `value` and, for cuts, `uncuttable`.

Only the question itself is timed, wall time of one thread; loading, the shape that a program wants and the core of the
graph (what lies between sources and jewels) are not. Each peer is a process of a test environment of its own and no part of
the product:

    igraph     1.0.0        GPL-2.0-or-later (its core is C)
    rustworkx  0.18.1       Apache-2.0
    networkx   3.6.1        BSD-3-Clause
    scipy      1.17.1       BSD-3-Clause (with HiGHS, MIT)
    ortools    9.15.6755    Apache-2.0
    numpy      2.4.6        BSD-3-Clause
"""

import json
import os
import sys
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import numpy as np  # noqa: E402  (threads are settled first)
import scipy.sparse as sparse  # noqa: E402
from scipy.sparse.csgraph import breadth_first_order  # noqa: E402

# More than any sum of prices: what nothing permitted cuts. Several of them still fit into 32 bits.
UNCUTTABLE = 1 << 28


def array(folder, name):
    return np.fromfile(os.path.join(folder, name), dtype="<u4").astype(np.int64)


class Estate:
    """What `handout.rs` wrote."""

    def __init__(self, folder):
        self.start, self.end = array(folder, "from"), array(folder, "to")
        self.edge_price, self.node_price = array(folder, "edge_price"), array(folder, "node_price")
        self.gates = array(folder, "gates").reshape(-1, 2)
        self.jewels = array(folder, "jewels")
        self.nodes = len(self.node_price)
        self.sets, flat, at = [], array(folder, "sets"), 0
        while at < len(flat):
            self.sets.append(flat[at + 1 : at + 1 + flat[at]])
            at += 1 + flat[at]

    def matrix(self, start, end, size):
        return sparse.csr_matrix((np.ones(len(start), dtype=np.int8), (start, end)), shape=(size, size))

    def closure(self, sources, start, end):
        """Which nodes follow from `sources` over the given edges."""
        everything = np.concatenate([start, np.full(len(sources), self.nodes)])
        ends = np.concatenate([end, sources])
        graph = self.matrix(everything, ends, self.nodes + 1)
        reached = np.zeros(self.nodes + 1, dtype=bool)
        reached[breadth_first_order(graph, self.nodes, return_predecessors=False)] = True
        return reached[: self.nodes]


def timed(work):
    started = time.perf_counter()
    result = work()
    return result, (time.perf_counter() - started) * 1000


# Reach


def reach_scipy(estate):
    graph = estate.matrix(estate.start, estate.end, estate.nodes)
    return lambda source: len(breadth_first_order(graph, source, return_predecessors=False))


def reach_igraph(estate):
    import igraph

    graph = igraph.Graph(n=estate.nodes, edges=np.column_stack([estate.start, estate.end]), directed=True)
    return lambda source: len(graph.subcomponent(source, mode="out"))


def reach_rustworkx(estate):
    import rustworkx

    graph = rustworkx.PyDiGraph()
    graph.add_nodes_from([None] * estate.nodes)
    graph.add_edges_from_no_data(list(zip(estate.start.tolist(), estate.end.tolist())))
    return lambda source: len(rustworkx.descendants(graph, source)) + 1


def reach_networkx(estate):
    import networkx

    graph = networkx.DiGraph()
    graph.add_nodes_from(range(estate.nodes))
    graph.add_edges_from(zip(estate.start.tolist(), estate.end.tolist()))
    return lambda source: len(networkx.descendants(graph, source)) + 1


def reach(estate, peer):
    ask, build = timed(lambda: globals()[f"reach_{peer}"](estate))
    answers = []
    for sources in estate.sets:
        size, took = timed(lambda: ask(int(sources[0])))
        answers.append({"ms": took, "value": size})
    return {"build_ms": build, "answers": answers}


# Cut


class Network:
    """The core between sources and jewels as a flow network: a node with a price is two nodes with an arc between them."""

    def __init__(self, estate, sources):
        free = estate.edge_price == 0
        # A way on which nothing has a price ends at a jewel that no cut severs: it is named, and left out.
        open_node = estate.node_price == 0
        still = free & open_node[estate.start] & open_node[estate.end]
        held = estate.closure(sources[open_node[sources]], estate.start[still], estate.end[still])
        self.uncuttable = int(held[estate.jewels].sum())
        jewels = estate.jewels[~held[estate.jewels]]
        after = estate.closure(sources, estate.start, estate.end)
        before = estate.closure(jewels, estate.end, estate.start) if len(jewels) else np.zeros(estate.nodes, dtype=bool)
        core = after & before
        kept = core[estate.start] & core[estate.end]
        number = np.cumsum(core) - 1
        split = core & (estate.node_price > 0)
        inner = int(core.sum())
        exit_of = number.copy()
        exit_of[split] = inner + np.arange(int(split.sum()))
        self.size = inner + int(split.sum()) + 2
        self.source, self.sink = self.size - 2, self.size - 1
        price = estate.edge_price[kept]
        entries, targets = sources[core[sources]], jewels[core[jewels]]
        tail = [exit_of[estate.start[kept]], number[split], np.full(len(entries), self.source), exit_of[targets]]
        head = [number[estate.end[kept]], exit_of[split], number[entries], np.full(len(targets), self.sink)]
        capacity = [np.where(price > 0, price, UNCUTTABLE), estate.node_price[split]]
        capacity += [np.full(len(entries), UNCUTTABLE), np.full(len(targets), UNCUTTABLE)]
        # Parallel arcs are one arc.
        key = np.concatenate(tail) * self.size + np.concatenate(head)
        key, place = np.unique(key, return_inverse=True)
        total = np.minimum(np.bincount(place, weights=np.concatenate(capacity)), UNCUTTABLE)
        self.tail, self.head = key // self.size, key % self.size
        self.capacity = total.astype(np.int64)


def cut_scipy(network):
    from scipy.sparse.csgraph import maximum_flow

    shape = (network.size, network.size)
    graph = sparse.csr_matrix((network.capacity.astype(np.int32), (network.tail, network.head)), shape=shape)
    return lambda: int(maximum_flow(graph, network.source, network.sink).flow_value)


def cut_ortools(network):
    from ortools.graph.python import max_flow

    solver = max_flow.SimpleMaxFlow()
    solver.add_arcs_with_capacity(network.tail.astype(np.int32), network.head.astype(np.int32), network.capacity)

    def solve():
        status = solver.solve(network.source, network.sink)
        assert status == solver.OPTIMAL, status
        return int(solver.optimal_flow())

    return solve


def cut_igraph(network):
    import igraph

    edges = np.column_stack([network.tail, network.head])
    graph = igraph.Graph(n=network.size, edges=edges, directed=True)
    capacity = network.capacity.astype(float).tolist()
    return lambda: round(graph.maxflow_value(network.source, network.sink, capacity))


def cut_networkx(network):
    import networkx

    graph = networkx.DiGraph()
    arcs = zip(network.tail.tolist(), network.head.tolist(), network.capacity.tolist())
    graph.add_nodes_from([network.source, network.sink])
    graph.add_edges_from((tail, head, {"capacity": capacity}) for tail, head, capacity in arcs)
    return lambda: int(networkx.maximum_flow_value(graph, network.source, network.sink))


def cut(estate, peer):
    answers = []
    for sources in estate.sets:
        network = Network(estate, sources)
        ask, build = timed(lambda: globals()[f"cut_{peer}"](network))
        value, took = timed(ask)
        size = {"nodes": network.size, "arcs": len(network.tail), "build_ms": build}
        answers.append({"ms": took, "value": value, "uncuttable": network.uncuttable, **size})
    return {"answers": answers}


# Exact, with gates


def derivable(estate, sources, open_node, open_edge, premises):
    """The least set of nodes that follows where a step needs its origin and all its premises."""
    held = np.zeros(estate.nodes, dtype=bool)
    held[sources[open_node[sources]]] = True
    while True:
        fires = open_edge & held[estate.start] & open_node[estate.end]
        for edge, others in premises.items():
            fires[edge] = fires[edge] and held[others].all()
        more = held.copy()
        more[estate.end[fires]] = True
        if (more == held).all():
            return held
        held = more


def exact(estate, _):
    """Minimise the price of what is done, so that no jewel is derivable: a mixed integer program for HiGHS.

    One variable for each priced node and edge (done or not), one for each node (derivable or not; a superset of what is
    derivable is enough). A step over an edge: its end is derivable unless one of its needs is not, or the edge or its
    end is cut.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp

    premises = {}
    for edge, node in estate.gates:
        premises.setdefault(int(edge), []).append(int(node))
    answers = []
    for sources in estate.sets:
        everything = np.ones(estate.nodes, dtype=bool)
        reached = derivable(estate, sources, everything, np.ones(len(estate.start), dtype=bool), premises)
        still = derivable(estate, sources, estate.node_price == 0, estate.edge_price == 0, premises)
        jewels = estate.jewels[reached[estate.jewels] & ~still[estate.jewels]]
        fires = reached[estate.start] & reached[estate.end]
        for edge, others in premises.items():
            fires[edge] = fires[edge] and reached[others].all()
        edges = np.flatnonzero(fires)
        # Columns: nodes, then priced nodes, then priced edges.
        nodes = np.flatnonzero(reached)
        column = {int(node): index for index, node in enumerate(nodes)}
        priced_nodes = {int(node): len(nodes) + i for i, node in enumerate(nodes[estate.node_price[nodes] > 0])}
        first = len(nodes) + len(priced_nodes)
        priced_edges = {int(edge): first + i for i, edge in enumerate(edges[estate.edge_price[edges] > 0])}
        width = first + len(priced_edges)
        rows, columns, values, least = [], [], [], []

        def row(terms, bound):
            for place, value in terms:
                rows.append(len(least))
                columns.append(place)
                values.append(value)
            least.append(bound)

        for edge in edges.tolist():
            start, end = int(estate.start[edge]), int(estate.end[edge])
            needs = {start, *premises.get(edge, [])}
            if end in needs:
                continue
            terms = [(column[end], 1)] + [(column[need], -1) for need in needs]
            terms += [(priced[thing], 1) for priced, thing in ((priced_edges, edge), (priced_nodes, end)) if thing in priced]
            row(terms, 1 - len(needs))
        for source in sources.tolist():
            isolated = [(priced_nodes[source], 1)] if source in priced_nodes else []
            row([(column[source], 1)] + isolated, 1)
        cost, upper = np.zeros(width), np.ones(width)
        for node, place in priced_nodes.items():
            cost[place] = estate.node_price[node]
        for edge, place in priced_edges.items():
            cost[place] = estate.edge_price[edge]
        upper[[column[int(jewel)] for jewel in jewels]] = 0
        integral = np.zeros(width)
        integral[len(nodes) :] = 1
        matrix = sparse.csr_matrix((values, (rows, columns)), shape=(len(least), width))
        constraint = LinearConstraint(matrix, np.array(least), np.inf)
        options = {"time_limit": 60, "mip_rel_gap": 0}
        solve = lambda: milp(cost, integrality=integral, bounds=Bounds(0, upper), constraints=constraint, options=options)
        solved, took = timed(solve)
        value = round(solved.fun) if solved.status == 0 else None
        uncuttable = int(still[estate.jewels].sum())
        answers.append({"ms": took, "value": value, "uncuttable": uncuttable, "rows": len(least), "columns": width})
    return {"answers": answers}


def main():
    peer, question, folder = sys.argv[1:4]
    answer = {"reach": reach, "cut": cut, "exact": exact}[question](Estate(folder), peer)
    print(json.dumps(answer))


main()
