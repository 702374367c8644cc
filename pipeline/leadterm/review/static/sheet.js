// The sheet of keys, where they can be moved and switched off.
import { html } from "./htm-preact.js";
import { Dialog } from "./dialog.js";
import { ACTIONS, keepKeys } from "./keys.js";

export function Sheet({ settings, change, close }) {
  const keep = (next) => { keepKeys(next); change(next); };
  const move = (name, key) => {
    const taken = ACTIONS.some(([other]) => other !== name && settings.keys[other] === key);
    if ([...key].length === 1 && !taken && !/[1-9]/.test(key)) keep({ ...settings, keys: { ...settings.keys, [name]: key } });
  };
  return html`<${Dialog} title="Keys" kind="sheet" close=${close}>
    <label class="switch"><input type="checkbox" checked=${settings.on} onChange=${(e) => keep({ ...settings, on: e.target.checked })} /> Single keys act (Ctrl+Enter always does)</label>
    <div class="keys">${ACTIONS.map(([name, , said]) => html`<label key=${name}><input size="1" aria-label=${`Key for: ${said}`} value=${settings.keys[name]}
      onFocus=${(e) => e.target.select()} onInput=${(e) => { move(name, e.target.value); e.target.value = settings.keys[name]; }} /> ${said}</label>`)}
      <span><kbd>1</kbd>–<kbd>9</kbd> Take the alternative of that number</span><span><kbd>Ctrl+Enter</kbd> Finish the encounter</span></div>
    <p class="foot"><button onClick=${() => keep({ on: true, keys: Object.fromEntries(ACTIONS.map(([name, key]) => [name, key])) })}>As they were</button>
      <button onClick=${close}>Close <kbd>Esc</kbd></button></p><//>`;
}
