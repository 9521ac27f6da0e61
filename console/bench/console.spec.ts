// How fast the console is, by the browser's own measure, with 100,000 findings and an incident that reaches 10,000 things.
// The answers come at once: what the API takes is not measured here. Prints one JSON object last.

import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Browser, Page } from '@playwright/test';
import { PAGES } from '../tests/pages.ts';
import { api, expect, test } from '../tests/page.ts';
import { say } from './say.ts';
import { FINDINGS, large, NODES } from './large.ts';

const middle = (values: number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
const tail = (values: number[]): number => [...values].sort((a, b) => a - b)[Math.ceil(values.length * 0.95) - 1] ?? NaN;

/** First contentful paint of each page, nothing cached, the middle of three: the slowest page. */
async function paints(browser: Browser, address: string): Promise<{ slowest: number; page: string; data: number }> {
  let slowest = 0, slow = '', data = 0;
  for (const [path, word] of PAGES) {
    const times: number[] = [], shown: number[] = [];
    for (let turn = 0; turn < 3; turn += 1) {
      const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
      const page = await context.newPage();
      await api(page, large);
      await page.goto(address + path);
      await page.getByText(word).first().waitFor();
      shown.push(await page.evaluate(() => performance.now()));
      times.push(await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? NaN));
      await context.close();
    }
    if (middle(times) > slowest) { slowest = middle(times); slow = path; }
    data = Math.max(data, middle(shown));
  }
  return { slowest, page: slow, data };
}

/** Counts interactions: the browser reports each that took longer than a frame, from the input to the paint after it. */
async function watch(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const all = ((window as unknown as { slow: Map<number, number> }).slow = new Map<number, number>());
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as unknown as { interactionId: number; duration: number }[]) if (entry.interactionId) all.set(entry.interactionId, Math.max(all.get(entry.interactionId) ?? 0, entry.duration));
    }).observe({ type: 'event', durationThreshold: 16, buffered: true } as PerformanceObserverInit);
  });
}
async function taken(page: Page, made: number): Promise<number[]> {
  await page.waitForTimeout(300);
  const slow = await page.evaluate(() => [...(window as unknown as { slow: Map<number, number> }).slow.values()]);
  // What is not reported took a frame at most.
  return slow.concat(Array<number>(Math.max(0, made - slow.length)).fill(16));
}

async function interactions(page: Page): Promise<number[]> {
  let all: number[] = [];
  await page.goto('/detections?view=findings');
  await expect(page.getByText('finding').first()).toBeVisible();
  await page.getByRole('group', { name: 'Findings' }).focus();
  for (let i = 0; i < 30; i += 1) await page.keyboard.press('PageDown');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Control+k');
  for (const letter of 'identity') await page.keyboard.press(letter);
  await page.keyboard.press('Escape');
  all = all.concat(await taken(page, 40));
  await page.goto('/incidents/inc-1?view=graph');
  const kinds = page.getByRole('group', { name: 'Fold' }).getByRole('button');
  await expect(kinds.first()).toBeVisible();
  const count = await kinds.count();
  for (let turn = 0; turn < 2; turn += 1) for (let i = 0; i < count; i += 1) await kinds.nth(i).click();
  const slider = page.getByLabel('Reached by');
  await slider.focus();
  for (let i = 0; i < 20; i += 1) await page.keyboard.press('PageDown');
  await page.getByRole('img', { name: /Blast radius/ }).focus();
  for (let i = 0; i < 10; i += 1) await page.keyboard.press('ArrowRight');
  for (let i = 0; i < 6; i += 1) await page.keyboard.press(i % 2 ? '+' : '-');
  return all.concat(await taken(page, count * 2 + 36));
}

/** Frames a second while the whole graph, nothing folded, is dragged and zoomed. */
async function frames(page: Page): Promise<number> {
  await page.goto('/incidents/inc-1?view=graph');
  const kinds = page.getByRole('group', { name: 'Fold' }).getByRole('button');
  await expect(kinds.first()).toBeVisible();
  for (let i = 0; i < (await kinds.count()); i += 1) if ((await kinds.nth(i).getAttribute('aria-pressed')) === 'true') await kinds.nth(i).click();
  await page.waitForTimeout(500);
  return page.evaluate(async () => {
    const canvas = document.querySelector('canvas') as HTMLCanvasElement;
    const box = canvas.getBoundingClientRect();
    const tell = (name: string, x: number, y: number): void => { canvas.dispatchEvent(new PointerEvent(name, { bubbles: true, pointerId: 1, clientX: box.left + x, clientY: box.top + y })); };
    canvas.setPointerCapture = () => undefined;
    tell('pointerdown', 300, 200);
    const begun = performance.now();
    let count = 0;
    await new Promise<void>((done) => {
      const next = (now: number): void => {
        count += 1;
        const along = (now - begun) / 4000;
        tell('pointermove', 300 + 250 * Math.sin(along * 12), 200 + 120 * Math.cos(along * 9));
        if (count % 6 === 0) canvas.dispatchEvent(new WheelEvent('wheel', { bubbles: true, cancelable: true, deltaY: count % 12 ? 60 : -60, clientX: box.left + 300, clientY: box.top + 200 }));
        if (along < 1) requestAnimationFrame(next);
        else done();
      };
      requestAnimationFrame(next);
    });
    return (1000 * count) / (performance.now() - begun);
  });
}

function bundle(): number {
  const dist = join(import.meta.dirname, '..', 'dist');
  const files = readdirSync(dist, { recursive: true, encoding: 'utf8' }).map((name) => join(dist, name)).filter((file) => statSync(file).isFile());
  return files.reduce((sum, file) => sum + gzipSync(readFileSync(file), { level: 9 }).length, 0) / 1000;
}

/** From the start of the program on an empty data directory until its console answers: the middle of five. */
async function start(program: string): Promise<number> {
  const times: number[] = [];
  for (let turn = 0; turn < 5; turn += 1) {
    const place = mkdtempSync(join(tmpdir(), 'firebreak-console-')), port = 19_470 + turn;
    writeFileSync(join(place, 'firebreak.toml'), `data = "${place}/data"\n[console]\nlisten = "127.0.0.1:${port}"\n`);
    const begun = performance.now();
    const running = spawn(program, ['--config', join(place, 'firebreak.toml'), 'run'], { stdio: 'ignore' });
    for (let answered = false; !answered && performance.now() - begun < 30_000;) answered = await fetch(`http://127.0.0.1:${port}/`).then((answer) => answer.ok, () => new Promise((next) => setTimeout(() => next(false), 5)));
    times.push(performance.now() - begun);
    const ended = new Promise((done) => running.once('exit', done));
    running.kill('SIGTERM');
    await ended;
    rmSync(place, { recursive: true, force: true });
  }
  return middle(times);
}

test('console', async ({ browser, page, address }) => {
  const first = await paints(browser, address);
  say(`first contentful paint, slowest of ${PAGES.length} pages (${first.page}): ${first.slowest.toFixed(0)} ms; its data shown after ${first.data.toFixed(0)} ms at most`);
  await watch(page);
  await api(page, large);
  const times = await interactions(page);
  say(`${times.length} interactions over ${FINDINGS} findings and ${NODES} things: middle ${middle(times).toFixed(0)} ms, 95 of 100 within ${tail(times).toFixed(0)} ms, slowest ${Math.max(...times).toFixed(0)} ms`);
  const fps = await frames(page);
  say(`graph of ${NODES} things, nothing folded, dragged and zoomed: ${fps.toFixed(1)} frames a second`);
  const size = bundle();
  say(`all files, compressed: ${size.toFixed(1)} kB`);
  const program = process.env.CONSOLE_PROGRAM;
  const started = program ? await start(program) : null;
  if (started !== null) say(`program started and answering: ${started.toFixed(0)} ms`);
  const round = (value: number, digits = 0): number => Number(value.toFixed(digits));
  say(JSON.stringify({ first_paint_ms: round(first.slowest), data_shown_ms: round(first.data), interaction_p95_ms: round(tail(times)), graph_10k_fps: round(fps, 1), bundle_kb: round(size, 1), start_ms: started === null ? null : round(started) }));
});
