// One endpoint: what it takes, how to have it elsewhere, and what comes of it now.
import { address, publish, tokens } from './api.js';
import { Chart } from './chart.js';
import { copy_button, count, el, figure, set_text } from './dom.js';
import { ItemList } from './items.js';
import { Watcher } from './stream.js';

const examples = { integer: '10', number: '1', duration: '1s', size: '64KiB' };
const words = { integer: 'a whole number', number: 'a number', duration: 'a duration, like 500ms', size: 'a size, like 64KiB' };
const slow_ones = { disconnect: 'who is too slow is disconnected', drop_oldest: 'who is too slow misses the oldest items',
                    drop_newest: 'who is too slow misses the newest items', latest: 'who is too slow gets the latest item', block: 'all wait for the slowest' };
const ways = { path: 'path', query: 'query', header: 'header' };

export class EndpointPage {
  #watcher = null;
  #fields = [];  // { parameter, input }
  #last_rate = { count: 0, at: 0, rate: null };

  constructor(app, endpoint) {
    this.app = app;
    this.endpoint = endpoint;
    this.list = new ItemList();
    this.chart = new Chart();
    this.view = el('div', { class: 'endpoint' }, this.#head(), this.#form(), endpoint.publish ? this.#publisher() : null, this.#live());
    this.#describe();
  }
  show() {}
  hide() { this.#watcher?.stop(); }
  update() {
    const figures = this.app.rates.figures_of(this.endpoint.pattern), rate = this.app.rates.of(this.endpoint.pattern);
    if (!figures) return;
    const slow = figures.ended.slow ? `, ${count(figures.ended.slow)} too slow` : '';
    const failed = figures.ended.failed + figures.ended.refused;
    set_text(this.figures, `${count(figures.running)} ${figures.running === 1 ? 'client' : 'clients'} now, ${count(figures.started)} ever, ${figure(rate?.items)} items/s` +
      (this.endpoint.share ? `, ${count(figures.generators)} shared ${figures.generators === 1 ? 'generator' : 'generators'}` : '') + slow + (failed ? `, ${count(failed)} failed` : ''));
    this.#draw_state();
  }

  #head() {
    const { endpoint } = this;
    const made_of = [endpoint.source?.name ?? 'a function in C++', ...endpoint.pipeline.map((step) => step.name)].join(' | ');
    this.figures = el('p', { class: 'hint figures' });
    const share = endpoint.share ? ` · one generator for all who ask for the same; ${slow_ones[endpoint.share.slow]}` : ' · a generator for each client';
    return el('header', {}, el('a', { href: '#/', class: 'back' }, '← Endpoints'), el('h2', {}, el('code', {}, endpoint.pattern)),
      endpoint.title ? el('p', {}, endpoint.title) : null, endpoint.description ? el('p', {}, endpoint.description) : null,
      el('p', { class: 'hint', title: endpoint.source?.summary ?? '' }, el('code', {}, made_of), share), this.figures);
  }

  // What is asked for.

  #form() {
    const { endpoint, app } = this;
    const fields = endpoint.parameters.filter((parameter) => ways[parameter.in]).map((parameter) => this.#field(parameter));
    if (endpoint.share) {
      fields.push(this.#field({ in: 'query', name: 'since', required: false, type: 'text', default: 'as the endpoint says',
                                summary: 'Where to begin: latest, earliest, or -10 for the newest ten.' }));
    }
    const formats = [...app.formats.map((format) => [format.name, format.name + (format.name === endpoint.format ? ' (default)' : '')]),
                     ['ws', 'WebSocket'], ...app.formats.filter((format) => format.over_websocket).map(({ name }) => ['ws:' + name, `WebSocket, ${name}`])];
    this.format = el('select', { id: 'format', onchange: () => this.#describe() }, ...formats.map(([value, text]) => el('option', { value }, text)));
    this.format.value = endpoint.input ? 'ws' : 'sse';
    this.format_hint = el('small');
    fields.push(labelled('format', 'Format', this.format, this.format_hint));
    if (endpoint.token) {
      this.token = el('input', { id: 'endpoint-token', type: 'password', autocomplete: 'off', spellcheck: 'false', value: tokens.of(endpoint.pattern),
                                 oninput: () => tokens.set(endpoint.pattern, this.token.value) });
      fields.push(labelled('endpoint-token', 'Token', this.token, el('small', {}, 'That this endpoint asks for; it stays in this tab.')));
    }
    const form = el('form', { class: 'card', novalidate: true, 'aria-label': 'Try it' }, el('div', { class: 'fields' }, ...fields), this.#how(), this.#buttons());
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#toggle();
    });
    return form;
  }
  #field(parameter) {
    const id = `${parameter.in}-${parameter.name}`;
    const choices = parameter.type === 'boolean' ? ['true', 'false'] : parameter.choices;
    const attributes = { id, required: parameter.required, oninput: () => this.#describe() };
    const input = choices
      ? el('select', attributes, ...(parameter.required ? [] : [el('option', { value: '' }, `default: ${parameter.default}`)]), ...choices.map((choice) => el('option', { value: choice }, choice)))
      : el('input', { ...attributes, type: 'text', autocomplete: 'off', spellcheck: 'false', placeholder: parameter.default ?? '' });
    if (parameter.required && !choices) input.value = examples[parameter.type] ?? '';
    this.#fields.push({ parameter, input });
    const bounds = [parameter.minimum !== undefined && `at least ${parameter.minimum}`, parameter.maximum !== undefined && `at most ${parameter.maximum}`];
    const facts = [choices ? null : words[parameter.type], ...bounds].filter(Boolean).join(', ');
    const hint = el('small', { title: parameter.of ? `for ${parameter.of}` : null }, parameter.summary ?? (parameter.of ? `For ${parameter.of}.` : ''),
                    facts ? el('em', {}, facts) : null);
    return labelled(id, parameter.name, input, hint, ways[parameter.in]);
  }
  #buttons() {
    this.connect = el('button', { type: 'submit', class: 'primary', id: 'connect' }, 'Connect');
    this.pause = el('button', { type: 'button', id: 'pause', disabled: true, onclick: () => this.#pause() }, 'Pause');
    this.state = el('p', { class: 'state idle', id: 'state', role: 'status' }, 'not connected');
    this.why = el('p', { class: 'why', id: 'why', role: 'alert', hidden: true });
    return el('div', {}, el('div', { class: 'bar' }, this.connect, this.pause, this.state), this.why);
  }

  get #websocket() { return this.format.value.startsWith('ws'); }
  get #format() { return this.#websocket ? this.format.value.slice(3) : this.format.value; }
  /// The path and query of what is asked for: as it is at the addresses that serve.
  #target() {
    let path = this.endpoint.pattern;
    const query = new URLSearchParams();
    for (const { parameter, input } of this.#fields) {
      const value = input.value;
      if (parameter.in === 'path') {
        const encoded = parameter.rest ? value.split('/').map(encodeURIComponent).join('/') : encodeURIComponent(value);
        path = path.replace(parameter.rest ? `{${parameter.name}...}` : `{${parameter.name}}`, encoded);
      } else if (parameter.in === 'query' && value !== '') {
        query.append(parameter.name, value);
      }
    }
    if (this.#format && !(this.#format === this.endpoint.format && !this.#websocket)) query.append('format', this.#format);
    return path + (String(query) ? '?' + query : '');
  }
  #headers() {
    return Object.fromEntries(this.#fields.filter(({ parameter, input }) => parameter.in === 'header' && input.value !== '')
      .map(({ parameter, input }) => [parameter.name, input.value]));
  }

  // How to have it elsewhere.

  #how() {
    this.command = el('code', { id: 'curl' });
    this.here = el('a', { id: 'here' }, 'here');
    return el('div', { class: 'how' },
      el('div', { class: 'command' }, el('pre', { tabindex: '0', 'aria-label': 'The same in a terminal' }, this.command), copy_button(() => this.command.textContent)),
      el('p', { class: 'hint' }, 'This page reads it at its own address: ', this.here));
  }
  #describe() {
    const target = this.#target();
    this.here.href = address(this.app.serve + target);
    set_text(this.here, this.here.pathname + this.here.search);
    set_text(this.command, command_for(this.app.addresses, target, this.#websocket, this.endpoint.token, this.#headers()));
    const format = this.app.formats.find((each) => each.name === this.#format);
    set_text(this.format_hint, this.#websocket ? 'A message an item; the close code says how it ended.'
      : (format?.summary ?? '') + (this.#format === 'sse' ? ' With ids: it goes on where it broke.' : ''));
  }

  // What comes.

  #live() {
    const { list, chart } = this;
    const tab = (name, panel, on) => el('button', { type: 'button', role: 'tab', id: 'tab-' + name.toLowerCase(), 'aria-selected': on, 'aria-controls': panel.id, onclick: () => choose(name) }, name);
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
    return el('section', { class: 'card live' }, el('div', { class: 'bar' }, el('div', { role: 'tablist', class: 'tabs' }, ...tabs),
      el('label', { class: 'check' }, raw, 'Raw'), el('button', { type: 'button', class: 'small', onclick: () => this.#clear() }, 'Clear')),
      this.send_box, items, drawn);
  }
  #sender() {
    const text = el('input', { type: 'text', id: 'say', autocomplete: 'off', 'aria-label': 'A message for the stream', placeholder: 'A message for the stream; Enter sends it' });
    text.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || this.#watcher?.state !== 'live' || !this.#websocket) return;
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
    const missing = this.#fields.find(({ parameter, input }) => parameter.required && input.value === '');
    if (missing) {
      this.#say(`"${missing.parameter.name}" is missing`);
      return missing.input.focus();
    }
    this.#say('');
    this.#clear();
    this.#last_rate = { count: 0, at: performance.now(), rate: null };
    // The format is always said: what a browser accepts by itself would be a page.
    const url = address(this.app.serve + this.#target());
    if (this.#format) url.searchParams.set('format', this.#format);
    const ask = { url, format: this.#format, websocket: this.#websocket, headers: this.#headers(), token: this.token?.value };
    this.#watcher = new Watcher(ask, (records) => {
      this.list.add(records);
      this.chart.add(records);
    });
    this.#watcher.addEventListener('change', () => this.#changed());
    this.#watcher.start();
  }
  #over() { return ['ended', 'failed', 'stopped'].includes(this.#watcher?.state); }
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
    if (state === 'live' && connections > 1) this.list.note(lastId ? `connected again, behind ${lastId}` : 'connected again; it has begun anew');
    if (state === 'waiting' && connections > 0) this.list.note(why);
    if (this.#over()) this.list.note({ ended: 'the stream has ended', failed: 'the stream has failed: ' + why, stopped: 'you have stopped it' }[state]);
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
    const now = performance.now(), last = this.#last_rate;
    if (now - last.at > 900) this.#last_rate = { count: this.list.count, at: now, rate: (this.list.count - last.count) / ((now - last.at) / 1000) };
    const items = `${count(this.list.count)} ${this.list.count === 1 ? 'item' : 'items'}`;
    const rate = state === 'live' && this.#last_rate.rate !== null ? `, ${figure(this.#last_rate.rate)}/s` : '';
    const { gaps, missing } = this.list;
    const gap = gaps ? `, ${count(gaps)} ${gaps === 1 ? 'gap' : 'gaps'}${missing ? ` of ${count(missing)} items` : ''}` : '';
    const name = state === 'waiting' ? 'broken, trying again' : state;
    set_text(this.state, `${name}, ${items}${rate}${gap}${this.list.paused ? ', paused' : ''}`);
    this.state.className = 'state ' + state;
  }

  // What is said to a topic.

  #publisher() {
    const text = el('textarea', { id: 'publish', rows: '4', spellcheck: 'false', 'aria-label': 'What is published', placeholder: '{"text": "hello"}' });
    const type = el('select', { id: 'publish-type', 'aria-label': 'As what it is published' }, el('option', { value: 'application/json' }, 'JSON'), el('option', { value: 'text/plain' }, 'text'));
    const said = el('p', { class: 'hint', id: 'published', role: 'status' });
    const send = async () => {
      const url = address(this.app.serve + this.#target());
      url.searchParams.delete('format');
      try {
        const { id } = await publish(url, text.value, type.value, this.token?.value);
        set_text(said, `published as ${id}`);
      } catch (error) {
        set_text(said, error.message);
      }
    };
    return el('section', { class: 'card' }, el('h3', {}, 'Publish'), text,
      el('div', { class: 'bar' }, type, el('button', { type: 'button', class: 'primary', id: 'publish-now', onclick: send }, 'Publish'), said));
  }
}

function labelled(id, name, input, hint, way) {
  hint.id = id + '-hint';
  input.setAttribute('aria-describedby', hint.id);
  return el('div', { class: 'field' }, el('label', { for: id }, name, way ? el('span', { class: 'mark' }, way) : null), input, hint);
}

const quoted = (text) => "'" + text.replaceAll("'", "'\\''") + "'";

/// How the stream is had at an address that serves, from where this page is looked at.
function command_for(addresses, target, websocket, token, headers) {
  const where = addresses.find((each) => !each.startsWith('unix:')) ?? addresses[0] ?? '';
  const all = /^(0\.0\.0\.0|\[::\]):/;
  const host = where.startsWith('unix:') ? 'localhost' : where.replace(all, location.hostname + ':');
  const fields = Object.entries(headers).map(([name, value]) => ` -H ${quoted(name + ': ' + value)}`).join('') + (token ? ' -H "Authorization: Bearer $TOKEN"' : '');
  if (websocket) return `websocat${fields} ${quoted('ws://' + host + target)}`;
  const socket = where.startsWith('unix:') ? ` --unix-socket ${quoted(where.slice(5))}` : '';
  return `curl -N${socket}${fields} ${quoted('http://' + host + target)}`;
}
