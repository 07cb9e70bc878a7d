'use strict';
// A peer: Node's http with ws, written the ordinary way.
//     node server.js PORT FILE
const { spawn } = require('child_process');
const fs = require('fs');
const http = require('http');
const readline = require('readline');
const { Readable } = require('stream');
const { pipeline } = require('stream/promises');
const { setTimeout: sleep } = require('timers/promises');
const { WebSocketServer } = require('ws');

const [port, path] = process.argv.slice(2);

const endpoints = {
  '/ndjson': {},
  '/ws': {},
  '/short': { count: 10 },
  '/tick': { interval: 1000 },
  '/quiet': { interval: 3600 * 1000 },
};

// A number in JavaScript cannot hold the nanoseconds, so they are written as milliseconds and six digits.
async function* items({ interval = 0, count = Infinity }) {
  const start = Date.now();
  for (let i = 0; i < count; i++) {
    const due = interval ? start + i * interval : Date.now();
    if (interval && i > 0) await sleep(Math.max(0, due - Date.now()));
    yield `{"i":${i},"ts":${due}000000}`;
  }
}

// One timer for all who listen, who each get what it says, the ordinary way. There is no /fan: nothing would hold it back.
const fans = { '/fan100': 10, '/fan1000': 1, '/fan-quiet': 3600 * 1000 };
const listeners = new Map(Object.keys(fans).map((path) => [path, new Set()]));

function startFan(path) {
  let i = 0;
  const start = Date.now();
  const say = (due) => {
    const text = `{"i":${i++},"ts":${due}000000}`;
    for (const listener of listeners.get(path)) listener(text);
  };
  return setInterval(() => {
    for (const now = Date.now(); start + i * fans[path] <= now;) say(start + i * fans[path]);
  }, fans[path]);
}

function listen(path, listener, source) {
  const all = listeners.get(path);
  if (all.size === 0 && !all.started) all.started = startFan(path);
  all.add(listener);
  source.on('close', () => all.delete(listener));
}

async function* withNewlines(texts) {
  for await (const text of texts) yield text + '\n';
}

async function* asEvents(texts) {
  for await (const text of texts) yield `data: ${text}\n\n`;
}

async function* lines(format) {
  const input = fs.createReadStream(path);
  for await (const line of readline.createInterface({ input, crlfDelay: Infinity })) {
    yield format === 'text' ? line : JSON.stringify(line);
  }
}

// The output of a program, as it comes or line by line.
function output(command, ...parameters) {
  return spawn(command, parameters, { stdio: ['ignore', 'pipe', 'inherit'] });
}

async function* outputLines(format) {
  const child = output('taskset', '-c', '1', 'cat', path);
  try {
    for await (const line of readline.createInterface({ input: child.stdout, crlfDelay: Infinity })) {
      yield format === 'ndjson' ? JSON.stringify(line) : line;
    }
  } finally {
    child.kill();
  }
}

async function sendOutput(response) {
  const child = output('yes');
  await pipeline(child.stdout, response).catch(() => {}); // the client has left
  child.kill();
}

// The newest items that were published. An item a line of NDJSON, or the whole body; each is answered with its id.
const kept = new Array(1000);
let published = 0;

function publish(text) {
  JSON.parse(text);
  kept[published % kept.length] = text;
  return `{"id":"${published++}"}\n`;
}

async function* publishLines(request) {
  for await (const line of readline.createInterface({ input: request, crlfDelay: Infinity })) yield publish(line);
}

async function publishBody(request, response) {
  let text = '';
  for await (const part of request.setEncoding('utf8')) text += part;
  response.end(publish(text));
}

async function takePublished(request, response) {
  if (request.headers['content-type'] === 'application/json') return publishBody(request, response);
  response.setHeader('Content-Type', 'application/x-ndjson');
  await pipeline(Readable.from(publishLines(request)), response);
}

const server = http.createServer(async (request, response) => {
  const url = new URL(request.url, 'http://localhost');
  if (request.method === 'POST') {
    return takePublished(request, response).catch(() => response.headersSent ? response.destroy() : response.writeHead(422).end());
  }
  const endpoint = endpoints[url.pathname];
  const format = url.searchParams.get('format');
  if (url.pathname in fans) {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' }).flushHeaders();
    return listen(url.pathname, (text) => response.write(`data: ${text}\n\n`), response);
  }
  if (url.pathname === '/exec-bytes') return sendOutput(response);
  const files = { '/file': lines, '/exec-lines': outputLines };
  const texts = endpoint ? items(endpoint) : files[url.pathname]?.(format);
  if (!texts) return response.writeHead(404).end();
  response.setHeader('Content-Type', format === 'sse' ? 'text/event-stream' : 'application/x-ndjson');
  const body = format === 'sse' ? asEvents(texts) : withNewlines(texts);
  await pipeline(Readable.from(body), response).catch(() => {}); // the client has left
});

const sockets = new WebSocketServer({ noServer: true });
server.on('upgrade', (request, socket, head) => {
  const path = new URL(request.url, 'http://localhost').pathname;
  const endpoint = endpoints[path];
  if (path in fans) {
    return sockets.handleUpgrade(request, socket, head, (client) => {
      client.on('error', () => {});
      listen(path, (text) => client.send(text), client);
    });
  }
  const texts = endpoint ? items(endpoint) : path === '/exec-lines' ? outputLines('text') : null;
  if (!texts) return socket.destroy();
  sockets.handleUpgrade(request, socket, head, async (client) => {
    client.on('error', () => {});
    for await (const item of texts) {
      const failed = await new Promise((sent) => client.send(item, sent));
      if (failed) return; // the client has left
    }
    client.close();
  });
});

server.listen({ host: '127.0.0.1', port, backlog: 4096 });
