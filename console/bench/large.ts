// Answers of a large installation, made from a seed: 100,000 findings, an incident that reaches 10,000 things.

import { fixture, type Instead } from '../tests/page.ts';

export const FINDINGS = 100_000, NODES = 10_000;

function numbers(seed: number): () => number {
  let state = seed;
  return () => { state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0; return state / 2 ** 32; };
}

function findings(from: number, limit: number): unknown {
  const kinds = fixture('findings').items as { id: string; at: string }[];
  const items = Array.from({ length: Math.max(0, Math.min(limit, FINDINGS - from)) }, (_, i) => ({ ...kinds[(from + i) % kinds.length], id: `fnd-${String(from + i).padStart(16, '0')}` }));
  return { items, next: from + items.length < FINDINGS ? String(from + items.length) : null, total: FINDINGS };
}

/** Five rings from three sources, two ways into each thing: as dense as the scenario's own map. */
function graph(): unknown {
  const random = numbers(24), kinds = ['environment', 'credential', 'identity', 'group', 'resource'];
  const ring = (i: number): number => (i < 3 ? 0 : 1 + Math.floor((i * 5) / NODES));
  const nodes = Array.from({ length: NODES }, (_, i) => {
    const kind = ring(i) === 0 ? 'environment' : kinds[Math.floor(random() * kinds.length)] ?? 'resource';
    return { key: `${kind}:made/${i}`, type: kind, label: `${kind} ${i}`, arrival: new Date(Date.UTC(2026, 2, 24, 10) + i * 7000).toISOString(), certain: i % 9 !== 4, source: i < 3, crown_jewel: kind === 'resource' && i % 40 === 0, holdings: [] };
  });
  const of = (from: number, to: number): unknown => ({ from: nodes[from]?.key, to: nodes[to]?.key, kind: 'reads', certain: true });
  const edges = nodes.flatMap((_, i) => {
    if (i < 3) return [];
    const before = ring(i) === 1 ? [0, 3] as const : [Math.ceil(((ring(i) - 2) * NODES) / 5) + 3, Math.floor(((ring(i) - 1) * NODES) / 5)] as const;
    const one = (): number => before[0] + Math.floor(random() * (before[1] - before[0]));
    return [of(one(), i), of(one(), i)];
  });
  return { at: '2026-03-25T12:00:00Z', nodes, edges, next: null, total: NODES };
}

const made = graph();
export const large: Instead = (path, _, query) => {
  if (path === '/findings') return { body: findings(Number(query.get('cursor') ?? 0), Number(query.get('limit') ?? 100)) };
  if (path.endsWith('/graph')) return { body: made };
  if (path === '/now') return { body: { ...fixture('now'), totals: { ...fixture('now').totals, findings: FINDINGS, events: 1_000_000 } } };
  return undefined;
};
