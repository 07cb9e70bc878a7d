// What comes over HTTP, as words: however it is torn into pieces, they are the same.
import assert from 'node:assert/strict';
import { EnvelopeDecoder, EventStreamDecoder } from './client.mjs';
import { test } from './servers.mjs';

const as_it_is = (text) => text;
const item = (data, id, event) => ({ item: { data, id, event }, id });

/** Name, stream, and what it says; data as it is. */
const event_streams = [
  ['an event', 'data: a\n\n', [item('a')]],
  ['two events', 'data: a\n\ndata: b\n\n', [item('a'), item('b')]],
  ['one that no empty line ends is none', 'data: a\n\ndata: b\n', [item('a')]],
  ['CR ends a line', 'data: a\rdata: b\r\r', [item('a\nb')]],
  ['CRLF ends a line', 'data: a\r\ndata: b\r\n\r\n', [item('a\nb')]],
  ['all three together', 'data: a\rdata: b\r\ndata: c\n\r\n', [item('a\nb\nc')]],
  ['CR, then CRLF: an empty line', 'data: a\r\r\ndata: b\n\n', [item('a'), item('b')]],
  ['LF, then CR: an empty line', 'data: a\n\rdata: b\n\n', [item('a'), item('b')]],
  ['a BOM in front', '\uFEFFdata: a\n\n', [item('a')]],
  ['a second BOM belongs to the field', '\uFEFF\uFEFFdata: a\n\ndata: b\n\n', [item('b')]],
  ['one blank behind the colon is not of the value', 'data:a\ndata: b\ndata:  c\n\n', [item('a\nb\n c')]],
  ['a tab is', 'data:\ta\n\n', [item('\ta')]],
  ['a colon within the value', 'data: a: b\n\n', [item('a: b')]],
  ['a field without a colon is empty', 'data\n\n', [item('')]],
  ['two of them', 'data\ndata\n\n', [item('\n')]],
  ['an empty last line of data', 'data: a\ndata:\n\n', [item('a\n')]],
  ['an event without data is none', 'event: x\n\ndata: a\n\n', [item('a')]],
  ['a name', 'event: x\ndata: a\n\ndata: b\n\n', [item('a', undefined, 'x'), item('b')]],
  ['the last name counts', 'event: x\nevent: y\ndata: a\n\n', [item('a', undefined, 'y')]],
  ['an id', 'id: 7\ndata: a\n\ndata: b\n\n', [item('a', '7'), item('b')]],
  ['an id behind the data', 'data: a\nid: 7\n\n', [item('a', '7')]],
  ['an id with NUL is none', 'id: 7\0\ndata: a\n\n', [item('a')]],
  ['an empty id forgets the one before', 'id\ndata: a\n\n', [{ item: { data: 'a', id: undefined, event: undefined }, id: '' }]],
  ['an id without data is a position', 'id: 7\n\n', [{ id: '7' }]],
  ['a comment is nothing', ':\n\n: x\n:data: y\ndata: a\n\n', [item('a')]],
  ['fields are told apart by case', 'Data: a\nDATA: b\n\n', []],
  ['other fields are nothing', 'x: y\nwhatever\ndata: a\n\n', [item('a')]],
  ['a blank in front of a field is another field', ' data: a\n\n', []],
  ['retry', 'retry: 3000\n\n', [{ retry: 3000 }]],
  ['retry that is no number', 'retry: 3s\nretry: -1\nretry:\nretry: 1.5\n\n', []],
  ['characters of four bytes', 'data: \u{1F600}ä\n\n', [item('\u{1F600}ä')]],
  ['the end', 'data: a\n\nevent: end\nid: end\ndata: {}\n\n', [item('a'), { end: true }]],
  ['a gap', 'id: 9\nevent: gap\ndata: {"count":5,"from":"4"}\n\n', [{ gap: { count: 5, from: '4' }, id: '9' }]],
  ['a failure', 'event: failed\ndata: {"kind":"not_found","message":"gone"}\n\n',
   [{ failed: { status: 404, title: 'The stream failed', detail: 'gone' } }]],
];

const envelopes = [
  ['items', '{"data":1}\n{"id":"a","event":"x","data":{"b":[]}}\n', [item(1), item({ b: [] }, 'a', 'x')]],
  ['text that looks like a number is text', '{"data":"5"}\n', [item('5')]],
  ['null is an item', '{"data":null}\n', [item(null)]],
  ['bytes', '{"data":"AP8=","encoding":"base64"}\n', [item(new Uint8Array([0, 255]))]],
  ['where it stands', '{"subscribed":{"id":"p"}}\n', [{ subscribed: true, id: 'p' }]],
  ['a heartbeat', '\n{"data":1}\n', [item(1)]],
  ['a line that is cut off is none', '{"data":1}\n{"data":2}', [item(1)]],
  ['a gap', '{"gap":{"count":2}}\n', [{ gap: { count: 2 }, id: undefined }]],
  ['the end', '{"end":{}}\n', [{ end: true }]],
  ['a failure', '{"failed":{"status":503,"title":"t","detail":"d"}}\n', [{ failed: { status: 503, title: 't', detail: 'd' } }]],
];

/** As the client reads it: bytes to text, pieces of text to words. */
function words(decoder, pieces) {
  const text = new TextDecoder('utf-8', { ignoreBOM: true });
  return pieces.flatMap((piece) => [...decoder.push(text.decode(piece, { stream: true }))]);
}

function check(name, stream, expected, make) {
  const bytes = new TextEncoder().encode(stream);
  test(name, () => {
    assert.deepEqual(words(make(), [bytes]), expected, 'in one piece');
    assert.deepEqual(words(make(), Array.from(bytes, (byte) => Uint8Array.of(byte))), expected, 'byte by byte');
    for (let at = 0; at <= bytes.length; ++at) {
      assert.deepEqual(words(make(), [bytes.subarray(0, at), bytes.subarray(at)]), expected, `torn at ${at}`);
    }
  });
}

for (const [name, stream, expected] of event_streams) {
  check(`event stream: ${name}`, stream, expected.map((word) => ({ ...word })), () => new EventStreamDecoder(as_it_is));
}
for (const [name, stream, expected] of envelopes) check(`envelope: ${name}`, stream, expected, () => new EnvelopeDecoder());

test('data of an event stream is JSON where it can be, and text otherwise', () => {
  const stream = 'data: {"a":1}\n\ndata: one\n\ndata: 5\n\n';
  assert.deepEqual([...new EventStreamDecoder().push(stream)], [item({ a: 1 }), item('one'), item(5)]);
});

test('an envelope is known to have heartbeats when one has come, an event stream always', () => {
  const decoder = new EnvelopeDecoder();
  assert.deepEqual([...decoder.push('{"data":1}\n')].length, 1);
  assert.equal(decoder.beats, false);
  assert.deepEqual([...decoder.push('\n')], []);
  assert.equal(decoder.beats, true);
  assert.equal(new EventStreamDecoder().beats, true);
});
