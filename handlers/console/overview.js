// All endpoints at a glance, and who is behind.
import * as api from './api.js';
import { bytes, count, duration, el, figure, keyed, set_text } from './dom.js';

const svg = 'http://www.w3.org/2000/svg';

/// The last minute, as a line.
function sparkline() {
  const picture = document.createElementNS(svg, 'svg');
  picture.setAttribute('viewBox', '0 0 120 24');
  picture.setAttribute('preserveAspectRatio', 'none');
  picture.setAttribute('class', 'spark');
  picture.setAttribute('aria-hidden', 'true');
  picture.append(document.createElementNS(svg, 'path'));
  return picture;
}
function draw_spark(picture, history) {
  const top = Math.max(...history, 1e-9);
  const points = history.map(
    (rate, i) => `${(120 - 2 * (history.length - 1 - i)).toFixed(0)} ${(22 - (rate / top) * 20).toFixed(1)}`,
  );
  picture.firstChild.setAttribute('d', points.length > 1 ? 'M' + points.join('L') : '');
}

const columns = [
  ['', 'Endpoint'],
  ['number', 'Clients'],
  ['number', 'Items/s'],
  ['wide', 'Last minute'],
  ['number', 'Bytes/s'],
  ['number', 'Items'],
  ['number', 'Slow'],
  ['number', 'Failed'],
];

export class Overview {
  #timer = null;

  constructor(app) {
    this.app = app;
    this.totals = el('dl', { class: 'totals' });
    this.body = el('tbody');
    this.behind = el('tbody');
    this.behind_box = el(
      'section',
      { hidden: true },
      el('h2', {}, 'Who is behind'),
      el(
        'div',
        { class: 'scroll' },
        el(
          'table',
          { class: 'list' },
          el(
            'thead',
            {},
            el(
              'tr',
              {},
              ...['Stream', 'Endpoint', 'Client', 'Items behind', 'Bytes', 'For'].map((name, i) =>
                el('th', { scope: 'col', class: i > 2 ? 'number' : '' }, name),
              ),
            ),
          ),
          this.behind,
        ),
      ),
    );
    this.view = el(
      'div',
      {},
      this.totals,
      el(
        'section',
        {},
        el('h2', {}, 'Endpoints'),
        el(
          'table',
          { class: 'list endpoints' },
          el(
            'thead',
            {},
            el('tr', {}, ...columns.map(([kind, name]) => el('th', { scope: 'col', class: kind }, name))),
          ),
          this.body,
        ),
      ),
      this.behind_box,
    );
  }
  show() {
    this.update();
    this.#look();
  }
  hide() {
    clearTimeout(this.#timer);
  }

  update() {
    const { rates } = this.app;
    this.#draw_totals(rates);
    keyed(
      this.body,
      this.app.endpoints,
      (endpoint) => endpoint.pattern,
      make_row,
      (row, endpoint) => {
        const figures = rates.figures_of(endpoint.pattern),
          rate = rates.of(endpoint.pattern);
        if (!figures) return;
        const [, clients, items, , sent, total, slow, failed] = row.children;
        put(clients, count(figures.running));
        put(items, figure(rate?.items));
        draw_spark(row.querySelector('svg'), rates.history(endpoint.pattern));
        put(sent, bytes(rate?.bytes));
        put(total, figure(figures.items));
        put(slow, count(figures.ended.slow), 'warn');
        put(failed, count(figures.ended.failed + figures.ended.refused), 'bad');
      },
    );
  }
  #draw_totals(rates) {
    const now = rates.now,
      total = rates.total();
    if (!now) return;
    const figures = [
      ['Connections', count(now.connections)],
      ['Items/s', figure(total?.items)],
      ['Bytes/s', bytes(total?.bytes)],
      ['Processor', total ? (100 * total.cpu).toFixed(total.cpu < 0.1 ? 1 : 0) + ' %' : '–'],
      ['Memory', bytes(now.process.resident_bytes)],
      ['Turned away', count(now.refused)],
      ['Dropped', count(now.dropped.slow + now.dropped.memory)],
      ['Up for', duration(now.uptime_seconds)],
    ];
    keyed(
      this.totals,
      figures,
      ([name]) => name,
      ([name]) => el('div', {}, el('dt', {}, name), el('dd')),
      (box, [, value]) => set_text(box.lastChild, value),
    );
  }

  /// Every two seconds; where there are very many, not so often.
  async #look() {
    clearTimeout(this.#timer);
    let streams = [];
    try {
      streams = await api.streams();
    } catch {
      // the page says so already
    }
    const lagging = streams
      .filter((stream) => stream.behind?.items > 0 || stream.state === 'client')
      .sort((a, b) => (b.behind?.seconds ?? 0) - (a.behind?.seconds ?? 0) || b.unsent - a.unsent)
      .slice(0, 8);
    this.behind_box.hidden = lagging.length === 0;
    keyed(
      this.behind,
      lagging,
      (stream) => stream.id,
      (stream) =>
        el(
          'tr',
          {},
          el('td', {}, stream.id),
          el('td', {}, el('code', {}, stream.endpoint)),
          el('td', {}, stream.client),
          el('td', { class: 'number' }),
          el('td', { class: 'number' }),
          el('td', { class: 'number' }),
        ),
      (row, stream) => {
        set_text(row.children[3], stream.behind ? count(stream.behind.items) : '–');
        set_text(row.children[4], bytes(stream.behind?.bytes ?? stream.unsent));
        set_text(row.children[5], stream.behind ? duration(stream.behind.seconds) : '–');
      },
    );
    if (this.view.isConnected) this.#timer = setTimeout(() => this.#look(), streams.length > 1000 ? 10000 : 2000);
  }
}

function make_row(endpoint) {
  const marks = [
    endpoint.share && 'shared',
    endpoint.publish && 'topic',
    endpoint.input && 'takes input',
    endpoint.token && 'token',
    endpoint.finite && 'ends',
  ]
    .filter(Boolean)
    .map((mark) => el('span', { class: 'mark' }, mark));
  const name = el(
    'td',
    { class: 'name' },
    el('a', { href: '#/endpoint' + endpoint.pattern }, el('code', {}, endpoint.pattern)),
    ...marks,
    endpoint.title ? el('p', {}, endpoint.title) : null,
  );
  const cell = (label) => el('td', { class: 'number', 'data-label': label });
  return el(
    'tr',
    {},
    name,
    cell('clients'),
    cell('items/s'),
    el('td', { class: 'wide' }, sparkline()),
    cell('/s'),
    cell('items'),
    cell('slow'),
    cell('failed'),
  );
}

/// Nothing is written quietly, what is not well loudly.
function put(cell, text, kind) {
  const nothing = text === '0' || text === '0 B' || text === '–';
  set_text(cell, text);
  cell.classList.toggle('zero', nothing);
  if (kind) cell.classList.toggle(kind, !nothing);
}
