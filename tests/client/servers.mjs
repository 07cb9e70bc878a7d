// What the client is tried against: the real program, which the environment variable COYIELD names, and servers that
// follow a script. All of them go when their test is over.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test as without_bound } from 'node:test';

const patience = 20_000;  // ms, for what has to come

/** A test that fails when it has not come to its end by then. */
export const test = (name, body) => without_bound(name, { timeout: 2 * patience }, body);

/** Polls `condition` until it gives something that is true, which is the result. */
export async function until(condition, what = condition) {
  for (const deadline = performance.now() + patience; ;) {
    const value = await condition();
    if (value) return value;
    assert.ok(performance.now() < deadline, `in vain: ${what}`);
    await new Promise((resume) => setTimeout(resume, 5));
  }
}

/** A folder of the test's own. */
export function folder_of(t) {
  const folder = mkdtempSync(join(tmpdir(), 'coyield-client-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function environment() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^COYIELD|proxy/i.test(name)));
}

/** The program. It can be stopped, and started again at the same address. */
export class Program {
  constructor(t, ...command) {
    this.command = command;
    this.listeners = [''];  // for whom: '' is for all
    t.after(() => this.stop());
  }
  /** Serves `endpoints`, with an admin address. */
  static async serving(t, endpoints, settings = {}) {
    const file = join(folder_of(t), 'coyield.json');
    writeFileSync(file, JSON.stringify({ server: { admin: '127.0.0.1:0', drain: '1s', ...settings }, endpoints }));
    const program = new Program(t, 'serve', file);
    program.listeners.push('admin');
    await program.start();
    return program;
  }

  async start() {
    const listen = this.origin ? new URL(this.origin).host : '127.0.0.1:0';
    const options = { stdio: ['ignore', 'ignore', 'pipe'], env: environment() };
    this.process = spawn(process.env.COYIELD, [...this.command, '--listen', listen], options);
    const awaited = new Set(this.listeners);
    const log = [];
    for await (const line of createInterface({ input: this.process.stderr })) {
      log.push(line);
      const found = / listening address=(\S+)(?: for=(\w+))?/.exec(line);
      if (!found) continue;
      awaited.delete(found[2] ?? '');
      this[found[2] ?? 'origin'] = 'http://' + found[1];
      if (awaited.size === 0) break;
    }
    assert.equal(awaited.size, 0, log.join('\n'));
    this.process.stderr.resume();
  }
  async stop(signal = 'SIGTERM') {
    const { process } = this;
    if (!process || process.exitCode !== null || process.signalCode !== null) return;
    process.kill(signal);
    const [code] = await once(process, 'exit');
    if (signal === 'SIGTERM') assert.equal(code, 0);
  }

  /** What the admin address says of the streams that run. */
  async streams() {
    return (await fetch(this.admin + '/streams')).json();
  }
  /** Waits until there are so many. */
  become(count) {
    return until(async () => (await this.streams()).length === count, `${count} streams`);
  }
}

/** An HTTP server that answers by `answer(request, response, number)`. Gives its origin. */
export async function scripted(t, answer) {
  let number = 0;
  const server = createServer((request, response) => answer(request, response, number++));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${server.address().port}`;
}

export const event_stream = { 'Content-Type': 'text/event-stream' };

/** The next `count` items of an iterator. */
export async function take(iterator, count) {
  const items = [];
  while (items.length < count) {
    const { value, done } = await iterator.next();
    assert.ok(!done, `it ended behind ${items.length} of ${count} items`);
    items.push(value);
  }
  return items;
}

export const data_of = (items) => items.map((item) => item.data);
