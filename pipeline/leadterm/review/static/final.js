// What the encounter is to have: the codes decided for in their sequence, and what the rules say of them.
import { html } from "./htm-preact.js";

export function Final({ state, findings, inpatient, keys, choose, act, claim }) {
  const worst = { error: "error", warning: "warning", advice: "advice" };
  return html`<section class="final" aria-label="Codes decided for">
    <h2>Decided <span>${state.final.length}</span> <a href=${claim} target="_blank" rel="noopener">Claim <kbd>${keys.claim}</kbd></a></h2>
    ${state.final.length ? html`<ol>${state.final.map((one, i) => html`<li key=${one.code}>
      <button onClick=${() => choose(one)}><b>${i + 1}</b> <code>${one.code}</code> <span>${one.title}</span>
      ${i === 0 && html`<em>${one.role}</em>`}
      ${inpatient && one.poa_proposed !== undefined && html`<i class=${one.poa ? "set" : ""} title=${one.poa ? "present on admission, decided" : `present on admission, proposed: ${one.poa_why}`}>${one.poa || (one.poa_proposed ? `${one.poa_proposed}?` : "–")}</i>`}</button></li>`)}</ol>`
    : html`<p class="none">None yet: <kbd>${keys.accept}</kbd> accepts the code at hand.</p>`}
    ${state.final.length > 1 && html`<p class="foot"><kbd>${keys.lead}</kbd> first · <kbd>${keys.up}</kbd> <kbd>${keys.down}</kbd> move${inpatient && html` · <kbd>${keys.poa}</kbd> present on admission`}</p>`}
    <h2>Findings <span>${findings ? findings.length : "…"}</span></h2>
    ${findings?.length === 0 && html`<p class="none">${state.final.length ? "The rules have nothing to say." : "Nothing to judge yet."}</p>`}
    ${(findings || []).map((one) => html`<div class=${`finding ${worst[one.severity]}`}>
      <b>${one.severity}</b> ${one.codes.map((code) => html`<button class="link" onClick=${() => choose({ system: one.system, code })}>${code}</button> `)}
      <span>${one.message}</span>${one.fix && html` <span class="fix">${one.fix}</span>`}
      ${(one.source || one.section) && html`<small title=${one.sentence || ""}>${[one.source, one.section].filter(Boolean).join(" ")}</small>`}</div>`)}
    ${state.remarks.filter((one) => !one.code).map((one) => html`<p class="remark"><b>${one.who}</b> ${one.text}</p>`)}
    <p class="foot"><button onClick=${() => act("undo")} disabled=${!state.undo}>Undo <kbd>${keys.undo}</kbd></button>
      <button onClick=${() => act("redo")} disabled=${!state.redo}>Redo <kbd>${keys.redo}</kbd></button></p>
  </section>`;
}
