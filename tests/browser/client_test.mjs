// handlers/coyield.js in a browser, from the real program; ./run says how to start this, and puts servers.mjs of
// tests/client beside it. Where the program has /.coyield/ws, `auto` is a WebSocket.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { appendFileSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { chromium } from 'playwright-core';
import { Program, folder_of, scripted, test, until } from './servers.mjs';

let browser;
before(async () => {
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ['--no-sandbox'] });
});
after(() => browser?.close());

/** A context that goes with the test. */
async function context_of(t) {
  const context = await browser.newContext();
  t.after(() => context.close());
  return context;
}

/** A tab that has the client as `coyield`, from the program itself. */
async function tab(context, { origin }) {
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  await page.goto(origin + '/.coyield/health');
  await page.evaluate(async () => { globalThis.coyield = await import('/.coyield/coyield.js'); });
  return page;
}

/** Reads a stream in the tab, into `seen`; gaps are elements of it. */
function read(page, url, options = {}) {
  return page.evaluate(([url, options]) => {
    Object.assign(globalThis, { seen: [], states: [], stop: new AbortController() });
    const { Client } = coyield;
    globalThis.client ??= new Client();
    globalThis.loop = (async () => {
      const onState = ({ state, transport, error }) => states.push({ state, transport, why: error?.detail });
      const all_options = { ...options, gaps: 'items', signal: stop.signal, onState };
      for await (const { data, gap } of client.subscribe(url, all_options)) seen.push(gap ? { gap } : data);
      seen.push('end');
    })().catch((error) => seen.push(`${error.status} ${error.detail}`));
  }, [url, options]);
}

const becomes = (page, seen) => page.waitForFunction((expected) => JSON.stringify(seen) === expected, JSON.stringify(seen));
const state_becomes = (page, name, times = 1) =>
  page.waitForFunction(([name, times]) => states.filter(({ state }) => state === name).length >= times, [name, times]);

async function tail(t) {
  const log = join(folder_of(t), 'app.log');
  writeFileSync(log, 'before\n');
  const program = new Program(t, 'tail', log);
  await program.start();
  return { program, log };
}

/** A way to the program on which those who are connected can be lost: nothing arrives, and nobody says goodbye. */
class Way {
  pairs = [];

  static async to(t, program) {
    const way = new Way();
    const server = createServer((client) => {
      const other = connect(Number(new URL(program.origin).port), '127.0.0.1');
      way.pairs.push([client, other]);
      for (const socket of [client, other]) socket.on('error', () => {});
      client.pipe(other).pipe(client);
    });
    t.after(() => {
      server.close();
      way.pairs.flat().forEach((socket) => socket.destroy());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    way.origin = `http://127.0.0.1:${server.address().port}`;
    return way;
  }
  lose() {
    for (const [client, other] of this.pairs) {
      client.unpipe(other);
      other.unpipe(client);
      other.destroy();
    }
  }
}

for (const transport of ['fetch', 'auto']) {
  test(`${transport}: a page reads a stream to its end, and is told why it cannot have another`, async (t) => {
    const program = await Program.serving(t, { '/count/{n}': { source: { counter: { to: '${path.n}' } } } });
    const page = await tab(await context_of(t), program);
    await read(page, '/count/5', { transport });
    await becomes(page, [1, 2, 3, 4, 5, 'end']);
    await read(page, '/nowhere', { transport });
    await becomes(page, ['404 nothing is served at "/nowhere"']);
  });

  test(`${transport}: leaving the loop, and closing the tab, stop the generator`, async (t) => {
    const program = await Program.serving(t, { '/clock': { source: { clock: '20ms' } } });
    const context = await context_of(t);
    const [one, two] = [await tab(context, program), await tab(context, program)];
    const endpoints = async () => (await program.streams()).filter(({ endpoint }) => endpoint === '/clock').length;
    await read(one, '/clock', { transport });
    await read(two, '/clock', { transport });
    await until(async () => await endpoints() === 2);
    await one.evaluate(() => stop.abort());
    await until(async () => await endpoints() === 1);
    await two.close();
    await until(async () => await endpoints() === 0);
  });

  test(`${transport}: two tabs get exactly the rest when the program is restarted`, async (t) => {
    const { program, log } = await tail(t);
    const context = await context_of(t);
    const tabs = [await tab(context, program), await tab(context, program)];
    const all_become = (seen) => Promise.all(tabs.map((page) => becomes(page, seen)));
    await Promise.all(tabs.map((page) => read(page, '/app.log', { transport })));
    await Promise.all(tabs.map((page) => state_becomes(page, 'open')));
    appendFileSync(log, 'one\n');
    await all_become(['one']);
    for (const [signal, line] of [['SIGTERM', 'two'], ['SIGKILL', 'three']]) {
      await program.stop(signal);
      appendFileSync(log, line + '\n');
      await program.start();
      appendFileSync(log, 'and\n');
      await all_become(line === 'two' ? ['one', 'two', 'and'] : ['one', 'two', 'and', 'three', 'and']);
    }
  });

  test(`${transport}: a page that was offline goes on where it was, as soon as the network is back`, async (t) => {
    const { program, log } = await tail(t);
    const context = await context_of(t);
    const page = await tab(context, program);
    await read(page, '/app.log', { transport });
    await state_becomes(page, 'open');
    appendFileSync(log, 'one\n');
    await becomes(page, ['one']);
    await context.setOffline(true);
    appendFileSync(log, 'two\n');
    await context.setOffline(false);
    await becomes(page, ['one', 'two']);
    appendFileSync(log, 'three\n');
    await becomes(page, ['one', 'two', 'three']);
    await state_becomes(page, 'open', 2);
  });

  test(`${transport}: a machine that slept until its connections were forgotten gets exactly the rest`, async (t) => {
    const { program, log } = await tail(t);
    const way = await Way.to(t, program);
    const page = await tab(await context_of(t), way);
    page.setDefaultTimeout(30_000);
    // The browser may ask again by a connection that it has kept, which is as lost: a silence finds that out.
    await read(page, '/app.log', { transport, silence: 6_000 });
    await state_becomes(page, 'open');
    appendFileSync(log, 'one\n');
    await becomes(page, ['one']);
    way.lose();
    appendFileSync(log, 'two\n');
    await page.evaluate(() => {  // ten minutes that no timer has noticed
      const { now } = Date;
      Date.now = () => now() + 600_000;
    });
    await becomes(page, ['one', 'two']);
    assert.equal((await page.evaluate(() => states.find(({ state }) => state === 'reconnecting'))).why, 'the machine was away');
    appendFileSync(log, 'three\n');
    await becomes(page, ['one', 'two', 'three']);
  });

  test(`${transport}: what is gone is a gap`, async (t) => {
    const program = await Program.serving(t, { '/shared': { source: { clock: '5ms' }, share: { replay: 2, linger: '1m' } } });
    const context = await context_of(t);
    const page = await tab(context, program);
    const first = await page.evaluate(async (transport) => {
      for await (const { id, data } of coyield.subscribe('/shared', { transport })) return { id, i: data.i };
    }, transport);
    await read(page, '/shared', { transport });
    await page.waitForFunction(() => seen.length > 20);
    await page.evaluate(() => stop.abort());
    await read(page, '/shared', { transport, lastEventId: first.id });
    await page.waitForFunction(() => seen.length > 2);
    const [{ gap }, next] = await page.evaluate(() => seen);
    assert.equal(gap.from, first.id);
    assert.equal(next.i, first.i + gap.count + 1);
  });

  test(`${transport}: a page that is busy holds the source back, and misses nothing`, async (t) => {
    const lines = 40_000;
    const file = join(folder_of(t), 'numbers');
    const line = (_, i) => JSON.stringify({ i, text: 'x'.repeat(1500) }) + '\n';  // a browser takes some 25 MB before it stops
    writeFileSync(file, Array.from({ length: lines }, line).join(''));
    const program = await Program.serving(t, { '/numbers': { source: { file: { path: file, decode: 'json' } } } });
    const page = await tab(await context_of(t), program);
    await page.evaluate((transport) => {
      globalThis.go_on = undefined;
      globalThis.result = (async () => {
        let expected = 0;
        for await (const { data } of coyield.subscribe('/numbers', { transport })) {
          if (data.i !== expected++) return `${data.i} behind ${expected - 2}`;
          if (expected === 10) await new Promise((resolve) => { globalThis.go_on = resolve; });
        }
        return expected;
      })();
    }, transport);
    await page.waitForFunction(() => globalThis.go_on);
    // By WebSocket the stream waits for credits, by fetch for the client to take what was sent.
    const items = async () => (await program.streams()).find(({ endpoint }) => endpoint === '/numbers')?.items;
    let last;
    const stands = await until(async () => {
      const now = await items();
      const still = now === last;
      last = now;
      await new Promise((resume) => setTimeout(resume, 200));
      return still && now;
    });
    assert.ok(stands < lines, 'it was all sent');
    await page.evaluate(() => go_on());
    assert.equal(await page.evaluate(() => result), lines);
  });
}

test('a page of another origin imports the client where it may', async (t) => {
  const html = { 'Content-Type': 'text/html' };
  const elsewhere = await scripted(t, (_, response) => response.writeHead(200, html).end('<!doctype html>'));
  const program = await Program.serving(t, { '/count': { source: { counter: 3 } } }, { cors: { origins: [elsewhere] } });
  const page = await (await context_of(t)).newPage();
  const read_from = (place) => page.evaluate(async (place) => {
    const { subscribe } = await import(place + '/.coyield/coyield.js');
    const seen = [];
    for await (const { data } of subscribe(place + '/count')) seen.push(data);
    return seen;
  }, place);
  await page.goto(elsewhere);
  assert.deepEqual(await read_from(program.origin), [1, 2, 3]);
  await page.goto(elsewhere.replace('127.0.0.1', 'localhost'));
  await assert.rejects(read_from(program.origin), /dynamically imported module/);
});

test('more streams than a browser has connections share one', async (t) => {
  const program = await Program.serving(t, { '/clock/{name}': { source: { clock: '20ms' } } });
  const there = await fetch(program.origin + '/.coyield/ws');
  if (there.status === 404) return t.skip('the program has no /.coyield/ws');
  const page = await tab(await context_of(t), program);
  const sockets = [];
  page.on('websocket', (socket) => sockets.push(socket.url()));
  const seen = await page.evaluate(() => Promise.all(Array.from({ length: 30 }, async (_, name) => {
    let last;
    for await (const { data } of coyield.subscribe(`/clock/${name}`)) {
      last = data.i;
      if (last === 20) break;
    }
    return last;
  })));
  assert.deepEqual(seen, Array(30).fill(20));
  assert.deepEqual(sockets, [program.origin.replace('http', 'ws') + '/.coyield/ws']);
  await program.become(0);
});
