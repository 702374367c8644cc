// A note as text nodes that know their place, and the marks on it: highlights of the browser, or <mark> where it has none.
import { offsetsOf } from "./offsets.js";

export const KINDS = ["faint", "suggested", "possible", "accepted", "rejected", "cue", "active"]; // later ones lie on top
const PART = 1500; // characters of a piece of a note

export function hasHighlights() {
  const forced = matchMedia("(forced-colors: active)").matches; // there every highlight gets one and the same colour
  return "highlights" in CSS && !forced && !new URLSearchParams(location.search).has("marks");
}

export class Paper {
  constructor(element, note) {
    this.note = note;
    this.offsets = offsetsOf(note.text);
    this.ranges = new Map(); // by start and end; the text does not change under highlights
    this.pieces = []; // {start, end, holder, near}: in UTF-16 units, in order; near the window, or not
    element.replaceChildren(...this.build());
    this.watch(element.closest(".notes"));
  }
  // A browser lays out all highlights anew when one changes, so that only those near the window are given to it.
  watch(shelf) {
    if (!hasHighlights()) return;
    const of = new Map(this.pieces.map((one) => [one.holder, one]));
    this.watcher = new IntersectionObserver((seen) => {
      const moved = seen.filter((one) => of.get(one.target).near !== one.isIntersecting);
      for (const one of moved) of.get(one.target).near = one.isIntersecting;
      if (moved.length) again();
    }, { root: shelf, rootMargin: "100% 0px" });
    for (const holder of of.keys()) this.watcher.observe(holder);
  }
  gone() { this.watcher?.disconnect(); }
  build() {
    const { text, sections } = this.note, { toUnits } = this.offsets;
    const starts = sections.map((one) => toUnits(one.start));
    const made = [];
    if (!starts.length || starts[0] > 0) made.push(this.block(0, starts.length ? starts[0] : text.length));
    sections.forEach((one, i) => {
      const end = i + 1 < starts.length ? starts[i + 1] : text.length;
      made.push(this.block(starts[i], end, one.title.map(toUnits)));
    });
    return made;
  }
  block(start, end, title) {
    const block = document.createElement(title ? "section" : "div");
    if (!title) { this.piece(block, "span", start, end); return block; }
    this.piece(block, "span", start, title[0]);
    this.piece(block, "h2", title[0], title[1]);
    this.piece(block, "span", title[1], end);
    return block;
  }
  piece(block, tag, start, end) {
    for (let from = start, to; from < end; from = to) { // long ones in parts, cut behind a line
      const line = from + PART < end ? this.note.text.indexOf("\n", from + PART) + 1 : end;
      to = line > 0 && line < end ? line : end;
      const holder = block.appendChild(document.createElement(tag));
      holder.append(this.note.text.slice(from, to));
      this.pieces.push({ start: from, end: to, holder, near: true });
    }
  }
  // The piece of an offset in units; at an edge, the one that begins or ends there.
  pieceAt(at, isEnd) {
    let low = 0, high = this.pieces.length - 1;
    while (low < high) { const middle = (low + high) >> 1; if (isEnd ? this.pieces[middle].end < at : this.pieces[middle].end <= at) low = middle + 1; else high = middle; }
    const piece = this.pieces[low];
    return piece && (isEnd ? at > piece.start && at <= piece.end : at >= piece.start && at < piece.end) ? piece : null;
  }
  // The text node and place in it of an offset in units.
  place(at, isEnd) {
    const piece = this.pieceAt(at, isEnd);
    if (!piece) return null;
    let left = at - piece.start;
    const walker = document.createTreeWalker(piece.holder, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (left < node.length || (isEnd && left === node.length)) return [node, left];
      left -= node.length;
    }
    return null;
  }
  // Where a mark begins and ends, with the pieces of both; one that the browser need not keep right, for it is faster.
  range([start, end]) {
    const name = `${start} ${end}`;
    if (!this.ranges.has(name)) this.ranges.set(name, this.made(this.offsets.toUnits(start), this.offsets.toUnits(end)));
    return this.ranges.get(name);
  }
  made(start, end) {
    const from = this.place(start, false), to = this.place(end, true);
    if (!from || !to) return null;
    const [startContainer, startOffset, endContainer, endOffset] = [...from, ...to];
    return { fixed: new StaticRange({ startContainer, startOffset, endContainer, endOffset }), pieces: [this.pieceAt(start, false), this.pieceAt(end, true)] };
  }
  live(span) {
    const fixed = this.range(span)?.fixed;
    if (!fixed) return null;
    const range = new Range();
    range.setStart(fixed.startContainer, fixed.startOffset);
    range.setEnd(fixed.endContainer, fixed.endOffset);
    return range;
  }
  // The offset in characters of a place in the document; null if it is not in this note.
  offset(node, at) {
    for (const piece of this.pieces) {
      if (!piece.holder.contains(node)) continue;
      const before = new Range();
      before.setStart(piece.holder, 0);
      before.setEnd(node, at);
      return this.offsets.toPoints(piece.start + before.toString().length);
    }
    return null;
  }
  mark(spans) { // spans: {start, end, kind} in characters; the fallback cuts the text where marks begin or end
    this.ranges.clear(); // the fallback makes new text nodes
    const { toUnits } = this.offsets, rank = (kind) => KINDS.indexOf(kind);
    const laid = spans.map((one) => ({ start: toUnits(one.start), end: toUnits(one.end), kind: one.kind }));
    for (const { start, end, holder } of this.pieces) {
      const inside = laid.filter((one) => one.start < end && one.end > start);
      const edges = [...new Set([start, end, ...inside.flatMap((one) => [Math.max(start, one.start), Math.min(end, one.end)])])].sort((a, b) => a - b);
      holder.replaceChildren(...edges.slice(1).map((to, i) => {
        const from = edges[i], here = inside.filter((one) => one.start <= from && one.end >= to);
        const words = document.createTextNode(this.note.text.slice(from, to));
        if (!here.length) return words;
        const mark = document.createElement("mark");
        mark.className = here.map((one) => one.kind).sort((a, b) => rank(a) - rank(b)).pop();
        mark.append(words);
        return mark;
      }));
    }
  }
}

let again = () => {}; // paints the same once more

// Paint marks on all papers: {note, start, end, kind}.
export function paint(papers, marks) {
  again = () => paint(papers, marks);
  if (!hasHighlights()) {
    for (const [id, paper] of papers) paper.mark(marks.filter((one) => one.note === id));
    return;
  }
  const made = Object.fromEntries(KINDS.map((kind) => [kind, new Set()]));
  for (const one of marks) {
    const range = papers.get(one.note)?.range([one.start, one.end]);
    if (range && (one.kind === "active" || range.pieces.some((piece) => piece.near))) made[one.kind].add(range.fixed);
  }
  KINDS.forEach((kind, at) => { // what a key does not change is not painted again
    const now = CSS.highlights.get(kind), wanted = made[kind];
    if (!now) { const first = new Highlight(...wanted); first.priority = at; CSS.highlights.set(kind, first); return; }
    for (const range of [...now]) if (!wanted.has(range)) now.delete(range);
    for (const range of wanted) if (!now.has(range)) now.add(range);
  });
}

export function show(papers, mention) {
  const range = mention && papers.get(mention.note)?.live(mention.spans[0]);
  if (!range) return;
  const box = range.getBoundingClientRect(), shelf = document.querySelector(".notes"), frame = shelf.getBoundingClientRect();
  if (box.top < frame.top + 30 || box.bottom > frame.bottom - 30) shelf.scrollTop += box.top - frame.top - frame.height / 3;
}

// The words selected in a note: {note, start, end, text} in characters, without outer blanks; null if there are none.
export function selected(papers) {
  const chosen = getSelection();
  if (!chosen || chosen.isCollapsed || !chosen.rangeCount) return null;
  const range = chosen.getRangeAt(0);
  for (const [note, paper] of papers) {
    let start = paper.offset(range.startContainer, range.startOffset), end = paper.offset(range.endContainer, range.endOffset);
    if (start === null || end === null) continue;
    const chars = [...paper.note.text];
    while (start < end && !chars[start].trim()) start++;
    while (end > start && !chars[end - 1].trim()) end--;
    if (end > start) return { note, start, end, text: chars.slice(start, end).join("") };
  }
  return null;
}

// Where a click fell: [note, offset in characters].
export function pointed(papers, event) {
  const at = document.caretPositionFromPoint?.(event.clientX, event.clientY);
  const found = at ? [at.offsetNode, at.offset] : (() => { const r = document.caretRangeFromPoint?.(event.clientX, event.clientY); return r && [r.startContainer, r.startOffset]; })();
  for (const [note, paper] of papers) {
    const offset = found ? paper.offset(...found) : null;
    if (offset !== null) return [note, offset];
  }
  return null;
}
