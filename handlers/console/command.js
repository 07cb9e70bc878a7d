// How a stream is had in a terminal.

const quoted = (text) => "'" + text.replaceAll("'", "'\\''") + "'";

/// The command for an address that serves, from where this page is looked at.
export function command_for(addresses, target, websocket, token, headers) {
  const where = addresses.find((each) => !each.startsWith('unix:')) ?? addresses[0] ?? '';
  const all = /^(0\.0\.0\.0|\[::\]):/;
  const host = where.startsWith('unix:') ? 'localhost' : where.replace(all, location.hostname + ':');
  const fields =
    Object.entries(headers)
      .map(([name, value]) => ` -H ${quoted(name + ': ' + value)}`)
      .join('') + (token ? ' -H "Authorization: Bearer $TOKEN"' : '');
  if (websocket) return `websocat${fields} ${quoted('ws://' + host + target)}`;
  const socket = where.startsWith('unix:') ? ` --unix-socket ${quoted(where.slice(5))}` : '';
  return `curl -N${socket}${fields} ${quoted('http://' + host + target)}`;
}
