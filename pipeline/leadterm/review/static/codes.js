// One code: what it is, why it is suggested, what is open about it, and what can be done with it.
import { html, useEffect, useState } from "./htm-preact.js";
import { ask } from "./api.js";
import { charsOf } from "./offsets.js";

export const keyOf = (one) => `${one.system}:${one.code}`;
export const percent = (confidence) => (confidence < 0.005 ? "<1%" : `${Math.round(100 * confidence)}%`);
const SAID = { open: "", accepted: "accepted", rejected: "rejected", replaced: "replaced", added: "added" };
const SIGN = { open: "", accepted: "✓", rejected: "✕", replaced: "→", added: "+" };
const BEFORE = 30, AFTER = 60, FEW = 3;

export function quoteOf(note, mention) {
  const chars = charsOf(note), start = mention.spans[0][0], end = mention.spans[mention.spans.length - 1][1];
  const [from, to] = around(chars, start, end);
  const pieces = [];
  let at = from;
  const flat = (a, b) => chars.slice(a, b).join("").replace(/\s+/g, " ");
  for (const [a, b] of mention.spans) { pieces.push([flat(at, a), false], [flat(a, b), true]); at = b; }
  pieces.push([flat(at, to), false]);
  if (from > 0 && chars[from - 1] !== "\n") pieces.unshift(["… ", false]);
  if (to < chars.length && chars[to] !== "\n") pieces.push([" …", false]);
  return pieces;
}

// Whole words of the line around the evidence.
function around(chars, start, end) {
  let from = start, to = end;
  while (from > 0 && start - from < BEFORE && chars[from - 1] !== "\n") from--;
  while (to < chars.length && to - end < AFTER && chars[to] !== "\n") to++;
  const cut = (at) => at > 0 && at < chars.length && chars[at].trim() && chars[at - 1].trim();
  while (from < start && cut(from)) from++;
  while (to > end && cut(to)) to--;
  return [from, to];
}

export function Code({ one, verdict, current, evidence, notes, n, settings, reasons, rejecting, act, choose, remarks, poa, line }) {
  const status = verdict?.status || "open", conf = one.confidence;
  const heard = [SAID[status], verdict?.flagged && "flagged"].filter(Boolean).join(", ");
  return html`<li class=${`s ${one.above || status === "added" ? "" : "maybe"} ${status} ${current ? "at" : ""}`} id=${`c-${keyOf(one)}`}>
    <button class="head" aria-expanded=${String(current)} aria-current=${current ? "true" : undefined} onClick=${() => choose(one)}>
      <span class="sign" aria-hidden="true">${SIGN[status]}</span><span class="code">${one.code}</span>
      <span class="title"><span class="words">${one.title}</span>${verdict?.flagged && html` <b class="flag" aria-hidden="true">⚑</b>`}
        ${status === "replaced" && html`<small>replaced by ${verdict.to}</small>`}
        ${status === "rejected" && verdict.reason && html`<small>${(reasons.find((r) => r.name === verdict.reason)?.said || verdict.reason).toLowerCase()}</small>`}</span>
      ${conf === null ? html`<span class="conf">added</span>` : html`<span class="conf">${percent(conf)}<i><b style=${{ width: `${100 * conf}%` }}></b></i></span>`}<span class="heard">${heard}</span>
    </button>
    ${current && html`<${Detail} ...${{ one, status, evidence, notes, n, settings, reasons, rejecting, act, remarks, poa, line }} />`}
  </li>`;
}

// What a title says that another does not: words that both begin with are left out where they are many.
function beside(title, other) {
  const words = title.split(" "), known = other.split(" ");
  let same = 0;
  while (same < words.length - 1 && words[same] === known[same]) same++;
  return same > 2 ? `… ${words.slice(same).join(" ")}` : title;
}

const kept = new Map(); // what the classification says of a code, by encounter and code

export function known(n, one) {
  return kept.get(`${n} ${keyOf(one)}`);
}

function useKnown(n, one) {
  const name = `${n} ${keyOf(one)}`, [, again] = useState(0);
  useEffect(() => {
    if (!kept.has(name)) ask(`/api/encounters/${n}/code`, { system: one.system, code: one.code }).then((told) => { kept.set(name, told); again((x) => x + 1); }, () => {});
  }, [name]);
  return kept.get(name);
}

const Do = ({ name, keys, act, children, on }) => html`<button aria-pressed=${on === undefined ? undefined : String(on)} onClick=${() => act(name)}>${children} <kbd>${keys[name]}</kbd></button>`;

function Detail({ one, status, evidence, notes, n, settings, reasons, rejecting, act, remarks, poa, line }) {
  const told = useKnown(n, one), keys = settings.keys;
  const [all, setAll] = useState(false), few = all || one.evidence.length <= FEW + 1 ? one.evidence.length : Math.max(FEW, evidence + 1);
  const ruled = one.hints.filter((hint) => /^(left out|brought in): /.test(hint)), open = one.hints.filter((hint) => !ruled.includes(hint));
  return html`<div class="detail">
    <div class="acts">
      ${status === "accepted" || status === "added" ? html`<${Do} name="clear" ...${{ keys, act }}>${status === "added" ? "Take away" : "Undecide"}<//>` : html`<${Do} name="accept" ...${{ keys, act }}>Accept<//>`}
      <${Do} name="reject" ...${{ keys, act }}>Reject<//><${Do} name="replace" ...${{ keys, act }}>Replace<//>
      <${Do} name="lead" ...${{ keys, act }}>First<//>
      ${poa && html`<${Do} name="poa" ...${{ keys, act }}>POA ${poa.poa || (poa.poa_proposed ? `${poa.poa_proposed}?` : "exempt")}<//>`}
      ${line && html`<${Do} name="line" ...${{ keys, act }}>Units, modifiers<//>`}
      <${Do} name="browse" ...${{ keys, act }}>Hierarchy<//><${Do} name="query" ...${{ keys, act }}>Query<//>
      <${Do} name="flag" ...${{ keys, act }}>Flag<//><${Do} name="comment" ...${{ keys, act }}>Comment<//>
    </div>
    ${rejecting && html`<div class="reasons" role="group" aria-label="Why is it rejected?"><b>Why?</b>${reasons.filter((r) => r.key !== "-").map((r) => html`
      <button onClick=${() => act(r.key)}><kbd>${r.key}</kbd> ${r.said}</button>`)}</div>`}
    ${one.evidence.length > 0 && html`<p class="why">${why(one.evidence[evidence] || one.evidence[0], one, notes)}</p>`}
    ${ruled.map((hint) => html`<p class="why rule">${hint}</p>`)}
    ${!one.billable && html`<p class="hint">not a complete code: take one below it</p>`}
    <ul class="quotes" aria-label="Evidence">${one.evidence.slice(0, few).map((mention, i) => html`<li><button aria-pressed=${String(i === evidence)} onClick=${() => act("evidence", i)}>
      ${quoteOf(notes.find((note) => note.id === mention.note), mention).map(([words, hot]) => (hot ? html`<em>${words}</em>` : words))}
      ${mention.section && html` <small>${mention.section}</small>`}</button></li>`)}
      ${few < one.evidence.length && html`<li><button class="more" onClick=${() => setAll(true)}>${one.evidence.length - few} more <kbd>${keys.nextEvidence}</kbd></button></li>`}</ul>
    ${open.map((hint) => html`<p class="hint">${hint}</p>`)}
    ${told?.alternatives.length > 0 && html`<ol class="alternatives" aria-label="Codes in its place">${told.alternatives.map((other, i) => html`<li>
      <button onClick=${() => act(String(i + 1))}><kbd>${i + 1}</kbd> <code>${other.code}</code> <span title=${other.title}>${beside(other.title, one.title)}</span></button></li>`)}</ol>`}
    ${remarks.map((remark) => html`<${Remark} remark=${remark} remarks=${remarks} act=${act} />`)}
    ${told && (told.notes.length > 0 || told.path.length > 0) && html`<details><summary>In the classification</summary>
      <p class="path">${[...told.path].reverse().map((step, i) => html`${i > 0 && " › "}<span title=${step.title}>${step.code} <small>${step.title}</small></span>`)}</p>
      ${told.notes.map((note) => html`<p class="rulenote"><b>${note.kind}</b> ${note.text}${note.owner !== one.code && html` <small>at ${note.owner}</small>`}</p>`)}</details>`}
  </div>`;
}

export function Remark({ remark, remarks, act }) {
  const open = remark.kind === "query" && !remarks.some((one) => one.to === remark.id);
  return html`<div class=${`remark ${remark.kind}`}><b>${remark.who}</b> ${remark.kind !== "comment" && html`<i>${remark.kind === "query" ? (open ? "asks, not answered yet" : "asks") : "answer"}</i>`}
    <span>${remark.text}</span>${open && html` <button onClick=${() => act("answer", { system: remark.system, code: remark.code, to: remark.id })}>Answer …</button>
    <button onClick=${() => navigator.clipboard?.writeText(remark.text)}>Copy</button>`}</div>`;
}

function why(mention, one, notes) {
  const note = notes.find((each) => each.id === mention.note), chars = charsOf(note);
  const cues = mention.cues.map(([a, b]) => chars.slice(a, b).join("").replace(/\s+/g, " "));
  const found = mention.spans.map(([a, b]) => chars.slice(a, b).join("").replace(/\s+/g, " ")).join(" … ");
  const term = /[*|]/.test(mention.term) ? found : mention.term; // a pattern is said by what it found
  const parts = [
    term ? `“${term}”${mention.source ? ` (${mention.source})` : ""} → ${one.code}` : "marked by you",
    mention.section, mention.meant !== "present" && `${mention.meant}${cues.length ? ` (“${cues.join("”, “")}”)` : ""}`,
    notes.length > 1 && (note.kind || note.id),
  ];
  return parts.filter(Boolean).join(" · ");
}
