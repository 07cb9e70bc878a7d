// One endpoint: what it takes, how to have it elsewhere, and what comes of it now.
import { address } from './api.js';
import { Chart } from './chart.js';
import { command_for } from './command.js';
import { copy_button, count, el, figure, many, set_text } from './dom.js';
import { RequestForm } from './form.js';
import { ItemList } from './items.js';
import { publisher } from './publisher.js';
import { Watcher } from './stream.js';

const slow_ones = {
  disconnect: 'who is too slow is disconnected',
  drop_oldest: 'who is too slow misses the oldest items',
  drop_newest: 'who is too slow misses the newest items',
  latest: 'who is too slow gets the latest item',
  block: 'all wait for the slowest',
};

export class EndpointPage {
  #watcher = null;
  #last_rate = { count: 0, at: 0, rate: null };

  constructor(app, endpoint) {
    this.app = app;
    this.endpoint = endpoint;
    this.list = new ItemList();
    this.chart = new Chart();
    this.form = new RequestForm(endpoint, app.formats, () => this.#describe());
    const topic = { url: () => this.#url(false), token: () => this.form.token };
    const publishes = endpoint.publish ? publisher(topic) : null;
    this.view = el('div', { class: 'endpoint' }, this.#head(), this.#request(), publishes, this.#live());
    this.#describe();
  }
  show() {}
  hide() {
    this.#watcher?.stop();
  }
  update() {
    const { pattern, share } = this.endpoint;
    const figures = this.app.rates.figures_of(pattern);
    if (!figures) return;
    const { slow, failed, refused } = figures.ended;
    const facts = [
      `${many(figures.running, 'client')} now`,
      `${count(figures.started)} ever`,
      `${figure(this.app.rates.of(pattern)?.items)} items/s`,
      share && many(figures.generators, 'shared generator'),
      slow && `${count(slow)} too slow`,
      failed + refused && `${count(failed + refused)} failed`,
    ];
    set_text(this.figures, facts.filter(Boolean).join(', '));
    this.#draw_state();
  }

  #head() {
    const { endpoint } = this;
    const steps = [endpoint.source?.name ?? 'a function in C++', ...endpoint.pipeline.map((step) => step.name)];
    this.figures = el('p', { class: 'hint figures' });
    const share = endpoint.share
      ? ` · one generator for all who ask for the same; ${slow_ones[endpoint.share.slow]}`
      : ' · a generator for each client';
    return el(
      'header',
      {},
      el('a', { href: '#/', class: 'back' }, '← Endpoints'),
      el('h2', {}, el('code', {}, endpoint.pattern)),
      endpoint.title ? el('p', {}, endpoint.title) : null,
      endpoint.description ? el('p', {}, endpoint.description) : null,
      el('p', { class: 'hint', title: endpoint.source?.summary ?? '' }, el('code', {}, steps.join(' | ')), share),
      this.figures,
    );
  }

  // What is asked for, here and elsewhere.

  #request() {
    const form = el(
      'form',
      { class: 'card', novalidate: true, 'aria-label': 'Try it' },
      this.form.view,
      this.#how(),
      this.#buttons(),
    );
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#toggle();
    });
    return form;
  }
  #how() {
    this.command = el('code', { id: 'curl' });
    this.here = el('a', { id: 'here' }, 'here');
    return el(
      'div',
      { class: 'how' },
      el(
        'div',
        { class: 'command' },
        el('pre', { tabindex: '0', 'aria-label': 'The same in a terminal' }, this.command),
        copy_button(() => this.command.textContent),
      ),
      el('p', { class: 'hint' }, 'This page reads it at its own address: ', this.here),
    );
  }
  #buttons() {
    this.connect = el('button', { type: 'submit', class: 'primary', id: 'connect' }, 'Connect');
    this.pause = el(
      'button',
      {
        type: 'button',
        id: 'pause',
        disabled: true,
        title: 'What is shown stands still; the stream is read on',
        onclick: () => this.#pause(),
      },
      'Pause',
    );
    this.state = el('p', { class: 'state idle', id: 'state' }, 'not connected');
    this.why = el('p', { class: 'why', id: 'why', role: 'alert', hidden: true });
    return el('div', {}, el('div', { class: 'bar' }, this.connect, this.pause, this.state), this.why);
  }
  #describe() {
    const target = this.form.target();
    this.here.href = address(this.app.serve + target);
    set_text(this.here, this.here.pathname + this.here.search);
    set_text(
      this.command,
      command_for(this.app.addresses, target, this.form.websocket, this.endpoint.token, this.form.headers()),
    );
  }
  /// Where it is had by this page. The format is said even where it is the default: what a browser accepts by itself
  /// would be a page.
  #url(with_format = true) {
    const url = address(this.app.serve + this.form.target());
    url.searchParams.delete('format');
    if (with_format && this.form.format) url.searchParams.set('format', this.form.format);
    return url;
  }

  // What comes.

  #live() {
    const { list, chart } = this;
    const tab = (name, panel, on) =>
      el(
        'button',
        {
          type: 'button',
          role: 'tab',
          id: 'tab-' + name.toLowerCase(),
          'aria-selected': on,
          'aria-controls': panel.id,
          onclick: () => choose(name),
        },
        name,
      );
    const items = el('div', { id: 'panel-items', role: 'tabpanel' }, list.view, list.detail);
    const drawn = el('div', { id: 'panel-chart', role: 'tabpanel', hidden: true }, chart.view);
    const tabs = [tab('Items', items, 'true'), tab('Chart', drawn, 'false')];
    const choose = (name) => {
      tabs.forEach((each) => each.setAttribute('aria-selected', each.textContent === name));
      items.hidden = name !== 'Items';
      drawn.hidden = name !== 'Chart';
      chart.redraw();
      list.redraw();
    };
    const raw = el('input', { type: 'checkbox', id: 'raw', onchange: () => list.show_raw(raw.checked) });
    this.send_box = this.endpoint.input ? this.#sender() : null;
    return el(
      'section',
      { class: 'card live' },
      el(
        'div',
        { class: 'bar' },
        el('div', { role: 'tablist', class: 'tabs' }, ...tabs),
        el('label', { class: 'check' }, raw, 'Raw'),
        el('button', { type: 'button', class: 'small', onclick: () => this.#clear() }, 'Clear'),
      ),
      this.send_box,
      items,
      drawn,
    );
  }
  #sender() {
    const text = el('input', {
      type: 'text',
      id: 'say',
      autocomplete: 'off',
      'aria-label': 'A message for the stream',
      placeholder: 'A message for the stream; Enter sends it',
    });
    text.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || this.#watcher?.state !== 'live' || !this.form.websocket) return;
      this.#watcher.send(text.value);
      text.value = '';
    });
    return el('div', { class: 'bar' }, text);
  }
  #clear() {
    this.list.clear();
    this.list.redraw();
    this.chart.clear();
  }

  #toggle() {
    if (this.#watcher && !this.#over()) return this.#watcher.stop();
    const missing = this.form.missing();
    if (missing) {
      this.#say(`"${missing.parameter.name}" is missing`);
      return missing.input.focus();
    }
    this.#say('');
    this.#clear();
    this.#last_rate = { count: 0, at: performance.now(), rate: null };
    const { format, websocket, token } = this.form;
    const ask = { url: this.#url(), format, websocket, token, headers: this.form.headers() };
    this.#watcher = new Watcher(ask, (records) => {
      this.list.add(records);
      this.chart.add(records);
    });
    this.#watcher.addEventListener('change', () => this.#changed());
    this.#watcher.start();
  }
  #over() {
    return ['ended', 'failed', 'stopped'].includes(this.#watcher?.state);
  }
  #pause() {
    this.list.pause(!this.list.paused);
    this.pause.textContent = this.list.paused ? 'Go on' : 'Pause';
    this.#draw_state();
  }
  /// Whatever becomes of the stream stands between its items, too.
  #changed() {
    const { state, why, connections, lastId } = this.#watcher;
    this.connect.textContent = this.#over() ? 'Connect' : 'Stop';
    this.connect.classList.toggle('primary', this.#over());
    this.pause.disabled = this.#over() && !this.list.paused;
    if (state === 'live' && connections > 1)
      this.list.note(lastId ? `connected again, behind ${lastId}` : 'connected again; it has begun anew');
    if (state === 'waiting' && connections > 0) this.list.note(why);
    if (this.#over())
      this.list.note(
        { ended: 'the stream has ended', failed: 'the stream has failed: ' + why, stopped: 'you have stopped it' }[
          state
        ],
      );
    this.#say(state === 'failed' || state === 'waiting' ? why : '');
    this.#draw_state();
  }
  #say(why) {
    set_text(this.why, why);
    this.why.hidden = why === '';
  }
  #draw_state() {
    if (!this.#watcher) return;
    const { state } = this.#watcher;
    const { count: items, gaps, missing, paused } = this.list;
    const rate = this.#rate();
    const facts = [
      state === 'waiting' ? 'broken, trying again' : state,
      many(items, 'item'),
      state === 'live' && rate !== null && `${figure(rate)}/s`,
      gaps && many(gaps, 'gap') + (missing ? ` of ${many(missing, 'item')}` : ''),
      paused && 'paused',
    ];
    set_text(this.state, facts.filter(Boolean).join(', '));
    this.state.className = 'state ' + state;
  }
  /// Of the last second or so; null before that.
  #rate() {
    const now = performance.now();
    const last = this.#last_rate;
    if (now - last.at > 900) {
      const rate = (this.list.count - last.count) / ((now - last.at) / 1000);
      this.#last_rate = { count: this.list.count, at: now, rate };
    }
    return this.#last_rate.rate;
  }
}
