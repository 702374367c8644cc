// One decision on a code over all encounters of the work list's filter: seen before it is made, and taken back with one key.
import { html, useEffect, useRef, useState } from "./htm-preact.js";
import { ask } from "./api.js";
import { percent } from "./codes.js";
import { Dialog } from "./dialog.js";

export function Bulk({ rows, done, close }) {
  const numbers = rows.map((one) => one.n);
  const [codes, setCodes] = useState(null), [at, setAt] = useState(0), [hits, setHits] = useState([]);
  const [least, setLeast] = useState(0), [left, setLeft] = useState(new Set()), [problem, setProblem] = useState("");
  const mine = useRef(0), code = codes?.[at];
  useEffect(() => { ask("/api/bulk/codes", { numbers }).then((told) => setCodes(told.codes), (error) => setProblem(error.message)); }, []);
  useEffect(() => {
    if (!code) return;
    const now = ++mine.current;
    ask("/api/bulk/preview", { numbers, system: code.system, code: code.code }).then((told) => { if (now === mine.current) { setHits(told.rows); setLeft(new Set()); } }, (error) => setProblem(error.message));
  }, [code]);
  useEffect(() => { document.getElementById(`bulk${at}`)?.scrollIntoView({ block: "nearest" }); }, [at]);
  const chosen = hits.filter((one) => one.confidence >= least / 100 && !left.has(one.n));
  const act = async (action) => {
    if (!chosen.length) { setProblem("No encounter is chosen."); return; }
    const id = crypto.randomUUID();
    try {
      const told = await ask("/api/bulk", { id, action, system: code.system, code: code.code, numbers: chosen.map((one) => one.n), reason: action === "reject" ? "other" : "" });
      done({ id, action, code: code.code, done: told.done });
    } catch (error) { setProblem(error.message); }
  };
  const key = (event) => {
    if (event.target.closest("input") && event.key !== "Enter") return;
    if (event.key === "ArrowDown") setAt(Math.min(at + 1, codes.length - 1));
    else if (event.key === "ArrowUp") setAt(Math.max(at - 1, 0));
    else if (event.key === "Enter" && !event.target.closest("button")) act("accept");
    else return;
    event.preventDefault();
  };
  const toggle = (n) => { const next = new Set(left); if (!next.delete(n)) next.add(n); setLeft(next); };
  return html`<${Dialog} title="One code, many encounters" kind="bulk" close=${close} onKeyDown=${key}>
    <p class="sub">${rows.length} ${rows.length === 1 ? "encounter" : "encounters"} of the list as it is filtered, the finished ones left out. Only where the code is undecided.</p>
    ${problem && html`<p class="alarm" role="alert">${problem}</p>`}
    <div class="two"><ul role="listbox" tabindex="0" class="quick" aria-label="Codes suggested" aria-activedescendant=${codes?.length ? `bulk${at}` : undefined}>
      ${(codes || []).map((one, i) => html`<li id=${`bulk${i}`} role="option" aria-selected=${String(i === at)} onClick=${() => setAt(i)}><code>${one.code}</code> <span>${one.title}</span> <b>${one.encounters}</b></li>`)}</ul>
      <div class="hits">${!codes?.length && html`<p class="none">${codes ? "Nothing is suggested and undecided." : "Looking …"}</p>`}
        ${hits.map((one) => html`<label class=${one.confidence >= least / 100 ? "" : "off"}><input type="checkbox" checked=${!left.has(one.n) && one.confidence >= least / 100} onChange=${() => toggle(one.n)} />
          <b>${one.id}</b> <span>${one.words[0] && `… ${one.words[0]} `}<em>${one.words[1]}</em> ${one.words[2]} …</span> <i>${percent(one.confidence)}</i></label>`)}</div></div>
    <p class="foot"><label>Only from <input type="number" min="0" max="100" step="5" value=${least} onInput=${(e) => setLeast(Number(e.target.value))} /> % on</label>
      <button class="main" onClick=${() => act("accept")}>Accept in ${chosen.length} <kbd>Enter</kbd></button> <button onClick=${() => act("reject")}>Reject in ${chosen.length}</button> <kbd>↑</kbd> <kbd>↓</kbd> code · <kbd>Esc</kbd> leave</p><//>`;
}
