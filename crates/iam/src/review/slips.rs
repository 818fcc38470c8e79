//! How near two texts are: a slip of the keyboard or another thing altogether.

/// How many characters have to be changed, added or left out.
pub(super) fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, c) in one.chars().enumerate() {
        let mut before = row[0];
        row[0] = at + 1;
        for (index, o) in other.iter().enumerate() {
            let swap = before + usize::from(c != *o);
            before = row[index + 1];
            row[index + 1] = swap.min(before + 1).min(row[index] + 1);
        }
    }
    row[other.len()]
}

/// Whether `one` looks like a slip of `other`.
pub(super) fn is_slip(one: &str, other: &str) -> bool {
    let allowed = match other.chars().count() {
        0..=4 => 1,
        5..=12 => 2,
        _ => 3,
    };
    one != other && distance(one, other) <= allowed
}

/// The candidate that was probably meant.
pub(super) fn nearest<'a>(text: &str, candidates: &[&'a str]) -> Option<&'a str> {
    let lower = text.to_lowercase();
    candidates
        .iter()
        .filter(|candidate| is_slip(&lower, &candidate.to_lowercase()) || lower == candidate.to_lowercase())
        .min_by_key(|candidate| distance(&lower, &candidate.to_lowercase()))
        .copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_near() {
        assert!(is_slip("sts:ExternalID", "sts:ExternalId"));
        assert!(is_slip("acme-laek", "acme-lake"));
        assert!(!is_slip("acme-lake", "acme-lake"));
        assert!(!is_slip("other-bucket", "acme-lake"));
        assert_eq!(nearest("s3:ListBuckets", &["s3:GetObject", "s3:ListBucket"]), Some("s3:ListBucket"));
        assert_eq!(nearest("s3:PutObject", &["s3:ListBucket"]), None);
    }
}
