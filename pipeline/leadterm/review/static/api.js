// Asks the server, and sends decisions one after the other: none is lost while it does not answer.
export async function ask(path, body) {
  const options = body === undefined ? {} : { method: "POST", headers: { "Content-Type": "application/json", "X-Leadterm": "1" }, body: JSON.stringify(body) };
  const answer = await fetch(path, options);
  const told = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(told.message || `error ${answer.status}`), { status: answer.status, told });
  return told;
}

export class Saver {
  // tell({waiting, failed}) whenever that changes; done(state) when all is saved; refused(error, changes) when it is not to be.
  constructor(path, seen, { tell, done, refused, final = false }) {
    Object.assign(this, { path: `${path}/decisions${final ? "?final=true" : ""}`, seen, tell, done, refused, queue: [], busy: false });
  }
  send(changes) {
    this.queue.push({ id: crypto.randomUUID(), changes });
    this.tell({ waiting: this.queue.length, failed: false });
    if (!this.busy) this.work();
  }
  async work() {
    this.busy = true;
    while (this.queue.length) {
      const first = this.queue[0];
      try {
        const state = await ask(this.path, { ...first, seen: this.seen });
        this.queue.shift();
        this.seen = state.seen;
        this.tell({ waiting: this.queue.length, failed: false });
        if (!this.queue.length) this.done(state);
      } catch (error) {
        if (error.status) {
          const lost = this.queue.splice(0);
          this.tell({ waiting: 0, failed: false });
          this.refused(error, lost.flatMap((one) => one.changes));
        } else {
          this.tell({ waiting: this.queue.length, failed: true });
          await new Promise((again) => setTimeout(again, 1500));
        }
      }
    }
    this.busy = false;
  }
}
