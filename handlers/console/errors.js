// The last failures, the newest first.
import * as api from './api.js';
import { el, keyed, set_text } from './dom.js';

export class Errors {
  #timer = null;

  constructor() {
    this.status = el('p', { class: 'hint', role: 'status' });
    this.body = el('tbody');
    this.view = el(
      'section',
      {},
      el('div', { class: 'bar' }, el('h2', {}, 'Failures'), this.status),
      el(
        'table',
        { class: 'list errors' },
        el(
          'thead',
          {},
          el(
            'tr',
            {},
            ...['When', 'Endpoint', 'Client', 'Kind', 'Reason'].map((name) => el('th', { scope: 'col' }, name)),
          ),
        ),
        this.body,
      ),
    );
  }
  show() {
    this.#look();
  }
  hide() {
    clearTimeout(this.#timer);
  }
  update() {}

  async #look() {
    clearTimeout(this.#timer);
    try {
      this.#draw(await api.errors());
    } catch (error) {
      set_text(this.status, error.message);
    }
    if (this.view.isConnected) this.#timer = setTimeout(() => this.#look(), 2000);
  }
  #draw(failures) {
    const total = failures[0]?.number ?? 0;
    set_text(
      this.status,
      total === 0
        ? 'No stream has failed since the server began.'
        : total > failures.length
          ? `The last ${failures.length} of ${total} since the server began; the log has all of them.`
          : `${total} since the server began.`,
    );
    keyed(
      this.body,
      failures,
      (failure) => failure.number,
      (failure) => {
        const time = new Date(failure.time);
        return el(
          'tr',
          {},
          el('td', {}, el('time', { datetime: failure.time, title: failure.time }, time.toLocaleString('sv-SE'))),
          el('td', {}, el('code', {}, failure.endpoint)),
          el('td', {}, failure.client || 'all who share it'),
          el('td', {}, el('span', { class: 'mark ' + (failure.kind === 'slow' ? 'warn' : 'bad') }, failure.kind)),
          el('td', { class: 'reason' }, failure.reason),
        );
      },
      () => {},
    );
  }
}
