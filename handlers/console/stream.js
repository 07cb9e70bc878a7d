// Watches one stream: asks for it, reads it as fast as the page can show it, says truly how it ended, and comes back
// where it broke: behind the last id, where its format has ids.
import { Refused, bearer, refusal } from './api.js';
import { decoder_of, message_record } from './decode.js';

const breath = 16; // ms between two readings: a stream that is faster than the page is held back
const most_messages = 20000; // a second; a WebSocket in a browser cannot be held back

export class Watcher extends EventTarget {
  state = 'idle'; // idle, connecting, live, waiting, ended, failed, stopped
  why = '';
  #abort = null;
  #socket = null;

  /// `ask` is { url, format, websocket, headers, token }; `take(records)` gets what comes.
  constructor(ask, take) {
    super();
    this.ask = ask;
    this.take = take;
    this.lastId = '';
    this.connections = 0;
  }

  async start() {
    this.#abort = new AbortController();
    while (!this.#over()) {
      this.#become('connecting');
      try {
        await (this.ask.websocket ? this.#talk() : this.#read());
      } catch (error) {
        this.#broke(error);
      }
      if (this.#over()) return;
      const pause = this.retry ?? 3000;
      const back = this.lastId ? `; it will go on behind ${this.lastId}` : '; it will begin anew';
      this.#become('waiting', (this.why || 'the connection has broken') + back);
      await new Promise((resume) => {
        const timer = setTimeout(resume, pause);
        this.#abort.signal.addEventListener(
          'abort',
          () => {
            clearTimeout(timer);
            resume();
          },
          { once: true },
        );
      });
    }
  }

  stop() {
    if (this.#over()) return;
    this.#become('stopped');
    this.#abort?.abort();
    this.#socket?.close(1000);
  }
  send(text) {
    this.#socket?.send(text);
  }

  #over() {
    return ['ended', 'failed', 'stopped'].includes(this.state);
  }
  #become(state, why = '') {
    if (this.#over()) return;
    this.state = state;
    this.why = why;
    this.dispatchEvent(new Event('change'));
  }
  /// A stream that was refused stays so; one whose server is away or overloaded may be had later.
  #broke(error) {
    if (error instanceof Refused && error.status !== 503 && error.status !== 502) this.#become('failed', error.message);
    else
      this.why =
        error instanceof Refused
          ? error.message
          : this.state === 'live'
            ? 'the stream was cut'
            : 'the server cannot be reached';
  }
  #live() {
    ++this.connections;
    this.#become('live');
  }
  /// What is no item says how the stream stands.
  #give(records) {
    this.take(records.filter((record) => !record.end && record.failed === undefined));
    for (const record of records) {
      if (record.end) this.#become('ended');
      if (record.failed !== undefined) this.#become('failed', record.failed);
    }
  }

  async #read() {
    const headers = { ...this.ask.headers, ...bearer(this.ask.token) };
    if (this.lastId) headers['Last-Event-ID'] = this.lastId;
    const answer = await fetch(this.ask.url, { headers, cache: 'no-store', signal: this.#abort.signal });
    if (answer.status === 204) return this.#become('ended');
    if (!answer.ok) throw await refusal(answer);
    this.#live();
    const decoder = decoder_of(this.ask.format);
    const reader = answer.body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      this.#give(decoder.push(value));
      this.lastId = decoder.lastId || this.lastId;
      this.retry = decoder.retry;
      if (value.length > 8192) await new Promise((resume) => setTimeout(resume, breath));
    }
    // Events say their end; of the others, a response that is complete is a stream that is.
    if (this.ask.format !== 'sse') this.#become('ended');
    else this.why = 'the server has let the stream go';
  }

  #talk() {
    const url = new URL(this.ask.url);
    url.protocol = url.protocol.replace('http', 'ws');
    const socket = (this.#socket = new WebSocket(url));
    socket.binaryType = 'arraybuffer';
    let opened = false,
      since = performance.now(),
      messages = 0;
    socket.onopen = () => {
      opened = true;
      this.#live();
    };
    socket.onmessage = ({ data }) => {
      if (performance.now() - since > 1000) [since, messages] = [performance.now(), 0];
      if (++messages > most_messages) {
        this.#become(
          'failed',
          'more than 20,000 messages a second, and a WebSocket cannot be held back: choose another format',
        );
        return socket.close(1000);
      }
      this.#give([message_record(data, this.ask.format)]);
    };
    return new Promise((over) => {
      socket.onclose = ({ code, reason }) => {
        const said = reason ? `closed with ${code}: ${reason}` : `closed with ${code}`;
        if (code === 1000) this.#become('ended');
        else if (code === 1011 || code === 1008) this.#become('failed', said);
        else if (!opened) this.why = 'no WebSocket was opened; the browser does not say why';
        else this.why = code === 1006 ? 'the stream was cut' : said;
        over();
      };
    });
  }
}
