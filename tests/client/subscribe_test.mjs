// Streams by fetch: from the real program, through restarts, gaps and pauses, and from servers that follow a script.
import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, StreamFailed, source, subscribe } from './client.mjs';
import { Program, data_of, event_stream, folder_of, scripted, take, test, until } from './servers.mjs';

async function all(stream) {
  const items = [];
  for await (const item of stream) items.push(item);
  return items;
}

/** Options that keep the states they are told. */
function watched(options = {}) {
  const states = [];
  return { states, options: { ...options, onState: (state) => states.push(state) } };
}

const names = (states) => states.map(({ state }) => state);

test('the program serves the module, which is asked for again only when it has changed', async (t) => {
  const { origin } = await Program.serving(t, { '/count': { source: { counter: 1 } } });
  const url = origin + '/.coyield/coyield.js';
  const response = await fetch(url);
  assert.equal(response.headers.get('Content-Type'), 'text/javascript; charset=utf-8');
  assert.ok(await response.text() === readFileSync(source, 'utf8'), 'it is another one: build the program');
  const again = await fetch(url, { headers: { 'If-None-Match': response.headers.get('ETag') } });
  assert.deepEqual([again.status, again.headers.get('Content-Length')], [304, null]);
  assert.equal(await again.text(), '');
});

test('a loop gets all items, and ends when the stream has ended', async (t) => {
  const { origin } = await Program.serving(t, { '/count/{n}': { source: { counter: { to: '${path.n}' } } } });
  const { states, options } = watched();
  const items = await all(subscribe(origin + '/count/5', options));
  assert.deepEqual(data_of(items), [1, 2, 3, 4, 5]);
  assert.deepEqual(names(states), ['connecting', 'open', 'ended']);
  assert.deepEqual(await all(subscribe(origin + '/count/0')), []);
  assert.equal((await all(subscribe(origin + '/count/100000'))).length, 100_000);
});

test('URLs are relative to the base of the client', async (t) => {
  const { origin } = await Program.serving(t, { '/count': { source: { counter: 2 } } });
  const client = new Client({ base: origin });
  assert.equal((await all(client.subscribe('/count'))).length, 2);
  assert.throws(() => subscribe('/count'), TypeError);
});

test('nothing is asked for before the first next', async (t) => {
  const program = await Program.serving(t, { '/clock': { source: { clock: '10ms' } } });
  const stream = subscribe(program.origin + '/clock');
  assert.deepEqual(await program.streams(), []);
  await stream.return();
  assert.deepEqual(await stream.next(), { value: undefined, done: true });
  assert.deepEqual(await program.streams(), []);
});

test('leaving the loop stops the generator', async (t) => {
  const program = await Program.serving(t, { '/clock': { source: { clock: '10ms' } } });
  const { states, options } = watched();
  for await (const { data } of subscribe(program.origin + '/clock', options)) {
    if (data.i === 3) break;
  }
  await program.become(0);
  assert.deepEqual(names(states), ['connecting', 'open', 'closed']);
});

const hour = { source: { clock: '1h' } };

test('return() ends a next() that waits, and stops the generator', async (t) => {
  const program = await Program.serving(t, { '/hour': hour });
  const stream = subscribe(program.origin + '/hour');
  await stream.next();
  const waiting = stream.next();
  await program.become(1);
  await stream.return();
  assert.deepEqual(await waiting, { value: undefined, done: true });
  await program.become(0);
});

test('a signal ends a loop quietly, whatever it is doing', async (t) => {
  const program = await Program.serving(t, { '/hour': hour, '/clock': { source: { clock: '1ms' } } });
  const waiting = new AbortController();
  const ended = all(subscribe(program.origin + '/hour', { signal: waiting.signal }));
  await program.become(1);
  waiting.abort();
  assert.ok((await ended).length <= 1);
  await program.become(0);

  const busy = new AbortController();
  let seen = 0;
  for await (const item of subscribe(program.origin + '/clock', { signal: busy.signal })) {
    if (++seen < 3) continue;
    assert.ok(item);
    busy.abort();
    await program.become(0);  // at once, not when the loop asks for more
  }
  assert.equal(seen, 3);
  assert.deepEqual(await all(subscribe(program.origin + '/hour', { signal: AbortSignal.abort() })), []);
});

test('closing a client ends its streams', async (t) => {
  const program = await Program.serving(t, { '/hour': hour });
  const client = new Client({ base: program.origin });
  const ended = [all(client.subscribe('/hour')), all(client.subscribe('/hour'))];
  await program.become(2);
  client.close();
  await Promise.all(ended);
  await program.become(0);
});

/** A fetch that tells what has come by it. */
function overheard() {
  const decoder = new TextDecoder();
  const heard = { text: '' };
  const transform = (chunk, controller) => {
    heard.text += decoder.decode(chunk, { stream: true });
    controller.enqueue(chunk);
  };
  heard.fetch = async (...request) => {
    const response = await fetch(...request);
    return new Response(response.body.pipeThrough(new TransformStream({ transform })), response);
  };
  return heard;
}

for (const signal of ['SIGTERM', 'SIGKILL']) {
  test(`a file that grows while the program is restarted (${signal}) comes with exactly the rest`, async (t) => {
    const log = join(folder_of(t), 'app.log');
    writeFileSync(log, 'before\n');
    const program = new Program(t, 'tail', log);
    await program.start();
    const { states, options } = watched({ onGap: () => assert.fail('a gap') });
    const heard = overheard();
    const stream = new Client({ fetch: heard.fetch }).subscribe(program.origin + '/app.log', options);
    const first = stream.next();
    await until(() => /^id: |"subscribed":/m.test(heard.text));  // it has been told where it stands
    await program.stop(signal);  // before it has got a line
    await until(() => states.some(({ state }) => state === 'reconnecting'));
    appendFileSync(log, 'one\ntwo\n');
    await program.start();
    assert.equal((await first).value.data, 'one');
    appendFileSync(log, 'three\n');
    assert.deepEqual(data_of(await take(stream, 2)), ['two', 'three']);
    const next = stream.next();
    await program.stop(signal);
    appendFileSync(log, 'four\n');
    await program.start();
    appendFileSync(log, 'five\n');
    assert.equal((await next).value.data, 'four');
    assert.equal((await stream.next()).value.data, 'five');
    assert.ok(states.filter(({ state }) => state === 'reconnecting').every(({ resumes }) => resumes));
    await stream.return();
  });
}

test('a stream without ids is begun anew, and says that there is a gap', async (t) => {
  const program = await Program.serving(t, { '/clock': { source: { clock: '20ms' } } });
  const { states, options } = watched({ gaps: 'items' });
  const stream = subscribe(program.origin + '/clock', options);
  assert.deepEqual(data_of(await take(stream, 2)).map(({ i }) => i), [0, 1]);
  await program.stop('SIGKILL');
  let last = { value: {} };
  const begun_anew = (async () => {
    while (!last.value.gap) last = await stream.next();  // what was on its way comes before
    return stream.next();
  })();
  await until(() => states.some(({ state }) => state === 'reconnecting'));
  assert.equal(states.find(({ state }) => state === 'reconnecting').resumes, false);
  await program.start();
  assert.equal((await begun_anew).value.data.i, 0);
  assert.deepEqual(last.value, { gap: {}, data: undefined });
  await stream.return();
});

test('what the server has not kept is a gap that says how many', async (t) => {
  const { origin } = await Program.serving(t, { '/shared': { source: { clock: '2ms' }, share: { replay: 2 } } });
  const keeps_it_running = subscribe(origin + '/shared');
  const [{ id, data }] = await take(keeps_it_running, 1);
  await take(keeps_it_running, 30);

  const gaps = [];
  const told = subscribe(origin + '/shared', { lastEventId: id, onGap: (gap) => gaps.push(gap) });
  const next = (await told.next()).value;
  assert.equal(gaps.length, 1, 'it is told before the item behind it');
  assert.equal(gaps[0].from, id);
  assert.equal(next.data.i, data.i + gaps[0].count + 1);
  await told.return();

  const stream = subscribe(origin + '/shared', { lastEventId: id, gaps: 'items' });
  const [element, behind] = await take(stream, 2);
  assert.equal(behind.data.i, data.i + element.gap.count + 1);
  await stream.return();

  const warn = t.mock.method(console, 'warn', () => {});
  const unaware = subscribe(origin + '/shared', { lastEventId: id });
  await unaware.next();
  assert.match(warn.mock.calls[0].arguments[0], /^coyield: \d+ items behind \S+ are missing/);
  await unaware.return();

  const strict = subscribe(origin + '/shared', { lastEventId: id, onGap: () => { throw new RangeError('a gap'); } });
  await assert.rejects(strict.next(), RangeError);
  await keeps_it_running.return();
});

test('a loop that sleeps holds the source back, and misses nothing', async (t) => {
  const lines = 300_000;
  const file = join(folder_of(t), 'numbers');
  writeFileSync(file, Array.from({ length: lines }, (_, i) => JSON.stringify({ i, text: 'x'.repeat(40) }) + '\n').join(''));
  const program = await Program.serving(t, { '/numbers': { source: { file: { path: file, decode: 'json' } } } });
  let expected = 0;
  for await (const { data } of subscribe(program.origin + '/numbers')) {
    assert.equal(data.i, expected++);
    if (expected === 10) {
      const stream = await until(async () => (await program.streams()).find(({ state }) => state === 'client'));
      assert.ok(stream.items < lines, 'it was all sent');
    }
  }
  assert.equal(expected, lines);
});

test('a stream that cannot be had throws why', async (t) => {
  const { origin } = await Program.serving(t, {
    '/count/{n}': { source: { counter: { to: '${path.n}' } } },
    '/missing': { source: { file: '/nonexistent' } },
    '/closed': { source: { counter: 2 }, access: ['secret'] },
  });
  const refused = async (path, status, detail, options) => {
    const { states, options: all_options } = watched(options);
    await assert.rejects(all(subscribe(origin + path, all_options)), (error) => {
      assert.ok(error instanceof StreamFailed);
      assert.deepEqual([error.status, error.permanent], [status, true]);
      assert.match(error.detail, detail);
      assert.ok(error.message.startsWith(error.title));
      return true;
    });
    assert.deepEqual(names(states), ['connecting', 'failed']);
  };
  await refused('/nowhere', 404, /nothing is served/);
  await refused('/missing', 404, /does not exist/);
  await refused('/count/many', 400, /not a whole number/);
  await refused('/closed', 401, /needs a token/);
  await refused('/closed', 401, /not one of those/, { token: 'wrong' });
  assert.equal((await all(subscribe(origin + '/closed', { token: 'secret' }))).length, 2);
  assert.equal((await all(subscribe(origin + '/closed', { headers: { authorization: 'Bearer secret' } }))).length, 2);
  await refused('/.coyield/health', 200, /application\/json/);
});

test('a failure that may pass is not the end: the stream goes on behind its last item', async (t) => {
  const file = join(folder_of(t), 'items');
  writeFileSync(file, '1\n2\noh\n');
  const { origin } = await Program.serving(t, { '/items': { source: { file: { path: file, decode: 'json', follow: true } } } });
  const { states, options } = watched();
  const stream = subscribe(origin + '/items', options);
  assert.deepEqual(data_of(await take(stream, 2)), [1, 2]);
  const next = stream.next();
  const { error, resumes } = await until(() => states.find(({ state }) => state === 'reconnecting'));
  assert.deepEqual([error.status, resumes], [502, true]);
  assert.match(error.detail, /line 3/);
  await stream.return();
  assert.equal((await next).done, true);
});

test('one that says it has failed for good throws behind its last item', async (t) => {
  const origin = await scripted(t, (_, response) => response.writeHead(200, event_stream)
    .end('data: 1\n\nevent: failed\ndata: {"kind":"forbidden","message":"no more"}\n\n'));
  const stream = subscribe(origin);
  assert.equal((await stream.next()).value.data, 1);
  await assert.rejects(stream.next(), { status: 403, detail: 'no more' });
  assert.deepEqual(await stream.next(), { value: undefined, done: true });
});

test('a stream that begins well and fails each time is asked for less and less often', async (t) => {
  const { states, options } = watched();
  const origin = await scripted(t, (_, response) => response.writeHead(200, event_stream)
    .end('id: 1\ndata: 1\n\nevent: failed\ndata: {"kind":"internal","message":"again"}\n\n'));
  for await (const item of subscribe(origin, options)) {
    assert.ok(item);
    if (states.filter(({ state }) => state === 'reconnecting').length === 3) break;
  }
  const waits = states.filter(({ state }) => state === 'reconnecting').map(({ wait }) => wait);
  assert.ok(waits[0] < 251 && waits[2] >= 500, waits);
});

test('wherever a connection is cut, each item comes once', async (t) => {
  const count = 400;
  const text = Array.from({ length: count }, (_, i) => `id: ${i}\ndata: {"i":${i},"text":"zwölf \u{1F600}"}\n\n`);
  const end = 'event: end\nid: end\ndata: {}\n\n';
  let connections = 0;
  const origin = await scripted(t, (request, response, number) => {
    connections = number + 1;
    const begin = request.headers['last-event-id'] === undefined ? 0 : Number(request.headers['last-event-id']) + 1;
    const bytes = Buffer.from(text.slice(begin).join('') + end);
    const cut = 1500 + number * 137;
    response.writeHead(200, event_stream).write(bytes.subarray(0, cut), () => {
      if (cut < bytes.length) response.destroy();
      else response.end();
    });
  });
  const { states, options } = watched({ onGap: () => assert.fail('a gap') });
  const items = await all(subscribe(origin, options));
  assert.deepEqual(data_of(items).map(({ i }) => i), Array.from({ length: count }, (_, i) => i));
  assert.ok(connections > 3, `${connections} connections`);
  assert.ok(states.every(({ wait = 0 }) => wait <= 250), 'an item makes the next pause a short one');
});

test('a response that is over without an end is no end', async (t) => {
  const origin = await scripted(t, (_, response, number) => {
    response.writeHead(200, event_stream).end(number === 0 ? 'id: 1\ndata: 1\n\n' : 'data: 2\n\nevent: end\ndata: {}\n\n');
  });
  assert.deepEqual(data_of(await all(subscribe(origin))), [1, 2]);
});

test('204 is an end', async (t) => {
  const origin = await scripted(t, (_, response) => response.writeHead(204).end());
  assert.deepEqual(await all(subscribe(origin)), []);
});

test('a server that asks for time gets it', async (t) => {
  const times = [];
  const origin = await scripted(t, (_, response, number) => {
    times.push(performance.now());
    if (number === 0) response.writeHead(503, { 'Retry-After': '1' }).end();
    if (number === 1) response.writeHead(200, event_stream).end('retry: 600\nid: 1\n\n');
    if (number === 2) response.writeHead(200, event_stream).end('event: end\ndata: {}\n\n');
  });
  await all(subscribe(origin));
  assert.ok(times[1] - times[0] >= 1000, 'Retry-After');
  assert.ok(times[2] - times[1] >= 600, 'retry:');
});

test('a connection that falls silent is taken for dead, one that beats is not', async (t) => {
  const beats = [];
  const origin = await scripted(t, (request, response, number) => {
    response.writeHead(200, event_stream).write('id: 1\ndata: 1\n\n');
    if (number === 0) return;
    assert.equal(request.headers['last-event-id'], '1');
    const timer = setInterval(() => {
      response.write(':\n\n');
      if (beats.push(number) === 15) response.end('event: end\ndata: {}\n\n');
    }, 100);
    response.on('close', () => clearInterval(timer));
  });
  const { states, options } = watched({ silence: 1000 });
  assert.equal((await all(subscribe(origin, options))).length, 2);
  const { error } = states.find(({ state }) => state === 'reconnecting');
  assert.match(error.detail, /nothing was heard for 1 s/);
  assert.equal(names(states).filter((state) => state === 'open').length, 2);
});

const envelopes = { 'Content-Type': 'application/x-ndjson' };

test('envelopes may be silent until they have had a heartbeat', async (t) => {
  const closed = [];
  const origin = await scripted(t, (_, response, number) => {
    response.writeHead(200, envelopes).write('{"id":"1","data":1}\n');
    if (number === 1) response.write('\n');
    if (number === 2) return response.end('{"end":{}}\n');
    const begun = performance.now();
    response.on('close', () => closed.push(performance.now() - begun));
    if (number === 0) setTimeout(() => response.destroy(), 1500);
  });
  assert.equal((await all(subscribe(origin, { silence: 1000 }))).length, 3);
  assert.ok(closed[0] >= 1450, `${closed[0]} ms, and no heartbeat was to be expected`);
  assert.ok(closed[1] >= 950, `${closed[1]} ms`);
});

test('a server that takes the connection and does not answer is not waited for without end', async (t) => {
  const origin = await scripted(t, (_, response, number) => {
    if (number > 0) response.writeHead(200, event_stream).end('event: end\ndata: {}\n\n');
  });
  assert.deepEqual(await all(subscribe(origin, { silence: 200 })), []);
});

test('an empty id takes back the one before: the stream is begun anew, and says so', async (t) => {
  const ids = [];
  const origin = await scripted(t, (request, response, number) => {
    ids.push(request.headers['last-event-id']);
    response.writeHead(200, event_stream).end(number === 0 ? 'id: 1\ndata: 1\n\nid\ndata: 2\n\n' : 'event: end\ndata: {}\n\n');
  });
  const items = await all(subscribe(origin, { gaps: 'items' }));
  assert.deepEqual(items.map(({ data, gap }) => data ?? gap), [1, 2, {}]);
  assert.deepEqual(ids, [undefined, undefined]);
});

test('ids are sent as bytes of UTF-8', async (t) => {
  let id;
  const origin = await scripted(t, (request, response, number) => {
    id = Buffer.from(request.headers['last-event-id'] ?? '', 'latin1').toString();
    response.writeHead(200, event_stream).end(number === 0 ? 'id: zwölf\ndata: 1\n\n' : 'event: end\ndata: {}\n\n');
  });
  await all(subscribe(origin));
  assert.equal(id, 'zwölf');
});

test('what is no envelope is no stream', async (t) => {
  const origin = await scripted(t, (_, response) => {
    response.writeHead(200, envelopes).end('5\n6\n');
  });
  await assert.rejects(all(subscribe(origin)), { title: 'No envelope', detail: '5', permanent: true });
});

test('many streams at once are nothing special', async (t) => {
  const { origin } = await Program.serving(t, { '/clock': { source: { clock: '10ms' } } });
  const warnings = [];
  const warned = (warning) => warnings.push(warning.message);
  process.on('warning', warned);
  t.after(() => process.off('warning', warned));
  const client = new Client({ base: origin });
  const streams = Array.from({ length: 40 }, () => client.subscribe('/clock'));
  await Promise.all(streams.map((stream) => take(stream, 3)));
  client.close();
  assert.ok((await Promise.all(streams.map((stream) => stream.next()))).every(({ done }) => done));
  assert.deepEqual(warnings, []);
});

test('envelopes tell text from JSON, and bytes', async (t) => {
  const origin = await scripted(t, (request, response) => {
    assert.equal(request.url, '/x?a=1&envelope=1');
    response.writeHead(200, envelopes)
      .end('{"subscribed":{"id":"p"}}\n\n{"id":"1","data":"5"}\n{"data":"AP8=","encoding":"base64"}\n{"end":{}}\n');
  });
  const items = await all(subscribe(origin + '/x?a=1'));
  assert.deepEqual(data_of(items), ['5', new Uint8Array([0, 255])]);
});
