// What the page asks of the server. All of it is of the page's own origin.

const base = new URL('.', document.baseURI);
const token_name = 'coyield.admin.token';

/// Tokens stay in this tab, and go with it.
export const tokens = {
  get admin() {
    return sessionStorage.getItem(token_name) ?? '';
  },
  set admin(token) {
    keep(token_name, token);
  },
  of(pattern) {
    return sessionStorage.getItem('coyield.token ' + pattern) ?? '';
  },
  set(pattern, token) {
    keep('coyield.token ' + pattern, token);
  },
};

function keep(name, token) {
  if (token) sessionStorage.setItem(name, token);
  else sessionStorage.removeItem(name);
}

export const bearer = (token) => (token ? { Authorization: 'Bearer ' + token } : {});
export const address = (path) => new URL(path.replace(/^\//, ''), base);

/// An answer that is not what was asked for.
export class Refused extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

/// What an answer that is no success says of itself.
export async function refusal(answer) {
  const text = await answer.text().catch(() => '');
  try {
    return new Refused(answer.status, JSON.parse(text).detail);
  } catch {
    return new Refused(answer.status, `the answer was ${answer.status} ${answer.statusText}`);
  }
}

async function ask(path, options = {}) {
  const headers = { ...bearer(tokens.admin), ...options.headers };
  const answer = await fetch(address(path), { cache: 'no-store', ...options, headers });
  if (!answer.ok) throw await refusal(answer);
  return answer;
}

export const get = async (path) => (await ask(path)).json();
export const endpoints = () => get('.coyield/endpoints');
export const figures = () => get('.coyield/figures');
export const streams = () => get('streams');
export const errors = () => get('errors');
/// Its client is told that an operator has stopped it.
export const stop = (id) => ask('streams/' + encodeURIComponent(id), { method: 'DELETE' });

export const shares = () => get('shares');
/// All who read it are told.
export const stop_share = (id) => ask('shares/' + encodeURIComponent(id), { method: 'DELETE' });

/// Publishes one item to a topic; gives what the server says of it: its id.
export async function publish(url, body, type, token) {
  const answer = await fetch(url, { method: 'POST', body, headers: { 'Content-Type': type, ...bearer(token) } });
  if (!answer.ok) throw await refusal(answer);
  return answer.json();
}
