// Checks an entry of the ledger in this browser, with nothing of the server's word but the entry itself and the key:
// the record against its commitment, the commitment against the signed root (RFC 6962), the root against its signature
// (a C2SP signed note, Ed25519).

import type { ProvenEntry } from './types';

export interface Check { what: string; holds: boolean | null; why: string }

type Bytes = Uint8Array<ArrayBuffer>;
const encoder = new TextEncoder();

export function fromHex(text: string): Bytes {
  if (!/^([0-9a-f]{2})*$/.test(text)) throw new Error('not hexadecimal');
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}
export const toHex = (bytes: Bytes): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
const fromBase64 = (text: string): Bytes => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

function joined(...parts: Bytes[]): Bytes {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let place = 0;
  for (const part of parts) { whole.set(part, place); place += part.length; }
  return whole;
}
const sha256 = async (...parts: Bytes[]): Promise<Bytes> => new Uint8Array(await crypto.subtle.digest('SHA-256', joined(...parts)));

/** The root that a leaf leads to with this proof (RFC 9162, 2.1.3.2), or null where the proof has the wrong length. */
export async function rootOf(leaf: Bytes, index: number, size: number, proof: Bytes[]): Promise<Bytes | null> {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size) return null;
  let node = index, last = size - 1, hash = leaf;
  for (const sister of proof) {
    if (last === 0) return null;
    if (node % 2 === 1 || node === last) {
      hash = await sha256(Uint8Array.of(1), sister, hash);
      while (node % 2 === 0 && node !== 0) { node = Math.floor(node / 2); last = Math.floor(last / 2); }
    } else {
      hash = await sha256(Uint8Array.of(1), hash, sister);
    }
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 ? hash : null;
}

/** Whether two answers say the same, whatever the order of their fields. */
function same(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  const [one, other] = [Object.entries(a), new Map(Object.entries(b))];
  return Array.isArray(a) === Array.isArray(b) && one.length === other.size && one.every(([name, value]) => other.has(name) && same(value, other.get(name)));
}

async function record(entry: ProvenEntry): Promise<Check> {
  const what = 'The record is what was committed to';
  const commitment = toHex(await sha256(fromHex(entry.salt), encoder.encode(entry.record)));
  const holds = commitment === entry.commitment;
  const said = JSON.parse(entry.record) as { index?: unknown; id?: unknown; body?: unknown; kind?: unknown; time?: unknown };
  const shown = said.index === entry.index && said.id === entry.id && said.kind === entry.entry_kind && said.time === entry.time && same(said.body, entry.body);
  if (holds && !shown) return { what, holds: false, why: 'what is shown is not what the record says' };
  return { what, holds, why: holds ? `SHA-256 of salt and record is ${commitment.slice(0, 16)}…` : 'the hash of salt and record is another one' };
}

async function inclusion(entry: ProvenEntry): Promise<Check> {
  const what = 'The tree holds it';
  const leaf = await sha256(Uint8Array.of(0), fromHex(entry.commitment));
  const root = await rootOf(leaf, entry.index, entry.size, entry.proof.map(fromHex));
  const holds = root !== null && toHex(root) === entry.root;
  return { what, holds, why: holds ? `${entry.proof.length} hashes lead from entry ${entry.index} to the root over ${entry.size} entries` : 'the proof leads to another root' };
}

async function signature(entry: ProvenEntry): Promise<Check> {
  const what = 'The root is signed';
  const fault = (why: string): Check => ({ what, holds: false, why });
  const end = entry.checkpoint.indexOf('\n\n');
  if (end < 0) return fault('the checkpoint is not a signed note');
  const text = entry.checkpoint.slice(0, end + 1);
  const [origin, size, root] = text.split('\n');
  const [name, id, encoded] = entry.key.trim().split('+', 2).concat(entry.key.trim().split('+').slice(2).join('+'));
  if (origin !== name || Number(size) !== entry.size || !root || toHex(fromBase64(root)) !== entry.root) return fault('the checkpoint is of another tree');
  const key = fromBase64(encoded ?? '');
  const keyId = (await sha256(encoder.encode(`${name}\n`), key)).slice(0, 4);
  const line = entry.checkpoint.slice(end + 2).split('\n').find((one) => one.startsWith(`— ${name} `));
  if (!line || toHex(keyId) !== id || key[0] !== 1) return fault('it is not signed with the ledger’s key');
  const signed = fromBase64(line.slice(`— ${name} `.length));
  if (toHex(signed.slice(0, 4)) !== id) return fault('it is signed with another key');
  try {
    const imported = await crypto.subtle.importKey('raw', key.slice(1), 'Ed25519', false, ['verify']);
    const holds = await crypto.subtle.verify('Ed25519', imported, signed.slice(4), encoder.encode(text));
    return { what, holds, why: holds ? `Ed25519, key ${id} of ${name}` : 'the signature does not verify' };
  } catch (error) {
    if (error instanceof DOMException && error.name === 'NotSupportedError') return { what, holds: null, why: 'this browser has no Ed25519: check it with `firebreak verify`' };
    throw error;
  }
}

/** All checks of one entry. A check that cannot be made is null, never true. */
export async function verify(entry: ProvenEntry): Promise<Check[]> {
  const checks: [string, (entry: ProvenEntry) => Promise<Check>][] = [['The record', record], ['The tree', inclusion], ['The signature', signature]];
  return Promise.all(checks.map(async ([what, check]) => {
    try { return await check(entry); } catch (error) { return { what, holds: false, why: `it cannot be read: ${String(error)}` }; }
  }));
}
