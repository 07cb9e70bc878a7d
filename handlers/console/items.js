// The last items of a stream, the newest on top: a list of rows of one height, of which only those in sight exist.
import { clock, count, el, set_text } from './dom.js';
import { indented, valueOf } from './decode.js';

const kept = 500;
const row_height = 26;

/// Ids differ at their end.
const short_id = (id) => (id.length > 20 ? '…' + id.slice(-19) : id);

function gap_text(record) {
  const { count: missing, from } = valueOf(record) ?? {};
  return (
    (missing ? `${count(missing)} items are missing here` : 'items are missing here') + (from ? `, behind ${from}` : '')
  );
}

export class ItemList {
  records = []; // the oldest first
  count = 0;
  gaps = 0;
  missing = 0; // items, as far as the gaps say it
  paused = false;
  raw = false;
  #shown = [];
  #selected = null;
  #drawing = false;

  constructor() {
    this.rows = el('div', { class: 'rows', role: 'presentation' });
    this.view = el(
      'div',
      { class: 'items', tabindex: '0', role: 'listbox', 'aria-label': 'The last items, the newest first' },
      this.rows,
    );
    this.detail = el('pre', {
      class: 'detail',
      id: 'detail',
      hidden: true,
      tabindex: '0',
      'aria-label': 'The chosen item',
    });
    this.view.addEventListener('scroll', () => this.redraw());
    this.view.addEventListener('keydown', (event) => this.#key(event));
    this.view.addEventListener('click', (event) => {
      const row = event.target.closest('.row');
      if (row) this.#select(this.#shown[row.dataset.at]);
    });
  }

  clear() {
    this.records = [];
    this.count = this.gaps = this.missing = 0;
    this.#select(null);
  }
  add(records) {
    const at = Date.now();
    for (const record of records) {
      record.at = at;
      record.number = record.gap || record.note ? 0 : ++this.count;
      if (record.gap) this.#miss(record);
    }
    // Of many, the last will do.
    this.records.push(...records.slice(-kept));
    if (this.records.length > 2 * kept) this.records.splice(0, this.records.length - kept);
    this.redraw();
  }
  /// A gap may go by faster than it can be shown: it is counted.
  #miss(record) {
    ++this.gaps;
    this.missing += Number(valueOf(record)?.count ?? 0);
  }
  /// A line that is no item: what has become of the stream.
  note(text) {
    this.add([{ note: true, text, raw: text }]);
  }
  pause(paused) {
    this.paused = paused;
    this.redraw();
  }
  show_raw(raw) {
    this.raw = raw;
    this.redraw();
    this.#show_detail();
  }

  /// Once a frame, however much has come.
  redraw() {
    if (this.#drawing) return;
    this.#drawing = true;
    requestAnimationFrame(() => {
      this.#drawing = false;
      this.#draw();
    });
  }
  #draw() {
    if (!this.paused) this.#follow();
    const first = Math.max(0, Math.floor(this.view.scrollTop / row_height) - 4);
    const last = Math.min(this.#shown.length, first + Math.ceil(this.view.clientHeight / row_height) + 8);
    this.rows.style.height = this.#shown.length * row_height + 'px';
    while (this.rows.childElementCount < last - first) this.rows.append(this.#new_row());
    while (this.rows.childElementCount > last - first) this.rows.lastElementChild.remove();
    for (let i = first; i < last; ++i) this.#fill(this.rows.children[i - first], this.#shown[i], i);
  }
  /// Who has scrolled down keeps what he looks at.
  #follow() {
    const top = this.view.scrollTop > row_height ? this.#shown[0] : null;
    this.#shown = this.records.slice(-kept).reverse();
    if (!top) return;
    const moved = this.#shown.indexOf(top);
    if (moved > 0) this.view.scrollTop += moved * row_height;
  }
  #new_row() {
    return el(
      'div',
      { class: 'row', role: 'option' },
      el('span', { class: 'n' }),
      el('time'),
      el('span', { class: 'id' }),
      el('b'),
      el('code'),
    );
  }
  #fill(row, record, at) {
    row.style.transform = `translateY(${at * row_height}px)`;
    row.dataset.at = at;
    row.className = 'row' + (record.gap ? ' gap' : '') + (record.note ? ' note' : '');
    row.setAttribute('aria-selected', record === this.#selected);
    const [number, time, id, event, text] = row.children;
    set_text(number, record.number ? String(record.number) : '');
    set_text(time, clock(record.at));
    set_text(id, short_id(record.id ?? ''));
    set_text(event, record.event ?? '');
    set_text(text, this.raw ? record.raw : record.gap ? gap_text(record) : record.text);
  }

  #key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 }[event.key];
    if (event.key === 'Escape') this.#select(null);
    if (!step || this.#shown.length === 0) return;
    event.preventDefault();
    const from = this.#selected ? this.#shown.indexOf(this.#selected) : -step;
    const at = Math.min(this.#shown.length - 1, Math.max(0, from + step));
    this.#select(this.#shown[at]);
    const top = at * row_height;
    if (top < this.view.scrollTop) this.view.scrollTop = top;
    if (top + row_height > this.view.scrollTop + this.view.clientHeight)
      this.view.scrollTop = top + row_height - this.view.clientHeight;
  }
  #select(record) {
    this.#selected = record === this.#selected ? null : record;
    this.#show_detail();
    this.redraw();
  }
  #show_detail() {
    const record = this.#selected;
    this.detail.hidden = !record;
    if (!record) return;
    const decoded = typeof valueOf(record) === 'object' ? indented(record.text) : record.text;
    const facts = [
      record.number && `item ${record.number}`,
      new Date(record.at).toISOString(),
      record.id && `id ${record.id}`,
      record.event && `event ${record.event}`,
    ];
    this.detail.replaceChildren(
      el('span', { class: 'hint' }, facts.filter(Boolean).join(' · ')),
      '\n',
      this.raw ? record.raw : decoded,
    );
  }
}
