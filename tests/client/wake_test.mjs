// What a machine that slept, or was offline, does: no silence is waited out, and no pause.
import assert from 'node:assert/strict';
import { Client } from './client.mjs';
import { fake_sockets, opened } from './fake_socket.mjs';
import { event_stream, scripted, test, until } from './servers.mjs';

/** Node has no such events; a page has. */
const page = new EventTarget();
globalThis.addEventListener = page.addEventListener.bind(page);
const document = globalThis.document = Object.assign(new EventTarget(), { hidden: true });
const online = () => page.dispatchEvent(new Event('online'));

/** A server whose streams say an id and then nothing more. */
async function quiet(t) {
  const ids = [];
  const origin = await scripted(t, (request, response, number) => {
    ids.push(request.headers['last-event-id']);
    response.writeHead(200, event_stream).write(`id: ${number}\ndata: ${number}\n\n`);
  });
  return { origin, ids };
}

function begin(origin, options = {}) {
  const states = [];
  const client = new Client({ base: origin, onState: (state) => states.push(state), ...options });
  return { client, states, stream: client.subscribe('/') };
}

test('when the network is back, a connection by fetch is made again at once', async (t) => {
  const { origin, ids } = await quiet(t);
  const { client, stream } = begin(origin);
  await stream.next();
  const next = stream.next();
  online();
  assert.equal((await next).value.data, 1);
  assert.deepEqual(ids, [undefined, '0']);
  client.close();
});

test('a timer that comes far too late says that the machine slept', async (t) => {
  const { origin } = await quiet(t);
  const { client, stream, states } = begin(origin);
  await stream.next();
  const next = stream.next();
  const now = Date.now;
  t.mock.method(Date, 'now', () => now() + 600_000);
  assert.equal((await next).value.data, 1);
  assert.match(states.find(({ state }) => state === 'reconnecting').error.detail, /was away/);
  client.close();
});

test('when the network is back, the WebSocket is made again for all its streams', async () => {
  const { Fake, socket, sockets } = fake_sockets();
  const client = new Client({ base: 'http://there.example', WebSocket: Fake });
  const [one, two] = [client.subscribe('/a'), client.subscribe('/b')];
  const firsts = [one.next(), two.next()];
  const { there } = await opened(socket, 0);
  there.say({ sub: '1', id: 'a', data: 1 }, { sub: '2', subscribed: {} }, { sub: '2', id: 'b', data: 1 });
  await Promise.all(firsts);
  const nexts = [one.next(), two.next()];
  online();
  const again = await socket(1);
  assert.equal(there.closed, 1000);
  again.open();
  await again.message(1);
  assert.deepEqual(again.sent.map(({ subscribe, last_event_id }) => subscribe + last_event_id).sort(), ['/aa', '/bb']);
  assert.equal(sockets.length, 2);
  client.close();
  await Promise.all(nexts);
});

/** A server that is not there for the first requests, and asks to be left alone for `retry_after` seconds. */
async function absent(t, count, retry_after) {
  let asked = 0;
  const origin = await scripted(t, (_, response, number) => {
    asked = number + 1;
    if (number >= count) response.writeHead(200, event_stream).end('event: end\ndata: {}\n\n');
    else response.writeHead(503, retry_after ? { 'Retry-After': String(retry_after) } : {}).end();
  });
  return { origin, asked: () => asked };
}

for (const [what, wake] of [
  ['the network is back', online],
  ['the page is looked at again', () => {
    document.hidden = false;
    document.dispatchEvent(new Event('visibilitychange'));
    document.hidden = true;
  }],
]) {
  test(`when ${what}, no pause is waited out`, async (t) => {
    const { origin, asked } = await absent(t, 6);
    const { stream, states } = begin(origin);
    const begun = performance.now();
    const end = stream.next();
    for (let count = 1; count <= 6; ++count) {
      await until(() => asked() === count && states.filter(({ state }) => state === 'reconnecting').length === count);
      wake();
    }
    assert.equal((await end).done, true);
    const waits = states.map(({ wait = 0 }) => wait).reduce((a, b) => a + b);
    assert.ok(performance.now() - begun < waits / 2, `${performance.now() - begun} ms of ${waits}`);
  });
}

test('a page that is hidden wakes nothing', async (t) => {
  const { origin, asked } = await absent(t, 1);
  const { stream, states } = begin(origin);
  const begun = performance.now();
  const end = stream.next();
  await until(() => states.some(({ state }) => state === 'reconnecting'));
  document.dispatchEvent(new Event('visibilitychange'));
  assert.equal((await end).done, true);
  assert.ok(performance.now() - begun >= 125);
  assert.equal(asked(), 2);
});

test('a server that asked for time gets it all the same', async (t) => {
  const { origin, asked } = await absent(t, 1, 1);
  const { stream, states } = begin(origin);
  const begun = performance.now();
  const end = stream.next();
  await until(() => states.some(({ state }) => state === 'reconnecting'));
  online();
  assert.equal((await end).done, true);
  assert.ok(performance.now() - begun >= 1000);
  assert.equal(asked(), 2);
});
