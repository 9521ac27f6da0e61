// Where the things of a blast radius stand: columns by the number of steps from what was taken, and in each column the
// kinds below one another. Pure: the same graph, the same picture.

import type { GraphEdge, GraphNode } from './types';

export interface Item {
  /** The node's key, or the group's id where it is folded. */
  id: string; x: number; y: number; /** Where ways to the right begin. */ end: number; node: GraphNode | null; count: number; /** When it is reached, in milliseconds; 0 where no time is known: then from the start. */ arrival: number; kind: string; depth: number; group: number;
}
export interface Group { id: string; kind: string; depth: number; x: number; y: number; width: number; height: number; nodes: GraphNode[]; folded: boolean; labelled: boolean; items: number[] }
export interface Link { from: number; to: number; certain: boolean }
export interface Layout { items: Item[]; groups: Group[]; links: Link[]; width: number; height: number; columns: { x: number; depth: number }[]; of: Map<string, number> }

const HEAD = 26, GAP = 18, LINE = 22, DOT = 13, COLUMN_GAP = 84, LABELLED = 16, LABELLED_WIDTH = 200, FOLDED_WIDTH = 150;

/** How many steps each node is away from what was taken. What no edge leads to stands after all others. */
export function depths(nodes: GraphNode[], edges: GraphEdge[]): Map<string, number> {
  const out = new Map<string, string[]>();
  for (const { from, to } of edges) {
    const ways = out.get(from);
    if (ways) ways.push(to); else out.set(from, [to]);
  }
  const depth = new Map<string, number>();
  let ring = nodes.filter((node) => node.source).map((node) => node.key);
  for (const key of ring) depth.set(key, 0);
  for (let steps = 1; ring.length; steps += 1) {
    const next: string[] = [];
    for (const key of ring) for (const to of out.get(key) ?? []) if (!depth.has(to)) { depth.set(to, steps); next.push(to); }
    ring = next;
  }
  const after = Math.max(0, ...depth.values()) + 1;
  for (const node of nodes) if (!depth.has(node.key)) depth.set(node.key, after);
  return depth;
}

function grouped(nodes: GraphNode[], depth: Map<string, number>): Group[] {
  const found = new Map<string, Group>();
  for (const node of nodes) {
    const at = depth.get(node.key) ?? 0, id = `${at} ${node.type}`;
    const group = found.get(id) ?? { id, kind: node.type, depth: at, x: 0, y: 0, width: 0, height: 0, nodes: [], folded: false, labelled: false, items: [] };
    group.nodes.push(node);
    found.set(id, group);
  }
  // Crown jewels first: they are what one looks for.
  for (const group of found.values()) group.nodes.sort((a, b) => Number(b.crown_jewel) - Number(a.crown_jewel));
  return [...found.values()].sort((a, b) => a.depth - b.depth || b.nodes.length - a.nodes.length || (a.kind < b.kind ? -1 : 1));
}

/** The size that a group takes, and how many dots stand in one row of it. */
function measure(group: Group): number {
  const n = group.nodes.length;
  group.labelled = !group.folded && n <= LABELLED;
  if (group.folded) { group.width = FOLDED_WIDTH; group.height = HEAD + 8; return 1; }
  if (group.labelled) { group.width = LABELLED_WIDTH; group.height = HEAD + n * LINE + 4; return 1; }
  const across = Math.max(12, Math.ceil(Math.sqrt(n * 0.7)));
  group.width = Math.max(FOLDED_WIDTH, across * DOT + 12);
  group.height = HEAD + Math.ceil(n / across) * DOT + 8;
  return across;
}

function place(group: Group, across: number, items: Item[]): void {
  const put = (id: string, node: GraphNode | null, count: number, x: number, y: number): void => {
    group.items.push(items.length);
    items.push({ id, node, count, x, y, arrival: node?.arrival ? Date.parse(node.arrival) : 0, end: group.folded || group.labelled ? group.x + group.width : x + 5, kind: group.kind, depth: group.depth, group: 0 });
  };
  if (group.folded) return put(group.id, null, group.nodes.length, group.x + 12, group.y + HEAD / 2 + 4);
  group.nodes.forEach((node, i) => {
    if (group.labelled) put(node.key, node, 1, group.x + 14, group.y + HEAD + i * LINE + LINE / 2);
    else put(node.key, node, 1, group.x + 12 + (i % across) * DOT, group.y + HEAD + Math.floor(i / across) * DOT + DOT / 2);
  });
}

/** Lays out a blast radius; the kinds in `folded` are one item for each column. */
export function lay(nodes: GraphNode[], edges: GraphEdge[], folded: ReadonlySet<string>): Layout {
  const groups = grouped(nodes, depths(nodes, edges));
  const items: Item[] = [], columns: Layout['columns'] = [];
  let x = 0, height = 0;
  for (let start = 0; start < groups.length;) {
    const depth = groups[start]?.depth ?? 0;
    let end = start, y = 24, width = 0;
    for (let group = groups[end]; group && group.depth === depth; group = groups[++end]) {
      group.folded = folded.has(group.kind) && group.nodes.length > 1;
      const across = measure(group);
      group.x = x; group.y = y;
      place(group, across, items);
      for (const item of group.items) { const one = items[item]; if (one) one.group = end; }
      y += group.height + GAP;
      width = Math.max(width, group.width);
    }
    columns.push({ x, depth });
    x += width + COLUMN_GAP;
    height = Math.max(height, y);
    start = end;
  }
  const of = new Map<string, number>();
  for (const group of groups) for (const [i, node] of group.nodes.entries()) of.set(node.key, group.items[group.folded ? 0 : i] ?? 0);
  return { items, groups, links: linked(edges, of), width: Math.max(0, x - COLUMN_GAP), height, columns, of };
}

/** The edges between items, each pair once, certain where any of its edges is. */
function linked(edges: GraphEdge[], of: Map<string, number>): Link[] {
  const found = new Map<number, Link>();
  for (const edge of edges) {
    const from = of.get(edge.from), to = of.get(edge.to);
    if (from === undefined || to === undefined || from === to) continue;
    const id = from * 1_000_003 + to, link = found.get(id);
    if (link) link.certain ||= edge.certain;
    else found.set(id, { from, to, certain: edge.certain });
  }
  return [...found.values()];
}

/** The links on a way from what was taken to `item`, and those that leave it. */
export function through(layout: Layout, item: number): Set<Link> {
  const into = new Map<number, Link[]>();
  const chosen = new Set<Link>();
  for (const link of layout.links) {
    const ways = into.get(link.to);
    if (ways) ways.push(link); else into.set(link.to, [link]);
    if (link.from === item) chosen.add(link);
  }
  // One shortest way back is what a reader can follow; all of them are a hairball.
  const seen = new Set([item]), back = new Map<number, Link>();
  let ring = [item], found: number | null = null;
  while (ring.length && found === null) {
    const next: number[] = [];
    for (const at of ring) {
      if (layout.items[at]?.depth === 0) { found = at; break; }
      for (const link of into.get(at) ?? []) if (!seen.has(link.from)) { seen.add(link.from); back.set(link.from, link); next.push(link.from); }
    }
    ring = next;
  }
  for (let at = found; at !== null && at !== item;) {
    const link = back.get(at);
    if (!link) break;
    chosen.add(link);
    at = link.to;
  }
  return chosen;
}
