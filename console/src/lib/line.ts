// A number over time as a line: where its points lie, and the ticks of both axes.

import type { Hunt } from './types';

export interface Point { at: string; moment: number; value: number | null; /** No row is of this moment, where the others are of every such one. */ absent?: boolean }
export interface Line { of: string; by: string; points: Point[]; /** Rows that are not drawn: without a time, or before the first that is. */ left: number }
export interface Tick { at: number; says: string }

/** So many points are drawn: more than a screen has columns says no more. */
const MOST = 2_000;

/** The answer as a line, where its first column is a time and its second a number, each time once. Nothing otherwise: two values of one
 * moment are no line. */
export function lined(answer: Hunt): Line | null {
  const [by, of] = answer.columns;
  if (by?.holds !== 'time' || of?.holds !== 'number' || answer.rows.length < 2) return null;
  const points: Point[] = [];
  for (const [at, value] of answer.rows) {
    const moment = typeof at === 'string' ? Date.parse(at) : NaN;
    if (Number.isNaN(moment)) continue;
    // What is not known is a hole, not nought.
    points.push({ at: String(at), moment, value: typeof value === 'number' && Number.isFinite(value) ? value : null });
  }
  points.sort((one, other) => one.moment - other.moment);
  if (points.some((one, i) => one.moment === points[i - 1]?.moment)) return null;
  const drawn = parted(points.slice(-MOST));
  if (drawn.filter((one) => one.value !== null).length < 2) return null;
  return { of: of.name, by: by.name, points: drawn, left: answer.rows.length - Math.min(points.length, MOST) };
}

/** Where rows stand at even distances, as those of hours do, a line over one that is not there would make up what it was: it is parted. */
function parted(points: Point[]): Point[] {
  const steps = points.slice(1).map((one, i) => one.moment - (points[i]?.moment ?? 0));
  const step = Math.min(...steps);
  if (!steps.every((one) => one % step === 0)) return points;
  return points.flatMap((one, i) => {
    const before = points[i - 1];
    if (!before || one.moment - before.moment === step) return [one];
    const moment = before.moment + step;
    return [{ at: new Date(moment).toISOString(), moment, value: null, absent: true }, one];
  });
}

/** Round numbers from below the least to above the most, nought among them unless all lies far from it. */
export function scale(values: number[], about = 4): { low: number; high: number; ticks: number[] } {
  let low = Math.min(...values), high = Math.max(...values);
  if (low > 0 && low < high * 0.7) low = 0;
  if (low === high) { if (low === 0) high = 1; else if (low > 0) low = 0; else high = 0; }
  const raw = (high - low) / about, power = 10 ** Math.floor(Math.log10(raw));
  const step = ([1, 2, 2.5, 5, 10].find((one) => one * power >= raw) ?? 10) * power;
  const first = Math.floor(low / step), last = Math.ceil(high / step);
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
  return { low: ticks[0] ?? low, high: ticks[ticks.length - 1] ?? high, ticks };
}

const MINUTE = 60_000, HOUR = 3_600_000, DAY = 86_400_000;
const STEPS = [1000, 5000, 15_000, 30_000, MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY, 14 * DAY, 30 * DAY, 90 * DAY, 365 * DAY];

/** Times at round distances between two moments, in the zone that is read: a date where a day begins, else the time of day. */
export function times(from: number, to: number, zone: 'utc' | 'local', about = 6): Tick[] {
  const step = STEPS.find((one) => (to - from) / one <= about) ?? Math.ceil((to - from) / about / DAY) * DAY;
  const away = (at: number): number => (zone === 'utc' ? 0 : new Date(at).getTimezoneOffset() * MINUTE);
  const ticks: Tick[] = [];
  for (let wall = Math.ceil((from - away(from)) / step) * step; ; wall += step) {
    const at = wall + away(wall + away(from));
    if (at > to) break;
    const said = new Date(wall).toISOString();
    const long = step < MINUTE ? said.slice(11, 19) : said.slice(11, 16);
    ticks.push({ at, says: wall % DAY === 0 ? said.slice(0, 10) : long });
  }
  return ticks;
}
