//! JavaScript as people write it: functions with locals, loops, conditions, object literals and text.

use std::fmt::Write;

/// A module of `functions` exported functions, about 500 bytes each. Their names end in `suffix`.
pub(crate) fn script(functions: usize, suffix: &str) -> String {
    let mut text = String::new();
    for number in 0..functions {
        let words = ["order", "basket", "invoice", "customer", "shipment", "voucher", "address"];
        let word = words[number % words.len()];
        write!(
            text,
            r#"/** Sums up what each {word} of the list costs, in cents. */
export function {word}Total{number}{suffix}(entries, options = {{}}) {{
  const {{ discount = {discount}, currency = "EUR", ...others }} = options;
  const totals = new Map();
  for (const entry of entries) {{
    if (entry.kind !== "{word}" || entry.count <= 0) continue;
    const previous = totals.get(entry.name) ?? 0;
    const price = entry.price * entry.count * (100 - discount);
    totals.set(entry.name, previous + Math.round(price / 100));
  }}
  const unused = Object.keys(others).length > {number} ? "many" : "few";
  return [...totals].map(([name, total]) => ({{ name, total, currency, label: `${{name}}: ${{total / 100}} ${{currency}}`, unused }}));
}}

"#,
            discount = number * 7 % 50,
        )
        .expect("memory takes all");
    }
    text
}
