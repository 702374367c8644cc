// Asks the server, and sends decisions one after the other: none is lost while it does not answer, or the browser is closed.
import { drop, keep, waiting } from "./waiting.js";

const SOON = 1500, LATER = 8000; // milliseconds to the next try

export async function ask(path, body) {
  const options = body === undefined ? {} : { method: "POST", headers: { "Content-Type": "application/json", "X-Leadterm": "1" }, body: JSON.stringify(body) };
  const answer = await fetch(path, options);
  const told = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(told.message || `error ${answer.status}`), { status: answer.status, told });
  return told;
}

// What may be tried again: the server is away, busy, at fault, or does not know us since it was started anew.
const passes = (status) => !status || status === 401 || status === 408 || status === 429 || status >= 500;

export class Saver {
  // data: an encounter as the server tells it. tell({waiting, failed, out}) whenever that changes; done(state) when all is saved;
  // refused(error, changes, forget) when it is not to be. What an earlier page could not save goes first.
  constructor(data, { tell, done, refused, final = false }) {
    this.place = { store: data.store, who: data.who, key: data.key, final, notes: data.notes.map((one) => one.id) };
    Object.assign(this, { path: `/api/encounters/${data.n}/decisions${final ? "?final=true" : ""}`, seen: data.state.seen, tell, done, refused, busy: false, stopped: false });
    const { items, words } = waiting(this.place);
    this.queue = items;
    this.left = items.length; // from an earlier page
    this.words = words; // comments that could not be kept
    if (items.length) { this.seen = items[0].seen; this.work(); }
  }
  send(changes) {
    const item = { id: crypto.randomUUID(), seen: this.seen, changes };
    item.safe = keep(this.place, item);
    this.queue.push(item);
    this.say(false);
    if (!this.busy) this.work();
  }
  say(failed, out = false) { this.tell({ waiting: this.queue.length, failed, out }); }
  // Whether something would be lost if the page were closed now.
  get risky() { return this.queue.some((one) => one.safe === false); }
  stop() { this.stopped = true; }
  async work() {
    this.busy = true;
    while (this.queue.length && !this.stopped) {
      const { id, changes } = this.queue[0];
      try {
        const state = await ask(this.path, { id, changes, seen: this.seen });
        drop(this.place, id);
        this.queue.shift();
        this.seen = state.seen;
        this.say(false);
        if (!this.queue.length) this.done(state);
      } catch (error) {
        if (passes(error.status)) {
          this.say(true, error.status === 401);
          await new Promise((again) => setTimeout(again, error.status ? LATER : SOON));
        } else {
          const lost = this.queue.splice(0);
          this.say(false);
          const forget = () => lost.forEach((one) => drop(this.place, one.id));
          if (error.status !== 409) forget();
          this.refused(error, lost.flatMap((one) => one.changes), forget);
        }
      }
    }
    this.busy = false;
  }
}

export const savedLine = ({ waiting: n, failed, out }) => (out ? `not saved: ${n} waiting; open the address that leadterm review printed` : failed ? `not saved yet: ${n} waiting, kept in this browser` : n ? "saving …" : "saved");
