// The work list: which encounters need a coder, those where most hangs on one first.
import { html, useEffect, useLayoutEffect, useRef, useState } from "./htm-preact.js";
import { Saver, ask } from "./api.js";
import { Bulk } from "./bulk.js";
import { useKeys } from "./keys.js";
import { keepOrder } from "./order.js";
import { waitingOf } from "./waiting.js";

const STATUS = ["all", "open", "begun", "finished", "flagged", "asked"];
const KINDS = { flagged: (one) => one.flagged, asked: (one) => one.questions > 0, all: () => true };
const fits = (one, name) => (KINDS[name] ? KINDS[name](one) : one.status === name);
// A word finds an encounter by its name, or by the beginning of a code that is suggested for it.
const found = (one, words) => words.every((word) => one.id.toLowerCase().includes(word) || one.top.some((code) => code.toLowerCase().startsWith(word)));

export function WorkList({ settings, open, sheet }) {
  const [told, setTold] = useState(null), [status, setStatus] = useState("all"), [words, setWords] = useState("");
  const [setting, setSetting] = useState("all"), [cursor, setCursor] = useState(0), [problem, setProblem] = useState("");
  const [bulk, setBulk] = useState(false), [last, setLast] = useState(null), [said, setSaid] = useState("");
  const field = useRef(), rows = told?.encounters;

  const load = async () => {
    try { const now = await ask("/api/encounters"); setTold(now); setProblem(""); return now; } catch (error) { setProblem(error.message); return null; }
  };
  useEffect(() => {
    let again, gone = false;
    const look = async () => {
      const now = await load();
      if (!gone && (!now || now.encounters.some((one) => one.expected === null && !one.problem))) again = setTimeout(look, now ? 1000 : 3000);
    };
    look();
    return () => { gone = true; clearTimeout(again); };
  }, []);

  const [waits, setWaits] = useState([]); // decisions that an earlier page could not save: they are saved now
  const look = () => setWaits(told ? waitingOf(told.store, told.who).map((one) => ({ ...one, row: rows.find((row) => row.key === one.key) })) : []);
  useEffect(() => {
    if (!told) return undefined;
    let gone = false;
    const savers = waitingOf(told.store, told.who).map(async ({ key, final }) => {
      const row = rows.find((one) => one.key === key);
      if (!row) return null;
      const data = await ask(`/api/encounters/${row.n}${final ? "?final=true" : ""}`);
      return gone ? null : new Saver(data, { final, tell: look, done: () => { look(); load(); }, refused: look });
    });
    look();
    return () => { gone = true; savers.forEach((one) => one.then((saver) => saver?.stop(), () => {})); };
  }, [told === null]);

  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = (rows || []).filter((one) => fits(one, status) && (setting === "all" || one.setting === setting) && found(one, wanted));
  const first = (one) => (told?.role !== "coder" && one.between === "to decide" ? 1 : 0);
  shown.sort((a, b) => first(b) - first(a) || (a.status === "finished") - (b.status === "finished") || (b.value ?? -1) - (a.value ?? -1) || a.n - b.n);
  const at = Math.min(cursor, shown.length - 1);
  keepOrder(shown.map((one) => one.n));
  const undo = async () => {
    if (!last) { setSaid("Nothing to undo here."); return; }
    const { done } = await ask("/api/bulk/undo", { id: last.id, numbers: last.done });
    setSaid(`${last.code} undecided again in ${done.length}`); setLast(null); load();
  };

  useKeys(settings, (name) => {
    const ways = {
      next: () => setCursor(Math.min(at + 1, shown.length - 1)), previous: () => setCursor(Math.max(at - 1, 0)),
      search: () => field.current.focus(), sheet, bulk: () => setBulk(true), undo, figures: () => open("figures"),
      after: () => shown[at] && open(shown[at].n), adjudicate: () => told.double && shown[at] && open(`${shown[at].n}/between`),
    };
    return ways[name] ? ways[name]() : false;
  });
  useLayoutEffect(() => { if (shown[at] && document.activeElement !== field.current && !document.querySelector("dialog[open]")) document.getElementById(`row${shown[at].n}`)?.focus(); }, [at, told === null]);

  const most = Math.max(1, ...(rows || []).map((one) => one.value || 0)), keys = settings.keys;
  const count = (name) => (rows || []).filter((one) => fits(one, name)).length;
  return html`
    <header class="bar"><h1>Work list</h1>
      <p>${rows ? `${count("finished")} of ${rows.length} finished` : "Loading …"}${told?.blind ? " · blind" : ""}${told?.double ? " · coded by several" : ""}${told?.practise ? " · exercises" : ""}</p>
      <div class="filters" role="group" aria-label="Status">
        ${STATUS.map((name) => html`<button aria-pressed=${String(status === name)} onClick=${() => { setStatus(name); setCursor(0); }}>${name} <small>${count(name)}</small></button>`)}
      </div>
      <select class="field" aria-label="Setting" onChange=${(e) => { setSetting(e.target.value); setCursor(0); }}>${["all", "inpatient", "outpatient"].map((name) => html`<option value=${name} selected=${name === setting}>${name === "all" ? "all settings" : name}</option>`)}</select>
      <label class="field"><input ref=${field} type="search" aria-label="Filter by name or suggested code" size="13" placeholder="name or code" value=${words} onInput=${(e) => { setWords(e.target.value); setCursor(0); }} /><kbd>${keys.search}</kbd></label>
      ${!told?.practise && html`<button onClick=${() => setBulk(true)}>Bulk <kbd>${keys.bulk}</kbd></button>`}
      ${told && html`<a href="#/figures">${told.role === "coder" ? "My corrections" : "Figures"} <kbd>${keys.figures}</kbd></a>`}
      <button onClick=${sheet}>Keys <kbd>${keys.sheet}</kbd></button>
    </header>
    <p class="said" role="status" aria-live="polite">${said}${last && html` <button onClick=${undo}>Undo <kbd>${keys.undo}</kbd></button>`}</p>
    <main class="list" tabindex="0">
      ${problem && html`<p class="alarm" role="alert">${problem}</p>`}
      ${waits.length > 0 && html`<p class="alarm" role="status">Decisions made while the server was away wait in this browser: ${waits.map((one, i) => html`${i > 0 && ", "}${one.n} in ${one.row ? html`<a href=${`#/${one.row.n}${one.final ? "/between" : ""}`}>${one.row.id}</a>` : "an encounter that is not in this list"}`)}.</p>`}
      <table>
        <thead><tr><th>Encounter</th><th>Setting</th><th>Date</th><th class="n">Words</th><th class="n">Suggested</th>
          <th title="How many suggestions a coder can be expected to change, by their confidence, each by what hangs on its code">Worth a look</th>
          <th title="Complications of a stay and codes of risk categories among the suggestions">At stake</th><th>Status</th>${told?.double && html`<th>Coders</th>`}<th>Last decided</th></tr></thead>
        <tbody>${shown.map((one, i) => html`
          <tr class=${i === at ? "at" : ""} key=${one.n} onClick=${() => open(one.n)}>
            <td><a id=${`row${one.n}`} href=${`#/${one.n}`} onFocus=${() => setCursor(i)}>${one.id}</a>${one.flagged && html` <span class="flag" title="flagged">⚑<span class="heard">flagged</span></span>`}${one.questions > 0 && html` <span class="asked" title="a question to the provider is open">?${one.questions}</span>`}</td>
            <td>${one.setting}</td><td>${one.date || "—"}</td><td class="n">${one.words.toLocaleString("en")}</td>
            <td class="n">${one.problem ? html`<span class="alarm" title=${one.problem}>not read</span>` : one.proposed ?? "…"}</td>
            <td>${one.expected === null ? "" : html`<span class="meter"><i style=${{ width: `${Math.max(2, (100 * one.value) / most)}%` }}></i></span> <span title=${`${one.expected.toFixed(1)} suggestions expected to change`}>${one.value.toFixed(1)}</span>`}</td>
            <td>${one.stakes}</td>
            <td><span class=${`state ${one.status}`}>${one.status}</span>${one.codes ? html` <small>${one.codes} ${one.codes === 1 ? "code" : "codes"}</small>` : ""}</td>
            ${told.double && html`<td>${one.coders}${one.share !== null && html` <small>${Math.round(100 * one.share)}% agree</small>`} ${one.between && html`<a class=${`state ${one.between === "to decide" ? "begun" : "finished"}`} href=${`#/${one.n}/between`} onClick=${(e) => e.stopPropagation()}>${one.between}</a>`}</td>`}
            <td>${one.who}${one.at && html` <small>${one.at.slice(0, 16).replace("T", " ")}</small>`}</td>
          </tr>`)}</tbody>
      </table>
      ${rows && !shown.length && html`<p class="none">No encounter is like that.</p>`}
      <p class="foot"><kbd>${keys.next}</kbd> <kbd>${keys.previous}</kbd> move · <kbd>Enter</kbd> open${told?.double && html` · <kbd>${keys.adjudicate}</kbd> decide between coders`} · where most hangs on a coder on top</p>
    </main>
    ${bulk && html`<${Bulk} rows=${shown.filter((one) => one.status !== "finished")} close=${() => setBulk(false)}
      done=${(result) => { setLast(result); setSaid(`${result.code} ${result.action}ed in ${result.done.length} ${result.done.length === 1 ? "encounter" : "encounters"}`); setBulk(false); load(); }} />`}`;
}
