// The streams that run, as a table that can be sorted, and be thinned out.
import * as api from './api.js';
import { bytes, count, duration, el, figure, keyed, set_text } from './dom.js';

const most_rows = 200;
const waits = { running: 'nothing', client: 'client', timer: 'timer', io: 'input', event: 'event' };

const columns = [
  { name: 'Stream', of: (s) => s.id, show: (s) => s.id },
  { name: 'Endpoint', of: (s) => s.endpoint, show: (s) => s.endpoint, code: true },
  { name: 'Client', of: (s) => s.client, show: (s) => s.client },
  { name: 'Format', of: (s) => s.format, show: (s) => (s.protocol === 'WebSocket' ? 'WebSocket' : s.format) },
  { name: 'Age', of: (s) => s.age_seconds, show: (s) => duration(s.age_seconds), number: true },
  { name: 'Items', of: (s) => s.items, show: (s) => figure(s.items), number: true },
  { name: 'Items/s', of: (s) => s.rate ?? -1, show: (s) => figure(s.rate), number: true },
  { name: 'Bytes', of: (s) => s.bytes, show: (s) => bytes(s.bytes), number: true },
  { name: 'Unsent', of: (s) => s.unsent, show: (s) => bytes(s.unsent), number: true, warn: (s) => s.unsent > 0 },
  {
    name: 'Behind',
    of: (s) => s.behind?.items ?? -1,
    number: true,
    warn: (s) => s.behind?.items > 0,
    show: (s) =>
      s.behind
        ? s.behind.items
          ? `${count(s.behind.items)} · ${bytes(s.behind.bytes)} · ${duration(s.behind.seconds)}`
          : '0'
        : '–',
  },
  {
    name: 'Last item',
    of: (s) => s.last_item_seconds ?? Infinity,
    show: (s) => ago(s.last_item_seconds),
    number: true,
  },
  {
    name: 'Waits for',
    of: (s) => s.awaits ?? s.state,
    show: (s) => (waits[s.awaits ?? s.state] ?? s.state) + (s.awaits && s.awaits_in ? ` in ${s.awaits_in}` : ''),
    title: (s) => passed(s),
  },
];

const ago = (seconds) => (seconds === undefined ? '–' : duration(seconds));

/// What has gone through each component, and why it was started again.
function passed({ stages = [], restarts, last_error }) {
  const lines = stages.map(({ name, items }) => `${name}: ${count(items)} items`);
  if (restarts) lines.push(`restarts: ${count(restarts)}`);
  if (last_error) lines.push(`last error: ${last_error}`);
  return lines.join('\n');
}

const share_columns = [
  { name: 'Items', show: (s) => figure(s.items), number: true },
  { name: 'Last item', show: (s) => ago(s.last_item_seconds), number: true },
  { name: 'Waits in', show: (s) => s.awaits_in ?? '–', title: (s) => passed(s) },
  { name: 'Restarts', show: (s) => count(s.restarts ?? 0), number: true },
  { name: 'Last error', show: (s) => s.last_error ?? '–' },
];

export class Streams {
  #timer = null;
  #all = [];
  #before = new Map();
  #by = columns[4];
  #down = true;

  constructor(app) {
    this.app = app;
    this.status = el('p', { class: 'hint', role: 'status' });
    this.filter = el('input', {
      type: 'search',
      placeholder: 'endpoint, client, format',
      'aria-label': 'Only streams with this text',
      oninput: () => this.#draw(),
    });
    this.head = el(
      'tr',
      {},
      ...columns.map((column) => this.#header(column)),
      el('th', { scope: 'col' }, el('span', { class: 'unseen' }, 'Stop')),
    );
    this.body = el('tbody');
    this.shares = el('tbody');
    this.shares_box = el(
      'section',
      { hidden: true },
      el(
        'div',
        { class: 'bar' },
        el('h2', {}, 'Shared generators'),
        el('p', { class: 'hint' }, 'One that is stopped ends for all who read it; who asks next starts another.'),
      ),
      el(
        'div',
        { class: 'scroll' },
        el(
          'table',
          { class: 'list shares' },
          el(
            'thead',
            {},
            el(
              'tr',
              {},
              ...['Endpoint', 'Asked for with'].map((name) => el('th', { scope: 'col' }, name)),
              ...share_columns.map(({ name, number }) => el('th', { scope: 'col', class: number ? 'number' : '' }, name)),
              el('th', { scope: 'col' }, el('span', { class: 'unseen' }, 'Stop')),
            ),
          ),
          this.shares,
        ),
      ),
    );
    const streams = el(
      'section',
      {},
      el('div', { class: 'bar' }, el('h2', {}, 'Streams'), this.status, this.filter),
      el('div', { class: 'scroll' }, el('table', { class: 'list streams' }, el('thead', {}, this.head), this.body)),
    );
    this.view = el('div', {}, streams, this.shares_box);
  }
  show() {
    this.#look();
  }
  hide() {
    clearTimeout(this.#timer);
  }
  update() {}

  #header(column) {
    const sort = () => {
      this.#down = this.#by === column ? !this.#down : Boolean(column.number);
      this.#by = column;
      this.#draw();
    };
    return el(
      'th',
      { scope: 'col', class: column.number ? 'number' : '' },
      el('button', { type: 'button', class: 'sort', onclick: sort }, column.name),
    );
  }

  async #look() {
    clearTimeout(this.#timer);
    try {
      const [streams, shares] = await Promise.all([api.streams(), api.shares()]);
      this.#take(streams);
      this.#draw_shares(shares);
    } catch (error) {
      set_text(this.status, error.message);
    }
    if (this.view.isConnected) this.#timer = setTimeout(() => this.#look(), this.#all.length > 1000 ? 5000 : 1000);
  }
  #take(streams) {
    const at = performance.now();
    for (const stream of streams) {
      const before = this.#before.get(stream.id);
      if (before) stream.rate = (stream.items - before.items) / ((at - before.at) / 1000);
    }
    this.#before = new Map(streams.map(({ id, items }) => [id, { items, at }]));
    this.#all = streams;
    this.#draw();
  }
  #draw() {
    const wanted = this.filter.value.toLowerCase();
    const found = this.#all.filter((s) =>
      [s.endpoint, s.client, s.format, s.protocol].join(' ').toLowerCase().includes(wanted),
    );
    const order = (a, b) => (a < b ? -1 : a > b ? 1 : 0) * (this.#down ? -1 : 1);
    found.sort((a, b) => order(this.#by.of(a), this.#by.of(b)));
    columns.forEach((column, i) => {
      if (column === this.#by) this.head.children[i].setAttribute('aria-sort', this.#down ? 'descending' : 'ascending');
      else this.head.children[i].removeAttribute('aria-sort');
    });
    const shown = found.slice(0, most_rows);
    const said = `${count(found.length)} ${found.length === 1 ? 'stream runs' : 'streams run'}`;
    set_text(this.status, shown.length < found.length ? `${said}; the first ${most_rows} are shown` : said);
    keyed(
      this.body,
      shown,
      (stream) => stream.id,
      (stream) => this.#row(stream),
      (row, stream) => {
        columns.forEach((column, i) => {
          const cell = row.children[i];
          set_text(column.code ? cell.firstChild : cell, column.show(stream));
          cell.classList.toggle('warn', Boolean(column.warn?.(stream)));
          if (column.title) cell.title = column.title(stream);
        });
      },
    );
  }
  #draw_shares(shares) {
    this.shares_box.hidden = shares.length === 0;
    keyed(
      this.shares,
      shares.slice(0, most_rows),
      ({ id }) => id,
      ({ id, endpoint, values }) => {
        const said = Object.entries(values)
          .map(([name, value]) => `${name.replace(/^\w+\./, '')}=${value}`)
          .join(', ');
        return el(
          'tr',
          {},
          el('td', {}, el('code', {}, endpoint)),
          el('td', {}, said || '–'),
          ...share_columns.map(({ name, number }) => el('td', { class: number ? 'number' : '', 'data-label': name })),
          el(
            'td',
            { class: 'number' },
            stop_button(
              `Stop the generator of ${endpoint} ${said}`,
              () => api.stop_share(id),
              (error) => set_text(this.status, error.message),
            ),
          ),
        );
      },
      (row, share) => {
        share_columns.forEach((column, i) => {
          const cell = row.children[2 + i];
          set_text(cell, column.show(share));
          if (column.title) cell.title = column.title(share);
        });
      },
    );
  }
  #row(stream) {
    const cells = columns.map((column) =>
      el('td', { class: column.number ? 'number' : '', 'data-label': column.name }, column.code ? el('code') : null),
    );
    return el(
      'tr',
      {},
      ...cells,
      el(
        'td',
        {},
        stop_button(
          `Stop stream ${stream.id} of ${stream.endpoint}`,
          () => api.stop(stream.id),
          (error) => set_text(this.status, error.message),
        ),
      ),
    );
  }
}

/// Asks once more before it does it.
function stop_button(label, stop, failed) {
  const button = el('button', { type: 'button', class: 'small danger', 'aria-label': label }, 'Stop');
  let sure = null;
  button.addEventListener('click', async () => {
    if (!sure) {
      button.textContent = 'Sure?';
      sure = setTimeout(() => {
        sure = null;
        button.textContent = 'Stop';
      }, 3000);
      return;
    }
    clearTimeout(sure);
    button.disabled = true;
    await stop().catch(failed);
    button.disabled = false;
  });
  return button;
}
