//! Networks by name and place: a table that the operator supplies, since no such data comes with the program.
//!
//! A line is `prefix,asn,country,latitude,longitude,kind`: `203.0.113.0/24,AS64500,DE,52.52,13.40,fixed`. The longest prefix
//! that holds an address counts. Kinds are `fixed`, `mobile`, `vpn` and `hosting`; an empty one is `fixed`. Latitude and
//! longitude may be empty. A line that cannot be read is a problem and is left out.

use firebreak_model::{Position, Problem, Text};
use ipnet::IpNet;
use std::net::IpAddr;

/// What sort of network it is. Where someone is cannot be told from a VPN or a host.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum NetworkKind {
    /// Homes and offices.
    #[default]
    Fixed,
    /// Telephones.
    Mobile,
    /// A way out for people who are elsewhere.
    Vpn,
    /// Rented machines.
    Hosting,
}

/// Where a network is, and whose.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Place {
    /// The number of its autonomous system; 0 where it is not given.
    pub asn: u32,
    /// ISO 3166 code; zeros where it is not given.
    pub country: [u8; 2],
    /// Degrees north and east, where they are given.
    pub degrees: Option<(f32, f32)>,
    /// What sort of network.
    pub kind: NetworkKind,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AS{}", self.asn)?;
        match std::str::from_utf8(&self.country) {
            Ok(country) if self.country != [0; 2] => write!(f, ", {country}"),
            _ => Ok(()),
        }
    }
}

/// All places, found by address in a binary search: nested prefixes are cut into ranges that do not overlap.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct NetworkTable {
    /// From this address on, up to the next entry, this place.
    v4: Vec<(u32, Option<u32>)>,
    v6: Vec<(u128, Option<u32>)>,
    places: Vec<Place>,
}

/// The mean radius of the earth.
const EARTH_KM: f64 = 6_371.0;

impl Place {
    /// Kilometres between two places along the surface.
    pub(crate) fn distance_km(a: (f32, f32), b: (f32, f32)) -> f64 {
        let radians = |(north, east): (f32, f32)| (f64::from(north).to_radians(), f64::from(east).to_radians());
        let ((a_north, a_east), (b_north, b_east)) = (radians(a), radians(b));
        let half = |angle: f64| (angle / 2.0).sin().powi(2);
        let chord = half(b_north - a_north) + a_north.cos() * b_north.cos() * half(b_east - a_east);
        2.0 * EARTH_KM * chord.clamp(0.0, 1.0).sqrt().asin()
    }

    /// Whether who comes from here is here.
    pub(crate) fn tells_where(&self) -> bool {
        matches!(self.kind, NetworkKind::Fixed | NetworkKind::Mobile)
    }
}

impl NetworkTable {
    /// Reads the lines of `text`; `input` is its name in problems.
    pub fn parse(text: &str, input: &str) -> (NetworkTable, Vec<Problem>) {
        let (mut table, mut problems) = (NetworkTable::default(), Vec::new());
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') || (number == 0 && line.starts_with("prefix")) {
                continue;
            }
            let (prefix, place) = match row(line) {
                Ok(row) => row,
                Err(reason) => {
                    problems.push(Problem {
                        source: Text::new_static("networks"),
                        position: Position {
                            input: input.to_owned(),
                            line: Some(number as u64 + 1),
                            ..Position::default()
                        },
                        reason,
                        hint: "write `prefix,asn,country,latitude,longitude,kind`, like \
                               `203.0.113.0/24,AS64500,DE,52.52,13.40,fixed`"
                            .to_owned(),
                    });
                    continue;
                }
            };
            let index = table.places.len() as u32;
            table.places.push(place);
            match prefix {
                IpNet::V4(net) => v4.push((u32::from(net.network()), u32::from(net.broadcast()), index)),
                IpNet::V6(net) => v6.push((u128::from(net.network()), u128::from(net.broadcast()), index)),
            }
        }
        table.v4 = ranges(v4, |end| end.checked_add(1));
        table.v6 = ranges(v6, |end| end.checked_add(1));
        (table, problems)
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// How many networks are known.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// The place of the longest prefix that holds `address`.
    pub fn place(&self, address: IpAddr) -> Option<&Place> {
        let index = match address.to_canonical() {
            IpAddr::V4(address) => at(&self.v4, u32::from(address)),
            IpAddr::V6(address) => at(&self.v6, u128::from(address)),
        };
        self.places.get(index? as usize)
    }
}

fn at<A: Ord + Copy>(ranges: &[(A, Option<u32>)], address: A) -> Option<u32> {
    let after = ranges.partition_point(|(start, _)| *start <= address);
    ranges.get(after.checked_sub(1)?)?.1
}

/// Cuts prefixes, which nest or are apart, into ranges. Of two lines for one prefix the later counts.
fn ranges<A: Ord + Copy>(mut prefixes: Vec<(A, A, u32)>, next: impl Fn(A) -> Option<A>) -> Vec<(A, Option<u32>)> {
    prefixes.sort_by_key(|prefix| (prefix.0, std::cmp::Reverse(prefix.1), prefix.2));
    let mut out: Vec<(A, Option<u32>)> = Vec::new();
    let mut open: Vec<(A, u32)> = Vec::new();
    let put = |out: &mut Vec<(A, Option<u32>)>, start: A, place: Option<u32>| match out.last_mut() {
        Some(last) if last.0 == start => last.1 = place,
        _ => out.push((start, place)),
    };
    let close = |out: &mut Vec<(A, Option<u32>)>, open: &mut Vec<(A, u32)>, before: Option<A>| {
        while let Some((end, _)) = open.last().copied().filter(|(end, _)| before.is_none_or(|before| *end < before)) {
            open.pop();
            if let Some(start) = next(end) {
                put(out, start, open.last().map(|(_, place)| *place));
            }
        }
    };
    for (start, end, place) in prefixes {
        close(&mut out, &mut open, Some(start));
        put(&mut out, start, Some(place));
        open.push((end, place));
    }
    close(&mut out, &mut open, None);
    out
}

fn row(line: &str) -> Result<(IpNet, Place), String> {
    let mut fields = line.split(',').map(str::trim);
    let mut field = || fields.next().unwrap_or_default();
    let prefix = field();
    let net = prefix
        .parse::<IpNet>()
        .or_else(|_| prefix.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| format!("`{prefix}` is no prefix"))?;
    let asn = field();
    let digits = asn.trim_start_matches(['A', 'S', 'a', 's']);
    let number =
        if digits.is_empty() { 0 } else { digits.parse().map_err(|_| format!("`{asn}` is no number of a network"))? };
    let country = field();
    let country = match country.as_bytes() {
        [] => [0; 2],
        [a, b] => [a.to_ascii_uppercase(), b.to_ascii_uppercase()],
        _ => return Err(format!("`{country}` is no country's code of two letters")),
    };
    let (north, east) = (field(), field());
    let degrees = match (north.parse::<f32>(), east.parse::<f32>()) {
        (Ok(north), Ok(east)) if north.abs() <= 90.0 && east.abs() <= 180.0 => Some((north, east)),
        _ if north.is_empty() && east.is_empty() => None,
        _ => return Err(format!("`{north},{east}` are no degrees")),
    };
    let kind = match field() {
        "" | "fixed" => NetworkKind::Fixed,
        "mobile" => NetworkKind::Mobile,
        "vpn" => NetworkKind::Vpn,
        "hosting" | "cloud" => NetworkKind::Hosting,
        other => return Err(format!("`{other}` is no kind of network")),
    };
    Ok((net.trunc(), Place { asn: number, country, degrees, kind }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "prefix,asn,country,latitude,longitude,kind\n\
        10.0.0.0/8,AS1,US,37.0,-122.0,fixed\n\
        # inside it\n\
        10.1.0.0/16,AS2,DE,52.5,13.4,vpn\n\
        10.1.2.0/24,AS3,,,,mobile\n\
        10.1.2.0/24,AS4,JP,35.6,139.7,\n\
        255.255.255.255,AS5,FR,48.8,2.3,fixed\n\
        2001:db8::/32,AS6,IN,19.0,72.8,hosting\n";

    #[test]
    fn the_longest_prefix_counts() {
        let (table, problems) = NetworkTable::parse(TABLE, "networks.csv");
        assert!(problems.is_empty(), "{problems:?}");
        let asn = |address: &str| table.place(address.parse().expect("an address")).map(|place| place.asn);
        let expected = [
            ("9.255.255.255", None),
            ("10.0.0.0", Some(1)),
            ("10.1.1.255", Some(2)),
            ("10.1.2.0", Some(4)),
            ("10.1.2.255", Some(4)),
            ("10.1.3.0", Some(2)),
            ("10.2.0.0", Some(1)),
            ("11.0.0.0", None),
            ("255.255.255.255", Some(5)),
            ("::ffff:10.1.1.1", Some(2)),
            ("2001:db8:ffff::1", Some(6)),
            ("2001:db9::1", None),
        ];
        for (address, number) in expected {
            assert_eq!(asn(address), number, "{address}");
        }
        assert_eq!(
            table.place("10.1.2.3".parse().expect("an address")).map(Place::to_string).as_deref(),
            Some("AS4, JP")
        );
    }

    #[test]
    fn what_cannot_be_read_names_its_line() {
        let (table, problems) =
            NetworkTable::parse("10.0.0.0/8,AS1,US,1,2,fixed\nx,1,US\n10.0.0.0/8,1,USA\n::/0,1,US,91,0\n", "n");
        assert_eq!(table.len(), 1);
        let said: Vec<_> = problems.iter().map(|problem| (problem.position.line, problem.reason.as_str())).collect();
        assert_eq!(
            said,
            [
                (Some(2), "`x` is no prefix"),
                (Some(3), "`USA` is no country's code of two letters"),
                (Some(4), "`91,0` are no degrees")
            ]
        );
    }

    #[test]
    fn distances_are_those_of_a_globe() {
        let km = Place::distance_km((52.52, 13.40), (37.77, -122.42));
        assert!((9_000.0..9_200.0).contains(&km), "{km}");
        assert!(Place::distance_km((1.0, 2.0), (1.0, 2.0)) < 0.001);
    }

    proptest::proptest! {
        /// Against the plain rule: of all lines that hold the address, the longest prefix, and of equals the last.
        #[test]
        fn ranges_agree_with_the_plain_rule(rows in proptest::collection::vec((0_u32..64, 26_u8..=32), 0..20), address in 0_u32..80) {
            let text: String = rows.iter().enumerate()
                .map(|(number, (host, length))| format!("10.0.0.{host}/{length},{number},US,,,\n")).collect();
            let (table, _) = NetworkTable::parse(&text, "n");
            let address = IpAddr::from(std::net::Ipv4Addr::from(0x0a00_0000 + address));
            let plain = rows.iter().enumerate()
                .filter(|(_, (host, length))| {
                    format!("10.0.0.{host}/{length}").parse::<IpNet>().expect("a prefix").contains(&address)
                })
                .max_by_key(|(number, (_, length))| (*length, *number)).map(|(number, _)| number as u32);
            proptest::prop_assert_eq!(table.place(address).map(|place| place.asn), plain);
        }
    }
}
