// What a benchmark or score says: to the file that `cargo xtask` names, else to the terminal.

import { appendFileSync } from 'node:fs';

export function say(text: string): void {
  const file = process.env.CONSOLE_SAYS;
  if (file) appendFileSync(file, `${text}\n`);
  else console.log(`\n${text}`);
}
