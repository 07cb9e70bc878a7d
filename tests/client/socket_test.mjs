// Streams by WebSocket, one connection for all of an origin: what the client says, and what it makes of the answers.
import assert from 'node:assert/strict';
import { Client, StreamFailed } from './client.mjs';
import { fake_sockets, opened } from './fake_socket.mjs';
import { data_of, event_stream, scripted, take, test, until } from './servers.mjs';

const base = 'http://there.example:8080/pages/';

function client_of(options = {}) {
  const { Fake, sockets, socket } = fake_sockets();
  const fetched = [];
  const fetch = async (url) => {
    fetched.push(url.href);
    throw new TypeError('no network');
  };
  return { client: new Client({ base, WebSocket: Fake, fetch, ...options }), sockets, socket, fetched };
}

const numbered = (sub, ...numbers) => numbers.map((data) => ({ sub, id: String(data), data }));

test('streams of an origin share a connection, which goes with the last of them', async () => {
  const { client, sockets, socket } = client_of();
  const one = client.subscribe('/ticks?every=1s', { buffer: 8, lastEventId: '7' });
  const two = client.subscribe('/logs');
  const firsts = [one.next(), two.next()];
  const there = await socket(0);
  assert.equal(there.url, 'ws://there.example:8080/.coyield/ws');
  assert.equal(there.protocol, 'coyield.v1');
  assert.deepEqual(there.sent, [], 'it is not open');
  there.open();
  assert.deepEqual(there.sent, [
    { subscribe: '/ticks?every=1s', last_event_id: '7', request: 8, sub: '1' },
    { subscribe: '/logs', request: 64, sub: '2' },
  ]);
  there.say({ sub: '2', subscribed: {} }, { sub: '2', data: 'b' });
  there.say({ sub: '1', subscribed: {} }, { sub: '1', id: '8', event: 'x', data: 'a' });
  assert.deepEqual((await Promise.all(firsts)).map(({ value }) => value), [
    { data: 'a', id: '8', event: 'x' }, { data: 'b', id: undefined, event: undefined }]);
  await one.return();
  assert.deepEqual(there.sent[2], { unsubscribe: '1' });
  there.say({ sub: '1', data: 'late' }, { sub: '1', end: { reason: 'unsubscribed' } });
  assert.equal(there.closed, undefined);
  await two.return();
  assert.equal(there.closed, 1000);
  assert.equal(there.sent.length, 3);
  assert.equal(sockets.length, 1);
  const three = client.subscribe('/ticks').next();
  await socket(1);
  client.close();
  assert.equal((await three).done, true);
});

test('https has wss, another origin another connection', async () => {
  const { client, socket } = client_of();
  const streams = [client.subscribe('https://there.example/a'), client.subscribe('http://elsewhere.example/a')];
  streams.forEach((stream) => stream.next());
  assert.equal((await socket(0)).url, 'wss://there.example/.coyield/ws');
  assert.equal((await socket(1)).url, 'ws://elsewhere.example/.coyield/ws');
  client.close();
});

test('never more is asked for than there is room for', async () => {
  const { client, socket } = client_of({ buffer: 8 });
  const stream = client.subscribe('/a');
  const first = stream.next();
  const { there, sub } = await opened(socket, 0);
  there.say(...numbered(sub, 0, 1, 2, 3, 4, 5, 6, 7));
  assert.equal((await first).value.data, 0);
  const asked = () => there.sent.slice(1).reduce((sum, { request }) => sum + request, 8);
  let sent = 8;
  for (let taken = 1; taken < 200; ++taken) {
    while (sent < asked()) there.say(...numbered(sub, sent++));
    assert.equal((await stream.next()).value.data, taken);
    assert.ok(asked() <= taken + 1 + 8, `${asked()} asked for, ${taken + 1} taken`);
  }
  assert.ok(there.sent.slice(1).every(({ request }) => request === 4), 'half of the room at a time');
  client.close();
});

test('a buffer of one item works', async () => {
  const { client, socket } = client_of({ buffer: 1 });
  const stream = client.subscribe('/a');
  const first = stream.next();
  const { there, sub } = await opened(socket, 0);
  assert.equal(there.sent[0].request, 1);
  there.say(...numbered(sub, 0));
  await first;
  assert.deepEqual(await there.message(1), { request: 1, sub });
  client.close();
});

for (const code of [1001, 1006, 1013]) {
  test(`a connection that breaks (${code}) is made again, behind the last item that came`, async () => {
    const { client, socket } = client_of();
    const states = [];
    const stream = client.subscribe('/a', { onState: (state) => states.push(state), onGap: () => assert.fail('a gap') });
    const first = stream.next();
    const { there, sub } = await opened(socket, 0);
    there.say(...numbered(sub, 1, 2, 3));
    await first;
    there.end(code, 'why');  // while two of them wait
    assert.deepEqual(data_of(await take(stream, 2)), [2, 3]);
    const next = stream.next();
    const again = await socket(1);
    again.open();
    assert.deepEqual(await again.message(0), { subscribe: '/a', last_event_id: '3', request: 64, sub: '1' });
    again.say({ sub: '1', subscribed: { id: '3' } }, ...numbered('1', 4));
    assert.equal((await next).value.data, 4);
    const { error, wait } = states.find(({ state }) => state === 'reconnecting');
    assert.equal(error.detail, `${code} why`);
    assert.equal(wait >= 1000, code === 1013, 'an overloaded server is given a second');
    client.close();
  });
}

test('a stream that has had no item goes on where it stood', async () => {
  const { client, socket } = client_of();
  const first = client.subscribe('/a').next();
  const there = await socket(0);
  there.open();
  there.say({ sub: '1', subscribed: { id: 'p' } });
  await new Promise(setImmediate);  // it has been read
  there.end(1001);
  const again = await socket(1);
  again.open();
  assert.equal((await again.message(0)).last_event_id, 'p');
  client.close();
  await first;
});

test('without ids there is a gap, even where a position is known from now on', async () => {
  const { client, socket } = client_of({ gaps: 'items' });
  const stream = client.subscribe('/a');
  const first = stream.next();
  const { there, sub } = await opened(socket, 0);
  there.say({ sub, data: 1 });
  await first;
  there.end(1001);
  const next = take(stream, 2);
  const again = await socket(1);
  again.open();
  assert.equal((await again.message(0)).last_event_id, undefined);
  again.say({ sub: '1', subscribed: { id: 'p' } }, { sub: '1', data: 2 });
  assert.deepEqual(await next, [{ gap: {}, data: undefined }, { data: 2, id: undefined, event: undefined }]);
  client.close();
});

test('gaps and bytes come in their order', async () => {
  const { client, socket } = client_of({ gaps: 'items' });
  const stream = client.subscribe('/a');
  const all = take(stream, 3);
  const { there, sub } = await opened(socket, 0);
  there.say({ sub, data: 1 }, { sub, gap: { count: 5, from: 'x' } }, { sub, data: 'AP8=', encoding: 'base64' });
  assert.deepEqual((await all).map(({ data, gap }) => data ?? gap), [1, { count: 5, from: 'x' }, new Uint8Array([0, 255])]);
  client.close();
});

test('an end ends the loop behind its last item, a refusal throws', async () => {
  const { client, socket } = client_of();
  const stream = client.subscribe('/a');
  const refused = client.subscribe('/nowhere').next().catch((error) => error);
  const first = stream.next();
  const there = await socket(0);
  there.open();
  const names = Object.fromEntries(there.sent.map(({ subscribe, sub }) => [subscribe, sub]));
  there.say({ sub: names['/nowhere'], failed: { status: 404, title: 'Not Found', detail: 'not here' } });
  const error = await refused;
  assert.ok(error instanceof StreamFailed);
  assert.deepEqual([error.status, error.detail, error.permanent], [404, 'not here', true]);
  there.say({ sub: names['/a'], subscribed: {} }, { sub: names['/a'], data: 1 }, { sub: names['/a'], end: {} });
  assert.equal((await first).value.data, 1);
  assert.equal((await stream.next()).done, true);
  assert.equal(there.sent.length, 2, 'what is over is not unsubscribed');
  assert.equal(there.closed, 1000);
});

test('a failure that may pass costs that stream its subscription alone', async () => {
  const { client, socket } = client_of();
  const [one, two] = [client.subscribe('/a').next(), client.subscribe('/b').next()];
  const there = await socket(0);
  there.open();
  there.say({ sub: '1', failed: { status: 503, title: 'Service Unavailable', detail: 'not now' } });
  assert.deepEqual(await there.message(2), { subscribe: '/a', request: 64, sub: '3' });
  there.say({ sub: '3', subscribed: {} }, { sub: '3', data: 'a' }, { sub: '2', subscribed: {} }, { sub: '2', data: 'b' });
  assert.equal((await one).value.data, 'a');
  assert.equal((await two).value.data, 'b');
  client.close();
});

test('a signal stops a stream at once, with what waits for it', async () => {
  const { client, socket } = client_of();
  const stop = new AbortController();
  const other = client.subscribe('/b').next();
  const seen = [];
  const loop = (async () => {
    for await (const { data } of client.subscribe('/a', { signal: stop.signal })) {
      seen.push(data);
      stop.abort();
      assert.deepEqual(there.sent.at(-1), { unsubscribe: '2' });
    }
  })();
  const there = await socket(0);
  there.open();
  there.say({ sub: '2', subscribed: {} }, ...numbered('2', 1, 2, 3));
  await loop;
  assert.deepEqual(seen, [1]);
  client.close();
  await other;
});

test('a connection that says nothing is asked, and is dead when it does not answer', async () => {
  const { client, socket, sockets } = client_of({ silence: 500 });
  const stream = client.subscribe('/a');
  const first = stream.next();
  const { there, sub } = await opened(socket, 0);
  there.say(...numbered(sub, 1));
  await first;
  const second = stream.next();
  const begun = performance.now();
  for (let asked = 1; asked <= 3; ++asked) {
    assert.deepEqual(await there.message(asked), { unsubscribe: 'nothing' });
    there.say({ sub: 'nothing', end: { reason: 'unsubscribed' } });
  }
  assert.equal(sockets.length, 1, 'it lives');
  assert.ok(performance.now() - begun >= 1400, 'it is asked after each silence, and no sooner');
  await there.message(4);
  const again = await socket(1);
  assert.equal(there.closed, 1000);
  again.open();
  assert.equal((await again.message(0)).last_event_id, '1');
  client.close();
  assert.equal((await second).done, true);
});

test('where there is no WebSocket, a stream goes by fetch, and the next ones at once', async (t) => {
  const origin = await scripted(t, (_, response) => {
    response.writeHead(200, event_stream).end('data: 1\n\nevent: end\ndata: {}\n\n');
  });
  const { Fake, sockets, socket } = fake_sockets();
  const client = new Client({ base: origin, WebSocket: Fake });
  const states = [];
  const stream = client.subscribe('/a', { onState: (state) => states.push(state) });
  const first = stream.next();
  (await socket(0)).end(1006);
  assert.equal((await first).value.data, 1);
  assert.deepEqual(states.map(({ transport }) => transport), [undefined, 'fetch']);
  assert.equal((await client.subscribe('/b').next()).value.data, 1);
  assert.equal(sockets.length, 1);
  client.close();
});

test('while nothing answers, both are tried again', async () => {
  const { client, socket, fetched } = client_of();
  const first = client.subscribe('/a').next();
  (await socket(0)).end(1006);
  (await socket(1)).end(1006);
  const { there, sub } = await opened(socket, 2);
  assert.equal(fetched.length, 2);
  there.say({ sub, data: 1 });
  assert.equal((await first).value.data, 1);
  client.close();
});

test('where there has been a WebSocket, it is waited for', async () => {
  const { client, socket, fetched } = client_of();
  const stream = client.subscribe('/a');
  const first = stream.next();
  const { there, sub } = await opened(socket, 0);
  there.say(...numbered(sub, 1));
  await first;
  const second = stream.next();
  there.end(1001);
  (await socket(1)).end(1006);
  const again = await opened(socket, 2);
  again.there.say(...numbered(again.sub, 2));
  assert.equal((await second).value.data, 2);
  assert.deepEqual(fetched, []);
  client.close();
});

test('tokens and headers go by fetch', async () => {
  const { client, sockets, fetched } = client_of();
  for (const options of [{ token: 'secret' }, { headers: { 'X-A': 'b' } }, { transport: 'fetch' }]) {
    client.subscribe('/a', options).next();
    await until(() => fetched.length > 0);
    assert.equal(fetched.pop(), 'http://there.example:8080/a?envelope=1');
  }
  await assert.rejects(client.subscribe('/a', { token: 'secret', transport: 'websocket' }).next(), TypeError);
  assert.deepEqual(sockets, []);
  client.close();
});
