// What decisions tell, as tables and charts.
import { html, useEffect, useState } from "./htm-preact.js";
import { ask } from "./api.js";
import { onKey } from "./keys.js";

const share = (value) => (value === null || value === undefined ? "–" : `${Math.round(100 * value)}%`);
const minutes = (value) => (value === null || value === undefined ? "–" : value < 1 ? `${Math.round(60 * value)} s` : `${value.toFixed(1)} min`);

export function Figures({ settings, open }) {
  const [told, setTold] = useState(null), [problem, setProblem] = useState(""), [own, setOwn] = useState(false), [feed, setFeed] = useState([]);
  useEffect(() => {
    ask("/api/figures").then(setTold, (error) => (error.status === 403 ? setOwn(true) : setProblem(error.message)));
    ask("/api/corrections").then((got) => setFeed(got.corrections), () => {});
    const listen = (event) => onKey(event, settings, (name) => (["list", "escape"].includes(name) ? open(null) : false));
    addEventListener("keydown", listen);
    return () => removeEventListener("keydown", listen);
  }, []);
  const all = told && told.months.reduce((sum, one) => ({ accepted: sum.accepted + one.accepted, all: sum.all + one.accepted + one.rejected + one.replaced, missed: sum.missed + one.missed }), { accepted: 0, all: 0, missed: 0 });
  return html`<header class="bar"><a href="#/">Work list <kbd>${settings.keys.list}</kbd></a><h1>${own ? "My corrections" : "Figures"}</h1><p>${own ? "" : "what was decided here, by everybody"}</p></header>
    <main class="list figures" tabindex="0">${problem && html`<p class="alarm" role="alert">${problem}</p>`}${own && html`<${Corrections} feed=${feed} />`}${!told && !problem && !own && html`<p class="none">Counting …</p>`}
    ${told && html`<div class="tiles">
        <${Tile} name="Proposed and accepted" value=${share(all.all ? all.accepted / all.all : null)} more=${`${all.accepted} of ${all.all} decided`} />
        <${Tile} name="Coded though not proposed" value=${all.missed} more="added, or put in the place of another" />
        <${Tile} name="Time for an encounter" value=${minutes(told.time.median)} more=${`median of ${told.time.encounters} finished, pauses left out`} />
        <${Tile} name="Coders agree" value=${told.agreement.pairs.length ? told.agreement.pairs[0].f1.toFixed(2) : "–"} more=${told.agreement.pairs.length ? `F1 of ${told.agreement.pairs[0].a} and ${told.agreement.pairs[0].b}, ${told.agreement.pairs[0].encounters} encounters` : "nobody coded the same twice"} />
        <${Tile} name="Followed the suggestion" value=${share(told.bias.followed)} more=${told.bias.encounters ? `where a blind coder and the model differed; ${told.bias.encounters} encounters${told.bias.judged ? `; ${told.bias.right} rightly, ${told.bias.wrong} wrongly` : ""}` : "nobody coded blind"} />
      </div>
      <div class="grid2">
        <${Card} title="Accepted, month by month" note="of the codes that were proposed and decided on"><${Line} rows=${told.months.map((one) => [one.month, one.share, one.accepted + one.rejected + one.replaced])} /><//>
        <${Card} title="Why suggestions were rejected"><${Bars} rows=${Object.entries(told.reasons).map(([name, n]) => [name.replace(/-/g, " "), n])} /><//>
        <${Card} title="Time, month by month" note="median minutes for a finished encounter"><${Line} rows=${told.time.months.map((one) => [one.month, one.median, one.n])} show=${minutes} /><//>
        <${Card} title="Drift" note=${told.drift.against ? `against ${told.drift.against}: words that are not common there, and how far the mix of categories moved (Jensen-Shannon, 0 to 1); dashed, what is usual there and what chance alone makes of so few codes` : "nothing is finished yet"}>
          <${Line} rows=${told.drift.months.map((one) => [one.month, one.new_words, one.words])} usual=${told.drift.months.map(() => told.drift.usual)} name="new words" /><${Line} rows=${told.drift.months.map((one) => [one.month, one.code_shift, one.codes])} usual=${told.drift.months.map((one) => one.chance)} name="mix of codes" /><//>
        <${Card} title="Suggested too often" note="rejected, or replaced by another"><${Codes} rows=${told.over} columns=${[["rejected", "rejected"], ["replaced", "replaced"], ["accepted", "accepted"]]} /><//>
        <${Card} title="Missed" note="coded though not proposed"><${Codes} rows=${told.missed} columns=${[["missed", "times"], ["accepted", "else accepted"]]} /><//>
        <${Card} title="Acceptance by code"><${Codes} rows=${told.codes} columns=${[["accepted", "accepted"], ["rejected", "rejected"], ["replaced", "replaced"]]} shares /><//>
        <${Card} title="Agreement of coders">${told.agreement.pairs.length > 0 ? html`<table><thead><tr><th>Coders</th><th class="n">Encounters</th><th class="n">F1</th><th class="n">Same codes</th><th class="n">Alpha</th></tr></thead>
          <tbody>${told.agreement.pairs.map((one) => html`<tr><td>${one.a}, ${one.b}</td><td class="n">${one.encounters}</td><td class="n">${one.f1.toFixed(2)} <small>${one.low.toFixed(2)}–${one.high.toFixed(2)}</small></td><td class="n">${share(one.exact)}</td><td class="n">${one.alpha.toFixed(2)}</td></tr>`)}</tbody></table>
          <table><thead><tr><th>Code</th><th class="n">All have it</th><th class="n">Some have it</th></tr></thead><tbody>${told.agreement.codes.slice(0, 12).map((one) => html`<tr><td><code>${one.code}</code></td><td class="n">${one.all}</td><td class="n">${one.some}</td></tr>`)}</tbody></table>` : html`<p class="none">Start with --double, and let two code the same.</p>`}<//>
        <${Corrections} feed=${feed} />
      </div>`}</main>`;
}

const Corrections = ({ feed }) => html`<${Card} title="My corrections" note="where somebody later decided otherwise than you">${feed.length ? html`<table><tbody>${feed.slice(0, 15).map((one) => html`<tr>
  <td><a href=${`#/${one.n}`}>${one.id}</a></td><td><code>${one.code}</code> ${one.title}</td><td>${one.what}</td><td>${one.who} <small>${one.at.slice(0, 10)}</small></td></tr>`)}</tbody></table>` : html`<p class="none">None.</p>`}<//>`;
const Tile = ({ name, value, more }) => html`<div class="tile card"><span>${name}</span><b>${value}</b><small>${more}</small></div>`;
const Card = ({ title, note, children }) => html`<section class="card"><h2>${title}</h2>${note && html`<p class="sub">${note}</p>`}${children}</section>`;

function Codes({ rows, columns, shares }) {
  if (!rows.length) return html`<p class="none">None.</p>`;
  return html`<table><thead><tr><th>Code</th>${columns.map(([, name]) => html`<th class="n">${name}</th>`)}${shares && html`<th class="n">share</th>`}</tr></thead>
    <tbody>${rows.slice(0, 14).map((one) => html`<tr><td><code>${one.code}</code></td>${columns.map(([key]) => html`<td class="n">${one[key]}</td>`)}${shares && html`<td class="n">${share(one.share)}</td>`}</tr>`)}</tbody></table>`;
}

function Bars({ rows }) {
  if (!rows.length) return html`<p class="none">None was.</p>`;
  const most = Math.max(...rows.map(([, n]) => n)), high = 24 * rows.length;
  return html`<svg viewBox=${`0 0 460 ${high}`} role="img" aria-label=${rows.map(([name, n]) => `${name} ${n}`).join(", ")}>${rows.map(([name, n], i) => html`<g transform=${`translate(0 ${24 * i})`}>
    <text x="150" y="16" text-anchor="end" class="tick">${name}</text><rect x="158" y="5" width=${(240 * n) / most} height="14" rx="3" class="bar0" /><text x=${164 + (240 * n) / most} y="16" class="tick">${n}</text></g>`)}</svg>`;
}

// Points by month, joined; one month alone is a point. usual: what is to be expected, dashed.
function Line({ rows, usual = [], name, show = share }) {
  const kept = rows.filter(([, value]) => value !== null && value !== undefined);
  if (!kept.length) return html`<p class="none">Nothing yet.</p>`;
  const most = Math.max(...kept.map(([, value]) => value), ...usual), top = show === share ? Math.max(most, 0.05) : most || 1;
  const x = (i) => (kept.length === 1 ? 240 : 50 + (380 * i) / (kept.length - 1)), y = (value) => 100 - (76 * value) / top;
  return html`<svg viewBox="0 0 460 132" role="img" aria-label=${kept.map(([month, value], i) => `${month} ${show(value)}${usual.length ? ` (to be expected ${show(usual[i])})` : ""}`).join(", ")}>
    <line x1="44" x2="440" y1="100" y2="100" class="grid" /><line x1="44" x2="440" y1="24" y2="24" class="grid" /><text x="38" y="28" text-anchor="end" class="tick">${show(top)}</text><text x="38" y="104" text-anchor="end" class="tick">${show(0)}</text>
    ${name && html`<text x="240" y="10" text-anchor="middle" class="axis">${name}</text>`}
    ${usual.length > 0 && html`<polyline class="usual" points=${usual.length > 1 ? usual.map((value, i) => `${x(i)},${y(value)}`).join(" ") : `44,${y(usual[0])} 440,${y(usual[0])}`} /><text x="444" y=${y(usual[usual.length - 1]) + 4} class="tick">${show(usual[usual.length - 1])}</text>`}
    ${kept.length > 1 && html`<polyline class="line0" points=${kept.map(([, value], i) => `${x(i)},${y(value)}`).join(" ")} />`}
    ${kept.map(([month, value, n], i) => html`<g><circle cx=${x(i)} cy=${y(value)} r="4" class="dot0"><title>${month}: ${show(value)}${n ? ` (${n})` : ""}</title></circle><text x=${x(i)} y=${y(value) - 8} text-anchor="middle" class="tick">${show(value)}</text><text x=${x(i)} y="118" text-anchor="middle" class="tick">${month}</text></g>`)}</svg>`;
}
