// The numbers in the items of a stream, drawn by uPlot.
import { clock, el, figure, keyed } from './dom.js';
import { valueOf } from './decode.js';

const most_fields = 40;
const most_depth = 4;
const most_points = 2000;
const counts_up = /(^|\/)(ts|time|timestamp|date|i|id|seq)$/i;
const colours = 8;

/// The numbers in a value, by their JSON pointers.
function* numbers(value, pointer = '', depth = 0) {
  if (typeof value === 'number' || typeof value === 'bigint') yield [pointer, Number(value)];
  else if (value && typeof value === 'object' && !(value instanceof Uint8Array) && depth < most_depth) {
    for (const [key, member] of Object.entries(value))
      yield* numbers(member, pointer + '/' + key.replaceAll('~', '~0').replaceAll('/', '~1'), depth + 1);
  }
}

export class Chart {
  #points = []; // { at, values: Map } in the order of coming
  #fields = new Map(); // by pointer: { pointer, checked, last }
  #plot = null;
  #drawing = false;
  #dark = matchMedia('(prefers-color-scheme: dark)');

  constructor() {
    this.canvas = el('div', { class: 'plot' });
    this.choices = el('div', { class: 'choices', role: 'group', 'aria-label': 'What is drawn' });
    this.length = el(
      'select',
      { 'aria-label': 'How many items are drawn', onchange: () => this.redraw() },
      ...[100, 300, 1000, 2000].map((n) => el('option', { value: String(n) }, `last ${n} items`)),
    );
    this.length.value = '300';
    this.hint = el('p', { class: 'hint' }, 'No numbers yet.');
    this.view = el(
      'div',
      { class: 'chart' },
      el('div', { class: 'bar' }, this.choices, this.length),
      this.hint,
      this.canvas,
    );
    new ResizeObserver(() => this.redraw()).observe(this.canvas);
    this.#dark.addEventListener('change', () => this.#begin_anew());
  }

  clear() {
    this.#points = [];
    this.#fields.clear();
    this.#begin_anew();
  }
  add(records) {
    const at = Date.now() / 1000;
    for (const record of records.slice(-most_points)) {
      if (record.gap || record.note) continue;
      const values = new Map(numbers(valueOf(record)));
      if (values.size === 0) continue;
      for (const [pointer, number] of values) this.#note(pointer, number);
      this.#points.push({ at, values });
    }
    if (this.#points.length > 2 * most_points) this.#points.splice(0, this.#points.length - most_points);
    this.redraw();
  }
  #note(pointer, number) {
    let field = this.#fields.get(pointer);
    if (!field) {
      if (this.#fields.size >= most_fields) return;
      field = { pointer, colour: this.#fields.size % colours, checked: this.#goes_with(pointer, number) };
      this.#fields.set(pointer, field);
      this.#begin_anew();
    }
    field.last = number;
  }

  /// The first three that do not just count up and are of about one size: others would be flat beside them.
  #goes_with(pointer, number) {
    const chosen = [...this.#fields.values()].filter((field) => field.checked);
    const apart = chosen.length && Math.abs(Math.log10((Math.abs(number) + 0.1) / (Math.abs(chosen[0].last) + 0.1)));
    return chosen.length < 3 && apart < 2.5 && !counts_up.test(pointer);
  }

  /// Another set of lines needs another plot.
  #begin_anew() {
    this.#plot?.destroy();
    this.#plot = null;
    this.redraw();
  }
  redraw() {
    if (this.#drawing) return;
    this.#drawing = true;
    requestAnimationFrame(() => {
      this.#drawing = false;
      this.#draw();
    });
  }
  #draw() {
    if (!this.view.isConnected || this.view.offsetParent === null) return;
    this.hint.hidden = this.#points.length !== 0;
    this.#draw_choices();
    const chosen = [...this.#fields.values()].filter((field) => field.checked);
    const points = this.#points.slice(-Number(this.length.value));
    const data = [
      spread(points.map(({ at }) => at)),
      ...chosen.map(({ pointer }) => points.map(({ values }) => values.get(pointer) ?? null)),
    ];
    const size = { width: this.canvas.clientWidth, height: this.canvas.clientHeight };
    if (!this.#plot) this.#plot = new globalThis.uPlot(this.#options(chosen, size), data, this.canvas);
    else this.#plot.setData(data);
    if (this.#plot.width !== size.width || this.#plot.height !== size.height) this.#plot.setSize(size);
    this.canvas.dataset.points = points.length;
  }
  #draw_choices() {
    keyed(
      this.choices,
      this.#fields.values(),
      (field) => field.pointer,
      (field) => {
        const box = el('input', {
          type: 'checkbox',
          onchange: () => {
            field.checked = box.checked;
            this.#begin_anew();
          },
        });
        box.checked = field.checked;
        return el(
          'label',
          { class: 'choice colour-' + field.colour },
          box,
          el('span', {}, field.pointer || 'value'),
          el('output'),
        );
      },
      (label, field) => {
        label.lastChild.textContent = figure_of(field.last);
      },
    );
  }
  #options(chosen, size) {
    const style = getComputedStyle(this.view);
    const colour = (name) => style.getPropertyValue(name).trim();
    const axis = {
      stroke: colour('--soft'),
      grid: { stroke: colour('--line'), width: 1 },
      ticks: { stroke: colour('--line'), width: 1 },
      font: '11px system-ui, sans-serif',
    };
    return {
      ...size,
      cursor: { y: false, points: { size: 6 } },
      legend: { show: false },
      scales: { x: { time: true } },
      axes: [
        { ...axis, values: (_, ticks, __, ___, step) => ticks.map((tick) => time_of(tick, step)) },
        { ...axis, size: 62, values: (_, ticks) => ticks.map(figure_of) },
      ],
      series: [
        {},
        ...chosen.map((field) => ({
          label: field.pointer || 'value',
          stroke: colour('--line-' + field.colour),
          width: 1.5,
          points: { show: this.#points.length < 3 },
          spanGaps: true,
        })),
      ],
    };
  }
}

/// In 24 hours, with fractions where the ticks have them.
const time_of = (tick, step) => clock(tick * 1000).slice(0, step < 1 ? -2 : -4);

const figure_of = (number) =>
  number === null || number === undefined
    ? ''
    : Math.abs(number) >= 1e4
      ? figure_signed(number)
      : String(Number(number.toPrecision(4)));
const figure_signed = (number) => (number < 0 ? '−' : '') + figure(Math.abs(number));

/// Items that have come together stand side by side, or the line would go straight up.
function spread(times) {
  const out = times.slice();
  for (let i = 0; i < times.length;) {
    let end = i;
    while (end < times.length && times[end] === times[i]) ++end;
    const step = (i === 0 ? 0.001 : Math.max(times[i] - times[i - 1], 0)) / (end - i);
    for (let j = i; j < end; ++j) out[j] = times[i] - step * (end - 1 - j);
    i = end;
  }
  return out;
}
