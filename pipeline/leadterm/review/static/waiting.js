// Decisions on their way, kept in this browser until the server has them: codes and places, no word of a note or of a coder.
const HEAD = "leadterm-waiting", SPOKEN = ["comment", "query", "answer"];
const nameOf = ({ store, who, key, final }) => [HEAD, store, encodeURIComponent(who), key, final ? "final" : "own", ""].join("/");
const spoken = (change) => SPOKEN.includes(change.action);
const placed = (change, move) => (change.evidence ? { ...change, evidence: change.evidence.map(([note, spans]) => [move(note), spans]) } : change);
let last = 0;

// Keep an item {id, seen, changes}; false if some of it cannot be kept: words that somebody typed, or all where there is no room.
export function keep(place, item) {
  const plain = item.changes.filter((one) => !spoken(one)).map((one) => placed(one, (note) => place.notes.indexOf(note)));
  last = Math.max(Date.now(), last + 1);
  try {
    localStorage.setItem(nameOf(place) + item.id, JSON.stringify({ at: last, seen: item.seen, changes: plain, words: item.changes.length - plain.length }));
    return plain.length === item.changes.length;
  } catch { return false; }
}

export function drop(place, id) {
  try { localStorage.removeItem(nameOf(place) + id); } catch { /* none was kept */ }
}

function all(head) {
  const found = [];
  try {
    for (let i = 0; i < localStorage.length; i++) {
      const name = localStorage.key(i);
      if (name.startsWith(head)) found.push({ name, ...JSON.parse(localStorage.getItem(name)) });
    }
  } catch { /* what cannot be read is not ours */ }
  return found.sort((a, b) => a.at - b.at);
}

// What waits for an encounter, in the order in which it was decided; words: how many comments were not kept.
export function waiting(place) {
  const found = all(nameOf(place));
  const items = found.map((one) => ({ id: one.name.split("/").pop(), seen: one.seen, changes: one.changes.map((each) => placed(each, (at) => place.notes[at])) }));
  for (const one of items) if (!one.changes.length) drop(place, one.id);
  return { items: items.filter((one) => one.changes.length), words: found.reduce((sum, one) => sum + one.words, 0) };
}

// How many decisions of somebody wait, by encounter and whether they are between coders: [{key, final, n}].
export function waitingOf(store, who) {
  const count = new Map();
  for (const { name } of all([HEAD, store, encodeURIComponent(who), ""].join("/"))) {
    const [key, kind] = name.split("/").slice(3);
    count.set(`${key}/${kind}`, (count.get(`${key}/${kind}`) || 0) + 1);
  }
  return [...count].map(([name, n]) => ({ key: name.split("/")[0], final: name.endsWith("/final"), n }));
}
