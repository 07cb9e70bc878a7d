// The console in front of the real program, which a test may end and start again; ./run says how to start this.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';

const shots = process.env.SCREENSHOTS;
const log = join(process.cwd(), 'console.log');
const endpoints = {
  '/five/{from}': { title: 'Five numbers', source: { counter: { from: '${path.from}', to: 5, interval: '${query.pause:-1ms}' } }, finite: true },
  '/walk': { source: { random: { interval: '${query.interval:-20ms}' } } },
  '/firehose': { source: { clock: '0s' } },
  '/shared': { source: { clock: '50ms' }, share: { replay: 100 } },
  '/flood': { source: { clock: '0s' }, share: { slow: 'drop_oldest', queue: 100 } },
  '/missing': { source: { file: '/nonexistent' } },
  '/echo': { source: 'echo', input: true },
  '/closed': { source: { counter: 3 }, access: ['reader'] },
  '/log': { source: { file: { path: log, follow: true, start: 'begin' } } },
  '/metrics': { source: { counter: 2 } },
  '/room': { source: { topic: 'room' }, publish: 'anyone' },
};

/// The program on ports that stay the same, whoever ends it.
class Program {
  async start(access) {
    this.port ??= await free_port();
    this.admin = 'http://127.0.0.1:' + this.port;
    const file = join(process.cwd(), `console-${this.port}.json`);
    const admin = { listen: '127.0.0.1:' + this.port, ...(access ? { access } : {}) };
    writeFileSync(file, JSON.stringify({ server: { listen: '127.0.0.1:0', admin, drain: '1s' }, endpoints }));
    this.process = spawn(process.env.COYIELD, ['serve', file], { stdio: ['ignore', 'inherit', 'pipe'], cwd: tmpdir() });
    for await (const line of createInterface({ input: this.process.stderr })) {
      const serves = /listening address=(\S+)$/.exec(line);
      if (serves) this.origin = 'http://' + serves[1];
      if (line.includes('for=admin')) break;
    }
    this.process.stderr.resume();
  }
  async end(signal = 'SIGTERM') {
    if (this.process.exitCode !== null || this.process.signalCode !== null) return;
    this.process.kill(signal);
    await once(this.process, 'exit');
  }
}

async function free_port() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

const program = new Program();
let browser;

before(async () => {
  writeFileSync(log, 'one\ntwo\n');
  await program.start();
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ['--no-sandbox'] });
});

after(async () => {
  await browser?.close();
  await program.end();
});

/// Runs `body(page)` on a new page. What the page says on its console fails the test, a breach of its policy among it,
/// unless it is `expected`.
async function with_page(options, body, expected = /^$/) {
  const context = await browser.newContext({ viewport: { width: 1200, height: 800 }, ...options });
  try {
    const page = await context.newPage();
    const complaints = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('console', (message) => complaints.push(message.text()));
    await body(page, context);
    assert.deepEqual(complaints.filter((text) => !expected.test(text)), []);
  } finally {
    await context.close();
  }
}

async function open(page, view = '/') {
  await page.goto(`${program.admin}/#${view}`);
}
async function connect(page, pattern, { format, ...values } = {}) {
  await open(page, '/endpoint' + pattern);
  for (const [id, value] of Object.entries(values)) await page.fill('#' + id, value);
  if (format) await page.selectOption('#format', format);
  await page.click('#connect');
}
function becomes(page, selector, pattern) {
  return page.waitForFunction(([where, source]) => new RegExp(source).test(document.querySelector(where)?.textContent ?? ''),
                              [selector, pattern.source], { timeout: 20000 });
}
const state_becomes = (page, pattern) => becomes(page, '#state', pattern);
/// The texts of the rows, the oldest first, without those that say what has become of the stream.
async function items(page) {
  return (await page.locator('.row:not(.note) code').allTextContents()).reverse();
}
async function shoot(page, name) {
  if (!shots) return;
  mkdirSync(shots, { recursive: true });
  await page.screenshot({ path: join(shots, `console-${name}.png`) });
}

test('all endpoints are shown with what they do now', () => with_page({}, async (page, context) => {
  await open(page);
  await becomes(page, '#server', /^coyield \d/);
  assert.equal(await page.locator('.endpoints tbody tr').count(), Object.keys(endpoints).length);
  const other = await context.newPage();
  await connect(other, '/walk');
  const row = page.locator('.endpoints tbody tr', { hasText: '/walk' });
  await page.bringToFront();
  await page.waitForFunction((element) => Number(element.children[2].textContent) > 10, await row.elementHandle());
  assert.equal(await row.locator('td').nth(1).textContent(), '1');
  await page.waitForFunction((element) => element.querySelector('path').getAttribute('d').includes('L'), await row.elementHandle());
  await shoot(page, 'overview');
}));

test('a stream is watched to its end, in each format', () => with_page({}, async (page) => {
  for (const format of ['sse', 'ndjson', 'json', 'json-seq', 'text', 'csv', 'cbor', 'msgpack', 'ws', 'ws:cbor', 'ws:msgpack']) {
    await connect(page, '/five/{from}', { format, 'path-from': '2', 'query-pause': '20ms' });
    await state_becomes(page, /^ended, 4 items/);
    assert.deepEqual(await items(page), ['2', '3', '4', '5'], format);
    assert.match(await page.textContent('.row.note'), /the stream has ended/);
    await open(page);
  }
}));

test('objects arrive whole in each format', () => with_page({}, async (page) => {
  for (const format of ['sse', 'ndjson', 'json', 'json-seq', 'text', 'csv', 'cbor', 'msgpack', 'ws', 'ws:cbor']) {
    await connect(page, '/walk', { format });
    await state_becomes(page, /^live, [1-9]\d+ items/);
    await page.click('#connect');
    await state_becomes(page, /^stopped/);
    const text = (await items(page))[0];
    if (format === 'csv') assert.match(text, /^\d+,-?\d/);
    else assert.equal(typeof JSON.parse(text).value, 'number', format);
    await page.click('#tab-chart');
    await becomes(page, '.choices', /\/value/);
    await open(page);
  }
}));

test('what a page asks for stands in a line for the terminal', () => with_page({}, async (page) => {
  await open(page, '/endpoint/five/{from}');
  await page.fill('#path-from', "it's");
  await page.selectOption('#format', 'csv');
  assert.equal(await page.textContent('#curl'), `curl -N '${program.origin}/five/it'\\''s?format=csv'`);
  await page.fill('#path-from', '');
  await page.click('#connect');
  assert.equal(await page.textContent('#why'), '"from" is missing');
  await page.fill('#path-from', 'x');
  await page.press('#path-from', 'Enter');
  await state_becomes(page, /^failed, 0 items/);
  assert.match(await page.textContent('#why'), /"from" in the path: "x" is not a whole number/);
}, /400/));

test('an endpoint with a name of the admin address is watched, too', () => with_page({}, async (page) => {
  await connect(page, '/metrics');
  await state_becomes(page, /^ended, 2 items/);
}));

test('the chart draws the numbers that are chosen', () => with_page({}, async (page) => {
  await connect(page, '/walk');
  await page.click('#tab-chart');
  await page.waitForFunction(() => Number(document.querySelector('.plot').dataset.points) > 50);
  const drawn = () => page.evaluate(() => {
    const canvas = document.querySelector('.plot canvas');
    const colours = new Set();
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    for (let i = 0; i < data.length; i += 4) if (data[i + 3] === 255) colours.add(data.slice(i, i + 3).join());
    return colours.size;
  });
  const with_line = await drawn();
  assert.ok(await page.locator('.choice', { hasText: '/value' }).locator('input').isChecked());
  await shoot(page, 'chart');
  await page.locator('.choice', { hasText: '/value' }).locator('input').uncheck();
  await page.waitForTimeout(200);
  assert.ok(await drawn() < with_line, 'the line is gone');
}));

test('a stream goes on behind its last item when the server has been away', () => with_page({}, async (page) => {
  await connect(page, '/log');
  await state_becomes(page, /^live, 2 items/);
  await program.end('SIGKILL');
  await state_becomes(page, /^broken, trying again, 2 items/);
  assert.match(await page.textContent('#why'), /the stream was cut; it will go on behind \S+/);
  await becomes(page, '#trouble', /The server has not answered/);
  await shoot(page, 'away');
  appendFileSync(log, 'three\n');
  await program.start();
  await state_becomes(page, /^live, 3 items/);
  appendFileSync(log, 'four\n');
  await state_becomes(page, /^live, 4 items/);
  assert.deepEqual(await items(page), ['one', 'two', 'three', 'four']);
  assert.match((await page.locator('.row.note').allTextContents()).join(), /connected again, behind/);
  await page.waitForSelector('#trouble', { state: 'hidden' });
}, /ERR_|net::/));

test('a stream that ends itself is not asked for again, a failure says why and is listed', () => with_page({}, async (page) => {
  await connect(page, '/missing');
  await state_becomes(page, /^failed, 0 items/);
  assert.equal(await page.textContent('#why'), 'the file of this endpoint does not exist');
  await page.click('nav >> text=Failures');
  await becomes(page, '.errors tbody', /\/missing.*does not exist/);
  await shoot(page, 'failures');
}, /404/));

test('who reads is listed with his lag, and can be stopped', () => with_page({}, async (page, context) => {
  await connect(page, '/shared');
  await state_becomes(page, /^live, [1-9]/);
  const other = await context.newPage();
  await open(other, '/streams');
  const row = other.locator('.streams tbody tr', { hasText: '/shared' });
  await row.waitFor();
  assert.match(await row.textContent(), /sse/);
  const generator = other.locator('.shares tbody tr', { hasText: '/shared' });
  await generator.waitFor();
  assert.match(await generator.textContent(), /clock/);
  assert.match(await generator.locator('td[data-label="Waits in"]').getAttribute('title'), /^clock: [\d,]+ items/);
  await shoot(other, 'streams');
  await row.locator('button').click();
  await row.locator('button', { hasText: 'Sure?' }).click();
  await page.bringToFront();
  await state_becomes(page, /^failed, \d+ items/);
  assert.equal(await page.textContent('#why'), 'stopped by the operator');
}, /ERR_INCOMPLETE_CHUNKED_ENCODING/));

test('where a stream waits is shown with what has gone through each component', () => with_page({}, async (page, context) => {
  await connect(page, '/walk');
  await state_becomes(page, /^live, [1-9]/);
  const other = await context.newPage();
  await open(other, '/streams');
  const cell = other.locator('.streams tbody tr', { hasText: '/walk' }).locator('td[data-label="Waits for"]');
  await cell.waitFor();
  await other.waitForFunction(() => /in random/.test(document.querySelector('.streams tbody')?.textContent));
  assert.match(await cell.getAttribute('title'), /^random: [\d,]+ items/);
}));

test('a generator that many share is stopped for all of them', () => with_page({}, async (page, context) => {
  const other = await context.newPage();
  for (const reader of [page, other]) {
    await connect(reader, '/shared');
    await state_becomes(reader, /^live, [1-9]/);
  }
  const third = await context.newPage();
  await open(third, '/streams');
  const button = third.locator('.shares tbody tr', { hasText: '/shared' }).locator('button');
  await button.click();
  await button.click();
  for (const reader of [page, other]) {
    await reader.bringToFront();
    await state_becomes(reader, /^failed/);
    assert.equal(await reader.textContent('#why'), 'stopped by the operator');
  }
}, /ERR_INCOMPLETE_CHUNKED_ENCODING/));

test('the columns of the streams sort', () => with_page({}, async (page, context) => {
  for (const pattern of ['/walk', '/shared']) await connect(await context.newPage(), pattern);
  await open(page, '/streams');
  await page.bringToFront();
  await page.waitForFunction(() => document.querySelectorAll('.streams tbody tr').length === 2);
  const order = () => page.locator('.streams tbody td:nth-child(2)').allTextContents();
  await page.click('.sort >> text=Endpoint');
  assert.deepEqual(await order(), ['/shared', '/walk']);
  await page.click('.sort >> text=Endpoint');
  assert.deepEqual(await order(), ['/walk', '/shared']);
  assert.equal(await page.getAttribute('th:nth-child(2)', 'aria-sort'), 'descending');
  await page.fill('input[type=search]', 'shared');
  assert.deepEqual(await order(), ['/shared']);
}));

test('a stream as fast as it goes is held back to what the page can show', () => with_page({}, async (page) => {
  await connect(page, '/firehose');
  await state_becomes(page, /^live, \d\d+,\d{3} items/);
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
  assert.ok(await page.locator('.row').count() < 60, 'only what is in sight is there');
  await page.click('#pause');
  await state_becomes(page, /paused$/);
  await page.waitForTimeout(100);
  const first = await page.locator('.row code').first().textContent();
  await page.waitForTimeout(300);
  assert.equal(await page.locator('.row code').first().textContent(), first);
}));

test('what a page could not keep up with is said, and counted', () => with_page({}, async (page) => {
  await connect(page, '/flood');
  await state_becomes(page, /^live, .* items.*, [\d,]+ gaps of \d[\d,]{4,} items/);
}));

test('a row is chosen by the keys, and shown whole, decoded and raw', () => with_page({}, async (page) => {
  await connect(page, '/shared');
  await state_becomes(page, /^live, [1-9]/);
  await page.click('#pause');
  await page.focus('.items');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowDown');
  const detail = await page.textContent('#detail');
  assert.match(detail, /id \S+-\d+\n\{\n {2}"i": \d+,\n {2}"ts": \d{19}\n\}$/, 'with all digits');
  await page.check('#raw');
  assert.match(await page.textContent('#detail'), /\nid: \S+\ndata: \{"i":\d+,"ts":\d+\}$/);
  await page.focus('.items');
  await page.keyboard.press('Escape');
  assert.ok(await page.locator('#detail').isHidden());
}));

test('a stream that takes input is talked to', () => with_page({}, async (page) => {
  await connect(page, '/echo');
  await state_becomes(page, /^live/);
  await page.fill('#say', 'zwölf');
  await page.press('#say', 'Enter');
  await state_becomes(page, /^live, 1 item/);
  assert.deepEqual(await items(page), ['zwölf']);
}));

test('an endpoint with tokens of its own asks for one', () => with_page({}, async (page) => {
  await connect(page, '/closed');
  await state_becomes(page, /^failed/);
  assert.match(await page.textContent('#why'), /needs a token/);
  await page.fill('#endpoint-token', 'reader');
  await page.click('#connect');
  await state_becomes(page, /^ended, 3 items/);
  assert.match(await page.textContent('#curl'), /-H "Authorization: Bearer \$TOKEN"/);
}, /401/));

test('the console asks for the token of the admin address, and keeps it in its tab', async () => {
  const closed = new Program();
  await closed.start(['secret']);
  try {
    await with_page({}, async (page, context) => {
      await page.goto(closed.admin + '/');
      await page.waitForSelector('#ask[open]');
      await shoot(page, 'token');
      await page.fill('#token', 'wrong');
      await page.keyboard.press('Enter');
      await becomes(page, '#token-why', /does not open/);
      await page.fill('#token', 'secret');
      await page.keyboard.press('Enter');
      await becomes(page, '#server', /^coyield/);
      assert.equal(await page.locator('.endpoints tbody tr').count(), Object.keys(endpoints).length);
      assert.deepEqual(await page.evaluate(() => [localStorage.length, document.cookie]), [0, '']);
      await page.reload();
      await becomes(page, '#server', /^coyield/);
      const other = await context.newPage();
      await other.goto(closed.admin + '/');
      await other.waitForSelector('#ask[open]');
    }, /401/);
  } finally {
    await closed.end();
  }
});

test('it is readable in the dark and fits a telephone', async () => {
  await with_page({ colorScheme: 'dark' }, async (page) => {
    await connect(page, '/walk');
    await state_becomes(page, /^live, \d\d/);
    assert.notEqual(await page.evaluate(() => getComputedStyle(document.body).color), 'rgb(27, 32, 33)');
    await shoot(page, 'dark');
  });
  await with_page({ viewport: { width: 375, height: 667 }, isMobile: true, deviceScaleFactor: 2 }, async (page, context) => {
    await connect(await context.newPage(), '/walk');
    const fits = () => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
    for (const view of ['/', '/streams', '/errors', '/endpoint/walk', '/endpoint/five/{from}']) {
      await open(page, view);
      await page.bringToFront();
      await becomes(page, '#server', /^coyield/);
      await page.waitForTimeout(1200);
      assert.ok(await fits(), view + ' scrolls sideways');
      await shoot(page, 'phone' + view.replaceAll(/\W/g, '-'));
    }
    await page.click('#connect');
    await state_becomes(page, /^ended/);
    assert.ok(await fits());
  });
});

test('what is published in one tab arrives in another', async () => {
  const answer = await (await fetch(program.admin + '/.coyield/endpoints')).json();
  const topic = answer.endpoints.find((endpoint) => endpoint.publish);
  await with_page({}, async (page, pages) => {
    await connect(page, topic.pattern);
    await state_becomes(page, /^live/);
    const other = await pages.newPage();
    await open(other, '/endpoint' + topic.pattern);
    await other.fill('#publish', '{"text":"hello"}');
    await other.click('#publish-now');
    await becomes(other, '#published', /^published as \S+/);
    await page.bringToFront();
    await state_becomes(page, /^live, 1 item/);
    assert.deepEqual(await items(page), ['{"text":"hello"}']);
  });
});
