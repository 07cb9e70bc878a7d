// CBOR and MessagePack, as far as JSON has what is in them.

export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');

class Incomplete extends Error {}

/// Reads what both binary formats are made of; throws Incomplete where there is not enough.
export class Cursor {
  constructor(bytes) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = 0;
  }
  #skip(size) {
    if (this.at + size > this.bytes.length) throw new Incomplete();
    this.at += size;
    return this.at - size;
  }
  uint(size) {
    const at = this.#skip(size);
    if (size === 1) return this.view.getUint8(at);
    if (size === 2) return this.view.getUint16(at);
    if (size === 4) return this.view.getUint32(at);
    return plain(this.view.getBigUint64(at));
  }
  int(size) {
    const at = this.#skip(size);
    if (size === 1) return this.view.getInt8(at);
    if (size === 2) return this.view.getInt16(at);
    if (size === 4) return this.view.getInt32(at);
    return plain(this.view.getBigInt64(at));
  }
  float(size) {
    const at = this.#skip(size);
    return size === 4 ? this.view.getFloat32(at) : this.view.getFloat64(at);
  }
  half() {
    const half = this.uint(2);
    const exponent = (half >> 10) & 31,
      fraction = half & 1023,
      sign = half & 0x8000 ? -1 : 1;
    if (exponent === 31) return fraction ? NaN : sign * Infinity;
    return sign * (exponent ? 2 ** (exponent - 25) * (1024 + fraction) : 2 ** -24 * fraction);
  }
  slice(size) {
    const at = this.#skip(Number(size));
    return this.bytes.subarray(at, at + Number(size));
  }
  text(size) {
    return new TextDecoder().decode(this.slice(size));
  }
  list(count, read) {
    return Array.from({ length: Number(count) }, () => read(this));
  }
  map(count, read) {
    return Object.fromEntries(this.list(count, () => [String(read(this)), read(this)]));
  }
}

/// Whole numbers that a double cannot hold stay as they are.
const plain = (big) => (big >= -(2n ** 53n) && big <= 2n ** 53n ? Number(big) : big);

/// RFC 8949, as far as JSON has it: no tags but to be passed over.
export function read_cbor(cursor) {
  const first = cursor.uint(1),
    major = first >> 5,
    info = first & 31;
  if (major === 7 && info >= 25)
    return [cursor.half.bind(cursor), () => cursor.float(4), () => cursor.float(8)][info - 25]();
  if (info === 31) return indefinite(cursor, major);
  const size = info < 24 ? info : cursor.uint(1 << (info - 24));
  switch (major) {
    case 0:
      return size;
    case 1:
      return typeof size === 'bigint' ? -1n - size : -1 - size;
    case 2:
      return cursor.slice(size).slice();
    case 3:
      return cursor.text(size);
    case 4:
      return cursor.list(size, read_cbor);
    case 5:
      return cursor.map(size, read_cbor);
    case 6:
      return read_cbor(cursor);
    default:
      return { 20: false, 21: true, 22: null }[size];
  }
}

function indefinite(cursor, major) {
  const parts = [];
  while (cursor.bytes[cursor.at] !== 0xff) parts.push(read_cbor(cursor));
  cursor.uint(1);
  if (major === 3) return parts.join('');
  if (major === 5) return Object.fromEntries(parts.flatMap((key, i) => (i % 2 ? [] : [[String(key), parts[i + 1]]])));
  return parts;
}

/// The MessagePack specification, without its extension types.
export function read_msgpack(cursor) {
  const first = cursor.uint(1);
  if (first < 0x80) return first;
  if (first < 0x90) return cursor.map(first & 15, read_msgpack);
  if (first < 0xa0) return cursor.list(first & 15, read_msgpack);
  if (first < 0xc0) return cursor.text(first & 31);
  if (first >= 0xe0) return first - 256;
  const read = {
    0xc0: () => null,
    0xc2: () => false,
    0xc3: () => true,
    0xc4: () => cursor.slice(cursor.uint(1)).slice(),
    0xc5: () => cursor.slice(cursor.uint(2)).slice(),
    0xc6: () => cursor.slice(cursor.uint(4)).slice(),
    0xca: () => cursor.float(4),
    0xcb: () => cursor.float(8),
    0xcc: () => cursor.uint(1),
    0xcd: () => cursor.uint(2),
    0xce: () => cursor.uint(4),
    0xcf: () => cursor.uint(8),
    0xd0: () => cursor.int(1),
    0xd1: () => cursor.int(2),
    0xd2: () => cursor.int(4),
    0xd3: () => cursor.int(8),
    0xd9: () => cursor.text(cursor.uint(1)),
    0xda: () => cursor.text(cursor.uint(2)),
    0xdb: () => cursor.text(cursor.uint(4)),
    0xdc: () => cursor.list(cursor.uint(2), read_msgpack),
    0xdd: () => cursor.list(cursor.uint(4), read_msgpack),
    0xde: () => cursor.map(cursor.uint(2), read_msgpack),
    0xdf: () => cursor.map(cursor.uint(4), read_msgpack),
  }[first];
  if (!read) throw new Error(`MessagePack has no 0x${first.toString(16)} here`);
  return read();
}

/// Values one behind the other.
export class Values {
  #rest = new Uint8Array();
  constructor(read) {
    this.read = read;
  }
  push(bytes) {
    const all = new Uint8Array(this.#rest.length + bytes.length);
    all.set(this.#rest);
    all.set(bytes, this.#rest.length);
    const cursor = new Cursor(all);
    const records = [];
    let whole = 0;
    try {
      while (whole < all.length) {
        const value = this.read(cursor);
        records.push(record_of(value, all.slice(whole, cursor.at)));
        whole = cursor.at;
      }
    } catch (error) {
      if (!(error instanceof Incomplete)) throw error;
    }
    this.#rest = all.slice(whole);
    return records;
  }
}

export function record_of(value, bytes) {
  const text = JSON.stringify(value, (_, each) => {
    if (typeof each === 'bigint') return JSON.rawJSON ? JSON.rawJSON(String(each)) : String(each);
    return each instanceof Uint8Array ? hex(each) : each;
  });
  return { text, value, raw: hex(bytes) };
}
