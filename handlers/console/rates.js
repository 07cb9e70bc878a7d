// The figures of the server, asked for again and again, and what they change by in a second.
import { figures } from './api.js';

const interval = 1000;
const kept = 60;

export class Rates extends EventTarget {
  now = null; // the figures, as they came last
  error = null; // why there are none
  since = null; // when they stayed away
  #before = null;
  #history = new Map(); // of each endpoint: its items a second
  #timer = null;

  start() {
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) this.ask();
    });
    this.ask();
  }
  /// A page that nobody sees asks nothing.
  async ask() {
    clearTimeout(this.#timer);
    if (document.hidden) return;
    try {
      const read = await figures();
      this.#take({ ...read, at: performance.now() });
    } catch (error) {
      this.error = error;
      this.since ??= new Date();
    }
    this.dispatchEvent(new Event('change'));
    this.#timer = setTimeout(() => this.ask(), interval);
  }
  #take(read) {
    const restarted = this.now !== null && read.uptime_seconds < this.now.uptime_seconds;
    this.#before = restarted ? null : this.now;
    this.now = read;
    this.error = this.since = null;
    if (restarted) {
      this.#history.clear();
      this.dispatchEvent(new Event('restart'));
    }
    for (const endpoint of read.endpoints) {
      const rate = this.of(endpoint.endpoint)?.items;
      if (rate === undefined) continue;
      const history = this.#history.get(endpoint.endpoint) ?? [];
      history.push(rate);
      this.#history.set(endpoint.endpoint, history.slice(-kept));
    }
  }

  figures_of(pattern) {
    return this.now?.endpoints.find((each) => each.endpoint === pattern);
  }
  history(pattern) {
    return this.#history.get(pattern) ?? [];
  }
  /// What an endpoint has done in the last second or so; nothing before there are two readings.
  of(pattern) {
    const now = this.figures_of(pattern);
    const before = this.#before?.endpoints.find((each) => each.endpoint === pattern);
    if (!now || !before) return undefined;
    const seconds = this.#seconds();
    return { items: (now.items - before.items) / seconds, bytes: (now.bytes - before.bytes) / seconds };
  }
  total() {
    const rates = this.now?.endpoints.map((each) => this.of(each.endpoint)).filter(Boolean) ?? [];
    if (rates.length === 0) return undefined;
    return { items: sum(rates, 'items'), bytes: sum(rates, 'bytes'), cpu: this.#cpu() };
  }
  #seconds() {
    return Math.max((this.now.at - this.#before.at) / 1000, 0.001);
  }
  #cpu() {
    return (this.now.process.cpu_seconds - this.#before.process.cpu_seconds) / this.#seconds();
  }
}

const sum = (all, name) => all.reduce((total, each) => total + each[name], 0);
