//! Rung `inputs`: what paper shows, before any request.

use super::Climb;
use super::ladder::{Advice, Fallen, Step, rung};
use crate::credentials::check_role;
use crate::location::{Location, check_bucket};
use crate::{AssumedRole, Grant};

impl Climb<'_> {
    pub(super) fn inputs(&mut self) -> Result<(), Fallen> {
        let step = match self.find_input_fault() {
            Some(advice) => Step::failed(rung::INPUTS, self.inputs_seen(), advice),
            None => Step::ok(rung::INPUTS, self.inputs_seen()),
        };
        self.ladder.climb(step)
    }

    fn inputs_seen(&self) -> String {
        let mut seen = match &self.request.connection.grant {
            Grant::Role(role) | Grant::Keys { role: Some(role), .. } => match &role.external_id {
                Some(id) => format!("role `{}`, external id `{id}`", role.arn),
                None => format!("role `{}`", role.arn),
            },
            Grant::WebIdentity { role_arn } => format!("role `{role_arn}`, by an identity token"),
            Grant::Keys { role: None, .. } => "keys of the connection".to_owned(),
            Grant::Unsigned | Grant::Web => "no role and no keys: requests are not signed".to_owned(),
        };
        if let Some(place) = &self.request.place {
            seen.push_str(&format!(", `{}`", Self::url(place)));
        }
        seen
    }

    fn find_input_fault(&self) -> Option<Advice> {
        let role = match &self.request.connection.grant {
            Grant::Role(role) | Grant::Keys { role: Some(role), .. } => Some(role),
            _ => None,
        };
        let by_token = match &self.request.connection.grant {
            Grant::WebIdentity { role_arn } => Some(AssumedRole { arn: role_arn.clone(), external_id: None }),
            _ => None,
        };
        role.or(by_token.as_ref())
            .and_then(|role| self.find_role_fault(role))
            .or_else(|| self.find_place_fault())
    }

    fn find_role_fault(&self, role: &AssumedRole) -> Option<Advice> {
        let arn = match check_role(&role.arn) {
            Ok(arn) => arn,
            Err(error) => return Some(Advice::new(error.to_string(), self.alter_role("…"))),
        };
        let principals = [&self.request.principal, &self.request.next_principal];
        let principals: Vec<&str> = principals.into_iter().flatten().map(String::as_str).collect();
        if principals.contains(&arn.as_str()) {
            return Some(Advice::new(
                format!(
                    "`{arn}` is the organization's own principal: ROLE_ARN names the role in the customer's account \
                     that trusts it"
                ),
                self.alter_role("arn:aws:iam::CUSTOMER:role/NAME"),
            ));
        }
        let partition = |text: &str| text.split(':').nth(1).unwrap_or_default().to_owned();
        if let Some(principal) = principals.first()
            && partition(principal) != arn.partition()
        {
            return Some(Advice::new(
                format!(
                    "the role is in the partition `{}` and the principal `{principal}` in `{}`: no role can be assumed \
                     from one partition to another",
                    arn.partition(),
                    partition(principal)
                ),
                self.alter_role("arn:aws:iam::CUSTOMER:role/NAME"),
            ));
        }
        let id = role.external_id.as_deref()?;
        let allowed = |c: char| c.is_ascii_alphanumeric() || "_+=,.@:/-".contains(c);
        if !(2..=1224).contains(&id.len()) || !id.chars().all(allowed) {
            return Some(Advice::new(
                format!(
                    "external id `{id}` is not one that AWS takes: 2 to 1224 letters, digits and `_+=,.@:/-`"
                ),
                format!("ALTER CONNECTION {} SET EXTERNAL_ID = '…'", self.name()),
            ));
        }
        None
    }

    fn find_place_fault(&self) -> Option<Advice> {
        let connection = &self.request.connection;
        let endpoint = Location::find(
            connection.endpoint_url.as_deref(),
            None,
            connection.virtual_host_style,
            &self.inner.rules,
        );
        if let Err(error) = endpoint {
            return Some(Advice::new(error.to_string(), error.hint().unwrap_or_default()));
        }
        let place = self.request.place.as_ref()?;
        if let Err(error) = check_bucket(&place.bucket) {
            return Some(Advice::new(error.to_string(), "a location looks like `s3://bucket/folder/`"));
        }
        None
    }

    fn alter_role(&self, arn: &str) -> String {
        format!("ALTER CONNECTION {} SET ROLE_ARN = '{arn}'", self.name())
    }
}
