// One encounter: its notes, beside them the codes, beside these what was decided. Every action has a key and a button.
import { html, useEffect, useLayoutEffect, useRef, useState } from "./htm-preact.js";
import { Saver, ask, savedLine } from "./api.js";
import { Code, keyOf, known } from "./codes.js";
import { Asker, LineAsker, QueryAsker } from "./dialog.js";
import { Final } from "./final.js";
import { Finder } from "./finder.js";
import { useKeys } from "./keys.js";
import { placeOf } from "./order.js";
import { Tree } from "./tree.js";
import { Paper, paint, pointed, selected, show } from "./paint.js";

const UNLIKELY = 0.05, POA = ["Y", "N", "U", "W"];
const places = (mentions) => mentions.map((one) => [one.note, one.spans]);

export function Encounter({ n, settings, open, sheet }) {
  const [data, setData] = useState(null);
  const [state, setState] = useState(null);
  const [at, setAt] = useState(null); // key of the code at hand
  const [evidence, setEvidence] = useState(0);
  const [mode, setMode] = useState(null); // null, "reject", {find…}, {comment…}
  const [more, setMore] = useState(false);
  const [said, setSaid] = useState("");
  const [saved, setSaved] = useState({ waiting: 0, failed: false });
  const [findings, setFindings] = useState(null);
  const [lines, setLines] = useState({}); // of each service, the diagnoses that justify it
  const [score, setScore] = useState(null);
  const [clash, setClash] = useState(null);
  const [problem, setProblem] = useState("");
  const [picked, setPicked] = useState(null);
  const papers = useRef(new Map()), saver = useRef(null), sure = useRef(false), shownNow = useRef(null), wasHidden = useRef(false);
  shownNow.current = state;
  const keys = settings.keys;

  useEffect(() => { // what is merely confirmed goes by itself; what is refused stays
    if (!said || said.endsWith(".")) return undefined;
    const gone = setTimeout(() => setSaid(""), 3000);
    return () => clearTimeout(gone);
  }, [said]);

  const fetchAll = () => ask(`/api/encounters/${n}`).then((told) => { setData(told); setState(told.state); return told; });
  useEffect(() => { if (data?.practise && state.status === "finished") ask(`/api/encounters/${n}/score`).then(setScore, () => {}); else setScore(null); }, [data !== null, state?.status]);
  const judge = () => ask(`/api/encounters/${n}/findings`).then((told) => { setFindings(told.findings); setLines(told.lines); }, () => setFindings([]));
  useEffect(() => {
    fetchAll().then((told) => {
      saver.current = new Saver(told, {
        tell: setSaved,
        done: (now) => { setState(now); judge(); if (wasHidden.current && (now.revealed || told.practise && now.status === "finished")) fetchAll(); },
        refused: (error, changes, forget) => {
          const now = error.told.state;
          if (now) { saver.current.seen = now.seen; setState(now); setClash({ message: error.message, changes, forget, before: shownNow.current, theirs: now }); judge(); }
          else { setSaid(error.message); ask(`/api/encounters/${n}/state`).then(setState); }
        },
      });
      const { left, words, queue } = saver.current;
      if (left) { setSaved({ waiting: left, failed: false }); setState((now) => foreseen(now, queue.flatMap((one) => one.changes), told.codes)); }
      if (left || words) setSaid([left && `${left} ${left === 1 ? "decision" : "decisions"} made while the server was away`, words && `${words} ${words === 1 ? "comment was" : "comments were"} not kept`].filter(Boolean).join("; ") + ".");
      const rows = rowsOf(told, told.state, false), first = rows.find((one) => statusOf(told.state, one) === "open") || rows[0];
      if (first) setAt(keyOf(first));
      judge();
    }, (error) => setProblem(error.message));
    const leave = (event) => { if (saver.current?.risky) event.preventDefault(); };
    const select = () => setPicked(selected(papers.current));
    addEventListener("beforeunload", leave);
    document.addEventListener("selectionchange", select);
    return () => { saver.current?.stop(); removeEventListener("beforeunload", leave); document.removeEventListener("selectionchange", select); };
  }, []);

  wasHidden.current = data?.hidden;
  const rows = data ? rowsOf(data, state, more) : [];
  const one = rows.find((each) => keyOf(each) === at);

  useLayoutEffect(() => { if (data) paint(papers.current, marksOf(data, state, rows, one, evidence)); }, [data, state, at, evidence, more]);
  useLayoutEffect(() => {
    if (!one) return;
    const row = document.getElementById(`c-${at}`);
    if (row) keepInView(row);
    if (!document.querySelector("dialog[open]") && row && !row.contains(document.activeElement)) row.querySelector(".head").focus({ preventScroll: true });
    show(papers.current, one.evidence[evidence] || one.evidence[0]);
  }, [at, evidence, data !== null]);

  if (problem) return html`<main class="list"><p class="alarm" role="alert">${problem}</p><p><a href="#/">Back to the work list</a></p></main>`;
  if (!data) return html`<p class="loading">Reading the notes …</p>`;

  const { before, after, place: number, of } = placeOf(n, data.of);
  const choose = (each, which = 0) => { setAt(keyOf(each)); setEvidence(which); setMode(null); };
  const step = (by) => { const i = rows.indexOf(one) + by; if (rows[i]) choose(rows[i]); };
  const decide = (changes, message) => { // shown at once, then saved; what was decided last is said aloud
    sure.current = false;
    setState((now) => foreseen(now, changes, data.codes));
    saver.current.send(changes);
    setMode(null); setSaid(message);
  };
  const onward = (decided) => {
    const i = rows.indexOf(decided), open = (each) => each !== decided && statusOf(state, each) === "open";
    const next = rows.slice(i + 1).find(open) || rows[i + 1] || decided;
    choose(next);
  };
  const about = (each) => ({ system: each.system, code: each.code });
  const trust = (each) => (each.confidence === null ? {} : { confidence: each.confidence });
  const replaceBy = (hit) => {
    if (!one) return;
    decide([{ action: "replace", ...about(one), to: hit.code, evidence: places(one.evidence), ...trust(one) }], `${one.code} replaced by ${hit.code}`);
    onward(one);
  };
  const find = (replaces) => {
    const chosen = selected(papers.current);
    setMode(replaces ? { find: "replace", title: `Replace ${one.code} ${one.title}`, first: (known(n, one)?.alternatives || []).map((each) => ({ ...each, system: one.system })) }
      : { find: "add", title: "Add a code", text: chosen?.text, evidence: chosen });
  };
  const take = (hit, words) => {
    const { find: kind, evidence: chosen } = mode;
    if (kind === "replace") { if (hit.system === one.system) replaceBy(hit); return; }
    const key = keyOf(hit), there = rows.find((each) => keyOf(each) === key);
    if (state.final.some((each) => keyOf(each) === key)) { setMode(null); setSaid(`${hit.code} is decided for already.`); if (there) choose(there); return; }
    const seen = !chosen && there ? places(there.evidence) : chosen ? [[chosen.note, [[chosen.start, chosen.end]]]] : inNotes(data.notes, words);
    decide([{ action: "add", system: hit.system, code: hit.code, evidence: seen }], `${hit.code} added`);
    setAt(key); setEvidence(0); getSelection().removeAllRanges();
  };
  const finalAt = one ? state.final.findIndex((each) => each.system === one.system && (each.code === one.code || each.code === state.verdicts[at]?.to)) : -1;
  const place = (to) => {
    if (finalAt < 0) { setSaid("Only codes decided for have a place in the sequence."); return; }
    const order = state.final.map(keyOf), [moved] = order.splice(finalAt, 1);
    order.splice(Math.max(0, Math.min(order.length, to)), 0, moved);
    decide([{ action: "sequence", value: order.join(" ") }], `${moved.split(":")[1]} is number ${order.indexOf(moved) + 1}`);
  };
  const rest = () => {
    const below = rows.filter((each) => !each.above && each.confidence !== null && statusOf(state, each) === "open");
    if (!below.length) { setSaid("Nothing below the line is undecided."); return; }
    decide(below.map((each) => ({ action: "reject", ...about(each), reason: "below-line", ...trust(each) })), `${below.length} ${below.length === 1 ? "code" : "codes"} below the line rejected`);
  };
  const finish = () => {
    if (state.status === "finished") { setSaid("This encounter is finished."); return; }
    const left = data.codes.filter((each) => each.above && statusOf(state, each) === "open").length;
    if (left && !sure.current) { sure.current = true; setSaid(`${left} suggested ${left === 1 ? "code is" : "codes are"} undecided. Press Ctrl+Enter again to finish all the same.`); return; }
    decide([{ action: "finish" }], after === undefined ? "Finished" : `Finished; ${keys.after} goes on`);
  };

  const act = (name, value) => {
    if (/^[1-9]$/.test(name)) {
      if (mode === "reject") {
        const reason = data.reasons.find((each) => each.key === name);
        decide([{ action: "reject", ...about(one), reason: reason.name, ...trust(one) }], `${one.code} rejected`);
        onward(one);
      } else {
        const other = one && known(n, one)?.alternatives[Number(name) - 1];
        if (!other) return false;
        replaceBy(other);
      }
      return true;
    }
    if (["accept", "reject", "replace", "clear", "lead", "up", "down", "poa", "line"].includes(name) && !one) return false;
    const ways = {
      next: () => step(1), previous: () => step(-1),
      nextEvidence: () => one && setEvidence(Math.min(evidence + 1, one.evidence.length - 1)),
      previousEvidence: () => setEvidence(Math.max(evidence - 1, 0)),
      evidence: () => { setEvidence(value); show(papers.current, one.evidence[value]); },
      accept: () => { decide([{ action: one.confidence === null ? "add" : "accept", ...about(one), evidence: places(one.evidence), ...trust(one) }], `${one.code} accepted`); onward(one); },
      reject: () => setMode(mode === "reject" ? null : "reject"),
      clear: () => decide([{ action: "clear", ...about(one) }], `${one.code} undecided`),
      replace: () => find(true), search: () => find(false), add: () => find(false),
      rest, finish, reveal: () => { if (data.hidden && !data.practise) decide([{ action: "reveal" }], "Here is what the model suggests."); else return false; return true; },
      lead: () => place(0), up: () => place(finalAt - 1), down: () => place(finalAt + 1),
      poa: () => {
        const it = state.final[finalAt];
        if (!data.inpatient || !it || it.poa_proposed === undefined) { setSaid("Only diagnoses of a stay that are decided for have it."); return; }
        const next = it.poa ? POA[(POA.indexOf(it.poa) + 1) % POA.length] : it.poa_proposed || "Y";
        decide([{ action: "poa", ...about(it), value: next }], `${it.code} present on admission ${next}`);
      },
      line: () => {
        const it = state.final[finalAt];
        if (!it?.service) { setSaid("Only services that are decided for have units, modifiers and diagnoses."); return; }
        setMode({ line: it });
      },
      browse: () => setMode({ tree: one ? one.system : data.systems[0], start: one?.code || "" }),
      query: () => ask(`/api/encounters/${n}/queries`).then((told) => setMode({ query: told.queries, about: one }), (error) => setSaid(error.message)),
      answer: () => setMode({ comment: { ...value, action: "answer" }, title: "Answer of the provider" }),
      flag: () => { if (!one) { ways.flagAll(); return; } const on = state.verdicts[at]?.flagged; decide([{ action: on ? "unflag" : "flag", ...about(one) }], on ? "Flag taken away" : "Flagged"); },
      flagAll: () => decide([{ action: state.flagged ? "unflag" : "flag" }], state.flagged ? "Flag of the encounter taken away" : "Encounter flagged"),
      comment: () => (one ? setMode({ comment: { action: "comment", ...about(one) }, title: `Comment on ${one.code}` }) : ways.commentAll()),
      commentAll: () => setMode({ comment: { action: "comment" }, title: "Comment on the encounter" }),
      undo: () => { if (state.undo) decide([{ action: "undo" }], "Undone"); else setSaid("Nothing to undo."); },
      redo: () => { if (state.redo) decide([{ action: "redo" }], "Done again"); else setSaid("Nothing to redo."); },
      before: () => before !== undefined && open(before), after: () => after !== undefined && open(after), list: () => open(null),
      claim: () => window.open(`/claim/${n}`, "_blank", "noopener"), more: () => setMore(!more), sheet,
      escape: () => (mode ? setMode(null) : open(null)),
    };
    return ways[name] ? ways[name]() : false;
  };
  const click = (event) => {
    if (!getSelection().isCollapsed) return;
    const spot = pointed(papers.current, event);
    if (!spot) return;
    const [note, place] = spot, hit = (m) => m.note === note && m.spans.some(([a, b]) => a <= place && place < b);
    const here = rows.filter((each) => each.evidence.some(hit)), next = here[(here.indexOf(one) + 1) % here.length];
    if (next) choose(next, next.evidence.findIndex(hit));
  };

  const undecided = data.codes.filter((each) => each.above && statusOf(state, each) === "open").length;
  const group = (each) => (statusOf(state, each) === "added" || each.confidence === null ? "Added" : each.above ? "Suggested" : each.confidence >= UNLIKELY ? "Below the line" : `Below ${100 * UNLIKELY} %`);
  const hidden = data.codes.filter((each) => !each.above && each.confidence < UNLIKELY).length;
  return html`
    <${Keys} settings=${settings} act=${act} />
    <header class="bar">
      <a href="#/">Work list <kbd>${keys.list}</kbd></a>
      <div class="who"><h1>${data.id}</h1><p>${data.about.join(" · ")}</p></div>
      <span class=${`state ${state.status}`}>${state.status}</span>
      <p class="left">${data.hidden ? (data.practise ? "exercise" : "blind") : undecided ? `${undecided} suggested to decide` : "all suggested decided"}</p>
      <p class=${`saved ${saved.failed ? "alarm" : ""}`} role="status">${savedLine(saved)}</p>
      <span class="pager"><button onClick=${() => act("before")} disabled=${before === undefined} aria-label="Encounter before"><kbd>${keys.before}</kbd></button> ${number} of ${of}
        <button onClick=${() => act("after")} disabled=${after === undefined} aria-label="Encounter after"><kbd>${keys.after}</kbd></button></span>
      <button onClick=${sheet}>Keys <kbd>${keys.sheet}</kbd></button>
      <button class="main" onClick=${() => (state.status === "finished" ? decide([{ action: "reopen" }], "Opened again") : finish())}>${state.status === "finished" ? "Open again" : html`Finish <kbd>Ctrl ↵</kbd>`}</button>
    </header>
    <p class="said" role="status" aria-live="polite">${said}</p>
    ${data.other_text && html`<p class="alarm strip" role="alert">These notes differ from those that were decided over before; the earlier decisions are kept with the earlier text and do not count here.</p>`}
    ${clash && html`<${Clash} clash=${clash} mine=${() => { decide(clash.changes, "Saved after all"); clash.forget(); setClash(null); }} leave=${() => { clash.forget(); setClash(null); }} />`}
    <main class="bench">
      <section class="notes" aria-label="Notes" tabindex="0" onClick=${click}>${data.notes.map((note) => html`<${NoteText} key=${note.id} note=${note} papers=${papers.current} several=${data.notes.length > 1} />`)}
        ${picked && html`<p class="picked">“${picked.text.length > 40 ? `${picked.text.slice(0, 40)}…` : picked.text}” <button onMouseDown=${(e) => e.preventDefault()} onClick=${() => find(false)}>Find a code <kbd>${keys.add}</kbd></button></p>`}</section>
      <section class="codes" aria-label="Codes" tabindex="0">
        ${data.hidden && html`<div class="blind"><b>${data.practise ? "An exercise" : "Code first"}</b> ${data.practise ? "The codes of the corpus are shown once you finish." : "What the model suggests is hidden until you have coded by yourself."}
          <p><button onClick=${() => act("search")}>Add a code <kbd>${keys.search}</kbd></button> ${!data.practise && html`<button onClick=${() => act("reveal")}>Show the suggestions <kbd>${keys.reveal}</kbd></button>`}</p></div>`}
        ${score && html`<${Score} score=${score} />`}
        ${!rows.length && !data.hidden && html`<p class="none">Nothing codable was found. <kbd>${keys.search}</kbd> finds codes.</p>`}
        <ol>${rows.map((each, i) => {
          const name = group(each);
          return html`${(i === 0 || group(rows[i - 1]) !== name) && html`<li class="group" key=${name}><h2>${name}</h2>
              ${name === "Below the line" && html`<button onClick=${rest}>Reject the rest below the line <kbd>${keys.rest}</kbd></button>`}</li>`}
            <${Code} key=${keyOf(each)} one=${each} verdict=${state.verdicts[keyOf(each)]} current=${keyOf(each) === at} evidence=${evidence} notes=${data.notes} n=${n} settings=${settings}
              reasons=${data.reasons} rejecting=${mode === "reject"} act=${act} choose=${choose} remarks=${state.remarks.filter((r) => r.code === each.code)} line=${keyOf(each) === at && state.final[finalAt]?.service}
              poa=${data.inpatient && keyOf(each) === at && state.final[finalAt]} />`;
        })}</ol>
        ${hidden > 0 && html`<p class="foot"><button onClick=${() => act("more")}>${more ? "Hide" : "Show"} ${hidden} below ${100 * UNLIKELY} % <kbd>${keys.more}</kbd></button></p>`}
        <p class="foot">${!data.hidden && html`<button onClick=${() => act("search")}>Add a code <kbd>${keys.search}</kbd></button>`} ${data.made}</p>
      </section>
      <${Final} n=${n} state=${state} hidden=${data.hidden} at=${finalAt} findings=${findings} lines=${lines} say=${setSaid} inpatient=${data.inpatient} keys=${keys} act=${act} claim=${`/claim/${n}`}
        choose=${(each) => { const row = rows.find((r) => keyOf(r) === keyOf(each) || state.verdicts[keyOf(r)]?.to === each.code); if (row) choose(row); }} />
    </main>
    ${mode?.find && html`<${Finder} n=${n} title=${mode.title} first=${mode.first} text=${mode.text} evidence=${mode.evidence?.text} pick=${take} close=${() => setMode(null)} />`}
    ${mode?.tree && html`<${Tree} n=${n} system=${mode.tree} start=${mode.start} title=${one ? `Take a code instead of ${one.code}` : "Add a code"} close=${() => setMode(null)}
      take=${(hit) => { if (one) replaceBy(hit); else { decide([{ action: "add", system: mode.tree, code: hit.code }], `${hit.code} added`); setAt(`${mode.tree}:${hit.code}`); } }} />`}
    ${mode?.line && html`<${LineAsker} one=${mode.line} diagnoses=${state.final.filter((each) => each.diagnosis)} pointers=${lines[mode.line.code] || []} close=${() => setMode(null)}
      save=${(line) => decide([{ action: "line", ...about(mode.line), line }], `${mode.line.code} × ${line.units ?? 1}`)} />`}
    ${mode?.query && html`<${QueryAsker} queries=${mode.query} about=${mode.about} close=${() => setMode(null)}
      save=${(words, query) => decide([{ action: "query", value: words, ...(query ? (query.codes.length ? { system: data.systems[0], code: query.codes[0] } : {}) : mode.about ? about(mode.about) : {}) }], "Question kept")} />`}
    ${mode?.comment && html`<${Asker} title=${mode.title} save=${(words) => decide([{ ...mode.comment, value: words }], "Kept")} close=${() => setMode(null)} />`}`;
}

function Keys({ settings, act }) {
  useKeys(settings, act);
  return null;
}

// The code at hand stands at one height, so that the eye need not follow it.
function keepInView(row) {
  const shelf = row.closest(".codes");
  if (getComputedStyle(shelf).overflowY === "auto") shelf.scrollTop = row.offsetTop - shelf.clientHeight / 4;
  else row.scrollIntoView({ block: "nearest" });
}

const VERDICTS = { right: "right", optional: "optional", near: "near", missed: "missed", over: "too much" };

function Score({ score }) {
  return html`<section class="score" aria-label="Score"><h2>Your codes against the corpus</h2>
    <p><b>F1 ${score.f1.toFixed(2)}</b> precision ${score.precision.toFixed(2)}, recall ${score.recall.toFixed(2)}${score.exact ? " · all right" : ""}${score.first === null ? "" : score.first ? " · the right one leads" : " · another leads"}</p>
    <ul>${score.verdicts.map((one) => html`<li class=${one.kind}><i>${VERDICTS[one.kind]}</i> <code>${one.code}</code> ${one.title}${one.why && html` <small>${one.why}</small>`}</li>`)}</ul></section>`;
}

const codesOf = (state) => state.final.map((one) => one.code);

// Both versions side by side; nothing is lost, whichever is chosen.
function Clash({ clash, mine, leave }) {
  const own = codesOf(clash.before), theirs = codesOf(clash.theirs);
  const list = (some, other) => html`<ol>${some.map((code) => html`<li class=${other.includes(code) ? "" : "only"}><code>${code}</code>${other.includes(code) ? "" : " only here"}</li>`)}</ol>`;
  return html`<div class="clash" role="alert"><p><b>${clash.message}</b> Yours is not saved yet: ${clash.changes.map((each) => [each.action, each.code, each.to].filter(Boolean).join(" ")).join("; ")}.</p>
    <div class="two"><section aria-label="Your version"><h2>As you had it</h2>${list(own, theirs)}</section><section aria-label="The saved version"><h2>As it is saved</h2>${list(theirs, own)}</section></div>
    <p><button class="main" onClick=${mine}>Save mine on top</button> <button onClick=${leave}>Leave it as saved</button></p></div>`;
}

function NoteText({ note, papers, several }) {
  const element = useRef();
  useLayoutEffect(() => { papers.set(note.id, new Paper(element.current, note)); return () => { papers.get(note.id).gone(); papers.delete(note.id); }; }, []);
  return html`<article class="note">${(note.kind || several) && html`<h2>${note.kind || note.id}</h2>`}<div class="text" dir="auto" ref=${element}></div></article>`;
}

const statusOf = (state, one) => state.verdicts[keyOf(one)]?.status || "open";

// Suggestions in their order, what was added before what lies below the line; the unlikely only if asked for or decided on.
function rowsOf(data, state, more) {
  const have = new Set(data.codes.map(keyOf));
  const added = Object.entries(state.verdicts).filter(([key, one]) => one.status === "added" && !have.has(key)).map(([key, one]) => {
    const [system, code] = key.split(/:(.*)/), told = state.final.find((each) => keyOf(each) === key);
    const evidence = one.evidence.map(([note, spans]) => ({ note, spans, cues: [], meant: "present", section: "", term: "", source: "" }));
    return { system, code, title: told?.title || "", confidence: null, above: true, hints: [], evidence, billable: true };
  });
  const shown = data.codes.filter((one) => one.above || one.confidence >= UNLIKELY || more || statusOf(state, one) !== "open");
  return [...shown.filter((one) => one.above), ...added, ...shown.filter((one) => !one.above)];
}

// What will stand when the server has saved it, as far as the page can tell.
function foreseen(state, changes, codes) {
  const become = { accept: "accepted", reject: "rejected", replace: "replaced", add: "added", clear: "open" };
  const verdicts = { ...state.verdicts };
  let final = state.final;
  for (const one of changes) {
    const key = keyOf(one), old = verdicts[key] || { status: "open", reason: "", to: "", poa: "", flagged: false, evidence: [] };
    if (become[one.action]) final = final.filter((each) => keyOf(each) !== key && !(old.to && each.code === old.to));
    if (["accept", "replace", "add"].includes(one.action)) {
      const code = one.to || one.code, title = codes.find((each) => each.system === one.system && each.code === code)?.title || "";
      final = [...final, { system: one.system, code, title, role: "", status: become[one.action], poa: "", poa_proposed: "Y", poa_why: "", evidence: [], service: false, diagnosis: false, units: null, modifiers: [] }];
    }
    if (one.action === "sequence") final = one.value.split(" ").map((place) => final.find((each) => keyOf(each) === place)).filter(Boolean);
    if (one.action === "line") final = final.map((each) => (keyOf(each) === key ? { ...each, units: one.line.units ?? each.units, modifiers: one.line.modifiers } : each));
    if (one.action === "poa") final = final.map((each) => (keyOf(each) === key ? { ...each, poa: one.value } : each));
    if (become[one.action]) verdicts[key] = { ...old, status: become[one.action], reason: one.reason || "", to: one.to || "", evidence: one.evidence || [] };
    else if (one.code && /^(un)?flag$/.test(one.action)) verdicts[key] = { ...old, flagged: one.action === "flag" };
    else if (one.action === "poa") verdicts[key] = { ...old, poa: one.value };
  }
  const undo = state.undo || changes.some((one) => one.action !== "redo");
  return { ...state, verdicts, final, undo };
}

// The words typed, where they stand in a note for the first time.
function inNotes(notes, words) {
  const wanted = words.trim().toLowerCase();
  if (wanted.length < 3) return [];
  for (const note of notes) {
    const at = note.text.toLowerCase().indexOf(wanted);
    if (at < 0 || note.text.toLowerCase().length !== note.text.length) continue;
    const start = [...note.text.slice(0, at)].length;
    return [[note.id, [[start, start + [...wanted].length]]]];
  }
  return [];
}

function marksOf(data, state, rows, one, evidence) {
  const kinds = { accepted: "accepted", added: "accepted", replaced: "accepted", rejected: "rejected" };
  const marks = rows.flatMap((each) => each.evidence.flatMap((mention) => mention.spans.map(([start, end]) => {
    const kind = kinds[statusOf(state, each)] || (mention.meant !== "present" ? "possible" : each.above ? "suggested" : "faint");
    return { note: mention.note, start, end, kind };
  })));
  const meets = (a, b) => a.note === b.note && a.start < b.end && b.start < a.end; // a code rejected leaves others their words
  const standing = marks.filter((each) => each.kind !== "rejected");
  marks.splice(0, marks.length, ...standing, ...marks.filter((each) => each.kind === "rejected" && !standing.some((other) => meets(each, other))));
  const hot = one?.evidence[evidence] || one?.evidence[0];
  if (hot) {
    marks.push(...hot.spans.map(([start, end]) => ({ note: hot.note, start, end, kind: "active" })));
    marks.push(...hot.cues.map(([start, end]) => ({ note: hot.note, start, end, kind: "cue" })));
  }
  return marks;
}
