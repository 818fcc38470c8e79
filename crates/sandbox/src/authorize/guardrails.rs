//! What stands over accounts and on the way to AWS: the policies of an AWS organization, and a VPC endpoint. Who
//! administers those is nobody in the accounts, so they are set by [`Guardrails`] and not by an API of AWS's.

use std::sync::Arc;

use iam::NamedPolicy;

use crate::error::{AwsError, SandboxError};
use crate::identity::document::{Document, DocumentKind};
use crate::identity::state::{AccountState, IdentityState, VpcEndpoint};
use crate::sandbox::Cloud;

/// The policies in force for one request.
#[derive(Default)]
pub(crate) struct Above {
    pub(crate) service_control: Vec<NamedPolicy>,
    pub(crate) resource_control: Vec<NamedPolicy>,
    pub(crate) vpc_endpoint: Option<NamedPolicy>,
}

/// Those over a caller of one account and a resource of another.
pub(crate) fn over(state: &IdentityState, caller: &str, owner: Option<&str>) -> Above {
    let named = |document: &Option<Document>, name: &str| document.as_ref().map(|text| text.named(name));
    let of_caller = state.account(caller).map(|account| &account.service_control);
    let of_owner = owner.and_then(|owner| state.account(owner)).map(|account| &account.resource_control);
    let endpoint = state.vpc_endpoint.as_ref().map(|endpoint| &endpoint.policy);
    Above {
        service_control: of_caller.and_then(|it| named(it, "service control policy")).into_iter().collect(),
        resource_control: of_owner.and_then(|it| named(it, "resource control policy")).into_iter().collect(),
        vpc_endpoint: endpoint.and_then(|it| named(it, "VPC endpoint policy")),
    }
}

/// Sets them.
#[derive(Clone)]
pub struct Guardrails(pub(crate) Arc<Cloud>);

impl Guardrails {
    /// The service control policy over the principals of an account; `None`: none is attached.
    pub fn set_service_control(&self, account: &str, policy: Option<&str>) -> Result<(), SandboxError> {
        let document = read(DocumentKind::ServiceControl, policy)?;
        self.change(|state| {
            account_of(state, account)?.service_control = document;
            Ok(())
        })
    }

    /// The resource control policy over the resources of an account; `None`: none is attached.
    pub fn set_resource_control(&self, account: &str, policy: Option<&str>) -> Result<(), SandboxError> {
        let document = read(DocumentKind::ResourceControl, policy)?;
        self.change(|state| {
            account_of(state, account)?.resource_control = document;
            Ok(())
        })
    }

    /// The VPC endpoint that all requests come through from now on, with its policy; `None`: there is none.
    pub fn set_vpc_endpoint(&self, endpoint: Option<(&str, Option<&str>)>) -> Result<(), SandboxError> {
        let endpoint = match endpoint {
            Some((id, policy)) => {
                Some(VpcEndpoint { id: id.to_owned(), policy: read(DocumentKind::VpcEndpoint, policy)? })
            }
            None => None,
        };
        self.change(|state| {
            state.vpc_endpoint = endpoint;
            Ok(())
        })
    }

    /// Whether STS gives the account's users and roles sessions in this region, a setting of the account in IAM.
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_enable-regions.html>
    pub fn set_sts_active(&self, account: &str, is_active: bool) -> Result<(), SandboxError> {
        self.change(|state| {
            account_of(state, account)?.sts_is_off = !is_active;
            Ok(())
        })
    }

    fn change(
        &self,
        change: impl FnOnce(&mut IdentityState) -> Result<(), AwsError>,
    ) -> Result<(), SandboxError> {
        let refused = |error: AwsError| SandboxError::Guardrail(error.message);
        self.0.identities.change(self.0.clock.now(), change).map_err(refused)
    }
}

fn account_of<'a>(state: &'a mut IdentityState, account: &str) -> Result<&'a mut AccountState, AwsError> {
    let absent = || AwsError::new(400, "AccountNotFoundException", format!("no account `{account}`"));
    state.accounts.get_mut(account).ok_or_else(absent)
}

fn read(kind: DocumentKind, policy: Option<&str>) -> Result<Option<Document>, SandboxError> {
    policy.map(|text| Document::parse(kind, text).map_err(SandboxError::Guardrail)).transpose()
}
