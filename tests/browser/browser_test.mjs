// A browser in front of the real program; ./run says how to start this. A test gets a page of its own that has been
// to the server, so that what it asks for is of the same origin.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';

const shots = process.env.SCREENSHOTS;
const configuration = {
  server: { listen: '127.0.0.1:0', drain: '1s' },
  endpoints: {
    '/five': { source: { counter: { from: 1, to: 5, interval: '500ms' } }, finite: true },
    '/clock': { source: { clock: { interval: '${query.every:-50ms}' } } },
    '/fast': { source: { clock: '1ms' } },
    '/firehose': { source: { clock: '0s' } },
    '/missing': { source: { file: '/nonexistent' } },
    '/echo': { source: 'echo', input: true },
    '/log': { source: { file: { path: join(process.cwd(), 'app.log'), follow: true, start: 'end' } } },
  },
};

let program, browser, origin;

before(async () => {
  const file = join(process.cwd(), 'coyield.json');
  writeFileSync(file, JSON.stringify(configuration));
  program = spawn(process.env.COYIELD, ['serve', file], { stdio: ['ignore', 'inherit', 'pipe'], cwd: tmpdir() });
  for await (const line of createInterface({ input: program.stderr })) {
    const address = /listening address=(\S+)/.exec(line);
    if (address) { origin = 'http://' + address[1]; break; }
  }
  assert.ok(origin, 'the program does not listen');
  program.stderr.resume();
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ['--no-sandbox'] });
});

after(async () => {
  await browser?.close();
  if (program.exitCode !== null) return;
  program.kill('SIGTERM');
  const [code] = await once(program, 'exit');
  assert.equal(code, 0);
});

/// Runs `body(page)` on a new page. What the page says on its console fails the test, unless it is `expected`.
async function with_page(options, body, expected = /^$/) {
  const context = await browser.newContext({ viewport: { width: 1000, height: 640 }, ...options });
  try {
    const page = await context.newPage();
    await page.route('**/favicon.ico', (route) => route.fulfill({ status: 204 }));  // asked for in front of JSON
    const complaints = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => complaints.push(message.text()));
    await body(page);
    assert.deepEqual(complaints.filter((text) => !expected.test(text)), []);
  } finally {
    await context.close();
  }
}

function state_becomes(page, pattern) {
  return page.waitForFunction((source) => new RegExp(source).test(document.getElementById('state').textContent), pattern.source,
                              { timeout: 20000 });
}

async function shoot(page, name) {
  if (!shots) return;
  mkdirSync(shots, { recursive: true });
  await page.screenshot({ path: join(shots, name + '.png') });
}

/// A page of the server's origin that streams nothing itself.
const quiet = '/.coyield/health';

test('the address line shows the items of a stream, and its end', () => with_page({}, async (page) => {
  const requests = [];
  page.on('request', (request) => requests.push(request.url()));
  await page.goto(origin + '/five');
  await state_becomes(page, /^live, 2 items$/);
  await state_becomes(page, /^ended, 5 items$/);
  assert.deepEqual(await page.locator('#items li').allTextContents(), ['5', '4', '3', '2', '1']);
  assert.equal(await page.textContent('#curl'), `curl -N '${origin}/five'`);
  assert.equal(requests.filter((url) => url.endsWith('format=sse')).length, 1);
  await shoot(page, 'light');
}));

test('the page is readable in the dark and fits a telephone', async () => {
  await with_page({ colorScheme: 'dark' }, async (page) => {
    await page.goto(origin + '/clock');
    await state_becomes(page, /^live, \d\d items$/);
    assert.notEqual(await page.evaluate(() => getComputedStyle(document.body).color), 'rgb(0, 0, 0)');
    await shoot(page, 'dark');
  });
  await with_page({ viewport: { width: 375, height: 667 }, isMobile: true, deviceScaleFactor: 2 }, async (page) => {
    await page.goto(origin + '/clock?every=40ms');
    await state_becomes(page, /^live, \d\d items$/);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'it scrolls sideways');
    await shoot(page, 'phone');
  });
});

test('the page says why a stream was refused', () => with_page({}, async (page) => {
  await page.goto(origin + '/missing');
  await page.waitForSelector('#why:not([hidden])');
  assert.equal(await page.textContent('#why'), 'the file of this endpoint does not exist');
  await state_becomes(page, /^failed, 0 items$/);
  await shoot(page, 'refused');
}, /404/));

test('the page keeps up with a fast stream, and keeps little of it', () => with_page({}, async (page) => {
  await page.goto(origin + '/fast');
  await state_becomes(page, /^live, \d+,\d{3} items$/);
  assert.ok(await page.locator('#items li').count() <= 500);
  await page.click('#pause');
  await state_becomes(page, /paused$/);
  const first = await page.locator('#items li').first().textContent();
  await page.waitForTimeout(300);
  assert.equal(await page.locator('#items li').first().textContent(), first);
}));

test('a stream without end or pause is held back to what the page can show', () => with_page({}, async (page) => {
  await page.goto(origin + '/firehose');
  await state_becomes(page, /^live, \d\d+,\d{3} items$/);
  const slowest = await page.evaluate(async () => {
    let slowest = 0;
    for (let i = 0; i < 60; ++i) {
      const before = performance.now();
      await new Promise((drawn) => requestAnimationFrame(drawn));
      slowest = Math.max(slowest, performance.now() - before);
    }
    return slowest;
  });
  assert.ok(slowest < 1000, `a frame took ${slowest} ms`);
  await page.click('#pause');
  await state_becomes(page, /paused$/);
}));

test('EventSource reads a stream, comes back once, and is stopped by the 204', () => with_page({}, async (page) => {
  await page.goto(origin + quiet);
  const statuses = [];
  page.on('response', (response) => { if (response.url().endsWith('/five')) statuses.push(response.status()); });
  const seen = await page.evaluate(() => new Promise((resolve) => {
    const seen = { data: [], end: '', errors: 0 };
    const source = new EventSource('/five');
    source.onmessage = (event) => seen.data.push(event.data);
    source.addEventListener('end', (event) => { seen.end = event.lastEventId; });
    source.onerror = () => {
      ++seen.errors;
      if (source.readyState === EventSource.CLOSED) resolve(seen);
    };
  }));
  assert.deepEqual(seen, { data: ['1', '2', '3', '4', '5'], end: 'end', errors: 2 });
  await page.waitForTimeout(4000);  // longer than `retry:`
  assert.deepEqual(statuses, [200, 204]);
}));

/// A way to the server that can be cut, as it is for a machine that sleeps: nothing arrives, nobody says goodbye.
class Way {
  sockets = new Set();

  async open() {
    this.server = createServer((client) => {
      const server = connect(Number(new URL(origin).port), '127.0.0.1');
      for (const socket of [client, server]) {
        this.sockets.add(socket);
        socket.on('error', () => {}).on('close', () => this.sockets.delete(socket));
      }
      client.pipe(server).pipe(client);
    });
    this.server.listen(this.port ?? 0, '127.0.0.1');
    await once(this.server, 'listening');
    this.port = this.server.address().port;
  }
  cut() {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }
}

test('a log that grows and rotates while the browser sleeps comes with exactly the rest', () => with_page({}, async (page) => {
  const log = join(process.cwd(), 'app.log');
  writeFileSync(log, 'before\n');
  const way = new Way();
  await way.open();
  try {
    await page.goto(`http://127.0.0.1:${way.port}${quiet}`);
    await page.evaluate(() => {
      globalThis.seen = [];
      globalThis.source = new EventSource('/log');
      const opened = new Promise((resolve) => { source.onopen = resolve; });
      source.onmessage = (event) => seen.push(event.data);
      source.addEventListener('gap', () => seen.push('gap'));
      return opened;
    });
    const becomes = (lines) => page.waitForFunction((expected) => JSON.stringify(seen) === expected, JSON.stringify(lines));
    await page.waitForTimeout(300);
    way.cut();  // before it has got a line
    appendFileSync(log, 'one\n');
    await way.open();
    await becomes(['one']);
    way.cut();
    appendFileSync(log, 'two\n');
    renameSync(log, log + '.1');
    appendFileSync(log + '.1', 'three\n');
    writeFileSync(log, 'four\n');
    await way.open();
    await becomes(['one', 'two', 'three', 'four']);
    appendFileSync(log, 'five\n');
    await becomes(['one', 'two', 'three', 'four', 'five']);
    await page.evaluate(() => source.close());
  } finally {
    way.cut();
  }
}, /ERR_|net::/));

test('fetch gets each item when it is there', () => with_page({}, async (page) => {
  await page.goto(origin + quiet);
  const pieces = await page.evaluate(async () => {
    const pieces = [];
    const response = await fetch('/five');
    for (const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();;) {
      const { value, done } = await reader.read();
      if (done) return pieces;
      pieces.push({ value, at: performance.now() });
    }
  });
  assert.deepEqual(pieces.map(({ value }) => value), ['1\n', '2\n', '3\n', '4\n', '5\n']);
  for (let i = 1; i < pieces.length; ++i) {
    const pause = pieces[i].at - pieces[i - 1].at;
    assert.ok(pause > 350 && pause < 900, `${pause} ms between two items`);
  }
}));

test('a WebSocket gets a message an item and the close code of an end', () => with_page({}, async (page) => {
  await page.goto(origin + quiet);
  const seen = await page.evaluate(() => new Promise((resolve) => {
    const data = [];
    const socket = new WebSocket(location.origin.replace('http', 'ws') + '/five');
    socket.onmessage = (event) => data.push(event.data);
    socket.onclose = ({ code, reason, wasClean }) => resolve({ data, code, reason, wasClean });
  }));
  assert.deepEqual(seen, { data: ['1', '2', '3', '4', '5'], code: 1000, reason: 'end', wasClean: true });
}));

test('a WebSocket is answered what it says', () => with_page({}, async (page) => {
  await page.goto(origin + quiet);
  const seen = await page.evaluate(() => new Promise((resolve) => {
    const said = ['hi', 'zwölf\n\u{1F600}', ''];
    const heard = [];
    const socket = new WebSocket(location.origin.replace('http', 'ws') + '/echo');
    socket.onopen = () => said.forEach((text) => socket.send(text));
    socket.onmessage = (event) => {
      heard.push(event.data);
      if (heard.length === said.length) socket.close(1000);
    };
    socket.onclose = ({ code }) => resolve({ heard, code });
  }));
  assert.deepEqual(seen, { heard: ['hi', 'zwölf\n\u{1F600}', ''], code: 1000 });
}));

test('a page of another origin may not open a WebSocket', () => with_page({}, async (page) => {
  await page.goto('data:text/html,elsewhere');
  const code = await page.evaluate((url) => new Promise((resolve) => {
    new WebSocket(url).onclose = (event) => resolve(event.code);
  }), origin.replace('http', 'ws') + '/echo');
  assert.equal(code, 1006);
}, /WebSocket connection/));

test('SIGTERM closes a WebSocket with 1001', () => with_page({}, async (page) => {
  await page.goto(origin + quiet);
  const code = page.evaluate(() => new Promise((resolve) => {
    const socket = new WebSocket(location.origin.replace('http', 'ws') + '/clock');
    socket.onopen = () => { document.title = 'open'; };
    socket.onclose = (event) => resolve(event.code);
  }));
  await page.waitForFunction(() => document.title === 'open');
  program.kill('SIGTERM');
  assert.equal(await code, 1001);
  const [exit] = program.exitCode === null ? await once(program, 'exit') : [program.exitCode];
  assert.equal(exit, 0);
}));
