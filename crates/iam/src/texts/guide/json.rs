//! The two policies alone, for programs.

use super::super::setup::print;
use super::{Guide, GuideStep};

pub(super) fn steps(guide: &Guide) -> Vec<GuideStep> {
    let step = |title: String, text: String| GuideStep { title, language: "json", text };
    vec![
        step(format!("Trust policy of role `{}`", guide.role_name), print(&guide.trust_document())),
        step(
            format!("Inline policy `{}` of role `{}`", guide.policy_name(), guide.role_name),
            print(&guide.role_document()),
        ),
    ]
}
