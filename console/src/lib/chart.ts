// What of an answer can be drawn: one number for each name or moment.

import type { Hunt } from './types';

export interface Bar { name: string; at: boolean; value: number }
export interface Chart { of: string; by: string; bars: Bar[]; left: number; overTime: boolean }

const MOST = 60;

/** The first number by the first column that is none; nothing where there are none, or where a bar would lie. */
export function charted(answer: Hunt): Chart | null {
  const value = answer.columns.findIndex((column) => column.holds === 'number');
  const by = answer.columns.findIndex((column) => column.holds === 'time' || column.holds === 'text');
  if (value < 0 || by < 0 || answer.rows.length < 2) return null;
  const overTime = answer.columns[by]?.holds === 'time';
  const all: Bar[] = [];
  for (const row of answer.rows) {
    const number = row[value], name = row[by];
    // What is not known is no bar of height nought, and one below nought cannot stand.
    if (typeof number !== 'number' || number < 0) continue;
    all.push({ name: name === null || name === undefined ? 'NULL' : String(name), at: overTime && name !== null, value: number });
  }
  if (all.length < 2) return null;
  if (overTime) all.sort((one, other) => (one.name < other.name ? -1 : 1));
  const bars = overTime ? all.slice(-MOST) : all.slice(0, MOST);
  return { of: answer.columns[value]?.name ?? '', by: answer.columns[by]?.name ?? '', bars, left: answer.rows.length - bars.length, overTime };
}
