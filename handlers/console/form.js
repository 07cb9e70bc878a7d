// What a request brings to an endpoint: a field for each parameter, with what is known of it, the format and the token.
import { tokens } from './api.js';
import { el, set_text } from './dom.js';

const examples = { integer: '10', number: '1', duration: '1s', size: '64KiB' };
const words = {
  integer: 'a whole number',
  number: 'a number',
  duration: 'a duration, like 500ms',
  size: 'a size, like 64KiB',
};
const ways = { path: 'path', query: 'query', header: 'header' };

/// What every shared stream takes.
const since = {
  in: 'query',
  name: 'since',
  required: false,
  type: 'text',
  default: 'as the endpoint says',
  summary: 'Where to begin: latest, earliest, or -10 for the newest ten.',
};

export class RequestForm {
  #fields = []; // { parameter, input }

  /// `changed` is called whenever another thing would be asked for.
  constructor(endpoint, formats, changed) {
    this.endpoint = endpoint;
    this.formats = formats;
    this.changed = () => {
      this.#hint();
      changed();
    };
    const fields = endpoint.parameters
      .filter((parameter) => ways[parameter.in])
      .map((parameter) => this.#field(parameter));
    if (endpoint.share) fields.push(this.#field(since));
    fields.push(this.#format_field());
    if (endpoint.token) fields.push(this.#token_field());
    this.view = el('div', { class: 'fields' }, ...fields);
    this.#hint();
  }

  get websocket() {
    return this.select.value.startsWith('ws');
  }
  /// Empty for a WebSocket whose messages are text.
  get format() {
    return this.websocket ? this.select.value.slice(3) : this.select.value;
  }
  get token() {
    return this.token_input?.value;
  }
  /// The first parameter that has to be there and is not.
  missing() {
    return this.#fields.find(({ parameter, input }) => parameter.required && input.value === '');
  }
  /// The path and query of what is asked for: as it is at the addresses that serve.
  target() {
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
    if (this.format && !(this.format === this.endpoint.format && !this.websocket)) query.append('format', this.format);
    return path + (String(query) ? '?' + query : '');
  }
  headers() {
    return Object.fromEntries(
      this.#fields
        .filter(({ parameter, input }) => parameter.in === 'header' && input.value !== '')
        .map(({ parameter, input }) => [parameter.name, input.value]),
    );
  }

  #field(parameter) {
    const id = `${parameter.in}-${parameter.name}`;
    const choices = parameter.type === 'boolean' ? ['true', 'false'] : parameter.choices;
    const attributes = { id, required: parameter.required, oninput: () => this.changed() };
    const input = choices
      ? el(
          'select',
          attributes,
          ...(parameter.required ? [] : [el('option', { value: '' }, `default: ${parameter.default}`)]),
          ...choices.map((choice) => el('option', { value: choice }, choice)),
        )
      : el('input', {
          ...attributes,
          type: 'text',
          autocomplete: 'off',
          spellcheck: 'false',
          placeholder: parameter.default ?? '',
        });
    if (parameter.required && !choices) input.value = examples[parameter.type] ?? '';
    this.#fields.push({ parameter, input });
    const bounds = [
      parameter.minimum !== undefined && `at least ${parameter.minimum}`,
      parameter.maximum !== undefined && `at most ${parameter.maximum}`,
    ];
    const facts = [choices ? null : words[parameter.type], ...bounds].filter(Boolean).join(', ');
    const hint = el(
      'small',
      { title: parameter.of ? `for ${parameter.of}` : null },
      parameter.summary ?? (parameter.of ? `For ${parameter.of}.` : ''),
      facts ? el('em', {}, facts) : null,
    );
    return labelled(id, parameter.name, input, hint, ways[parameter.in]);
  }
  #format_field() {
    const named = (format) => format.name + (format.name === this.endpoint.format ? ' (default)' : '');
    const choices = [
      ...this.formats.map((format) => [format.name, named(format)]),
      ['ws', 'WebSocket'],
      ...this.formats.filter((format) => format.over_websocket).map(({ name }) => ['ws:' + name, `WebSocket, ${name}`]),
    ];
    const options = choices.map(([value, text]) => el('option', { value }, text));
    this.select = el('select', { id: 'format', onchange: () => this.changed() }, ...options);
    this.select.value = this.endpoint.input ? 'ws' : 'sse';
    this.format_hint = el('small');
    return labelled('format', 'Format', this.select, this.format_hint);
  }
  #token_field() {
    const { pattern } = this.endpoint;
    const keep = () => tokens.set(pattern, this.token);
    const value = tokens.of(pattern);
    this.token_input = el('input', {
      id: 'endpoint-token',
      type: 'password',
      autocomplete: 'off',
      value,
      oninput: keep,
    });
    const hint = el('small', {}, 'That this endpoint asks for; it stays in this tab.');
    return labelled('endpoint-token', 'Token', this.token_input, hint);
  }
  #hint() {
    const summary = this.formats.find((each) => each.name === this.format)?.summary ?? '';
    const ids = this.format === 'sse' ? ' With ids: it goes on where it broke.' : '';
    set_text(this.format_hint, this.websocket ? 'A message an item; the close code says how it ended.' : summary + ids);
  }
}

function labelled(id, name, input, hint, way) {
  hint.id = id + '-hint';
  input.setAttribute('aria-describedby', hint.id);
  return el(
    'div',
    { class: 'field' },
    el('label', { for: id }, name, way ? el('span', { class: 'mark' }, way) : null),
    input,
    hint,
  );
}
