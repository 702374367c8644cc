"""Style sheet and the few lines of script of the HTML report."""

from __future__ import annotations

__all__ = ["SCRIPT", "STYLE"]

STYLE = """
:root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--ink:#17202b;--soft:#5b6776;--faint:#e4e8ee;--line:#d5dbe3;
--main:#1f6feb;--main2:#0a9d8a;--good:#128a52;--bad:#c9372c;--warn:#a86400;--goodbg:#e3f5ec;--badbg:#fdeceb;
--warnbg:#fff4dd;
--s0:#1f6feb;--s1:#0a9d8a;--s2:#6f5bd6;--s3:#c98a00;--s4:#c65a8b;--s5:#98a2af}
@media(prefers-color-scheme:dark){:root{--bg:#0e131a;--card:#161d27;--ink:#e6ebf2;--soft:#98a5b5;--faint:#222c39;
--line:#2c3847;
--main:#5c9dff;--main2:#3cc9b4;--good:#4fd08f;--bad:#ff7b70;--warn:#f0b349;--goodbg:#12301f;--badbg:#3a1a18;
--warnbg:#352a10;
--s0:#5c9dff;--s1:#3cc9b4;--s2:#a594ff;--s3:#f0b349;--s4:#f089b8;--s5:#6f7b8a}}
*{box-sizing:border-box}
html{scroll-behavior:smooth}
body{margin:0;background:var(--bg);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
main{max-width:1180px;margin:0 auto;padding:28px 20px 60px}
.kind{text-transform:uppercase;letter-spacing:.08em;font-size:12px;font-weight:600}
header h1{margin:0 0 4px;font-size:30px;letter-spacing:-.02em}
header p{margin:0;color:var(--soft)}
nav{display:flex;flex-wrap:wrap;gap:6px 18px;margin:16px 0 22px;padding:10px 0;border-block:1px solid var(--line)}
nav a,a{color:var(--main);text-decoration:none}a:hover{text-decoration:underline}
h2{margin:38px 0 12px;font-size:20px;letter-spacing:-.01em}
h3{margin:0 0 4px;font-size:15px}main>h3{margin:22px 0 2px}main>.sub{margin-bottom:8px}
.card{background:var(--card);border:1px solid var(--line);border-radius:12px;padding:16px 18px;min-width:0}
.sub{margin:0 0 10px;color:var(--soft);font-size:13px}
.grid2{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));gap:16px}
.flow{columns:2 420px;column-gap:16px}.flow .card{break-inside:avoid;margin-bottom:16px}
.wide{margin-bottom:16px}.wide .grid2{gap:0 36px}
td small{color:var(--soft);display:block;font-size:12px}
.bars td,.bars th{padding:3px 8px 3px 0;border:0}.bars td{font-size:13.5px;vertical-align:middle}
.bars td:first-child{width:44%;color:var(--ink);line-height:1.3;white-space:normal}
.bars code{color:var(--soft);font-weight:500;font-size:12px}
.bars .n{padding-left:12px;padding-right:0}.bars th.n{min-width:58px}.grid2>table{align-self:start}
.bars td.n{color:var(--soft)}.bars td.n b{color:var(--ink)}
.track{width:34%;min-width:70px}
.track div{position:relative;height:14px;border-radius:3px;background:var(--faint);overflow:hidden}
.track i{position:absolute;inset:0 auto 0 0;background:var(--main);border-radius:3px}
.track u{position:absolute;top:6px;height:2px;background:var(--ink);opacity:.55}
.mini{display:inline-block;height:8px;border-radius:2px;background:var(--main);margin-right:8px}
.tiles{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,240px),1fr));gap:12px}
.tile b{display:block;font-size:28px;line-height:1.15;font-variant-numeric:tabular-nums;letter-spacing:-.02em}
.tile span{color:var(--soft);font-size:13px}
.tile small{display:block;color:var(--soft);font-size:12px;font-variant-numeric:tabular-nums}
.range{position:relative;height:6px;border-radius:3px;background:var(--faint);margin:8px 0 4px}
.range i{position:absolute;top:0;bottom:0;border-radius:3px;background:var(--main);opacity:.45;min-width:3px}
.range u{position:absolute;top:-3px;width:3px;height:12px;border-radius:2px;background:var(--main);margin-left:-1px}
.note{background:var(--warnbg);border:1px solid var(--line);border-left:4px solid var(--warn);border-radius:8px;
padding:8px 14px;margin:8px 0 16px;font-size:14px}
ul.note{padding-left:30px}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:14px;font-variant-numeric:tabular-nums}
th{font-weight:600;color:var(--soft);text-align:left;font-size:12.5px;white-space:nowrap;
border-bottom:1px solid var(--line);padding:5px 8px}
td{padding:5px 8px;border-bottom:1px solid var(--faint);vertical-align:top}
tr:last-child td{border-bottom:0}
a.id{display:inline-block;max-width:11ch;overflow:hidden;text-overflow:ellipsis;white-space:nowrap;
vertical-align:bottom;margin-right:8px}
.said td:last-child{color:var(--soft);font-size:13px;min-width:240px}
.n{text-align:right;white-space:nowrap}
code,.code{font:600 13px ui-monospace,SFMono-Regular,Menlo,"DejaVu Sans Mono",monospace;white-space:nowrap}
.title{color:var(--soft);font-size:13px}
svg[aria-label=Shares]{max-height:30px}
svg{width:100%;height:auto;display:block;overflow:visible}
svg text{font:12px system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;fill:var(--soft)}
svg .label{fill:var(--ink);font-weight:600;paint-order:stroke;stroke:var(--card);stroke-width:4px}
svg .grid{stroke:var(--faint)}svg .iso{fill:none;stroke:var(--line);stroke-dasharray:3 4}
svg .isolabel{font-size:10px}
svg .line{fill:none;stroke:var(--main);stroke-width:2.2;stroke-linejoin:round}
svg .area{fill:var(--main);opacity:.08}
svg .dot{fill:var(--main);stroke:var(--card);stroke-width:2}svg .dot2{fill:var(--main2);stroke:var(--card);
stroke-width:1.5}
svg .ideal{stroke:var(--soft);stroke-dasharray:5 5}svg .whisker{stroke:var(--main);opacity:.5;stroke-width:1.5}
svg .band{fill:var(--main);opacity:.13}svg .ahead{fill:none;stroke:var(--main2);stroke-width:2;stroke-dasharray:6 5}
svg .hist{fill:var(--main2);opacity:.22}
.s0{fill:var(--s0);background:var(--s0)}.s1{fill:var(--s1);background:var(--s1)}.s2{fill:var(--s2);
background:var(--s2)}
.s3{fill:var(--s3);background:var(--s3)}.s4{fill:var(--s4);background:var(--s4)}.s5{fill:var(--s5);
background:var(--s5)}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:4px 18px;margin:10px 0 0;padding:0;font-size:13px}
.legend i{display:inline-block;width:10px;height:10px;border-radius:3px;margin-right:6px}
.legend small{color:var(--soft)}
details{border:1px solid var(--line);border-radius:10px;background:var(--card);margin:8px 0}
summary{cursor:pointer;padding:9px 14px;display:flex;gap:12px;align-items:baseline;flex-wrap:wrap}
summary::before{content:"▸";color:var(--soft)}details[open]>summary::before{content:"▾"}
summary::-webkit-details-marker{display:none}
details>div{padding:2px 16px 14px}
details details{background:var(--bg)}
.chip{display:inline-block;border-radius:6px;padding:1px 8px;margin:2px 4px 2px 0;font-size:13px}
.chip .code{color:inherit}
.pill{border-radius:9px;padding:0 8px;font-size:12px;font-variant-numeric:tabular-nums}
.right{background:var(--goodbg);color:var(--good)}.missed{background:var(--badbg);color:var(--bad)}
.wrong{background:var(--warnbg);color:var(--warn)}
.chip a{color:inherit;text-decoration:underline dotted}
.row{display:grid;grid-template-columns:92px 1fr;gap:4px 10px;font-size:14px}
.row>b{color:var(--soft);font-weight:600;font-size:13px;padding-top:3px}
pre{white-space:pre-wrap;overflow-wrap:anywhere;
font:14px/1.6 ui-monospace,SFMono-Regular,Menlo,"DejaVu Sans Mono",monospace;margin:8px 0}
mark{border-radius:3px;padding:0 2px;color:inherit}
mark.right{background:var(--goodbg);color:var(--good)}mark.missed{background:var(--badbg);color:var(--bad)}
mark.wrong{background:var(--warnbg);color:var(--warn)}
mark:target{outline:2px solid var(--main)}
mark sub{font:600 10px system-ui,sans-serif;vertical-align:baseline;margin-left:4px;opacity:.8}
footer{margin-top:44px;color:var(--soft);font-size:13px;border-top:1px solid var(--line);padding-top:14px}
@media(max-width:560px){.row{grid-template-columns:1fr}.row>b{padding-top:6px}main{padding:18px 14px 40px}
.tiles{grid-template-columns:1fr 1fr}.tile{padding:12px}.tile b{font-size:22px}.card{padding:14px 12px}
.bars td:first-child{width:40%}th{white-space:normal}}
@media print{:root{color-scheme:light}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
body{background:#fff;font-size:12px}nav{display:none}main{max-width:none;padding:0}
.card,details,tr,.tile{break-inside:avoid}h2,h3{break-after:avoid}thead{display:table-header-group}
.tiles{grid-template-columns:repeat(4,1fr)}.grid2{grid-template-columns:1fr 1fr}.scroll{overflow:visible}
td,th,.bars td,.bars th,.title,.sub{font-size:10.5px}th{white-space:normal}.n{white-space:normal}
td small,.tile small,.bars code{font-size:9.5px}code,.code{font-size:10.5px}.bars th.n{min-width:0}
.card{padding:10px 12px}}
"""

SCRIPT = """
function reveal(){const t=location.hash&&document.getElementById(location.hash.slice(1));
for(let e=t;e;e=e.parentElement)if(e.tagName==='DETAILS')e.open=true;if(t)t.scrollIntoView({block:'center'})}
addEventListener('hashchange',reveal);reveal();
"""
