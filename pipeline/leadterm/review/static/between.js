// Deciding between coders: what they agree on is closed, what they differ in is decided by key, with the words beside it.
import { html, useEffect, useLayoutEffect, useRef, useState } from "./htm-preact.js";
import { Saver, ask, savedLine } from "./api.js";
import { keyOf, quoteOf } from "./codes.js";
import { useKeys } from "./keys.js";
import { placeOf } from "./order.js";
import { Paper, paint, show } from "./paint.js";

const HAS = ["accepted", "added", "replaced"];

export function Between({ n, settings, open, sheet }) {
  const [data, setData] = useState(null), [told, setTold] = useState(null), [state, setState] = useState(null);
  const [at, setAt] = useState(0), [said, setSaid] = useState(""), [saved, setSaved] = useState({ waiting: 0, failed: false }), [problem, setProblem] = useState("");
  const papers = useRef(new Map()), saver = useRef(null), keys = settings.keys;
  const path = `/api/encounters/${n}`;
  useEffect(() => {
    Promise.all([ask(`${path}?final=true`), ask(`${path}/versions?final=true`)]).then(([encounter, versions]) => {
      setData(encounter); setTold(versions); setState(encounter.state);
      saver.current = new Saver(encounter, {
        final: true, tell: setSaved, done: setState,
        refused: (error, changes, forget) => { forget(); if (error.told.state) { saver.current.seen = error.told.state.seen; setState(error.told.state); } setSaid(error.message); },
      });
      if (saver.current.left) setSaved({ waiting: saver.current.left, failed: false });
    }, (error) => setProblem(error.message));
    return () => saver.current?.stop();
  }, []);
  const rows = told ? [...told.rows.filter((one) => !one.agreed), ...told.rows.filter((one) => one.agreed)] : [];
  const open_ = rows.filter((one) => !one.agreed), one = rows[at];
  const status = (row) => state.verdicts[keyOf(row)]?.status || "open";
  useLayoutEffect(() => {
    if (!one || !data) return;
    const marks = rows.flatMap((row) => row.evidence.flatMap((m) => m.spans.map(([start, end]) => ({ note: m.note, start, end, kind: row === one ? "active" : row.agreed || HAS.includes(status(row)) ? "accepted" : "suggested" }))));
    paint(papers.current, marks);
    show(papers.current, one.evidence[0]);
    document.getElementById(`between${at}`)?.focus();
  }, [at, data !== null, state]);
  const decide = (action) => {
    if (!one) return;
    const now = { action, system: one.system, code: one.code, evidence: action === "add" ? one.evidence.map((m) => [m.note, m.spans]) : [] };
    setState((was) => ({ ...was, verdicts: { ...was.verdicts, [keyOf(one)]: { status: action === "add" ? "added" : "rejected" } } }));
    saver.current.send([now]);
    setSaid(`${one.code} ${action === "add" ? "stands" : "does not stand"}`);
    const next = rows.findIndex((row, i) => i > at && !row.agreed && status(row) === "open");
    if (next >= 0) setAt(next); else if (at + 1 < open_.length) setAt(at + 1);
  };
  const takeAll = (number) => {
    const who = told.coders[number - 1];
    if (!who) return false;
    const changes = open_.map((row) => ({ action: row.by[who].has ? "add" : "reject", system: row.system, code: row.code, evidence: row.by[who].has ? row.evidence.map((m) => [m.note, m.spans]) : [] }));
    const order = [...told.rows].filter((row) => row.by[who].has).sort((a, b) => a.by[who].place - b.by[who].place).map(keyOf);
    const poa = told.rows.filter((row) => row.by[who].poa).map((row) => ({ action: "poa", system: row.system, code: row.code, value: row.by[who].poa }));
    saver.current.send([...changes, ...poa, ...(order.length ? [{ action: "sequence", value: order.join(" ") }] : [])]);
    setState((was) => ({ ...was, verdicts: { ...was.verdicts, ...Object.fromEntries(changes.map((c) => [keyOf(c), { status: c.action === "add" ? "added" : "rejected" }])) } }));
    setSaid(`All as ${who} has it`);
    return true;
  };
  const finish = () => {
    const left = open_.filter((row) => status(row) === "open").length;
    if (left) { setSaid(`${left} ${left === 1 ? "code is" : "codes are"} undecided.`); return; }
    saver.current.send([{ action: "finish" }]); setSaid("Finished");
  };
  const { before, after } = placeOf(n, data ? data.of : 0);
  const act = (name) => {
    if (/^[1-9]$/.test(name)) return takeAll(Number(name));
    const ways = {
      next: () => setAt(Math.min(at + 1, rows.length - 1)), previous: () => setAt(Math.max(at - 1, 0)), accept: () => decide("add"), reject: () => decide("reject"),
      undo: () => state.undo && saver.current.send([{ action: "undo" }]), redo: () => state.redo && saver.current.send([{ action: "redo" }]),
      finish, list: () => open(null), escape: () => open(null), sheet, before: () => before !== undefined && open(`${before}/between`), after: () => after !== undefined && open(`${after}/between`),
    };
    return ways[name] ? ways[name]() : false;
  };
  useKeys(settings, (name) => (data && told ? act(name) : false));
  if (problem) return html`<main class="list"><p class="alarm" role="alert">${problem}</p><p><a href="#/">Back to the work list</a></p></main>`;
  if (!data || !told) return html`<p class="loading">Reading the versions …</p>`;
  const left = open_.filter((row) => status(row) === "open").length;
  return html`<header class="bar"><a href="#/">Work list <kbd>${keys.list}</kbd></a>
      <div class="who"><h1>${data.id}</h1><p>between ${told.coders.join(" and ") || "no coders yet"}${told.share !== null ? ` · ${Math.round(100 * told.share)}% agree` : ""}</p></div>
      <span class=${`state ${state.status}`}>${state.status}</span><p class="left">${left ? `${left} to decide` : "all decided"}</p>
      <p class=${`saved ${saved.failed ? "alarm" : ""}`} role="status">${savedLine(saved)}</p>
      <button onClick=${sheet}>Keys <kbd>${keys.sheet}</kbd></button>
      <button class="main" onClick=${finish} disabled=${state.status === "finished"}>Finish <kbd>Ctrl ↵</kbd></button></header>
    <p class="said" role="status" aria-live="polite">${said}</p>
    <main class="bench between"><section class="notes" aria-label="Notes" tabindex="0">${data.notes.map((note) => html`<${Sheet} key=${note.id} note=${note} papers=${papers.current} several=${data.notes.length > 1} />`)}</section>
      <section class="codes" aria-label="Versions" tabindex="0">
        ${told.coders.length < 2 && html`<p class="none">Fewer than two coders have finished this encounter.</p>`}
        ${new Set(Object.values(told.leads)).size > 1 && html`<p class="hint">They differ in what leads: ${Object.entries(told.leads).map(([who, code]) => `${who} ${code || "nothing"}`).join(", ")}. A digit takes a coder's sequence.</p>`}
        <table><thead><tr><th>Code</th>${told.coders.map((who, i) => html`<th>${who} <button class="small" title=${`Take all as ${who} has it`} onClick=${() => takeAll(i + 1)}>all <kbd>${i + 1}</kbd></button></th>`)}<th>Decided</th></tr></thead>
        <tbody>${rows.map((row, i) => html`${row.agreed && (i === 0 || !rows[i - 1].agreed) && html`<tr class="group"><th colspan=${told.coders.length + 2}>Agreed, closed</th></tr>`}
          <tr class=${`${i === at ? "at" : ""} ${row.agreed ? "closed" : ""}`} onClick=${() => setAt(i)}>
          <td><button class="link" id=${`between${i}`} aria-current=${i === at ? "true" : undefined}>${row.code}</button> <span>${row.title}</span>
            ${i === at && row.evidence.slice(0, 3).map((m) => html`<p class="why">${quoteOf(data.notes.find((note) => note.id === m.note), m).map(([words, hot]) => (hot ? html`<em>${words}</em>` : words))}</p>`)}
            ${i === at && told.remarks.filter((r) => r.code === row.code).map((r) => html`<p class="remark"><b>${r.who}</b> <span>${r.text}</span></p>`)}</td>
          ${told.coders.map((who) => html`<td class=${row.by[who].has ? "yes" : "no"}>${row.by[who].has ? `✓ no. ${row.by[who].place}${row.by[who].poa ? ` · POA ${row.by[who].poa}` : ""}` : `– ${row.by[who].reason}`}</td>`)}
          <td>${row.agreed ? "agreed" : html`<button aria-pressed=${String(HAS.includes(status(row)))} onClick=${(e) => { e.stopPropagation(); setAt(i); decide("add"); }}>Stands${i === at && html` <kbd>${keys.accept}</kbd>`}</button>
            <button aria-pressed=${String(status(row) === "rejected")} onClick=${(e) => { e.stopPropagation(); setAt(i); decide("reject"); }}>Not${i === at && html` <kbd>${keys.reject}</kbd>`}</button>`}</td></tr>`)}</tbody></table>
        <p class="foot"><kbd>${keys.next}</kbd> <kbd>${keys.previous}</kbd> move · <kbd>1</kbd> <kbd>2</kbd> take a coder's version of all that is open · <kbd>${keys.undo}</kbd> undo</p>
      </section></main>`;
}

function Sheet({ note, papers, several }) {
  const element = useRef();
  useLayoutEffect(() => { papers.set(note.id, new Paper(element.current, note)); return () => { papers.get(note.id).gone(); papers.delete(note.id); }; }, []);
  return html`<article class="note">${(note.kind || several) && html`<h2>${note.kind || note.id}</h2>`}<div class="text" dir="auto" ref=${element}></div></article>`;
}
