//! Names of types and members, as the languages write them: a schema's own may have any character.

/// `unit_price`, `unit-price` and `unitPrice` as `UnitPrice`. Empty when there is no letter or digit of ASCII in it.
pub(super) fn pascal(name: &str) -> String {
    let words = name.split(|letter: char| !letter.is_ascii_alphanumeric());
    let capital = |word: &str| {
        let (first, rest) = word.split_at(1.min(word.len()));
        first.to_ascii_uppercase() + rest
    };
    let name: String = words.map(capital).collect();
    match name.chars().next() {
        Some(first) if first.is_ascii_digit() => format!("N{name}"),
        _ => name,
    }
}

/// `weightGrams` and `weight-grams` as `weight_grams`; `member` when there is no letter or digit of ASCII in it.
pub(super) fn snake(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        let is_new_word = letter.is_ascii_uppercase() || !letter.is_ascii_alphanumeric();
        if is_new_word && !snake.is_empty() && !snake.ends_with('_') {
            snake.push('_');
        }
        if letter.is_ascii_alphanumeric() {
            snake.push(letter.to_ascii_lowercase());
        }
    }
    let snake = snake.trim_end_matches('_');
    match snake.chars().next() {
        None => "member".to_owned(),
        Some(first) if first.is_ascii_digit() => format!("n{snake}"),
        Some(_) => snake.to_owned(),
    }
}

/// The name, or with the first number after it that nothing taken has.
pub(super) fn distinct(name: &str, taken: &[impl AsRef<str>]) -> String {
    let is_free = |name: &String| taken.iter().all(|taken| taken.as_ref() != name);
    let numbered = (2_u32..).map(|number| format!("{name}{number}"));
    let mut names = std::iter::once(name.to_owned()).chain(numbered);
    names.find(is_free).expect("there is no end of numbers")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_any_characters_is_one_of_the_language() {
        let names = [
            "unit_price",
            "unitPrice",
            "unit-price",
            "2nd",
            "größe",
            "中",
            "",
        ];
        assert_eq!(
            names.map(pascal),
            ["UnitPrice", "UnitPrice", "UnitPrice", "N2nd", "GrE", "", ""]
        );
        assert_eq!(
            names.map(snake),
            [
                "unit_price",
                "unit_price",
                "unit_price",
                "n2nd",
                "gr_e",
                "member",
                "member"
            ]
        );
    }

    #[test]
    fn what_is_taken_gets_a_number() {
        assert_eq!(distinct("a", &["b"]), "a");
        assert_eq!(distinct("a", &["a", "a2"]), "a3");
    }
}
