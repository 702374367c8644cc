"""Small made-up files in the official schemas."""

from __future__ import annotations

import io
import zipfile

INDEX = """<?xml version="1.0" encoding="utf-8"?>
<ICD10CM.index>
 <version>2026</version>
 <title>ICD-10-CM INDEX TO DISEASES and INJURIES</title>
 <letter><title>A</title>
  <mainTerm><title>Abdominalgia</title><see>Pain, abdominal</see></mainTerm>
  <mainTerm><title>Ache</title><see>Pain</see></mainTerm>
  <mainTerm><title>Abdomen, abdominal</title><seeAlso>condition</seeAlso>
   <term level="1"><title>acute</title><code>R10.0</code></term></mainTerm>
  <mainTerm><title>Cancer</title><seeAlso>Neoplasm, by site, malignant</seeAlso>
   <term level="1"><title>fear of</title><code>F45.29</code></term></mainTerm>
  <mainTerm><title>Chondroma<nemod>(of cartilage)</nemod></title><see>Neoplasm, cartilage, benign</see></mainTerm>
  <mainTerm><title>Diabetes, diabetic<nemod>(mellitus) (sugar)</nemod> NEC</title><code>E11.9</code>
   <term level="1"><title>with</title>
    <term level="2"><title>ulcer [sore], foot</title><code>E11.621</code><manif>L97.5-</manif></term>
    <term level="2"><title>kidney complication</title><code>E11.2-</code></term></term></mainTerm>
  <mainTerm><title>Pain(s)</title><code>R52</code>
   <term level="1"><title>abdominal</title><code>R10.9</code>
    <term level="2"><title>upper</title><code>R10.10</code></term></term></mainTerm>
  <mainTerm><title>Pair</title><code>A39.4 [M01.X0]</code></mainTerm>
  <mainTerm><title>Ring</title><see>Round</see></mainTerm>
  <mainTerm><title>Round</title><see>Ring</see></mainTerm>
 </letter>
</ICD10CM.index>
"""
NEOPLASM = """<?xml version="1.0" encoding="utf-8"?>
<ICD10CM.index><version>2026</version>
 <indexHeading><head col="1">Neoplasm</head><head col="2">Malignant Primary</head></indexHeading>
 <letter><title>N</title><mainTerm><title>Neoplasm, neoplastic</title>
  <cell col="2">C80.1</cell><cell col="3">C79.9</cell><cell col="5">D36.9</cell>
  <term level="1"><title>cartilage</title>
   <cell col="2">C41.9</cell><cell col="4">-</cell><cell col="5">D16.9</cell></term>
 </mainTerm></letter></ICD10CM.index>
"""
DRUG = """<?xml version="1.0" encoding="utf-8"?>
<ICD10CM.index><version>2026</version>
 <indexHeading><head col="1">Substance</head></indexHeading>
 <letter><title>L</title><mainTerm><title>Lithium</title>
  <cell col="2">T56.891</cell><cell col="6">T43.595</cell><cell col="7">--</cell></mainTerm></letter></ICD10CM.index>
"""
EXTERNAL = """<?xml version="1.0" encoding="utf-8"?>
<ICD10CM.index><version>2026</version><title>ICD-10-CM EXTERNAL CAUSE of INJURIES INDEX</title>
 <letter><title>F</title><mainTerm><title>Fall</title><code>W19</code>
  <term level="1"><title>in a storm</title><subcat>W00.0</subcat></term></mainTerm></letter></ICD10CM.index>
"""
TABULAR = """<?xml version="1.0" encoding="utf-8"?>
<ICD10CM.tabular><version>2031</version>
 <chapter><name>1</name><desc>First things (A00-A09)</desc><includes><note>all of it</note></includes>
  <sectionIndex><sectionRef first="A00" last="A00" id="A00">Only</sectionRef></sectionIndex>
  <section id="A00"><desc>Only one (A00)</desc><excludes2><note>the rest</note></excludes2>
   <diag><name>A0Z</name><desc>One thing</desc>
    <sevenChrDef><extension char="A">first time</extension><extension char="D">again</extension></sevenChrDef>
    <diag><name>A0Z.1</name><desc>One thing, left</desc>
     <inclusionTerm><note>Left  thing</note></inclusionTerm></diag>
   </diag></section></chapter></ICD10CM.tabular>
"""
FILES = {"index.xml": INDEX, "neoplasm.xml": NEOPLASM, "drug.xml": DRUG, "external.xml": EXTERNAL}


def order_line(number: int, code: str, billable: int, title: str) -> str:
    return f"{number:05d} {code:<7} {billable} {title[:60]:<60} {title}"


def zipped(files: dict[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()
