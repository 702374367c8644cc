// The characters of a note, as Unicode counts them; a long note is taken apart once.
const apart = new WeakMap();
export function charsOf(note) {
  if (!apart.has(note)) apart.set(note, [...note.text]);
  return apart.get(note);
}

// The server counts characters as Unicode does, a page in UTF-16 units: they differ after the first emoji.
export function offsetsOf(text) {
  if (!/[\ud800-\udfff]/.test(text)) return { toUnits: (at) => at, toPoints: (at) => at };
  const units = [0];
  for (const char of text) units.push(units[units.length - 1] + char.length);
  return {
    toUnits: (at) => units[Math.min(at, units.length - 1)],
    toPoints: (at) => {
      let low = 0, high = units.length - 1;
      while (low < high) { const middle = (low + high) >> 1; if (units[middle] < at) low = middle + 1; else high = middle; }
      return low;
    },
  };
}
