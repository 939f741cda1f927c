//! Numbers as people read them. Money and shares are reckoned in integers: float formatting is heavy in WASM.

/// `2458` as `2,458`.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `1.2 %`.
pub(crate) fn share(part: u64, whole: u64) -> String {
    match permille(part, whole) {
        0 if part > 0 => "<0.1 %".into(),
        0 => "0 %".into(),
        permille => tenths(permille) + " %",
    }
}

/// Thousandths of the whole, rounded.
pub(crate) fn permille(part: u64, whole: u64) -> u64 {
    if whole == 0 {
        return 0;
    }
    let part = u128::from(part) * 1_000 + u128::from(whole) / 2;
    u64::try_from(part / u128::from(whole)).unwrap_or(u64::MAX)
}

/// `12.34%`, as attributes of SVG have it.
pub(crate) fn percentage(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "0%".into();
    }
    let hundredths = (u128::from(part) * 10_000 + u128::from(whole) / 2) / u128::from(whole);
    let hundredths = u64::try_from(hundredths).unwrap_or(u64::MAX);
    trimmed((hundredths / 100).to_string() + "." + &padded(hundredths % 100, 2), 0) + "%"
}

/// `20k`, `1.5M`: what stands beside a chart, where there is little room.
pub(crate) fn short(number: u64) -> String {
    match number {
        0..1_000 => number.to_string(),
        1_000..1_000_000 => trimmed(tenths(number / 100), 0) + "k",
        _ => trimmed(tenths(number / 100_000), 0) + "M",
    }
}

/// `$0.015`, `$1.20`: three digits where a cent is too coarse, four where a tenth of one is.
pub(crate) fn money(dollars: f64) -> String {
    money_of_micros(micros(dollars))
}

/// The same of millionths of a dollar.
pub(crate) fn money_of_micros(micros: u64) -> String {
    match micros {
        0 => "$0.00".into(),
        1..100 => "<$0.0001".into(),
        100..10_000 => "$".to_owned() + &decimal(micros, 4, 2),
        10_000..1_000_000 => "$".to_owned() + &decimal(micros, 3, 2),
        _ => {
            let text = decimal(micros, 2, 2);
            let (whole, cents) = text.split_once('.').unwrap_or((&text, "00"));
            "$".to_owned() + &thousands(whole.parse().unwrap_or(0)) + "." + cents
        }
    }
}

/// What a million tokens cost: `$3 / $15`, `free`, or `price unknown`.
pub(crate) fn price(input: Option<f64>, output: Option<f64>) -> String {
    match (input, output) {
        (Some(input), Some(output)) if micros(input) == 0 && micros(output) == 0 => "free".into(),
        (Some(input), Some(output)) => {
            "$".to_owned() + &decimal(micros(input), 3, 0) + " / $" + &decimal(micros(output), 3, 0)
        }
        _ => "price unknown".into(),
    }
}

/// A context window: `200k`, `1M`, `8k`.
pub(crate) fn window(tokens: u64) -> String {
    match tokens {
        0..1_000 => tokens.to_string(),
        1_000..1_000_000 => (tokens / 1_000).to_string() + "k",
        _ => trimmed(tenths(tokens / 100_000), 0) + "M",
    }
}

/// `4.2 s`, `1 min 5 s`.
pub(crate) fn elapsed(millis: u64) -> String {
    match millis / 1_000 {
        0..60 => tenths((millis + 50) / 100) + " s",
        seconds => (seconds / 60).to_string() + " min " + &(seconds % 60).to_string() + " s",
    }
}

/// A rough count of tokens, where the model has not told its own: four characters each.
pub(crate) fn estimated_tokens(characters: usize) -> u64 {
    u64::try_from(characters.div_ceil(4)).unwrap_or(u64::MAX)
}

/// How full the context window is, as a class name: green to 50 %, yellow to 75, orange to 90, red above.
pub(crate) fn level(part: u64, whole: u64) -> &'static str {
    match permille(part, whole) {
        0..=500 => "green",
        501..=750 => "yellow",
        751..=900 => "orange",
        _ => "red",
    }
}

fn micros(dollars: f64) -> u64 {
    // The cast saturates, and turns what is not a number into 0.
    (dollars * 1_000_000.0).round() as u64
}

fn tenths(tenths: u64) -> String {
    (tenths / 10).to_string() + "." + &(tenths % 10).to_string()
}

/// Millionths with at most `most` and at least `least` decimal places.
fn decimal(micros: u64, most: u32, least: usize) -> String {
    let unit = 10_u64.pow(6 - most);
    let rounded = (micros + unit / 2) / unit;
    let scale = 10_u64.pow(most);
    let fraction = padded(rounded % scale, most as usize);
    trimmed((rounded / scale).to_string() + "." + &fraction, least)
}

/// With zeros before it, so that it has so many digits.
fn padded(number: u64, digits: usize) -> String {
    let number = number.to_string();
    "0".repeat(digits.saturating_sub(number.len())) + &number
}

/// Takes zeros off the end until `least` decimal places are left.
fn trimmed(mut text: String, least: usize) -> String {
    while text
        .split_once('.')
        .is_some_and(|(_, places)| places.len() > least && places.ends_with('0'))
    {
        text.pop();
    }
    if text.ends_with('.') {
        text.pop();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_people_write_them() {
        assert_eq!(
            [0, 7, 999, 1_000, 12_480, 1_234_567].map(thousands),
            ["0", "7", "999", "1,000", "12,480", "1,234,567"]
        );
        assert_eq!(
            [(2_458, 200_000), (0, 200_000), (1, 200_000), (5, 0), (200_000, 200_000)].map(|(a, b)| share(a, b)),
            ["1.2 %", "0 %", "<0.1 %", "<0.1 %", "100.0 %"]
        );
        assert_eq!(
            [0, 4_160, 59_949, 65_000].map(elapsed),
            ["0.0 s", "4.2 s", "59.9 s", "1 min 5 s"]
        );
        assert_eq!(
            [512, 8_192, 200_000, 1_000_000, 1_048_576, 2_500_000].map(window),
            ["512", "8k", "200k", "1M", "1M", "2.5M"]
        );
    }

    #[test]
    fn money_is_neither_rounded_away_nor_too_exact() {
        assert_eq!(
            [0.0, 0.000_05, 0.001_2, 0.015, 0.03, 0.084_4, 0.5, 1.0, 12.345, 1_234.5].map(money),
            [
                "$0.00",
                "<$0.0001",
                "$0.0012",
                "$0.015",
                "$0.03",
                "$0.084",
                "$0.50",
                "$1.00",
                "$12.35",
                "$1,234.50"
            ]
        );
        assert_eq!(money(f64::NAN), "$0.00");
        assert_eq!(price(Some(3.0), Some(15.0)), "$3 / $15");
        assert_eq!(price(Some(0.25), Some(1.25)), "$0.25 / $1.25");
        assert_eq!(price(Some(0.0), Some(0.0)), "free");
        assert_eq!(price(None, Some(1.0)), "price unknown");
    }

    #[test]
    fn a_chart_has_its_own_numbers() {
        assert_eq!(
            [(0, 5), (5, 5), (1, 3), (1, 400), (5, 0), (2, 3), (u64::MAX, u64::MAX)].map(|(a, b)| percentage(a, b)),
            ["0%", "100%", "33.33%", "0.25%", "0%", "66.67%", "100%"]
        );
        assert_eq!(
            [0, 999, 1_000, 2_500, 20_000, 1_000_000, 1_500_000].map(short),
            ["0", "999", "1k", "2.5k", "20k", "1M", "1.5M"]
        );
    }

    #[test]
    fn the_gauge_changes_colour_at_50_75_and_90_percent() {
        assert_eq!(
            [0, 500, 501, 750, 751, 900, 901, 2_000].map(|part| level(part, 1_000)),
            ["green", "green", "yellow", "yellow", "orange", "orange", "red", "red"]
        );
    }
}
