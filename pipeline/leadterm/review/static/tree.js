// The classification around a code: up to its chapter, down to the codes that are complete.
import { html, useEffect, useState } from "./htm-preact.js";
import { ask } from "./api.js";
import { Dialog } from "./dialog.js";

export function Tree({ n, system, start, title, take, close }) {
  const [place, setPlace] = useState(null), [at, setAt] = useState(0), [problem, setProblem] = useState("");
  const go = (node, mark) => ask(`/api/encounters/${n}/branch`, { system, node }).then((told) => {
    const row = Math.max(0, told.below.findIndex((one) => one.code === mark));
    setPlace(told); setAt(row); setProblem("");
  }, (error) => setProblem(error.message));
  const up = () => { if (place.here) go(place.path.length ? place.path[place.path.length - 1].code : "", place.here.code); };
  useEffect(() => {
    if (!start) { go("", ""); return; }
    ask(`/api/encounters/${n}/branch`, { system, node: start }).then((told) => go(told.path.length ? told.path[told.path.length - 1].code : "", start), () => go("", ""));
  }, []);
  useEffect(() => { document.getElementById(`node${at}`)?.scrollIntoView({ block: "nearest" }); }, [at, place]);
  const below = place?.below || [], one = below[at];
  const open = (each) => (each.more ? go(each.code, "") : take(each));
  const ways = {
    ArrowDown: () => setAt(Math.min(at + 1, below.length - 1)), ArrowUp: () => setAt(Math.max(at - 1, 0)),
    ArrowRight: () => one?.more && go(one.code, ""), ArrowLeft: up, Enter: () => one && (one.billable ? take(one) : open(one)),
  };
  const key = (event) => { if (ways[event.key]) { event.preventDefault(); ways[event.key](); } };
  return html`<${Dialog} title=${title} kind="tree" close=${close} onKeyDown=${key}>
    <p class="path">${place && [{ code: "", title: "all chapters" }, ...place.path, ...(place.here ? [place.here] : [])].map((step, i) => html`${i > 0 && " › "}<button class="link" title=${step.title} onClick=${() => go(step.code, "")}>${step.code || "all"}</button>`)}</p>
    ${place?.here && html`<p class="sub">${place.here.title}</p>`}
    ${problem && html`<p class="alarm" role="alert">${problem}</p>`}
    <ul role="listbox" tabindex="0" class="quick" aria-label="Codes below" aria-activedescendant=${below.length ? `node${at}` : undefined}>
      ${below.map((each, i) => html`<li id=${`node${i}`} role="option" aria-selected=${String(i === at)} onClick=${() => (i === at ? ways.Enter() : setAt(i))}>
        <code>${each.code}</code> <span>${each.title}</span> <em>${each.more ? "▸" : ""}</em></li>`)}</ul>
    <p class="foot"><kbd>↑</kbd> <kbd>↓</kbd> move · <kbd>→</kbd> into · <kbd>←</kbd> up · <kbd>Enter</kbd> take · <kbd>Esc</kbd> leave</p><//>`;
}
