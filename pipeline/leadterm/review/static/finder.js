// Search as you type: to add a code, for words of the note or without, or to replace one.
import { html, useEffect, useLayoutEffect, useRef, useState } from "./htm-preact.js";
import { ask } from "./api.js";
import { Dialog } from "./dialog.js";

export function Finder({ n, title, first, text, evidence, pick, close }) {
  const [words, setWords] = useState(text || "");
  const [hits, setHits] = useState(first || []);
  const [at, setAt] = useState(0);
  const [waits, setWaits] = useState(false);
  const latest = useRef(0);
  const look = (typed) => { // asks at once, before the field is drawn again
    const mine = ++latest.current;
    setWords(typed);
    if (!typed.trim()) { setHits(first || []); setAt(0); return; }
    ask(`/api/encounters/${n}/search`, { text: typed.slice(0, 400) }).then(({ hits: found }) => {
      if (mine === latest.current) { setHits(found); setAt(0); setWaits(false); }
    }, () => setWaits(false));
    setWaits(true);
  };
  useLayoutEffect(() => look(words), []);
  useEffect(() => { document.getElementById(`hit${at}`)?.scrollIntoView({ block: "nearest" }); }, [at]);
  const choose = (one) => (one.billable === false ? look(one.code) : pick(one, words)); // a heading leads to what is below it
  const key = (event) => {
    if (event.key === "ArrowDown") setAt(Math.min(at + 1, hits.length - 1));
    else if (event.key === "ArrowUp") setAt(Math.max(at - 1, 0));
    else if (event.key === "Enter" && hits[at]) choose(hits[at]);
    else return;
    event.preventDefault();
  };
  return html`<${Dialog} title=${title} close=${close} onKeyDown=${key}>
    ${evidence && html`<p class="sub">for “${evidence}”</p>`}
    <input role="combobox" aria-expanded="true" aria-controls="hits" aria-autocomplete="list" aria-activedescendant=${hits.length ? `hit${at}` : ""}
      aria-label="Words or the beginning of a code" placeholder="Words, or the beginning of a code" autocomplete="off" spellcheck="false"
      value=${words} onInput=${(e) => look(e.target.value)} />
    <ul id="hits" role="listbox" aria-label="Codes found">
      ${hits.map((one, i) => html`<li id=${`hit${i}`} role="option" aria-selected=${String(i === at)} onClick=${() => choose(one)}>
        <code>${one.code}</code> <span>${one.title}${one.term && one.term !== one.title && one.term !== one.code && html`<small>${one.term}</small>`}</span>
        ${one.billable === false && html`<em>not complete</em>`}</li>`)}
    </ul>
    ${!hits.length && words.trim() && html`<p class="none">${waits ? "Searching …" : "No code has these words."}</p>`}
    <p class="foot"><kbd>↑</kbd> <kbd>↓</kbd> choose · <kbd>Enter</kbd> take · <kbd>Esc</kbd> leave</p>
  <//>`;
}

