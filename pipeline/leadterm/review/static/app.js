// The workbench: the work list, or an encounter, by what follows # in the address.
import { html, render, useEffect, useState } from "./htm-preact.js";
import { Between } from "./between.js";
import { Encounter } from "./encounter.js";
import { Figures } from "./figures.js";
import { readKeys } from "./keys.js";
import { Sheet } from "./sheet.js";
import { WorkList } from "./worklist.js";

const placeIn = (hash) => {
  const [, number, between] = /^#\/(\d+)(\/between)?$/.exec(hash) || [];
  return { number: number === undefined ? null : Number(number), between: Boolean(between), figures: hash === "#/figures" };
};

function App() {
  const [place, setPlace] = useState(placeIn(location.hash));
  const [settings, setSettings] = useState(readKeys());
  const [sheet, setSheet] = useState(false);
  useEffect(() => {
    const follow = () => setPlace(placeIn(location.hash));
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  const open = (n) => { location.hash = n === null ? "#/" : `#/${n}`; };
  const shared = { settings, open, sheet: () => setSheet(true) };
  const { number, between, figures } = place;
  return html`${figures ? html`<${Figures} ...${shared} />` : number === null ? html`<${WorkList} ...${shared} />`
    : between ? html`<${Between} key=${`b${number}`} n=${number} ...${shared} />` : html`<${Encounter} key=${number} n=${number} ...${shared} />`}
    ${sheet && html`<${Sheet} settings=${settings} change=${setSettings} close=${() => setSheet(false)} />`}`;
}

const root = document.getElementById("app");
root.replaceChildren();
render(html`<${App} />`, root);
