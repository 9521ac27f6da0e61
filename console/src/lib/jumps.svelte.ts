// Keys that work everywhere: the palette, `g` and a letter, `?`.

import { ROOMS } from './places';
import { go } from './route.svelte';

class Jumps {
  palette = $state(false);
  help = $state(false);
  #leader = 0;

  key = (event: KeyboardEvent): void => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
      event.preventDefault();
      this.palette = !this.palette;
      return;
    }
    const target = event.target as HTMLElement | null;
    const writing = target?.closest?.('input, textarea, select, dialog, [contenteditable]');
    if (writing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === '?') { this.help = true; return; }
    if (event.key === 'g') { this.#leader = event.timeStamp; return; }
    const room = event.timeStamp - this.#leader < 1500 ? ROOMS.find((one) => one.key === event.key) : undefined;
    this.#leader = 0;
    if (room) { event.preventDefault(); go(room.path); }
  };
}

export const jumps = new Jumps();
