// The recorded answers have the form that the program answers in: what `docs/openapi.json` says of each path.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@playwright/test';
import { PATHS, recorded } from './page.ts';

interface Schema { type?: string; const?: unknown; anyOf?: Schema[]; properties?: Record<string, Schema>; required?: string[]; items?: Schema; format?: string }
const DOCUMENT = JSON.parse(readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'openapi.json'), 'utf8')) as { paths: Record<string, { get?: { responses: { 200?: { content?: { 'application/json'?: { schema: Schema } } } } } }> };

/** What of `value` is not as `schema` says. */
function faults(schema: Schema, value: unknown, at: string): string[] {
  if (schema.anyOf) return schema.anyOf.some((one) => !faults(one, value, at).length) ? [] : [`${at}: ${JSON.stringify(value)?.slice(0, 80)}`];
  if ('const' in schema) return value === undefined || value === schema.const ? [] : [`${at}: not ${String(schema.const)}`];
  const kind = value === null ? 'null' : Array.isArray(value) ? 'array' : Number.isInteger(value) && schema.type === 'integer' ? 'integer' : typeof value;
  if (schema.type && kind !== schema.type) return [`${at}: ${kind} where ${schema.type} is`];
  if (kind === 'array') return (value as unknown[]).flatMap((one, i) => (schema.items ? faults(schema.items, one, `${at}[${i}]`) : []));
  if (kind !== 'object' || !schema.properties) return [];
  const object = value as Record<string, unknown>;
  const lost = (schema.required ?? []).filter((name) => name !== 'kind' && !(name in object)).map((name) => `${at} lacks ${name}`);
  return lost.concat(Object.entries(schema.properties).flatMap(([name, one]) => (name in object ? faults(one, object[name], `${at}.${name}`) : [])));
}

test('every recorded answer fits the document of the API', () => {
  const wrong: string[] = [];
  let held = 0;
  for (const [path, { get }] of Object.entries(DOCUMENT.paths)) {
    const schema = get?.responses[200]?.content?.['application/json']?.schema;
    const place = path.replace('/api/v1', '').replace(/\{[^}]+\}/g, '1');
    if (!schema?.properties || !PATHS.some(([form]) => form.test(place))) continue;
    held += 1;
    wrong.push(...faults(schema, recorded(place), place));
  }
  expect(wrong).toEqual([]);
  expect(held, 'of all paths that the pages ask').toBeGreaterThanOrEqual(PATHS.length - 2);
});
