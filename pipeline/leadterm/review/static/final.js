// What the encounter is to have: the codes decided for in their sequence, and what the rules say of them.
import { html, useLayoutEffect, useRef } from "./htm-preact.js";
import { Remark } from "./codes.js";

const FORMS = ["json", "csv", "fhir", "x12"];

// The claim as a file; where it can't be written yet, why.
async function load(n, form, say) {
  const answer = await fetch(`/api/encounters/${n}/claim?format=${form}`);
  if (!answer.ok) { say((await answer.json()).message); return; }
  const link = document.createElement("a");
  link.href = URL.createObjectURL(await answer.blob());
  link.download = /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition"))[1];
  link.click();
  URL.revokeObjectURL(link.href);
}

const lineOf = (one, pointers) => [one.units !== null && `× ${one.units}`, ...(one.modifiers || []).map((each) => `-${each}`), pointers?.length > 0 && `→ ${pointers.map((each) => each.code).join(" ")}`].filter(Boolean).join(" ");

// The row of the code at hand stays in sight, where the list has a window of its own.
function keepInSight(shelf, row) {
  if (!row || getComputedStyle(shelf).overflowY !== "auto") return;
  const box = row.getBoundingClientRect(), frame = shelf.getBoundingClientRect();
  if (box.bottom > frame.bottom) shelf.scrollTop += box.bottom - frame.bottom + 6;
  else if (box.top < frame.top) shelf.scrollTop -= frame.top - box.top + 6;
}

export function Final({ n, state, hidden, at, findings, lines, inpatient, keys, choose, act, claim, say }) {
  const shelf = useRef(), worst = { error: "error", warning: "warning", advice: "advice" };
  useLayoutEffect(() => keepInSight(shelf.current, shelf.current.querySelector("li.at")), [at, state.final.length]);
  return html`<section class="final" aria-label="Codes decided for">
    <div class="decided" ref=${shelf} tabindex="0" role="group" aria-label="Sequence">
    <h2>Decided <span>${state.final.length}</span> <span class="claim"><a href=${claim} target="_blank" rel="noopener">Claim <kbd>${keys.claim}</kbd></a> ${FORMS.map((form) => html`<button class="small" aria-label=${`Download the claim as ${form}`} onClick=${() => load(n, form, say)}>${form}</button>`)}</span></h2>
    ${state.final.length ? html`<ol>${state.final.map((one, i) => html`<li key=${one.code} class=${i === at ? "at" : ""}>
      <button onClick=${() => choose(one)} title=${one.title}><b>${i + 1}</b> <code>${one.code}</code> <span>${one.title}</span>
      ${one.service && html`<i>${lineOf(one, lines[one.code])}</i>`}
      ${one.role && one.role !== "secondary" && html`<em>${one.role}</em>`}
      ${inpatient && one.poa_proposed !== undefined && html`<i class=${one.poa ? "set" : ""} title=${one.poa ? "present on admission, decided" : `present on admission, proposed: ${one.poa_why}`}>${one.poa || (one.poa_proposed ? `${one.poa_proposed}?` : "–")}</i>`}</button></li>`)}</ol>`
    : html`<p class="none">None yet: ${hidden ? html`<kbd>${keys.search}</kbd> finds codes.` : html`<kbd>${keys.accept}</kbd> accepts the code at hand.`}</p>`}
    ${state.final.length > 1 && html`<p class="foot"><kbd>${keys.lead}</kbd> first · <kbd>${keys.up}</kbd> <kbd>${keys.down}</kbd> move${inpatient && html` · <kbd>${keys.poa}</kbd> present on admission`}${state.final.some((one) => one.service) && html` · <kbd>${keys.line}</kbd> units, modifiers, diagnoses`}</p>`}
    </div>
    <div class="judged" tabindex="0" role="group" aria-label="Findings">
    <h2>Findings <span>${findings ? findings.length : "…"}</span> <span class="claim"><button class="small" onClick=${() => act("undo")} disabled=${!state.undo}>Undo <kbd>${keys.undo}</kbd></button>
      <button class="small" onClick=${() => act("redo")} disabled=${!state.redo}>Redo <kbd>${keys.redo}</kbd></button></span></h2>
    ${findings?.length === 0 && html`<p class="none">${state.final.length ? "The rules have nothing to say." : "Nothing to judge yet."}</p>`}
    ${(findings || []).map((one) => html`<div class=${`finding ${worst[one.severity]}`}>
      <b>${one.severity}</b> ${one.codes.map((code) => html`<button class="link" onClick=${() => choose({ system: one.system, code })}>${code}</button> `)}
      <span>${one.message}</span>${one.fix && html` <span class="fix">${one.fix}</span>`}
      ${(one.source || one.section) && html`<small title=${one.sentence || ""}>${[one.source, one.section].filter(Boolean).join(" ")}</small>`}</div>`)}
    ${state.remarks.filter((one) => !one.code).map((one) => html`<${Remark} remark=${one} remarks=${state.remarks} act=${act} />`)}
    </div>
  </section>`;
}
