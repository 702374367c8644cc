// Keys and what they do. Single keys can be switched off or moved (WCAG 2.1.4); what is set stays in this browser.
import { useLayoutEffect, useRef } from "./htm-preact.js";

export const ACTIONS = [
  ["next", "j", "Next code"], ["previous", "k", "Previous code"],
  ["nextEvidence", "J", "Next evidence"], ["previousEvidence", "K", "Previous evidence"],
  ["accept", "a", "Accept"], ["reject", "r", "Reject, then 1–9 for the reason"], ["replace", "e", "Replace by search"],
  ["clear", "u", "Undecided again"], ["rest", "x", "Reject the rest below the line"],
  ["search", "/", "Search, and add a code"], ["add", "n", "Add a code for the selected words"],
  ["lead", "s", "Make it stand first"], ["up", "<", "Earlier in the sequence"], ["down", ">", "Later in the sequence"],
  ["poa", "p", "Present on admission: next value"], ["line", "i", "Units, modifiers, diagnoses of a service"],
  ["browse", "h", "Hierarchy around the code"], ["query", "q", "Question to the provider"],
  ["flag", "f", "Flag the code"], ["comment", "c", "Comment on the code"],
  ["flagAll", "F", "Flag the encounter"], ["commentAll", "C", "Comment on the encounter"],
  ["undo", "z", "Undo"], ["redo", "Z", "Redo"], ["before", "[", "Encounter before"], ["after", "]", "Encounter after"],
  ["list", "l", "Work list"], ["claim", "v", "View the claim"], ["more", "m", "Show or hide the unlikely"], 
  ["reveal", "w", "Show the suggestions (blind)"], ["bulk", "b", "One code, many encounters (work list)"],
  ["adjudicate", "d", "Decide between coders (work list)"], ["figures", "g", "Figures (work list)"], ["sheet", "?", "Keys"],
];
const KEPT = "leadterm-keys";

export function readKeys() {
  let kept = {};
  try { kept = JSON.parse(localStorage.getItem(KEPT) || "{}"); } catch { kept = {}; }
  const keys = Object.fromEntries(ACTIONS.map(([name, key]) => [name, kept.keys?.[name] || key]));
  return { on: kept.on !== false, keys };
}

export function keepKeys(settings) {
  localStorage.setItem(KEPT, JSON.stringify(settings));
}

const typing = (target) => target.closest?.("input, textarea, select, [contenteditable]");

// Call handle(name) for a key; digits are named "1" to "9", Ctrl+Enter "finish". True if it was taken.
export function onKey(event, settings, handle) {
  if (event.isComposing || document.querySelector("dialog[open]")) return;
  const finish = event.key === "Enter" && (event.ctrlKey || event.metaKey);
  if (!finish && (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || !settings.on)) return;
  const name = finish ? "finish" : /^[1-9]$/.test(event.key) ? event.key
    : event.key === "Escape" ? "escape" : ACTIONS.find(([one]) => settings.keys[one] === event.key)?.[0];
  if (name && handle(name) !== false) event.preventDefault();
}

// Keys of a view. They act on what the last key made of it, however fast they follow.
export function useKeys(settings, act) {
  const latest = useRef();
  latest.current = { settings, act };
  useLayoutEffect(() => {
    const listen = (event) => onKey(event, latest.current.settings, (name) => latest.current.act(name));
    addEventListener("keydown", listen);
    return () => removeEventListener("keydown", listen);
  }, []);
}
