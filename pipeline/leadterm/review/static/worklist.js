// The work list: which encounters need a coder, those that need one most on top.
import { html, useEffect, useState, useRef } from "./htm-preact.js";
import { ask } from "./api.js";
import { onKey } from "./keys.js";

const STATUS = ["all", "open", "begun", "finished", "flagged"];

export function WorkList({ settings, open, sheet }) {
  const [rows, setRows] = useState(null);
  const [status, setStatus] = useState("all");
  const [words, setWords] = useState("");
  const [cursor, setCursor] = useState(0);
  const [problem, setProblem] = useState("");
  const field = useRef();

  useEffect(() => {
    let again, gone = false;
    const load = async () => {
      try {
        const { encounters } = await ask("/api/encounters");
        if (gone) return;
        setRows(encounters);
        setProblem("");
        if (encounters.some((one) => one.expected === null && !one.problem)) again = setTimeout(load, 1000);
      } catch (error) { setProblem(error.message); again = setTimeout(load, 3000); }
    };
    load();
    return () => { gone = true; clearTimeout(again); };
  }, []);

  const shown = (rows || []).filter((one) => (status === "all" || one.status === status || (status === "flagged" && one.flagged))
    && one.id.toLowerCase().includes(words.toLowerCase()));
  shown.sort((a, b) => (a.status === "finished") - (b.status === "finished") || (b.expected ?? -1) - (a.expected ?? -1) || a.n - b.n);
  const at = Math.min(cursor, shown.length - 1);

  useEffect(() => {
    const listen = (event) => onKey(event, settings, (name) => {
      if (name === "next") setCursor(Math.min(at + 1, shown.length - 1));
      else if (name === "previous") setCursor(Math.max(at - 1, 0));
      else if (name === "search") field.current.focus();
      else if (name === "sheet") sheet();
      else if (name === "after" && shown[at]) open(shown[at].n);
      else return false;
    });
    addEventListener("keydown", listen);
    return () => removeEventListener("keydown", listen);
  });
  useEffect(() => { if (shown[at]) document.getElementById(`row${shown[at].n}`)?.focus(); }, [at, rows === null]);

  const most = Math.max(1, ...(rows || []).map((one) => one.expected || 0));
  const count = (name) => (rows || []).filter((one) => name === "all" || one.status === name || (name === "flagged" && one.flagged)).length;
  return html`
    <header class="bar"><h1>Work list</h1>
      <p>${rows ? `${count("finished")} of ${rows.length} finished` : "Loading …"}</p>
      <div class="filters" role="group" aria-label="Status">
        ${STATUS.map((name) => html`<button aria-pressed=${String(status === name)} onClick=${() => { setStatus(name); setCursor(0); }}>${name} <small>${count(name)}</small></button>`)}
      </div>
      <label class="field">Filter <input ref=${field} type="search" value=${words} onInput=${(e) => setWords(e.target.value)} /><kbd>${settings.keys.search}</kbd></label>
      <button onClick=${sheet}>Keys <kbd>${settings.keys.sheet}</kbd></button>
    </header>
    <main class="list">
      ${problem && html`<p class="alarm" role="alert">${problem}</p>`}
      <table>
        <thead><tr><th>Encounter</th><th>Setting</th><th>Date</th><th class="n">Words</th><th class="n">Suggested</th>
          <th title="How many suggestions a coder can be expected to change, by their confidence: those with most need a coder most">Expected changes</th>
          <th>Status</th><th>Last decided</th></tr></thead>
        <tbody>${shown.map((one, i) => html`
          <tr class=${i === at ? "at" : ""} key=${one.n} onClick=${() => open(one.n)}>
            <td><a id=${`row${one.n}`} href=${`#/${one.n}`} onFocus=${() => setCursor(i)}>${one.id}</a>${one.flagged && html` <span class="flag" title="flagged">⚑</span>`}</td>
            <td>${one.setting}</td><td>${one.date || "—"}</td><td class="n">${one.words.toLocaleString("en")}</td>
            <td class="n">${one.problem ? html`<span class="alarm" title=${one.problem}>not read</span>` : one.proposed ?? "…"}</td>
            <td>${one.expected === null ? "" : html`<span class="meter"><i style=${{ width: `${Math.max(2, (100 * one.expected) / most)}%` }}></i></span> ${one.expected.toFixed(1)}`}</td>
            <td><span class=${`state ${one.status}`}>${one.status}</span>${one.codes ? html` <small>${one.codes} codes</small>` : ""}</td>
            <td>${one.who}${one.at && html` <small>${one.at.slice(0, 16).replace("T", " ")}</small>`}</td>
          </tr>`)}</tbody>
      </table>
      ${rows && !shown.length && html`<p class="none">No encounter is like that.</p>`}
      <p class="foot"><kbd>${settings.keys.next}</kbd> <kbd>${settings.keys.previous}</kbd> move · <kbd>Enter</kbd> open · needs a coder most on top</p>
    </main>`;
}
