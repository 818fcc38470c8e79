//! The sizes AWS sets for policy texts, in characters. Whoever stores a document compares against them.

/// A managed policy, white space not counted.
pub const MANAGED_POLICY_CHARACTERS_MAX: usize = 6_144;
/// All inline policies of one role together, white space not counted.
pub const ROLE_INLINE_POLICIES_CHARACTERS_MAX: usize = 10_240;
/// All inline policies of one user together, white space not counted.
pub const USER_INLINE_POLICIES_CHARACTERS_MAX: usize = 2_048;
/// A role's trust policy; AWS's default quota.
pub const TRUST_POLICY_CHARACTERS_MAX: usize = 2_048;
/// The session policy handed to `sts:AssumeRole`, every character counted.
pub const SESSION_POLICY_CHARACTERS_MAX: usize = 2_048;
/// A bucket policy, in bytes.
pub const BUCKET_POLICY_BYTES_MAX: usize = 20 * 1_024;

/// The characters that count against the limits of IAM's stored policies: all but white space.
pub fn count_policy_characters(json: &str) -> usize {
    json.chars().filter(|character| !character.is_whitespace()).count()
}
