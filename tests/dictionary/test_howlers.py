"""Words that name a part, a position or a measure suggest no disease; the disease named beside them still is."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from leadterm.schema import SuggestionSet

Suggest = Callable[..., SuggestionSet]

PLAIN = [
    ("The gastroesophageal junction was seen.", "K22.0"),
    ("The anterior chamber was entered.", "H21.9"),
    ("A small arterial bleeder was tied.", "D66"),
    ("Lumbar puncture was performed.", "S31.030A"),
    ("Status after anterior cervical fusion.", "Q76.1"),
    ("The incision was extended to aid in the exposure.", "B20"),
    ("He was placed in the lateral decubitus position.", "L89.90"),
    ("Oxygen was measured at the bedside.", "Z99.81"),
    ("EMG was done last week.", "R94.131"),
    ("Cataract, right eye.", "H26.101"),
    ("The child did well.", "Z00.129"),
    ("Otitis due to a penicillin resistant organism.", "T36.0X5A"),
    ("Neck pain; he enjoys swimming.", "Y93.11"),
    ("The left internal jugular vein was traced.", "S15.302A"),
    ("The diaphragm moved well.", "J98.6"),
    ("A pneumoperitoneum was established.", "K66.8"),
    ("Scans were obtained during breath-holding.", "R06.89"),
    ("Delivered in an OA presentation.", "M19.90"),
    ("The AV sulcus branch is small.", "I47.19"),
    ("The wound has good granulation tissue.", "L92.9"),
    ("On thyroid hormone replacement.", "Z79.890"),
    ("No change in bowel habits.", "R19.4"),
    ("It was reduced and held with K-wires.", "E87.6"),
    ("Discussed at the tumor board for oncology of the neck.", "G89.3"),
    ("Knee pain, at times stabbing in nature, after a laceration of the hand.", "X99.1XXA"),
    ("Neck pain with bilateral upper extremity radiculopathy.", "M79.601"),
    ("Removal of a left frontal meningioma because of right sided weakness.", "G81.94"),
    ("Right knee and left hip pain.", "M25.551"),
    ("She has a history of diabetes mellitus.", "Z83.3"),
    ("The rim of articular cartilage was smooth.", "M24.10"),
    ("Hyperventilation was performed for three minutes.", "R06.4"),
    ("Infarct of the left basal ganglia.", "M67.40"),
    ("MR images of the knee.", "I34.0"),
    ("She is rubella immune.", "B06.9"),
    ("Worse with prolonged standing.", "X50.1XXA"),
    ("Medullary thyroid cancer.", "D49.6"),
    ("A 3-year-old boy with a cough. He was born by spontaneous vaginal delivery.", "O80"),
    ("Anemia secondary to illness and possible iron deficiency.", "T45.4X5A"),
    ("Raising the right leg straight brings on his back pain.", "M79.604"),
    ("A large bladder stone, short but obstructing prostate.", "N42.0"),
    ("Nasal congestion and left ear pain since Monday.", "H93.8X2"),
    ("Chest pain, five days after abdominal surgery.", "R10.9"),
    ("The scope entered the abdomen to show a distended gallbladder.", "R14.0"),
    ("ESRD secondary to hypertension.", "I15.9"),
    ("Take one tablet by mouth as needed for pain.", "K13.79"),
    ("Phenergan 12.5 mg IV q.4h. as needed.", "G11.5"),
    ("He has two alcoholic drinks a week.", "F10.20"),
    ("Cold cardioplegia arrest of the heart was obtained.", "I46.9"),
    ("We checked the stools for occult blood.", "R19.5"),
    ("Instruction on safe weight loss.", "R63.4"),
    ("Major depression, recurrent, moderate.", "F32.1"),
    ("Possible ruptured ectopic pregnancy.", "Z32.00"),
    ("I spoke with Infectious Disease about the abscess.", "B99.9"),
    ("INSTRUCTIONS:\nChange the dressing daily.", "Z48.00"),
    ("OB HISTORY: Normal spontaneous vaginal delivery in 2001.", "Z37.0"),
    ("HOSPITAL COURSE: A hysterectomy was performed without trouble.", "Z90.710"),
    ("ICD CODE(S): see below.", "Z95.810"),
    ("The lung was packed with a wet lap.", "P22.1"),
    ("There is a distal PDA lesion of 60 percent.", "Q25.0"),
    ("SOCIAL HISTORY: Not of the age to start screening mammogram.", "Z12.31"),
    ("Diet induced weight loss before the operation.", "R63.4"),
    ("Congestive heart failure, and a cataract removed from the right eye.", "I50.810"),
    ("The chest was entered with the Alexander instrument.", "G31.86"),
    ("FINDINGS: During the tracing the patient enters a drowsy state.", "R40.0"),
    ("Suicidal ideation: The patient denies on admission.", "R45.851"),
    ("Induration of the penis after the infection.", "N48.6"),
    ("The splint needs to absorb shock.", "R57.9"),
    ("Risks and potential complications of the procedure were explained.", "T81.9XXA"),
    ("Recurrent otitis media of both ears.", "H67.3"),
    ("The nerve block was done beside the left musculocutaneous nerve.", "S44.42XA"),
    ("The fundi were benign.", "D31.90"),
    ("Her left knee hurts on stairs.", "S89.92XA"),
    ("The pupil was dilated with drops, and he tells of gastric pouch surgery.", "K31.4"),
    ("A man who has sex with men.", "Z15.81"),
    ("The metatarsal head was cut.", "S01.01XA"),
    ("Fistula of the right coronary artery to the lung.", "J86.0"),
    ("She received two blood transfusions.", "E83.111"),
    ("The celiac plexus was blocked, the globus pallidus spared.", "K90.0"),
    ("The ET tube was in place.", "G25.0"),
    ("NPH insulin at bedtime.", "G91.2"),
    ("The fat pad was preserved.", "B20"),
    ("Albumin was depressed at 2.9.", "F32.A"),
    ("On sliding scale insulin.", "Z79.4"),
    ("The cervix opened at 30 weeks; she carries low blood pressure and preeclampsia.", "Z33.1"),
    ("IMPRESSION: Prostate cancer. CHF with pleural effusion.", "J91.0"),
    ("Sprain of the ankle. His hobby is chess.", "Y99.8"),
    ("Heavy use of cannabis, smoking pot every day.", "Z72.0"),
    ("Tailor's bunion of the right foot.", "M21.611"),
    ("The male patient came to the ED.", "N52.9"),
    ("Therapy trained her expressive language.", "F80.1"),
    ("Sprain of the ankle. She is once again playing golf.", "Y93.53"),
]


@pytest.mark.parametrize(("text", "code"), PLAIN)
def test_no_disease_of_words_that_name_none(suggest: Suggest, text: str, code: str) -> None:
    assert code not in [one.code for one in suggest(text).suggestions]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Diagnosis: AIDS.", "B20"), ("COPD, on home oxygen.", "Z99.81"), ("Abnormal EMG.", "R94.131"),
        ("Traumatic cataract of the right eye.", "H26.101"), ("Well child check.", "Z00.129"),
        ("Knee and hip pain.", "M25.559"), ("Back pain radiating into the right leg.", "M79.604"),
        ("Neurogenic bowel and bladder incontinence.", "N31.9"), ("Major depression, moderate.", "F32.1"),
    ],
)  # fmt: skip
def test_the_disease_itself_is_still_found(suggest: Suggest, text: str, code: str) -> None:
    assert code in [one.code for one in suggest(text).suggestions]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Risks include infection, bleeding, loss of voice and stroke.", "I63.9"),
        ("We discussed infection, bleeding, injury to the bowel, deep vein thrombosis and death.", "I82.409"),
        ("Await strep culture.", "J02.0"), ("A septic workup was begun.", "A41.9"),
        ("Urine for microalbuminuria was sent.", "R80.9"), ("Snoring can be associated with cor pulmonale.", "I27.81"),
    ],
)  # fmt: skip
def test_what_is_feared_or_looked_for_is_not_there(suggest: Suggest, text: str, code: str) -> None:
    assert {one.assertion for one in suggest(text).suggestions if one.code == code} <= {"hypothetical", "possible"}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("There is no demonstrated hilar adenopathy.", "R59.0"),
        ("Dizziness, not accompanied by tinnitus.", "H93.19"),
        ("No recent history of fevers, weight loss or dysphagia.", "R13.10"),
    ],
)
def test_what_is_denied_in_other_words_is_not_there(suggest: Suggest, text: str, code: str) -> None:
    assert code not in [one.code for one in suggest(text).suggestions]


DEFINED = """GALLSTONES are a common cause of pain below the ribs. Most people never notice them. They may grow for
years, and the doctor can often see them by ultrasound. Sometimes fever, jaundice or vomiting follow, and treatment is
usually an operation. Children rarely have them.
"""


def test_a_text_that_says_what_a_disease_is_tells_of_nobody(suggest: Suggest) -> None:
    assert {one.assertion for one in suggest(DEFINED).suggestions} == {"hypothetical"}
    told = DEFINED.replace("GALLSTONES are a common cause", "She has gallstones, a common cause")
    assert "present" in {one.assertion for one in suggest(told).suggestions}


LEAFLET = """HAY FEVER makes the nose run and the eyes itch when plants bloom.
WHAT ARE THE SIGNS?
* Sneezing and a blocked nose.
* Red, itching eyes. Some get asthma.
WHAT CAN BE DONE?
Keep the windows shut on dry days. Wash your hair before bed.
Use the spray twice a day; it may sting. Avoid cut grass.
Call the office when a headache, a fever or an ear infection follows.
Most people feel better when the rain comes, and nothing more needs to be done until the next spring, when the
trees bloom again and the same advice holds for the weeks until summer.
"""


def test_a_leaflet_tells_of_nobody(suggest: Suggest) -> None:
    assert {one.assertion for one in suggest(LEAFLET).suggestions} == {"hypothetical"}
    told = suggest(LEAFLET.replace("HAY FEVER", "The patient has hay fever. It", 1).replace("your", "his")).suggestions
    assert "present" in {one.assertion for one in told}
