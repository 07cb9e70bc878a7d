// Runs what the README shows of the client, against the demonstration.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Program, folder_of, test } from './servers.mjs';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
const blocks = [...readme.matchAll(/^```js\n(.*?)^```$/gms)].map(([, code]) => code);

test('the example of the README counts to three', async (t) => {
  assert.equal(blocks.length, 1);
  const program = new Program(t, 'serve');
  await program.start();
  const folder = folder_of(t);
  const module = await fetch(program.origin + '/.coyield/coyield.js');
  writeFileSync(join(folder, 'coyield.mjs'), await module.text());
  writeFileSync(join(folder, 'example.mjs'), blocks[0].replaceAll('http://127.0.0.1:8080', program.origin));
  const { stdout } = await promisify(execFile)(process.execPath, [join(folder, 'example.mjs')], { timeout: 20_000 });
  assert.equal(stdout, '1\n2\n3\n');
});
