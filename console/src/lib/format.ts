// Numbers, times and names as people read them.

const whole = new Intl.NumberFormat('en');
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });

export const count = (n: number): string => whole.format(n);
export const short = (n: number): string => (n < 10_000 ? whole.format(n) : compact.format(n));

export function counted(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

export function bytes(n: number | null | undefined): string {
  if (n === null || n === undefined) return 'size unknown';
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let size = n, unit = 0;
  while (size >= 1000 && unit < units.length - 1) { size /= 1000; unit += 1; }
  return `${unit === 0 || size >= 100 ? Math.round(size) : size.toFixed(1)} ${units[unit]}`;
}

export function seconds(n: number): string {
  if (n < 1) return `${Math.round(n * 1000)} ms`;
  if (n < 120) return `${Math.round(n)} s`;
  if (n < 7200) return `${Math.round(n / 60)} min`;
  if (n < 172_800) return `${Math.round(n / 3600)} h`;
  return `${Math.round(n / 86_400)} days`;
}

export const utc = (time: string): string => `${time.slice(0, 10)} ${time.slice(11, 19)} UTC`;

const localForm = new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeStyle: 'medium' });
const zoneForm = new Intl.DateTimeFormat('en', { timeZoneName: 'short' });

export function local(time: string): string {
  const date = new Date(time);
  const zone = zoneForm.formatToParts(date).find((piece) => piece.type === 'timeZoneName')?.value ?? 'local';
  return `${localForm.format(date)} ${zone}`;
}

export function ago(time: string, now: number): string {
  if (Number.isNaN(Date.parse(time))) return 'at an unknown time';
  const passed = (now - Date.parse(time)) / 1000;
  return passed < 0 ? `in ${seconds(-passed)}` : `${seconds(passed)} ago`;
}

/** `awaiting_approval` as words. */
export const words = (code: string): string => code.replaceAll('_', ' ');

/** A key `kind:system/name` in its parts. */
export function named(key: string): { kind: string; system: string; name: string } {
  const colon = key.indexOf(':');
  const rest = key.slice(colon + 1);
  const slash = rest.indexOf('/');
  return { kind: key.slice(0, Math.max(colon, 0)), system: rest.slice(0, Math.max(slash, 0)), name: rest.slice(slash + 1) };
}

/** What of a key tells it apart from its neighbours. */
export function shortName(key: string): string {
  const { name } = named(key);
  return name.replace(/^arn:aws:[a-z0-9-]*:[a-z0-9-]*:/, '').replace(/^:+/, '') || key;
}
