// A WebSocket whose other end is the test: `Fake` is the class that the client is given, `sockets` are those that it
// has made. What a browser does later, or on its own, a test does here when it wants to.
import { until } from './servers.mjs';

export function fake_sockets() {
  const sockets = [];
  class Fake {
    sent = [];
    constructor(url, protocol) {
      Object.assign(this, { url, protocol });
      sockets.push(this);
    }
    // The client's side.
    send(text) { this.sent.push(JSON.parse(text)); }
    close(code) { this.closed = code; }

    // The server's side.
    open() { this.onopen?.({}); }
    say(...messages) {
      for (const message of messages) this.onmessage?.({ data: JSON.stringify(message) });
    }
    end(code, reason = '') { this.onclose?.({ code, reason }); }
    /** The message of that number, once it is there. */
    async message(number) {
      await until(() => this.sent.length > number, `message ${number}`);
      return this.sent[number];
    }
  }
  const socket = async (number) => {
    await until(() => sockets.length > number, `socket ${number}`);
    return sockets[number];
  };
  return { Fake, sockets, socket };
}

/** One that opens, and grants each subscription. Gives it and the name of the first subscription. */
export async function opened(socket, number) {
  const there = await socket(number);
  there.open();
  const { sub } = await there.message(0);
  there.say({ sub, subscribed: {} });
  return { there, sub };
}
