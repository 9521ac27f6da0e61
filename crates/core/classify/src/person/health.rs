//! Health and biometric data by words and codes.

use crate::scan::{Around, Confidence, Cue, Raw, Why};
use std::ops::Range;

/// Conditions and medicines, in lower case. One alone says little: a word about a patient must stand near.
pub(crate) const TERMS: &[&str] = &[
    "diabetes",
    "diabetic",
    "hypertension",
    "hiv positive",
    "hepatitis",
    "asthma",
    "cancer",
    "carcinoma",
    "leukemia",
    "lymphoma",
    "melanoma",
    "tumor",
    "chemotherapy",
    "schizophrenia",
    "bipolar disorder",
    "major depressive",
    "depression",
    "anxiety disorder",
    "epilepsy",
    "seizure disorder",
    "multiple sclerosis",
    "parkinson",
    "alzheimer",
    "dementia",
    "arthritis",
    "osteoporosis",
    "coronary artery",
    "myocardial infarction",
    "heart failure",
    "atrial fibrillation",
    "stroke",
    "copd",
    "pneumonia",
    "tuberculosis",
    "chronic kidney",
    "renal failure",
    "cirrhosis",
    "anemia",
    "thyroidism",
    "obesity",
    "migraine",
    "psoriasis",
    "eczema",
    "lupus",
    "crohn",
    "ulcerative colitis",
    "celiac",
    "glaucoma",
    "cataract",
    "pregnancy",
    "preeclampsia",
    "endometriosis",
    "miscarriage",
    "substance abuse",
    "alcohol dependence",
    "opioid use",
    "ptsd",
    "autism",
    "adhd",
    "chlamydia",
    "gonorrhea",
    "syphilis",
    "herpes",
    "covid 19",
    "influenza",
    "sepsis",
    "hyperlipidemia",
    "gerd",
    "neuropathy",
    "fibromyalgia",
    "sleep apnea",
    "sickle cell",
    "metformin",
    "insulin",
    "lisinopril",
    "atorvastatin",
    "amlodipine",
    "omeprazole",
    "losartan",
    "albuterol",
    "gabapentin",
    "hydrochlorothiazide",
    "sertraline",
    "fluoxetine",
    "escitalopram",
    "citalopram",
    "bupropion",
    "trazodone",
    "alprazolam",
    "lorazepam",
    "clonazepam",
    "zolpidem",
    "oxycodone",
    "hydrocodone",
    "tramadol",
    "morphine",
    "fentanyl",
    "methadone",
    "buprenorphine",
    "naloxone",
    "warfarin",
    "apixaban",
    "clopidogrel",
    "levothyroxine",
    "prednisone",
    "amoxicillin",
    "azithromycin",
    "ciprofloxacin",
    "doxycycline",
    "simvastatin",
    "rosuvastatin",
    "pravastatin",
    "metoprolol",
    "carvedilol",
    "furosemide",
    "spironolactone",
    "lithium carbonate",
    "quetiapine",
    "olanzapine",
    "risperidone",
    "aripiprazole",
    "haloperidol",
    "lamotrigine",
    "levetiracetam",
    "topiramate",
    "adalimumab",
    "methotrexate",
    "tamoxifen",
    "semaglutide",
    "tenofovir",
    "emtricitabine",
    "antiretroviral",
    "ibuprofen 800",
    "sumatriptan",
    "montelukast",
    "fluticasone",
    "tamsulosin",
    "finasteride",
    "sildenafil",
];

/// Whether `text` is a code of ICD-10: a letter, two characters, and after a point up to four more.
pub(crate) fn is_icd10(text: &[u8]) -> bool {
    let [letter, tens, ones, tail @ ..] = text else { return false };
    let tail_fits = match tail {
        [] => true,
        [b'.', rest @ ..] => {
            (1..=4).contains(&rest.len()) && rest.iter().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
        }
        _ => false,
    };
    letter.is_ascii_uppercase()
        && *letter != b'U'
        && tens.is_ascii_digit()
        && (ones.is_ascii_digit() || b"AB".contains(ones))
        && tail_fits
}

/// A condition or a medicine at `range`, if a word about a patient stands near.
pub(crate) fn condition(text: &[u8], range: Range<usize>, around: &mut Around<'_>) -> Option<Raw> {
    let letter = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphabetic);
    if letter(range.start.checked_sub(1).and_then(|before| text.get(before))) {
        return None;
    }
    let support = around.of(&range).supports(&[Cue::Patient, Cue::Icd, Cue::Mrn])?;
    let why = Why { form: "a condition or a medicine", cue: Some(support.cue.word()), place: support.place };
    Some(Raw { class: "health", provider: None, range, confidence: Confidence::Medium, why, rank: 20 })
}

/// The value that stands after a word about biometrics: at least 24 characters of data, or an array of numbers.
pub(crate) fn biometric(text: &[u8], cue: Range<usize>) -> Option<Raw> {
    let rest = text.get(cue.end..(cue.end + 400).min(text.len()))?;
    let name = rest.iter().take(24).take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
    let gap = rest.get(name..)?.iter().take_while(|byte| b"\"' :=>([".contains(byte)).count();
    let data = rest.get(name + gap..)?;
    let numbers = data.iter().take_while(|byte| byte.is_ascii_digit() || b"-., eE+".contains(byte)).count();
    let blob = data.iter().take_while(|byte| byte.is_ascii_alphanumeric() || b"+/=_-".contains(byte)).count();
    let digits = data.iter().take(blob).any(u8::is_ascii_digit);
    let length = if blob >= 24 && digits {
        blob
    } else if numbers >= 24 {
        numbers
    } else {
        0
    };
    let start = cue.end + name + gap;
    let assigned = gap > 0 && rest.get(name..name + gap)?.iter().any(|byte| b":=>([".contains(byte));
    (length > 0 && assigned).then_some(Raw {
        class: "biometric",
        provider: None,
        range: start..start + length,
        confidence: Confidence::High,
        why: Why { form: "data", cue: Some("biometric"), place: "in its label" },
        rank: 25,
    })
}
