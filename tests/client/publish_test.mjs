// Publishing: one item, one key, however often it has to be sent.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { Client, StreamFailed, publish, subscribe } from './client.mjs';
import { Program, scripted, test } from './servers.mjs';

/** A topic that answers in turn by `answers`, and keeps what it was sent. */
async function topic(t, ...answers) {
  const requests = [];
  const origin = await scripted(t, async (request, response, number) => {
    let body = '';
    for await (const piece of request) body += piece;
    requests.push({ method: request.method, url: request.url, headers: request.headers, body, at: performance.now() });
    const answer = answers[Math.min(number, answers.length - 1)];
    if (answer === 'cut') return response.destroy();
    const { status = 200, fields = {}, json = { id: `${number}` } } = answer;
    response.writeHead(status, { 'Content-Type': status < 400 ? 'application/json' : 'application/problem+json', ...fields });
    response.end(JSON.stringify(json));
  });
  return { origin, requests };
}

test('an item is sent as JSON with a key of its own, and its id comes back', async (t) => {
  const { origin, requests } = await topic(t, {});
  assert.deepEqual(await publish(origin + '/rooms/a', { text: 'zwölf' }), { id: '0' });
  assert.deepEqual(await publish(origin + '/rooms/a', 'text', { token: 'secret', headers: { 'X-A': 'b' } }), { id: '1' });
  const [one, two] = requests;
  assert.deepEqual([one.method, one.url, one.body], ['POST', '/rooms/a', '{"text":"zwölf"}']);
  assert.equal(one.headers['content-type'], 'application/json');
  assert.deepEqual([two.body, two.headers.authorization, two.headers['x-a']], ['"text"', 'Bearer secret', 'b']);
  assert.match(one.headers['idempotency-key'], /^[!-~]{16,}$/);
  assert.notEqual(one.headers['idempotency-key'], two.headers['idempotency-key']);
});

test('text is sent as it is where that is asked for, under the key that is given', async (t) => {
  const { origin, requests } = await topic(t, {});
  await new Client({ base: origin }).publish('/a', 'one\ntwo', { contentType: 'text/plain', key: 'mine' });
  const [{ headers, body }] = requests;
  assert.deepEqual([body, headers['content-type'], headers['idempotency-key']], ['one\ntwo', 'text/plain', 'mine']);
});

test('what did not arrive, or was not answered, is sent again under the same key', async (t) => {
  const { origin, requests } = await topic(t, { status: 503 }, 'cut', { status: 429, fields: { 'Retry-After': '1' } }, {});
  assert.deepEqual(await publish(origin, 1), { id: '3' });
  assert.equal(requests.length, 4);
  assert.equal(new Set(requests.map(({ headers }) => headers['idempotency-key'])).size, 1);
  assert.ok(requests[3].at - requests[2].at >= 1000, 'Retry-After');
});

for (const status of [400, 401, 403, 404, 413, 422, 500]) {
  test(`${status} is an answer`, async (t) => {
    const { origin, requests } = await topic(t, { status, json: { title: 'No', status, detail: 'not this' } });
    await assert.rejects(publish(origin, 1), (error) => {
      assert.ok(error instanceof StreamFailed);
      assert.deepEqual([error.status, error.detail], [status, 'not this']);
      return true;
    });
    assert.equal(requests.length, 1);
  });
}

test('what is published to a real topic comes to who reads it', async (t) => {
  const program = new Program(t, 'serve');
  await program.start();
  const room = `${program.origin}/rooms/client`;
  const ids = [(await publish(room, { n: 1 })).id, (await publish(room, 'two')).id];
  assert.deepEqual(await publish(room, [3], { key: 'k' }), await publish(room, [3], { key: 'k' }));
  await assert.rejects(publish(room, [4], { key: 'k' }), { status: 422, permanent: true });
  await assert.rejects(publish(`${program.origin}/clock`, 1), { status: 405 });
  const seen = [];
  for await (const item of subscribe(`${room}?since=earliest`)) {
    seen.push(item);
    if (seen.length === 3) break;
  }
  assert.deepEqual(seen.map(({ data }) => data), [{ n: 1 }, 'two', [3]]);
  assert.deepEqual(seen.slice(0, 2).map(({ id }) => id), ids);
});

test('patience has an end', async (t) => {
  const { origin } = await topic(t, { status: 503, json: { title: 'Service Unavailable', detail: 'not now' } });
  const begun = performance.now();
  await assert.rejects(publish(origin, 1, { patience: 600 }), { status: 503, permanent: false });
  assert.ok(performance.now() - begun < 5000);
  const silent = createServer().listen(0, '127.0.0.1');
  await once(silent, 'listening');
  t.after(() => { silent.closeAllConnections(); silent.close(); });
  await assert.rejects(publish(`http://127.0.0.1:${silent.address().port}`, 1, { patience: 300 }), { status: 0 });
});

test('a signal ends it with its reason', async (t) => {
  const { origin } = await topic(t, { status: 503 });
  const stop = new AbortController();
  const rejected = assert.rejects(publish(origin, 1, { signal: stop.signal }), RangeError);
  stop.abort(new RangeError('enough'));
  await rejected;
});
