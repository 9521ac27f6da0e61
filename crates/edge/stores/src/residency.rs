//! Where people live, by the fields beside theirs: a column of states or provinces, a column of countries.
//!
//! A column's name says that it may tell, its values must agree: a column `state` of `open` and `OK` says nothing of Oklahoma.
//! Whose licence, birth, employer or bank a place belongs to is not where a person lives.

use firebreak_world::TextColumn;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// So many of 100 filled fields must be places.
const AGREE_PERCENT: usize = 90;

/// Every country of ISO 3166-1 by its two letters.
const COUNTRIES: &str = "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY \
    BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA GB GD \
    GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN \
    KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE \
    NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM \
    SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT \
    ZA ZM ZW";

/// What else the most usual countries are called.
const NAMES: &str = "US=USA,UNITED STATES,UNITED STATES OF AMERICA,U.S.,U.S.A.,AMERICA GB=GBR,UK,UNITED KINGDOM,GREAT BRITAIN,ENGLAND,SCOTLAND,WALES \
    DE=DEU,GERMANY,DEUTSCHLAND FR=FRA,FRANCE ES=ESP,SPAIN,ESPAÑA IT=ITA,ITALY,ITALIA NL=NLD,NETHERLANDS,THE NETHERLANDS,HOLLAND BE=BEL,BELGIUM \
    AT=AUT,AUSTRIA,ÖSTERREICH CH=CHE,SWITZERLAND,SCHWEIZ IE=IRL,IRELAND PT=PRT,PORTUGAL PL=POL,POLAND,POLSKA CZ=CZE,CZECHIA,CZECH REPUBLIC \
    SK=SVK,SLOVAKIA SI=SVN,SLOVENIA HR=HRV,CROATIA HU=HUN,HUNGARY RO=ROU,ROMANIA BG=BGR,BULGARIA GR=GRC,GREECE CY=CYP,CYPRUS MT=MLT,MALTA \
    DK=DNK,DENMARK SE=SWE,SWEDEN,SVERIGE NO=NOR,NORWAY,NORGE FI=FIN,FINLAND IS=ISL,ICELAND EE=EST,ESTONIA LV=LVA,LATVIA LT=LTU,LITHUANIA \
    LU=LUX,LUXEMBOURG LI=LIE,LIECHTENSTEIN CA=CAN,CANADA MX=MEX,MEXICO,MÉXICO BR=BRA,BRAZIL,BRASIL AR=ARG,ARGENTINA IN=IND,INDIA \
    CN=CHN,CHINA JP=JPN,JAPAN KR=KOR,SOUTH KOREA AU=AUS,AUSTRALIA NZ=NZL,NEW ZEALAND SG=SGP,SINGAPORE ZA=ZAF,SOUTH AFRICA PH=PHL,PHILIPPINES \
    UA=UKR,UKRAINE TR=TUR,TURKEY,TÜRKIYE IL=ISR,ISRAEL";

/// The states, the district and the territories of the United States.
const STATES: &str = "AL=ALABAMA AK=ALASKA AZ=ARIZONA AR=ARKANSAS CA=CALIFORNIA CO=COLORADO CT=CONNECTICUT DE=DELAWARE DC=DISTRICT OF COLUMBIA \
    FL=FLORIDA GA=GEORGIA HI=HAWAII ID=IDAHO IL=ILLINOIS IN=INDIANA IA=IOWA KS=KANSAS KY=KENTUCKY LA=LOUISIANA ME=MAINE MD=MARYLAND \
    MA=MASSACHUSETTS MI=MICHIGAN MN=MINNESOTA MS=MISSISSIPPI MO=MISSOURI MT=MONTANA NE=NEBRASKA NV=NEVADA NH=NEW HAMPSHIRE NJ=NEW JERSEY \
    NM=NEW MEXICO NY=NEW YORK NC=NORTH CAROLINA ND=NORTH DAKOTA OH=OHIO OK=OKLAHOMA OR=OREGON PA=PENNSYLVANIA RI=RHODE ISLAND \
    SC=SOUTH CAROLINA SD=SOUTH DAKOTA TN=TENNESSEE TX=TEXAS UT=UTAH VT=VERMONT VA=VIRGINIA WA=WASHINGTON WV=WEST VIRGINIA WI=WISCONSIN \
    WY=WYOMING PR=PUERTO RICO GU=GUAM VI=VIRGIN ISLANDS AS=AMERICAN SAMOA MP=NORTHERN MARIANA ISLANDS";

/// The provinces and territories of Canada.
const PROVINCES: &str = "AB=ALBERTA BC=BRITISH COLUMBIA MB=MANITOBA NB=NEW BRUNSWICK NL=NEWFOUNDLAND AND LABRADOR NS=NOVA SCOTIA \
    NT=NORTHWEST TERRITORIES NU=NUNAVUT ON=ONTARIO PE=PRINCE EDWARD ISLAND QC=QUEBEC,QUÉBEC SK=SASKATCHEWAN YT=YUKON";

/// Words beside which a place is somebody else's, or another time's.
const NOT_HOME: [&str; 26] = [
    "birth",
    "born",
    "issue",
    "issued",
    "issuing",
    "issuer",
    "licence",
    "license",
    "licensed",
    "incorporation",
    "incorporated",
    "origin",
    "citizenship",
    "nationality",
    "bank",
    "employer",
    "company",
    "vendor",
    "merchant",
    "card",
    "phone",
    "dial",
    "ship",
    "server",
    "tax",
    "destination",
];

/// Words that stand beside a state of people, not of things.
const OF_ADDRESSES: [&str; 9] = ["city", "town", "zip", "zipcode", "postal", "postcode", "street", "address", "county"];

/// Words of a column of states that no other column has.
const PLAIN: [&str; 7] = ["us", "home", "residence", "residential", "mailing", "code", "province"];

/// Rows whose fields can be asked for.
pub(crate) trait Grid {
    fn rows(&self) -> usize;
    /// A field as text; empty where there is none.
    fn field(&self, row: usize, column: usize) -> &str;
}

impl Grid for [Vec<Option<String>>] {
    fn rows(&self) -> usize {
        self.len()
    }

    fn field(&self, row: usize, column: usize) -> &str {
        self.get(row).and_then(|row| row.get(column)?.as_deref()).unwrap_or_default()
    }
}

impl Grid for [TextColumn] {
    fn rows(&self) -> usize {
        self.first().map_or(0, TextColumn::rows)
    }

    fn field(&self, row: usize, column: usize) -> &str {
        let value = self.get(column).map(|column| column.value(row)).unwrap_or_default();
        std::str::from_utf8(value).unwrap_or_default()
    }
}

/// The columns that say where people live.
pub(crate) struct Residence {
    state: Option<usize>,
    country: Option<usize>,
}

impl Residence {
    /// Those of the columns `names`, if the fields of `rows` agree.
    pub(crate) fn of<G: Grid + ?Sized>(names: &[&str], rows: &G) -> Option<Residence> {
        let fields = Fields::of(names);
        let state = fields.state.filter(|at| is_of_states(*at, &fields, rows));
        let country = fields.country.filter(|at| agree(*at, rows, &|text| country(text).is_some()));
        (state.is_some() || country.is_some()).then_some(Residence { state, country })
    }

    /// Where the person of a row lives, as ISO 3166 says it.
    pub(crate) fn home<G: Grid + ?Sized>(&self, rows: &G, row: usize) -> Option<String> {
        let (state, land) = self.says(rows, row);
        home(state, land, self.country.is_some())
    }

    /// How many of the rows `of` are about people of where: few places are named by many rows.
    pub(crate) fn homes<G: Grid + ?Sized>(
        &self,
        rows: &G,
        of: impl Iterator<Item = usize>,
    ) -> BTreeMap<Option<String>, u64> {
        let mut said: HashMap<(&str, &str), u64> = HashMap::new();
        of.for_each(|row| *said.entry(self.says(rows, row)).or_default() += 1);
        let mut homes = BTreeMap::new();
        for ((state, land), count) in said {
            *homes.entry(home(state, land, self.country.is_some())).or_default() += count;
        }
        homes
    }

    fn says<'g, G: Grid + ?Sized>(&self, rows: &'g G, row: usize) -> (&'g str, &'g str) {
        let field = |at: Option<usize>| at.map_or("", |at| rows.field(row, at));
        (field(self.state), field(self.country))
    }
}

/// `state` of `country`; where no column names countries, states of the United States stand for themselves.
fn home(state: &str, land: &str, countries: bool) -> Option<String> {
    let land = if countries { country(land) } else { named(STATES, state).map(|_| "US") }?;
    let part = match land {
        "US" => named(STATES, state),
        "CA" => named(PROVINCES, state),
        _ => None,
    };
    Some(part.map_or_else(|| land.to_owned(), |part| format!("{land}-{part}")))
}

/// The columns whose names may tell.
#[derive(Default)]
struct Fields {
    state: Option<usize>,
    country: Option<usize>,
    /// Whether other columns are of addresses, or the name of the state's column is plain.
    sure: bool,
}

impl Fields {
    fn of(names: &[&str]) -> Fields {
        let all: Vec<BTreeSet<String>> = names.iter().map(|name| words(name)).collect();
        let has = |words: &BTreeSet<String>, any: &[&str]| any.iter().any(|word| words.contains(*word));
        let first = |any: &[&str]| all.iter().position(|words| has(words, any) && !has(words, &NOT_HOME));
        let state = first(&["state", "province", "usstate"]);
        let plain = state.and_then(|at| all.get(at)).is_some_and(|words| has(words, &PLAIN));
        let beside = all.iter().any(|words| has(words, &OF_ADDRESSES));
        Fields { state, country: first(&["country", "countrycode", "nation"]), sure: plain || beside }
    }
}

/// `homeState`, `home_state` and `Home State` are the same words.
fn words(name: &str) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    let mut word = String::new();
    let mut lower = false;
    for char in name.chars() {
        if !char.is_alphanumeric() || (char.is_uppercase() && lower) {
            words.insert(std::mem::take(&mut word));
        }
        lower = char.is_lowercase();
        word.extend(char.is_alphanumeric().then_some(char).into_iter().flat_map(char::to_lowercase));
    }
    words.insert(word);
    words
}

/// Whether the fields of a column are states. One word alone is none where nothing else speaks of addresses.
fn is_of_states<G: Grid + ?Sized>(at: usize, fields: &Fields, rows: &G) -> bool {
    let is = |text: &str| named(STATES, text).or_else(|| named(PROVINCES, text)).is_some();
    let distinct: BTreeSet<&str> = (0..rows.rows().min(1_000)).map(|row| rows.field(row, at)).collect();
    // With countries beside them, states of other countries are no disagreement.
    if fields.country.is_some() {
        return distinct.iter().any(|text| is(text));
    }
    (fields.sure || distinct.len() > 1) && agree(at, rows, &is)
}

fn agree<G: Grid + ?Sized>(at: usize, rows: &G, is: &dyn Fn(&str) -> bool) -> bool {
    let mut fields: HashMap<&str, usize> = HashMap::new();
    (0..rows.rows()).for_each(|row| *fields.entry(rows.field(row, at)).or_default() += 1);
    fields.retain(|text, _| !text.trim().is_empty());
    let all: usize = fields.values().sum();
    let right: usize = fields.iter().filter(|(text, _)| is(text)).map(|(_, count)| count).sum();
    all > 0 && right * 100 >= all * AGREE_PERCENT
}

fn country(text: &str) -> Option<&'static str> {
    let text = text.trim().to_uppercase();
    let code = COUNTRIES.split_whitespace().find(|code| *code == text);
    code.or_else(|| entry(NAMES, &text))
}

fn named(table: &'static str, text: &str) -> Option<&'static str> {
    let text = text.trim().to_uppercase();
    let text = text.strip_prefix("US-").or_else(|| text.strip_prefix("CA-")).unwrap_or(&text);
    entry(table, text)
}

/// The code in `table` of what is called `text`.
fn entry(table: &'static str, text: &str) -> Option<&'static str> {
    type Codes = BTreeMap<&'static str, BTreeMap<&'static str, &'static str>>;
    static TABLES: std::sync::OnceLock<Codes> = std::sync::OnceLock::new();
    let tables =
        TABLES.get_or_init(|| [NAMES, STATES, PROVINCES].into_iter().map(|table| (table, read(table))).collect());
    tables.get(table)?.get(text).copied()
}

/// `CODE=NAME,NAME CODE=…`, with spaces in names.
fn read(table: &'static str) -> BTreeMap<&'static str, &'static str> {
    let mut codes = BTreeMap::new();
    let starts: Vec<usize> = table.match_indices('=').map(|(at, _)| at.saturating_sub(2)).collect();
    for (place, start) in starts.iter().enumerate() {
        let end = starts.get(place + 1).copied().unwrap_or(table.len());
        let Some((code, names)) = table.get(*start..end).and_then(|entry| entry.split_once('=')) else { continue };
        codes.insert(code, code);
        codes.extend(names.split(',').map(|name| (name.trim(), code)));
    }
    codes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(names: &[&str], rows: &[&[&str]]) -> Vec<String> {
        let rows: Vec<Vec<Option<String>>> =
            rows.iter().map(|row| row.iter().map(|field| Some((*field).to_owned())).collect()).collect();
        let rows = rows.as_slice();
        let residence = Residence::of(names, rows);
        let home = |row: usize| residence.as_ref().and_then(|residence| residence.home(rows, row));
        (0..rows.len()).map(|row| home(row).unwrap_or_else(|| "unknown".to_owned())).collect()
    }

    #[test]
    fn homes_are_counted_as_each_row_says() {
        let mut columns = [TextColumn::default(), TextColumn::default()];
        for (ssn, state) in [("1", "CA"), ("2", "NY"), ("3", "ca"), ("4", "")] {
            columns[0].push(ssn.as_bytes());
            columns[1].push(state.as_bytes());
        }
        let residence = Residence::of(&["ssn", "home_state"], columns.as_slice()).unwrap();
        let homes = residence.homes(columns.as_slice(), [0, 2, 3].into_iter());
        assert_eq!(homes, BTreeMap::from([(None, 1), (Some("US-CA".to_owned()), 2)]));
    }

    #[test]
    fn states_and_countries_tell_together_and_alone() {
        let rows: [&[&str]; 3] = [&["1", "CA"], &["2", "new york"], &["3", "US-TX"]];
        assert_eq!(found(&["ssn", "home_state"], &rows), ["US-CA", "US-NY", "US-TX"]);
        let rows: [&[&str]; 5] =
            [&["Bavaria", "Germany"], &["CA", "us"], &["ON", "CAN"], &["", "FR"], &["Elsewhere", "USA"]];
        assert_eq!(found(&["State", "countryCode"], &rows), ["DE", "US-CA", "CA-ON", "FR", "US"]);
    }

    #[test]
    fn what_is_no_place_of_living_says_nothing() {
        let nothing = ["unknown", "unknown"];
        let status: [&[&str]; 2] = [&["1", "OK"], &["2", "OK"]];
        assert_eq!(found(&["ssn", "state"], &status), nothing);
        let open: [&[&str]; 2] = [&["1", "open"], &["2", "OK"]];
        assert_eq!(found(&["ssn", "state"], &open), nothing);
        let two: [&[&str]; 2] = [&["1", "CA"], &["2", "NY"]];
        for name in ["license_state", "birthState", "issuing state", "bank_country"] {
            assert_eq!(found(&["ssn", name], &two), nothing, "{name}");
        }
        assert_eq!(found(&["zip", "state"], &[&["94110", "OK"]]), ["US-OK"], "an address stands beside it");
        assert_eq!(found(&["zip", "state"], &[&["94110", ""]]), ["unknown"]);
    }

    #[test]
    fn every_state_is_read() {
        assert_eq!(read(STATES).values().collect::<BTreeSet<_>>().len(), 56);
        assert_eq!(read(PROVINCES).values().collect::<BTreeSet<_>>().len(), 13);
        assert_eq!(COUNTRIES.split_whitespace().collect::<BTreeSet<_>>().len(), 249);
        assert!(read(NAMES).values().all(|code| COUNTRIES.split_whitespace().any(|known| known == *code)));
    }
}
