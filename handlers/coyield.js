/**
 * The client of coyield: reads streams by `for await`, and publishes to topics. For browsers, their workers, Node from
 * 18 on, and whatever else has `fetch`. The server serves this file at `/.coyield/coyield.js`; it needs no other.
 *
 *     import { subscribe } from '/.coyield/coyield.js';
 *     for await (const { data } of subscribe('/ticks?every=100ms')) console.log(data);
 *
 * What a loop may rely on:
 * - It ends when the stream has ended, and throws `StreamFailed` when the stream has failed for good. Whatever else
 *   breaks is repaired: the stream is asked for again, behind the last item that the loop has got, so that none is lost
 *   and none comes twice.
 * - Where that cannot be, since the items have no ids or the server has them no more, there is a gap, and no gap is
 *   silent: it goes to `onGap`, else to the console as a warning, or into the loop (`gaps: 'items'`), always in front
 *   of the item behind it. That is not the default, as a loop that only knows `data` would take a gap for an item.
 * - Nothing is asked for before the first `next()`. A loop that is slow is waited for: by fetch the response is not
 *   read on, by WebSocket no more items are asked for than there is room for.
 * - Leaving the loop, `return()` and an aborted `signal` end it quietly and let go of the connection at once.
 *
 * By WebSocket all streams of one origin share a connection, since browsers have no more than six for HTTP/1.1. By
 * fetch a stream has one of its own; that is taken where there is no WebSocket, and for tokens and other headers, which
 * a browser's WebSocket cannot send. A browser makes an event of each message: for thousands of items a second, `fetch`
 * is the better one.
 *
 * @module coyield
 */

/**
 * @typedef {object} Item
 * @property {any} data What the server's item is; a `Uint8Array` where it is bytes.
 * @property {string} [id] What resumes behind this item, where it has one.
 * @property {string} [event] Its name, where it has one.
 * @property {Gap} [gap] With `gaps: 'items'`: this is no item, but word of a gap in front of the next one.
 *
 * @typedef {object} Gap Items that were missed. After a stream without ids was begun anew, they may be others, or none.
 * @property {number} [count] How many, where that is known.
 * @property {string} [from] The id behind which they are missing.
 *
 * @typedef {object} State
 * @property {'connecting' | 'open' | 'reconnecting' | 'ended' | 'failed' | 'closed'} state `closed`: by the loop.
 * @property {'fetch' | 'websocket'} [transport] Of `open`.
 * @property {boolean} [resumes] Of `reconnecting`: whether it will go on behind the last item.
 * @property {number} [wait] Of `reconnecting`: for how many milliseconds, unless the page wakes up before.
 * @property {StreamFailed} [error] Of `reconnecting` and `failed`: why.
 *
 * @typedef {object} SubscribeOptions
 * @property {AbortSignal} [signal] Ends the loop when it is aborted.
 * @property {string} [lastEventId] The id behind which to begin.
 * @property {string} [token] Sent as `Authorization: Bearer`; by fetch.
 * @property {HeadersInit} [headers] To be sent as well; by fetch.
 * @property {(gap: Gap) => void} [onGap] What it throws ends the loop.
 * @property {'callback' | 'items'} [gaps] `items`: a gap is an element of the loop, with `gap` and without `data`.
 * @property {(state: State) => void} [onState]
 * @property {'auto' | 'websocket' | 'fetch'} [transport]
 * @property {number} [buffer] How many items may wait here, by WebSocket; 64.
 * @property {number} [silence] After so many milliseconds without a byte a connection is taken for dead; 45,000, three
 *   heartbeats of the server. 0: never. By fetch, envelopes are trusted until the first heartbeat has come. By
 *   WebSocket, where a page does not see the heartbeats, it asks; there that of the `Client` counts.
 * @property {(text: string) => any} [parse] Makes the data of an event stream, which does not say what is text: by
 *   default what is JSON is parsed, and the rest is text. A server with envelopes says it, and this is not called.
 *
 * @typedef {object} PublishOptions
 * @property {string} [token]
 * @property {HeadersInit} [headers]
 * @property {string} [key] The Idempotency-Key. By default a new one for each call, and the same for its repetitions.
 * @property {string} [contentType] `text/plain` sends `data` as it is; by default it is sent as JSON.
 * @property {AbortSignal} [signal]
 * @property {number} [patience] For how many milliseconds it is tried; 60,000.
 *
 * @typedef {object} ClientOptions
 * @property {string | URL} [base] What URLs are relative to; by default the page.
 * @property {typeof globalThis.fetch} [fetch]
 * @property {typeof globalThis.WebSocket} [WebSocket]
 *
 * @typedef {object} Why What a `StreamFailed` has, all of it.
 * @property {number} [status] That of HTTP which says it best; 0 where there was no answer.
 * @property {string} [title]
 * @property {string} [detail]
 * @property {boolean} [permanent] Whether asking again is in vain.
 * @property {number} [retryAfter] For how many milliseconds the server wants to be left alone.
 * @property {boolean} [said] Whether the stream itself said so.
 *
 * @typedef {object} Word What a connection says, in one shape for all transports: one of these.
 * @property {Item} [item]
 * @property {Gap} [gap]
 * @property {string} [id] Where the stream stands now, also behind an item or a gap.
 * @property {'fetch' | 'websocket'} [open]
 * @property {number} [retry] The least pause before the next connection, in milliseconds.
 * @property {Why} [failed]
 * @property {boolean} [end]
 * @property {boolean} [subscribed] It has begun.
 */

const leastPause = 250;  // ms; it doubles with each vain attempt
const longestPause = 15_000;
const answerTime = 10_000;  // for a WebSocket to open, and to answer
const watchPeriod = 5_000;
const heartbeats = 45_000;  // three of the server's
const sleepTime = 70_000;  // a timer that is so late has slept; those of hidden pages run once a minute

/** Why a stream cannot be had, or a connection has broken. */
export class StreamFailed extends Error {
  /** @param {Why} why @param {unknown} [cause] */
  constructor(why, cause) {
    const { status = 0, title = '', detail = '', permanent = isPermanent(status), retryAfter = 0, said = false } = why;
    super([title, detail].filter(Boolean).join(': '), { cause });
    this.name = 'StreamFailed';
    this.status = status;
    this.title = title;
    this.detail = detail;
    this.permanent = permanent;
    this.retryAfter = retryAfter;
    this.said = said;
  }
}

/** @param {number} status */
function isPermanent(status) {
  return status >= 400 && status < 500 && ![408, 425, 429].includes(status);
}

/** @param {string} detail @param {unknown} [cause] */
function broken(detail, cause) {
  return new StreamFailed({ title: 'The connection broke', detail }, cause);
}

/** One that is aborted with `outer`, and lets go of it once it is aborted itself. @param {AbortSignal} [outer] */
function within(outer) {
  const inner = new AbortController();
  if (outer?.aborted) inner.abort(outer.reason);
  outer?.addEventListener('abort', () => inner.abort(outer.reason), { signal: inner.signal });
  return inner;
}

/** Ends early, and quietly, when `signal` is aborted. @param {number} milliseconds @param {AbortSignal} [signal] */
function sleep(milliseconds, signal) {
  return /** @type {Promise<void>} */ (new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => { clearTimeout(timer); signal?.removeEventListener('abort', done); resolve(); };
    const timer = setTimeout(done, milliseconds);
    signal?.addEventListener('abort', done);
  }));
}

/**
 * Calls `woken` when the machine may have been away: the network is back, or a timer comes far too late; until
 * `signal` is aborted.
 * @param {() => void} woken @param {AbortSignal} signal
 */
function watch(woken, signal) {
  globalThis.addEventListener?.('online', woken, { signal });
  let due = Date.now() + watchPeriod;
  const timer = setInterval(() => {
    const late = Date.now() - due;
    due = Date.now() + watchPeriod;
    if (late > sleepTime) woken();
  }, watchPeriod);
  /** @type {any} */ (timer).unref?.();  // Node would not end otherwise
  signal.addEventListener('abort', () => clearInterval(timer));
}

/** Pauses that grow, spread so that the clients of a server that comes back do not come all at once. */
class Backoff {
  attempts = 0;  // since the last item
  failures = 0;  // of the stream itself, one after the other: such a one may begin well each time
  floor = 0;

  /** @param {StreamFailed} error */
  next({ said, retryAfter }) {
    this.failures = said ? this.failures + 1 : 0;
    const doublings = Math.max(this.attempts++, this.failures - 1);
    const most = Math.min(longestPause, leastPause * 2 ** doublings);
    return Math.round(Math.max(this.floor, retryAfter) + most * (0.5 + Math.random() / 2));
  }
}

// What comes in, made words of.

const statuses = {
  invalid: 400, forbidden: 403, not_found: 404, conflict: 409, gone: 410,
  internal: 500, upstream: 502, unavailable: 503, too_slow: 503,
};

/** @param {string} base64 */
function bytesOf(base64) {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

/** A message of `coyield.v1`, or a line of the format `envelope`. @param {any} message @returns {Word | undefined} */
function wordOf({ id, event, data, encoding, gap, end, failed, subscribed }) {
  if (failed) return { failed };
  if (end) return { end: true };
  if (gap) return { gap, id };
  if (subscribed) return { subscribed: true, id: subscribed.id };
  if (data === undefined) return;
  return { item: { data: encoding === 'base64' ? bytesOf(data) : data, id, event }, id };
}

/** Reads envelopes, of which each is a line, from pieces of text. */
export class EnvelopeDecoder {
  #rest = '';
  beats = false;  // whether heartbeats come: not every endpoint has them

  /** @param {string} text @returns {Generator<Word>} */
  * push(text) {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      if (!line.trim()) {
        this.beats = true;
        continue;
      }
      const word = wordOf(Object(jsonOrText(line)));
      if (!word) throw new StreamFailed({ title: 'No envelope', detail: line.slice(0, 80), permanent: true });
      yield word;
    }
  }
}

/** Reads server-sent events (WHATWG HTML 9.2) from pieces of text, as which they were decoded with their BOM. */
export class EventStreamDecoder {
  beats = true;
  #parse;
  #rest = '';
  #begun = false;
  #afterCr = false;
  /** @type {string[]} */
  #data = [];
  #event = '';
  /** @type {string | undefined} */
  #id;

  /** @param {(text: string) => any} [parse] */
  constructor(parse = jsonOrText) {
    this.#parse = parse;
  }

  /** @param {string} text @returns {Generator<Word>} */
  * push(text) {
    for (const line of this.#lines(text)) {
      const word = line === '' ? this.#dispatch() : this.#field(line);
      if (word) yield word;
    }
  }

  /** Lines end at CR, LF or CRLF, and the latter may be torn apart. @param {string} text */
  * #lines(text) {
    if (text === '') return;
    if (!this.#begun && text[0] === '\uFEFF') text = text.slice(1);
    if (this.#afterCr && text[0] === '\n') text = text.slice(1);
    this.#begun = true;
    this.#afterCr = text.endsWith('\r');
    text = this.#rest + text;
    let at = 0;
    for (const end of text.matchAll(/\r\n|\n|\r/g)) {
      yield text.slice(at, end.index);
      at = /** @type {number} */ (end.index) + end[0].length;
    }
    this.#rest = text.slice(at);
  }

  /** @param {string} line @returns {Word | undefined} */
  #field(line) {
    const colon = line.indexOf(':');
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(line[colon + 1] === ' ' ? colon + 2 : colon + 1);
    if (name === 'data') this.#data.push(value);
    if (name === 'event') this.#event = value;
    if (name === 'id' && !value.includes('\0')) this.#id = value;
    if (name === 'retry' && /^[0-9]+$/.test(value)) return { retry: Number(value) };
  }

  /** @returns {Word | undefined} */
  #dispatch() {
    const [data, event, id] = [this.#data, this.#event, this.#id];
    [this.#data, this.#event, this.#id] = [[], '', undefined];
    if (data.length === 0) return id === undefined ? undefined : { id };  // where a stream without items stands
    const text = data.join('\n');
    if (event === 'end') return { end: true };
    if (event === 'gap') return { gap: jsonOrText(text), id };
    if (event === 'failed') return { failed: failureOf(jsonOrText(text)) };
    return { item: { data: this.#parse(text), id: id || undefined, event: event || undefined }, id };
  }
}

/** @param {string} text */
function jsonOrText(text) {
  try { return JSON.parse(text); } catch { return text; }
}

/** @param {{kind?: keyof typeof statuses, message?: string}} failure What `event: failed` says. */
function failureOf({ kind = 'internal', message }) {
  return { status: statuses[kind] ?? 500, title: 'The stream failed', detail: message };
}

// Over fetch: a response for each stream.

/** @param {Record<string, string | undefined>} own @param {HeadersInit} [others] @param {string} [token] */
function headersOf(own, others, token) {
  const headers = new Headers(others);
  for (const [name, value] of Object.entries(own)) if (value !== undefined) headers.set(name, value);
  if (token !== undefined) headers.set('Authorization', 'Bearer ' + token);
  return headers;
}

/** Header fields are bytes: UTF-8, as an EventSource sends its id. @param {string} [text] */
function asField(text) {
  return text && String.fromCharCode(...new TextEncoder().encode(text));
}

/** @param {string | null} value Of Retry-After: seconds, or a date. */
function retryAfterOf(value) {
  const seconds = Number(value ?? 0);
  return Math.max(0, Number.isNaN(seconds) ? Date.parse(String(value)) - Date.now() || 0 : seconds * 1000);
}

/** What a response says that is no stream. @param {Response} response */
async function refusalOf(response) {
  const text = await response.text().catch(() => '');
  const problem = Object(jsonOrText(text));
  return new StreamFailed({
    status: response.status,
    title: problem.title ?? (response.statusText || `Status ${response.status}`),
    detail: problem.detail ?? '',
    retryAfter: retryAfterOf(response.headers.get('Retry-After')),
  });
}

/** Waits for `promise`, but not for ever; what is wrong with it, or with `link`, is why. @template T
 * @param {Promise<T>} promise @param {AbortController} link @param {number} silence @returns {Promise<T>} */
async function heard(promise, link, silence) {
  const giveUp = () => link.abort(broken(`nothing was heard for ${silence / 1000} s`));
  const timer = silence > 0 ? setTimeout(giveUp, silence) : undefined;
  try {
    return await promise;
  } catch (error) {
    if (link.signal.aborted) throw link.signal.reason;
    throw broken(error instanceof Error ? error.message : String(error), error);
  } finally {
    clearTimeout(timer);
  }
}

/** @param {Response} response @param {SubscribeOptions['parse']} parse */
function decoderOf({ status, url, headers }, parse) {
  const type = (headers.get('Content-Type') ?? '').split(';')[0].trim().toLowerCase();
  if (type === 'text/event-stream') return new EventStreamDecoder(parse);
  if (type === 'application/x-ndjson') return new EnvelopeDecoder();
  throw new StreamFailed({ status, title: 'No stream', detail: `${url} is ${type || 'of no type'}`, permanent: true });
}

/**
 * Envelopes are asked for, which say what is text and what is bytes; a server without them sends events.
 * @param {Client} client @param {URL} url @param {SubscribeOptions} options @param {string | undefined} lastId
 * @param {AbortController} link @param {() => void} answered @returns {AsyncGenerator<Iterable<Word>>}
 */
async function* overFetch(client, url, { token, headers, silence = heartbeats, parse }, lastId, link, answered) {
  const target = new URL(url);
  target.search += (target.search ? '&' : '?') + 'envelope=1';
  const fields = headersOf({ Accept: 'text/event-stream', 'Last-Event-ID': asField(lastId) }, headers, token);
  const request = client.fetch(target, { headers: fields, cache: 'no-store', signal: link.signal });
  const response = await heard(request, link, silence);
  answered();
  if (response.status === 204) return yield [{ end: true }];  // nothing is left behind the last id
  if (!response.ok) throw await heard(refusalOf(response), link, silence);
  const decoder = decoderOf(response, parse);
  yield [{ open: 'fetch' }];
  const text = new TextDecoder('utf-8', { ignoreBOM: true });
  const reader = /** @type {ReadableStream<Uint8Array>} */ (response.body).getReader();
  for (;;) {
    const { done, value } = await heard(reader.read(), link, decoder.beats ? silence : 0);
    if (done) throw broken('the response is over, the stream is not');
    yield decoder.push(text.decode(value, { stream: true }));
  }
}

// Over a WebSocket: `coyield.v1`, for all streams of an origin.

/** What one stream gets: no more than there are credits for. */
class Channel {
  /** @type {Word[]} */
  #words = [];
  /** @type {unknown} */
  #error;
  #news = () => {};

  /** @param {object} request What subscribes it. */
  constructor(request) {
    this.request = request;
  }
  /** @param {Word} word */
  put(word) {
    this.#words.push(word);
    this.#news();
  }
  /** @param {unknown} error It is thrown behind the words that are here. */
  fail(error) {
    this.#error ??= error;
    this.#news();
  }
  async take() {
    while (this.#words.length === 0) {
      if (this.#error) throw this.#error;
      await /** @type {Promise<void>} */ (new Promise((resolve) => { this.#news = resolve; }));
    }
    return /** @type {Word} */ (this.#words.shift());
  }
}

/** The connection of an origin; gone with its last channel. */
class Socket {
  #socket;
  /** @type {Map<string, Channel>} */
  #channels = new Map();
  #names = 0;
  #open = false;
  #timer;

  /**
   * @param {typeof globalThis.WebSocket} Constructor @param {URL} url @param {number} silence
   * @param {(there: boolean) => void} changed Called when it is open, and when it is gone.
   */
  constructor(Constructor, url, silence, changed) {
    this.silence = silence;
    this.changed = changed;
    this.#socket = new Constructor(url.href, 'coyield.v1');
    this.#timer = setTimeout(() => this.#break('it does not open'), answerTime);
    this.#socket.onopen = () => {
      this.#open = true;
      this.#alive();
      changed(true);
      for (const channel of this.#channels.values()) this.#send(channel.request);
    };
    this.#socket.onmessage = (/** @type {MessageEvent} */ { data }) => {
      this.#alive();
      this.#take(jsonOrText(data));
    };
    this.#socket.onerror = () => {};  // a close follows, and says as much
    this.#socket.onclose = (/** @type {CloseEvent} */ { code, reason }) => {
      this.#break(`${code} ${reason}`.trim(), code === 1013 ? 1000 : 0);  // 1013: the server has too much to do
    };
  }

  /** @param {object} request */
  subscribe(request) {
    const sub = String(++this.#names);
    const channel = new Channel({ ...request, sub });
    this.#channels.set(sub, channel);
    if (this.#open) this.#send(channel.request);
    return { channel, sub };
  }
  /** @param {string} sub @param {number} request */
  request(sub, request) {
    if (this.#channels.has(sub)) this.#send({ request, sub });
  }
  /** @param {string} sub @param {boolean} [over] Whether the server knows. */
  leave(sub, over = false) {
    if (!this.#channels.delete(sub)) return;
    if (this.#channels.size === 0) this.#close();
    else if (this.#open && !over) this.#send({ unsubscribe: sub });
  }

  /** A connection that has nothing to say is asked: to leave a stream that never was is answered, too. */
  #alive() {
    clearTimeout(this.#timer);
    if (this.silence <= 0) return;
    this.#timer = setTimeout(() => {
      this.#send({ unsubscribe: 'nothing' });
      this.#timer = setTimeout(() => this.#break('it does not answer'), Math.min(answerTime, this.silence));
    }, this.silence);
  }
  /** @param {object} message */
  #send(message) {
    this.#socket.send(JSON.stringify(message));
  }
  /** @param {any} message */
  #take(message) {
    if (message.sub === undefined) {  // 404: what was requested crossed an end
      if (message.failed?.status !== 404) console.warn('coyield: what the server says is of no stream', message);
      return;
    }
    const channel = this.#channels.get(message.sub);  // none: it has left
    const word = wordOf(message);
    if (!channel || !word) return;
    channel.put(word);
    if (message.end || message.failed) this.leave(message.sub, true);
  }
  /** @param {string} why @param {number} [retryAfter] */
  #break(why, retryAfter) {
    const error = new StreamFailed({ title: 'The connection broke', detail: why, retryAfter });
    for (const channel of this.#channels.values()) channel.fail(this.#open ? error : new NoSocket(error));
    this.#channels.clear();
    this.#close();
  }
  #close() {
    clearTimeout(this.#timer);
    if (!this.#socket.onclose) return;
    this.#socket.onclose = this.#socket.onmessage = this.#socket.onopen = null;
    this.#socket.close(1000);
    this.changed(false);
  }
}

/** A WebSocket that did not open; a browser does not say why. */
class NoSocket extends StreamFailed {
  /** @param {StreamFailed} cause */
  constructor(cause) {
    super({ title: 'There is no WebSocket', detail: cause.detail }, cause);
  }
}

/**
 * @param {Client} client @param {URL} url @param {SubscribeOptions} options @param {string | undefined} lastId
 * @param {AbortSignal} signal @returns {AsyncGenerator<Iterable<Word>>}
 */
async function* overSocket(client, url, { buffer = 64 }, lastId, signal) {
  const socket = client.socket(url);
  const subscribe = url.pathname + url.search;
  const { channel, sub } = socket.subscribe({ subscribe, last_event_id: lastId, request: buffer });
  signal.addEventListener('abort', () => {
    channel.fail(signal.reason);
    socket.leave(sub);
  });
  for (let taken = 0; ;) {
    const word = await channel.take();
    if (word.item && ++taken >= buffer / 2) {
      socket.request(sub, taken);
      taken = 0;
    }
    yield [word.subscribed ? { open: 'websocket', id: word.id } : word];
  }
}

// What the loop sees.

/** One stream, through all its connections. @implements {AsyncIterableIterator<Item>} */
class Subscription {
  #client;
  #url;
  #options;
  #stop = new AbortController();
  #words;
  #backoff = new Backoff();
  /** @type {string | undefined} */
  #lastId;
  #begun = false;  // whether the server has answered once: from then on something may be missed

  /** @param {Client} client @param {URL} url @param {SubscribeOptions} options */
  constructor(client, url, options) {
    this.#client = client;
    this.#url = url;
    this.#options = options;
    this.#lastId = options.lastEventId || undefined;
    this.#words = this.#run();
  }
  [Symbol.asyncIterator]() {
    return this;
  }
  /** @returns {Promise<IteratorResult<Item, undefined>>} */
  next() {
    return this.#words.next();
  }
  /** Also ends a `next()` that waits. @returns {Promise<IteratorResult<Item, undefined>>} */
  return() {
    this.#stop.abort();
    return this.#words.return(undefined);
  }

  /** Connection after connection. @returns {AsyncGenerator<Item, undefined>} */
  async* #run() {
    const { signal } = this.#options;
    if (signal?.aborted) this.#stop.abort();
    signal?.addEventListener('abort', () => this.#stop.abort(), { signal: this.#stop.signal });
    /** @type {State} */
    let last = { state: 'closed' };
    try {
      this.#client.streams.add(this);
      this.#say({ state: 'connecting' });
      while (!this.#stop.signal.aborted) {
        const link = within(this.#stop.signal);
        try {
          for await (const words of this.#connect(link)) {
            for (const word of words) {
              if (this.#stop.signal.aborted) return;
              if (word.end) {
                last = { state: 'ended' };
                return;
              }
              const element = this.#note(word);
              if (element) yield element;
            }
          }
        } catch (error) {
          if (this.#stop.signal.aborted) return;
          if (!(error instanceof StreamFailed) || error.permanent) throw error;
          link.abort();
          await this.#pause(error);
        } finally {
          link.abort();
        }
      }
    } catch (error) {
      if (error instanceof StreamFailed) last = { state: 'failed', error };
      throw error;
    } finally {
      this.#stop.abort();
      this.#client.streams.delete(this);
      this.#say(last);
    }
  }

  /** What becomes of a word: an element of the loop, or nothing. @param {Word} word @returns {Item | undefined} */
  #note({ item, id, open, gap, failed, retry }) {
    const resumed = this.#lastId !== undefined;
    if (id !== undefined) this.#lastId = id || undefined;
    if (item) {
      this.#backoff.attempts = 0;
      return item;
    }
    if (retry !== undefined) this.#backoff.floor = retry;
    if (failed) throw new StreamFailed({ ...failed, said: true });
    if (gap) return this.#missing(gap);
    if (!open) return;
    this.#say({ state: 'open', transport: open });
    const anew = this.#begun && !resumed;
    this.#begun = true;
    if (anew) return this.#missing({});
  }

  /** @param {Gap} gap @returns {Item | undefined} */
  #missing(gap) {
    const { gaps, onGap = warn } = this.#options;
    if (gaps === 'items') return { gap, data: undefined };
    onGap(gap);
  }

  /** By WebSocket, or by fetch where that cannot be.
   * @param {AbortController} link @returns {AsyncGenerator<Iterable<Word>>} */
  async* #connect(link) {
    watch(() => link.abort(broken('the machine was away')), link.signal);
    const way = this.#client.way(this.#url, this.#options);
    try {
      if (way !== 'fetch') return yield* overSocket(this.#client, this.#url, this.#options, this.#lastId, link.signal);
    } catch (error) {
      if (!(error instanceof NoSocket) || way !== 'try') throw error;
    }
    const answered = () => { if (way === 'try') this.#client.hasSocket.set(this.#url.origin, false); };
    yield* overFetch(this.#client, this.#url, this.#options, this.#lastId, link, answered);
  }

  /** The network that is back, or a page that is looked at again, ends it, but not before the server allows.
   * @param {StreamFailed} error */
  async #pause(error) {
    const wait = this.#backoff.next(error);
    const least = Date.now() + error.retryAfter;
    this.#say({ state: 'reconnecting', resumes: this.#lastId !== undefined, wait, error });
    const pause = within(this.#stop.signal);
    const seen = () => { if (!document.hidden) pause.abort(); };
    globalThis.document?.addEventListener('visibilitychange', seen, { signal: pause.signal });
    watch(() => pause.abort(), pause.signal);
    await sleep(wait, pause.signal);
    pause.abort();
    await sleep(least - Date.now(), this.#stop.signal);
  }

  /** @param {State} state @returns {undefined} */
  #say(state) {
    this.#options.onState?.(state);
  }
}

/** @param {Gap} gap */
function warn({ count, from }) {
  console.warn(`coyield: ${count ?? 'some'} items ${from ? `behind ${from} ` : ''}are missing; onGap would be told`);
}

/** A UUID where the browser has them, which is on secure pages; it has to be new, not secret. */
function newKey() {
  const digits = () => Math.random().toString(36).slice(2);
  return globalThis.crypto?.randomUUID?.() ?? [Date.now().toString(36), digits(), digits(), digits()].join('-');
}

/** What streams share: connections, and options. `subscribe` and `publish` are those of one for the whole module. */
export class Client {
  #options;
  /** @type {Map<string, Socket>} */
  #sockets = new Map();
  /** Those that run. @type {Set<Subscription>} */
  streams = new Set();
  /** Whether an origin has a WebSocket, where that is known. @type {Map<string, boolean>} */
  hasSocket = new Map();

  /** @param {ClientOptions & SubscribeOptions} [options] Those of `subscribe` are for all its streams. */
  constructor(options = {}) {
    this.#options = options;
  }

  /** A stream, for one loop, which begins it. @param {string | URL} url @param {SubscribeOptions} [options] */
  subscribe(url, options = {}) {
    return new Subscription(this, this.#absolute(url), { ...this.#options, ...options });
  }

  /**
   * Publishes one item to a topic. It is repeated, with the same key, while the network or the server is not there.
   * @param {string | URL} url @param {any} data @param {PublishOptions} [options]
   * @returns {Promise<{id: string}>} Rejects with `StreamFailed`, or with the reason of `signal`.
   */
  async publish(url, data, options = {}) {
    const { token, headers, signal } = { ...this.#options, ...options };
    const { key = newKey(), contentType = 'application/json', patience = 60_000 } = options;
    const own = { 'Content-Type': contentType, 'Idempotency-Key': key };
    const body = contentType === 'application/json' ? JSON.stringify(data) : data;
    const request = { method: 'POST', headers: headersOf(own, headers, token), body };
    const backoff = new Backoff();
    for (const deadline = Date.now() + patience; ;) {
      try {
        return await this.#post(this.#absolute(url), request, within(signal), deadline - Date.now());
      } catch (error) {
        if (!(error instanceof StreamFailed) || error.permanent || error.status === 500) throw error;
        const wait = backoff.next(error);
        if (Date.now() + wait > deadline) throw error;
        await sleep(wait, signal);
      }
    }
  }

  /** Ends all its streams, quietly. */
  close() {
    for (const stream of this.streams) stream.return();
  }

  /** @param {URL} url @param {RequestInit} request @param {AbortController} link @param {number} time */
  async #post(url, request, link, time) {
    try {
      const response = await heard(this.fetch(url, { ...request, signal: link.signal }), link, time);
      if (!response.ok) throw await heard(refusalOf(response), link, time);
      return await heard(response.json(), link, time);
    } finally {
      link.abort();
    }
  }

  /** @param {string | URL} url */
  #absolute(url) {
    return new URL(url, this.#options.base ?? globalThis.document?.baseURI ?? globalThis.location?.href);
  }

  // For the transports.

  /** @param {URL} url @param {RequestInit} init */
  fetch(url, init) {
    return (this.#options.fetch ?? globalThis.fetch)(url, init);
  }
  /** @param {URL} url @param {SubscribeOptions} options @returns {'fetch' | 'websocket' | 'try'} */
  way({ origin }, { transport = 'auto', token, headers }) {
    const bare = token === undefined && headers === undefined;
    if (transport === 'websocket' && !this.#WebSocket) throw new TypeError('there is no WebSocket here');
    if (transport === 'websocket' && !bare) throw new TypeError('a WebSocket sends no token or headers; take "fetch"');
    if (transport !== 'auto') return transport;
    if (!bare || !this.#WebSocket || this.hasSocket.get(origin) === false) return 'fetch';
    return this.hasSocket.has(origin) ? 'websocket' : 'try';
  }
  /** The one of the origin. @param {URL} url */
  socket({ origin }) {
    const there = this.#sockets.get(origin);
    if (there) return there;
    const address = new URL('/.coyield/ws', origin);
    address.protocol = address.protocol.replace('http', 'ws');
    const socket = new Socket(this.#WebSocket, address, this.#options.silence ?? heartbeats, (there) => {
      if (there) this.hasSocket.set(origin, true);
      else this.#sockets.delete(origin);
    });
    this.#sockets.set(origin, socket);
    return socket;
  }
  get #WebSocket() {
    return this.#options.WebSocket ?? globalThis.WebSocket;
  }
}

const shared = new Client();

/** @type {Client['subscribe']} */
export const subscribe = (url, options) => shared.subscribe(url, options);

/** @type {Client['publish']} */
export const publish = (url, data, options) => shared.publish(url, data, options);
