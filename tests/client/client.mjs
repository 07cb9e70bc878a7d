// handlers/coyield.js as a module of Node, which wants another ending of its name.
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const source = fileURLToPath(new URL('../../handlers/coyield.js', import.meta.url));

const folder = mkdtempSync(join(tmpdir(), 'coyield-client-'));
const copy = join(folder, 'coyield.mjs');
copyFileSync(source, copy);
export const { Client, EnvelopeDecoder, EventStreamDecoder, StreamFailed, publish, subscribe } = await import(pathToFileURL(copy));
rmSync(folder, { recursive: true });
