// The console: which view is shown, and what all of them need to know.
import * as api from './api.js';
import { by_id, set_text } from './dom.js';
import { EndpointPage } from './endpoint.js';
import { Errors } from './errors.js';
import { Overview } from './overview.js';
import { Rates } from './rates.js';
import { Streams } from './streams.js';

class App {
  endpoints = [];
  formats = [];
  addresses = [];
  serve = '';
  rates = new Rates();
  #view = null;
  #pages = { '/': () => new Overview(this), '/streams': () => new Streams(this), '/errors': () => new Errors(this) };

  async start() {
    by_id('token-form').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#use_token();
    });
    by_id('show-token').addEventListener('click', () => this.#ask_for_token(''));
    by_id('close-token').addEventListener('click', () => by_id('ask').close());
    addEventListener('hashchange', () => this.#go());
    this.rates.addEventListener('change', () => this.#update());
    this.rates.addEventListener('restart', () => this.#load());
    await this.#load();
    this.rates.start();
  }

  /// What is served stays the same while the server runs.
  async #load() {
    try {
      const { endpoints, formats, addresses, serve } = await api.endpoints();
      const before = JSON.stringify(this.endpoints);
      Object.assign(this, { endpoints, formats, addresses, serve });
      if (before !== JSON.stringify(endpoints)) this.#go();
    } catch (error) {
      this.#complain(error);
    }
  }
  #go() {
    this.#view?.hide();
    const path = decodeURIComponent(location.hash.slice(1)) || '/';
    this.#view = this.#page_of(path);
    for (const link of by_id('tabs').querySelectorAll('a')) {
      const here = link.hash === '#' + path || (link.hash === '#/' && path.startsWith('/endpoint'));
      if (here) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
    }
    by_id('main').replaceChildren(this.#view.view);
    document.title = (path === '/' ? '' : path.replace('/endpoint', '') + ' · ') + 'coyield';
    this.#view.show();
    this.#view.update();
    scrollTo(0, 0);
  }
  #page_of(path) {
    const pattern = path.startsWith('/endpoint/') && path.slice('/endpoint'.length);
    const endpoint = this.endpoints.find((each) => each.pattern === pattern);
    if (endpoint) return new EndpointPage(this, endpoint);
    return (this.#pages[path] ?? this.#pages['/'])();
  }

  #update() {
    const { now, error } = this.rates;
    if (error) return this.#complain(error);
    by_id('ask').open && by_id('token').value === '' && by_id('ask').close();
    by_id('server').className = now.draining ? 'waiting' : 'live';
    set_text(by_id('server'), now.draining ? 'draining' : 'coyield ' + now.version);
    by_id('trouble').hidden = true;
    if (this.endpoints.length === 0) this.#load();
    this.#view?.update();
  }
  #complain(error) {
    const unknown = error instanceof api.Refused && (error.status === 401 || error.status === 403);
    by_id('server').className = unknown ? 'waiting' : 'failed';
    set_text(by_id('server'), unknown ? 'token wanted' : 'away');
    if (unknown) return this.#ask_for_token(api.tokens.admin ? 'This token does not open the console.' : '');
    const since = this.rates.since ? ` since ${this.rates.since.toLocaleTimeString('sv-SE')}` : '';
    set_text(
      by_id('trouble'),
      error instanceof api.Refused
        ? error.message
        : `The server has not answered${since}; the page tries again every second.`,
    );
    by_id('trouble').hidden = false;
  }

  // The token of `admin.access`.

  #ask_for_token(why) {
    by_id('show-token').hidden = false;
    set_text(by_id('token-why'), why);
    if (by_id('ask').open) return;
    by_id('token').value = api.tokens.admin;
    by_id('ask').showModal();
  }
  async #use_token() {
    api.tokens.admin = by_id('token').value.trim();
    by_id('ask').close();
    await this.#load();
    this.rates.ask();
  }
}

new App().start();
