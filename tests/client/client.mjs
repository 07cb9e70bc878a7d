// handlers/coyield.js as a module of Node, which wants another ending of its name. Whatever a test leaves behind, as one
// does that fails, is closed when all are over: it would go on for ever.
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const source = fileURLToPath(new URL('../../handlers/coyield.js', import.meta.url));

const folder = mkdtempSync(join(tmpdir(), 'coyield-client-'));
const copy = join(folder, 'coyield.mjs');
copyFileSync(source, copy);
const module = await import(pathToFileURL(copy));
rmSync(folder, { recursive: true });

const clients = [];
after(() => clients.forEach((client) => client.close()));

export class Client extends module.Client {
  constructor(options) {
    super(options);
    clients.push(this);
  }
}
const client = new Client();
export const subscribe = (url, options) => client.subscribe(url, options);
export const { EnvelopeDecoder, EventStreamDecoder, StreamFailed, publish } = module;
