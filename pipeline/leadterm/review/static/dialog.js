// Dialogs. They are open and have the focus before the next key arrives: nothing typed at once is lost.
import { html, useLayoutEffect, useRef, useState } from "./htm-preact.js";

export function Dialog({ title, kind = "", close, children, onKeyDown, ...rest }) {
  const dialog = useRef();
  useLayoutEffect(() => {
    const back = document.activeElement;
    dialog.current.showModal();
    const first = dialog.current.querySelector(".quick") || dialog.current.querySelector("input:not([type=checkbox])");
    first?.focus();
    if (first?.tagName === "TEXTAREA") { // what is prepared is added to, not typed over
      const gap = first.value.indexOf("[ ] \n"), to = gap < 0 ? first.value.length : gap + 4;
      first.setSelectionRange(to, to);
    } else first?.select?.();
    return () => back?.isConnected && back.focus({ preventScroll: true });
  }, []);
  // The browser tells later that Esc closed a dialog: it could then be another one that is open by now.
  const key = (event) => { if (event.key === "Escape") { event.preventDefault(); event.stopPropagation(); close(); } else onKeyDown?.(event); };
  const cancel = (event) => { event.preventDefault(); close(); };
  return html`<dialog ref=${dialog} class=${`finder ${kind}`} aria-label=${title} onCancel=${cancel} onKeyDown=${key} ...${rest}><h2>${title}</h2>${children}</dialog>`;
}

const sends = (event, send) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); event.stopPropagation(); send(); } };

export function Asker({ title, save, close }) {
  const field = useRef();
  const send = () => { const words = field.current.value.trim(); if (words) save(words); else close(); };
  return html`<${Dialog} title=${title} close=${close} onKeyDown=${(event) => sends(event, send)}>
    <textarea ref=${field} rows="4" maxlength="4000" aria-label=${title} class="quick"></textarea>
    <p class="foot"><button onClick=${send}>Save <kbd>Ctrl+Enter</kbd></button> <kbd>Esc</kbd> leave</p><//>`;
}

// Units, modifiers and the diagnoses of a service, which are typed by their numbers.
export function LineAsker({ one, diagnoses, pointers, save, close }) {
  const [problem, setProblem] = useState(""), form = useRef();
  const words = (name) => form.current.elements[name].value.toUpperCase().split(/[\s,]+/).filter(Boolean);
  const send = (event) => {
    event.preventDefault();
    const [units] = words("units"), numbers = words("diagnoses").map(Number), wrong = numbers.find((each) => !diagnoses[each - 1]);
    if (units && !(Number(units) > 0)) return setProblem("Units are a number above 0.");
    if (words("modifiers").some((each) => !/^[A-Z0-9]{2}$/.test(each))) return setProblem("A modifier has two letters or digits.");
    if (wrong !== undefined) return setProblem("Diagnoses are given by their numbers below.");
    if (numbers.length > 4 || words("modifiers").length > 4) return setProblem("A line has at most four modifiers and four diagnoses.");
    return save({ units: units ? Number(units) : null, modifiers: words("modifiers"), pointers: numbers.map((each) => diagnoses[each - 1].code) });
  };
  const at = (code) => diagnoses.findIndex((each) => each.code === code) + 1;
  return html`<${Dialog} title=${`${one.code} ${one.title}`} kind="line" close=${close}>
    <form ref=${form} onSubmit=${send}>
      <label>Units <input name="units" class="quick" inputmode="decimal" value=${one.units ?? 1} /></label>
      <label>Modifiers <input name="modifiers" autocomplete="off" spellcheck="false" value=${(one.modifiers || []).join(" ")} placeholder="RT 59" /></label>
      <label>Diagnoses <input name="diagnoses" autocomplete="off" value=${pointers.map((each) => at(each.code)).filter(Boolean).join(" ")} placeholder="1 3" /></label>
      <button class="main">Save <kbd>Enter</kbd></button>
    </form>
    ${problem && html`<p class="alarm" role="alert">${problem}</p>`}
    <ol class="numbered">${diagnoses.map((each, i) => html`<li><b>${i + 1}</b> <code>${each.code}</code> ${each.title}${pointers.filter((p) => p.code === each.code).map((p) => html` <small>${p.why}${p.sure ? "" : " (unsure)"}</small>`)}</li>`)}</ol>
    ${!diagnoses.length && html`<p class="none">No diagnosis is decided for yet.</p>`}
    <p class="foot"><kbd>Tab</kbd> next field · <kbd>Esc</kbd> leave</p><//>`;
}

// Questions to the provider that the record raises; the words can be changed before they are kept.
export function QueryAsker({ queries, about, save, close }) {
  const first = Math.max(0, queries.findIndex((each) => about && each.codes.includes(about.code)));
  const [at, setAt] = useState(first), field = useRef();
  const own = about ? `Please clarify in the record: ${about.title || about.code}.\n\n[ ] \n[ ] Other (please specify)\n[ ] Unable to determine` : "";
  const one = queries[at];
  const move = (to) => setAt((to + queries.length + 1) % (queries.length + 1));
  const send = () => { const words = field.current.value.trim(); if (words) save(words, one); };
  const key = (event) => {
    if (event.altKey && event.key === "ArrowDown") { event.preventDefault(); move(at + 1); }
    else if (event.altKey && event.key === "ArrowUp") { event.preventDefault(); move(at - 1); }
    else sends(event, send);
  };
  return html`<${Dialog} title="Question to the provider" kind="query" close=${close} onKeyDown=${key}>
    <ul class="choices" aria-label="Questions that the record raises">${queries.map((each, i) => html`<li><button aria-pressed=${String(i === at)} onClick=${() => setAt(i)}>
      <b>${each.codes.join(" ") || "indicator"}</b> ${each.question}</button></li>`)}
      <li><button aria-pressed=${String(at === queries.length)} onClick=${() => setAt(queries.length)}>A question of your own</button></li></ul>
    <textarea key=${at} ref=${field} rows="11" maxlength="4000" aria-label="Words of the question" class="quick">${one ? one.text : own}</textarea>
    <p class="foot"><button class="main" onClick=${send}>Keep the question <kbd>Ctrl+Enter</kbd></button> <kbd>Alt+↓</kbd> next question · <kbd>Esc</kbd> leave${one?.section && html` · Official Guidelines ${one.section}`}</p><//>`;
}
