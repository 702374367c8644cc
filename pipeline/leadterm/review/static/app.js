// The workbench: the work list, or an encounter, by what follows # in the address.
import { html, render, useEffect, useState } from "./htm-preact.js";
import { Encounter } from "./encounter.js";
import { readKeys } from "./keys.js";
import { Sheet } from "./sheet.js";
import { WorkList } from "./worklist.js";

const numberIn = (hash) => (/^#\/\d+$/.test(hash) ? Number(hash.slice(2)) : null);

function App() {
  const [number, setNumber] = useState(numberIn(location.hash));
  const [settings, setSettings] = useState(readKeys());
  const [sheet, setSheet] = useState(false);
  useEffect(() => {
    const follow = () => setNumber(numberIn(location.hash));
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  const open = (n) => { location.hash = n === null ? "#/" : `#/${n}`; };
  const shared = { settings, open, sheet: () => setSheet(true) };
  return html`${number === null ? html`<${WorkList} ...${shared} />` : html`<${Encounter} key=${number} n=${number} ...${shared} />`}
    ${sheet && html`<${Sheet} settings=${settings} change=${setSettings} close=${() => setSheet(false)} />`}`;
}

const root = document.getElementById("app");
root.replaceChildren();
render(html`<${App} />`, root);
