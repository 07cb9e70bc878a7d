// Bytes of each format to records, as they come: { text, id?, event?, value?, gap?, end?, failed? }. `text` is what a
// person reads; where it is JSON, `valueOf` reads it once somebody wants to know.

import { Cursor, Values, hex, read_cbor, read_msgpack, record_of } from './binary.js';

/// The text of a stream in pieces that `separator` ends; what it does not end is kept.
class Pieces {
  #decoder = new TextDecoder();
  #rest = '';
  constructor(separator) {
    this.separator = separator;
  }
  push(bytes) {
    const pieces = (this.#rest + this.#decoder.decode(bytes, { stream: true })).split(this.separator);
    this.#rest = pieces.pop();
    return pieces;
  }
  get rest() {
    return this.#rest;
  }
}

/// Server-sent events (WHATWG HTML 9.2): the one format with ids, names, gaps and a reason at its end.
class Sse {
  #blocks = new Pieces('\n\n');
  lastId = '';
  retry = 3000;

  push(bytes) {
    return this.#blocks
      .push(bytes)
      .map((block) => this.#event(block))
      .filter(Boolean);
  }
  #event(block) {
    let event = '';
    const data = [];
    for (const line of block.split('\n')) {
      const [, field, value] = /^([^:]*):? ?(.*)$/s.exec(line);
      if (field === 'data') data.push(value);
      else if (field === 'event') event = value;
      else if (field === 'id') this.lastId = value;
      else if (field === 'retry') this.retry = Number(value);
    }
    if (data.length === 0) return null;
    const text = data.join('\n');
    if (event === 'end') return { end: true };
    if (event === 'failed') return { failed: JSON.parse(text).message };
    if (event === 'gap') return { gap: true, text, raw: block };
    return { text, id: this.lastId, event, raw: block };
  }
}

class Lines {
  #lines = new Pieces('\n');
  push(bytes) {
    return this.#lines
      .push(bytes)
      .filter((line) => line !== '')
      .map((line) => ({ text: line, raw: line }));
  }
}

/// RS, a JSON text, LF (RFC 7464).
class Sequence {
  #lines = new Pieces('\n');
  push(bytes) {
    return this.#lines
      .push(bytes)
      .map((line) => line.replace('\x1e', ''))
      .filter((text) => text !== '')
      .map((text) => ({ text, raw: '␞' + text }));
  }
}

/// The elements of one JSON array, each as soon as it is whole.
class Elements {
  #decoder = new TextDecoder();
  #element = '';
  #depth = 0;
  #quoted = false;
  #escaped = false;

  push(bytes) {
    const records = [];
    for (const c of this.#decoder.decode(bytes, { stream: true })) this.#take(c, records);
    return records;
  }
  #take(c, records) {
    if (this.#quoted) {
      this.#element += c;
      if (this.#escaped) this.#escaped = false;
      else if (c === '\\') this.#escaped = true;
      else if (c === '"') this.#quoted = false;
      return;
    }
    if (c === ']' || c === '}') --this.#depth;
    const between = (c === ',' && this.#depth === 1) || (c === ']' && this.#depth === 0);
    if (between) {
      const text = this.#element.trim();
      if (text !== '') records.push({ text, raw: text + c });
      this.#element = '';
    } else if (this.#depth > 0) {
      this.#element += c;
    }
    if (c === '"') this.#quoted = true;
    if (c === '[' || c === '{') ++this.#depth;
  }
}

/// Rows of RFC 4180; the first has the names.
class Rows {
  #decoder = new TextDecoder();
  #row = '';
  #quoted = false;
  #names = null;

  push(bytes) {
    const records = [];
    for (const c of this.#decoder.decode(bytes, { stream: true })) {
      if (c === '"') this.#quoted = !this.#quoted;
      if (c !== '\n' || this.#quoted) {
        this.#row += c;
        continue;
      }
      const text = this.#row.replace(/\r$/, '');
      this.#row = '';
      if (this.#names) records.push({ text, raw: text, value: this.#value(text) });
      else this.#names = fields(text);
    }
    return records;
  }
  #value(text) {
    return Object.fromEntries(fields(text).map((field, i) => [this.#names[i], number_or_text(field)]));
  }
}

function fields(row) {
  return Array.from(row.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g), ([, quoted, plain]) =>
    quoted === undefined ? plain : quoted.replaceAll('""', '"'),
  );
}
const number_or_text = (text) => (text !== '' && Number.isFinite(Number(text)) ? Number(text) : text);

/// Whatever has come together.
class Bytes {
  push(bytes) {
    const copy = bytes.slice();
    let text;
    try {
      text = new TextDecoder('utf-8', { fatal: true }).decode(copy).replace(/\n$/, '');
    } catch {
      text = hex(copy);
    }
    return [{ text, raw: hex(copy), value: undefined }];
  }
}

const decoders = {
  sse: () => new Sse(),
  ndjson: () => new Lines(),
  text: () => new Lines(),
  json: () => new Elements(),
  'json-seq': () => new Sequence(),
  csv: () => new Rows(),
  bytes: () => new Bytes(),
  cbor: () => new Values(read_cbor),
  msgpack: () => new Values(read_msgpack),
};

/// The decoder of a format; one that is not known is shown as bytes.
export const decoder_of = (format) => (decoders[format] ?? decoders.bytes)();

/// A message of a WebSocket.
export function message_record(data, format) {
  if (typeof data === 'string') return { text: data, raw: data };
  const bytes = new Uint8Array(data);
  const read = { cbor: read_cbor, msgpack: read_msgpack }[format];
  return read ? record_of(read(new Cursor(bytes)), bytes) : decoders.bytes().push(bytes)[0];
}

/// What a record holds, where that is JSON.
export function valueOf(record) {
  if (!('value' in record)) {
    try {
      record.value = JSON.parse(record.text);
    } catch {
      record.value = undefined;
    }
  }
  return record.value;
}

/// JSON with a member a line. It is not parsed for that: numbers keep all their digits.
export function indented(text) {
  let out = '',
    depth = 0,
    quoted = false;
  const feed = () => '\n' + '  '.repeat(depth);
  for (let i = 0; i < text.length; ++i) {
    const c = text[i];
    if (quoted) {
      out += c;
      if (c === '\\') out += text[++i] ?? '';
      else if (c === '"') quoted = false;
    } else if (c === '{' || c === '[') {
      const empty = /^\s*[}\]]/.exec(text.slice(i + 1, i + 32));
      if (empty) {
        out += c + text[i + empty[0].length];
        i += empty[0].length;
      } else {
        ++depth;
        out += c + feed();
      }
    } else if (c === '}' || c === ']') {
      --depth;
      out += feed() + c;
    } else if (c === ',') {
      out += c + feed();
    } else if (c === ':') {
      out += ': ';
    } else if (!/\s/.test(c)) {
      quoted = c === '"';
      out += c;
    }
  }
  return out;
}
