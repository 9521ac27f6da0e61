// The program itself: the demo's installation in a folder of its own, started on a free port and stopped again.

import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A build that embeds the console. */
export const PROGRAM = process.env.CONSOLE_PROGRAM ?? '';

export class Program {
  readonly place = mkdtempSync(join(tmpdir(), 'firebreak-console-'));
  readonly config = join(this.place, 'there', 'firebreak.toml');
  /** All that it said. */
  log = '';
  #running: ChildProcess | null = null;
  #ended = false;
  #heard: (() => void)[] = [];

  /** Runs a command to its end; what it printed. */
  ask(...words: string[]): string {
    const done = spawnSync(PROGRAM, words, { cwd: this.place, encoding: 'utf8' });
    if (done.status !== 0 && done.status !== 3) throw new Error(`firebreak ${words.join(' ')}: ${done.status}\n${done.stdout}${done.stderr}`);
    return done.stdout;
  }

  /** Makes the demo's installation. Another one may listen at the usual place: this one takes any free port. */
  demo(): void {
    this.ask('demo', '--keep', join(this.place, 'there'));
    writeFileSync(this.config, readFileSync(this.config, 'utf8').replace(/^listen = .*$/m, 'listen = "127.0.0.1:0"'));
  }

  start(): void {
    this.#running = spawn(PROGRAM, ['--config', this.config, 'run'], { cwd: this.place });
    const take = (bytes: Buffer): void => { this.log += bytes.toString(); this.#heard.forEach((one) => one()); };
    this.#running.stdout?.on('data', take);
    this.#running.stderr?.on('data', take);
    this.#running.once('exit', () => { this.#ended = true; this.#heard.forEach((one) => one()); });
  }

  /** Waits until it says so. */
  says(what: RegExp): Promise<string> {
    return new Promise((found, lost) => {
      const look = (): void => {
        const at = what.exec(this.log);
        if (at) found(at[0]);
        else if (this.#ended) lost(new Error('the program ended'));
      };
      this.#heard.push(look);
      look();
    });
  }

  async stop(): Promise<void> {
    if (this.#running && !this.#ended) {
      const ended = new Promise((done) => this.#running?.once('exit', done));
      this.#running.kill('SIGTERM');
      await ended;
    }
    rmSync(this.place, { recursive: true, force: true });
  }
}
