// Something that is read from the API: loading, there, or failed with its reason. Read again when it changes.

import { read, Problem } from './api';
import { listen } from './live.svelte';
import type { Page } from './types';

type Filters = Record<string, string | number | null | undefined>;

function asProblem(error: unknown): Problem {
  return error instanceof Problem ? error : new Problem(0, 'This page failed', String(error), 'Reload the page. If it stays, it is a fault of the console: please report it.');
}

export class Loaded<T> {
  value = $state.raw<T | null>(null);
  problem = $state.raw<Problem | null>(null);
  loading = $state(true);
  #asked: { path: string; filters: Filters } | null = null;
  #abort: AbortController | null = null;

  /** Reads `path`; what was there stays until the new answer has come, unless it was something else. */
  async read(path: string, filters: Filters = {}): Promise<void> {
    const same = this.#asked && this.#asked.path === path && JSON.stringify(this.#asked.filters) === JSON.stringify(filters);
    if (!same) { this.value = null; this.problem = null; this.loading = true; }
    this.#asked = { path, filters };
    this.#abort?.abort();
    const abort = (this.#abort = new AbortController());
    try {
      const value = await read<T>(path, filters, abort.signal);
      if (abort.signal.aborted) return;
      this.value = value;
      this.problem = null;
    } catch (error) {
      if (abort.signal.aborted) return;
      this.problem = asProblem(error);
    }
    this.loading = false;
  }

  again = (): void => {
    if (this.#asked) void this.read(this.#asked.path, this.#asked.filters);
  };

  stop(): void {
    this.#abort?.abort();
  }
}

/** Reads while the component lives: anew when what `where` says changes, or one of the topics does. */
export function loaded<T>(where: () => { path: string; filters?: Filters } | null, topics: string[] = []): Loaded<T> {
  const result = new Loaded<T>();
  $effect(() => {
    const asked = where();
    if (asked) void result.read(asked.path, asked.filters);
  });
  $effect(() => {
    const stop = topics.length ? listen(topics, result.again) : () => {};
    return () => { stop(); result.stop(); };
  });
  return result;
}

/** A list of any length: read page by page as the reader comes to its end. */
export class Listed<T> {
  items = $state.raw<T[]>([]);
  /** How many there are; as many as were read where nobody counted and more come. */
  total = $state(0);
  /** Whether nobody counted them and more come. */
  partial = $state(false);
  next = $state<string | null>(null);
  problem = $state.raw<Problem | null>(null);
  loading = $state(true);
  #path = '';
  #filters: Filters = {};
  #turn = 0;

  async read(path: string, filters: Filters = {}): Promise<void> {
    this.#path = path;
    this.#filters = filters;
    this.loading = true;
    const turn = ++this.#turn;
    try {
      const page = await read<Page<T>>(path, { limit: 200, ...filters });
      if (turn === this.#turn) this.#take(page, []);
    } catch (error) {
      if (turn === this.#turn) this.problem = asProblem(error);
    }
    if (turn === this.#turn) this.loading = false;
  }

  #take(page: Page<T>, before: T[]): void {
    this.items = before.concat(page.items);
    this.total = page.total ?? this.items.length;
    this.next = page.next;
    this.partial = page.total === null && page.next !== null;
    this.problem = null;
  }

  more = async (): Promise<void> => {
    if (!this.next || this.loading) return;
    this.loading = true;
    const turn = this.#turn;
    try {
      const page = await read<Page<T>>(this.#path, { limit: 500, ...this.#filters, cursor: this.next });
      if (turn === this.#turn) this.#take(page, this.items);
    } catch (error) {
      if (turn === this.#turn) { this.problem = asProblem(error); this.next = null; }
    }
    if (turn === this.#turn) this.loading = false;
  };

  again = (): void => { void this.read(this.#path, this.#filters); };
}

export function listed<T>(where: () => { path: string; filters?: Filters } | null, topics: string[] = []): Listed<T> {
  const result = new Listed<T>();
  $effect(() => {
    const asked = where();
    if (asked) void result.read(asked.path, asked.filters);
  });
  $effect(() => (topics.length ? listen(topics, result.again) : undefined));
  return result;
}

/** A list as `Told` takes it: what was read stays while more of it comes. */
export function toldOf<T>(of: Listed<T>): { value: T[] | null; problem: Problem | null; loading: boolean; again: () => void } {
  return { value: of.loading && !of.items.length ? null : of.items, problem: of.problem, loading: of.loading, again: of.again };
}
