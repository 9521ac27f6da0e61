// What changes on the server, as it says so itself; and the clock.

type Listener = { topics: string[]; told: () => void };
const listeners = new Set<Listener>();

export const live = $state({ connected: false, now: Date.now() });
setInterval(() => (live.now = Date.now()), 1000);

let stream: EventSource | null = null;

/** Opens the stream of changes. The browser opens it again by itself where it breaks. */
export function connect(): void {
  if (stream) return;
  stream = new EventSource('/api/v1/events');
  let lost = false;
  stream.addEventListener('open', () => {
    live.connected = true;
    // What changed while the stream was down was told to nobody.
    if (lost) for (const listener of listeners) listener.told();
    lost = false;
  });
  stream.addEventListener('error', () => { live.connected = false; lost = true; });
  stream.addEventListener('change', (event) => {
    const said = JSON.parse((event as MessageEvent<string>).data) as { topics?: string[] };
    for (const listener of listeners) {
      if (listener.topics.some((topic) => said.topics?.includes(topic))) listener.told();
    }
  });
}

export function disconnect(): void {
  stream?.close();
  stream = null;
  live.connected = false;
}

/** Calls `told` when one of the topics changes, at most twice a second. */
export function listen(topics: string[], told: () => void): () => void {
  let waits = 0;
  const listener = { topics, told: () => { waits ||= window.setTimeout(() => { waits = 0; told(); }, 500); } };
  listeners.add(listener);
  return () => { listeners.delete(listener); clearTimeout(waits); };
}
