//! A pasted policy of the role: would it let a stage be listed, read and written?

use super::document::{self, read};
use super::{Finding, ReviewStatus, ReviewStep};
use crate::condition::{Condition, Truth};
use crate::texts::{Access, StageScope, allow_statement, escape_pattern, role_policy};
use crate::{
    Context, Effect, NamedPolicy, Policies, PolicyKind, PolicyStatement, Principal, PrincipalKind, Reason,
    Request, RoleArn, evaluate,
};

/// What the role's policy has to allow.
#[derive(Debug, Clone)]
pub struct RoleWanted {
    pub role: RoleArn,
    pub bucket: String,
    /// Without a leading `/`; empty for the whole bucket.
    pub prefix: String,
    pub access: Access,
    /// ARN of the KMS key that the objects are encrypted with, where the connection names one.
    pub kms_key: Option<String>,
}

pub(super) const LIST: &str = "list";
const READ: &str = "read";
const WRITE: &str = "write";
const DELETE: &str = "delete";
const ABORT: &str = "abort uploads";
const DECRYPT: &str = "kms decrypt";
const DATA_KEY: &str = "kms data key";
const REACH: &str = "reach";

/// Condition keys whose values a document does not tell.
const DEPENDS: [&str; 10] = [
    "aws:sourceip",
    "aws:vpcsourceip",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:currenttime",
    "aws:epochtime",
    "aws:requestedregion",
    "aws:useragent",
    "aws:tokenissuetime",
    "aws:resourceorgid",
];

/// One right that is needed.
pub(super) struct Need<'a> {
    pub(super) part: &'static str,
    pub(super) action: &'static str,
    pub(super) resource: String,
    pub(super) context: Context,
    pub(super) wanted: &'a RoleWanted,
}

impl RoleWanted {
    pub(super) fn bucket_arn(&self) -> String {
        format!("arn:{}:s3:::{}", self.role.partition(), self.bucket)
    }

    pub(super) fn objects_arn(&self) -> String {
        format!("{}/{}*", self.bucket_arn(), escape_pattern(&self.prefix))
    }

    fn right_document(&self) -> String {
        role_policy(&StageScope {
            partition: self.role.partition(),
            bucket: &self.bucket,
            prefix: &self.prefix,
            access: self.access,
            kms_key: self.kms_key.as_deref(),
        })
    }

    fn caller(&self) -> Principal {
        Principal {
            arn: self.role.session_arn("session"),
            account: self.role.account().to_owned(),
            role_arn: Some(self.role.as_str().to_owned()),
            unique_ids: Vec::new(),
            kind: PrincipalKind::AssumedRole,
        }
    }

    fn context(&self) -> Context {
        let mut context = self.caller().context();
        context.set("aws:SecureTransport", "true");
        context.set("aws:ViaAWSService", "false");
        context.set("aws:MultiFactorAuthPresent", "false");
        context.set("aws:ResourceAccount", self.role.account());
        context.set("s3:ResourceAccount", self.role.account());
        context
    }

    fn listing(&self, prefix: Option<&str>) -> Context {
        let mut context = self.context();
        if let Some(prefix) = prefix {
            context.set("s3:prefix", prefix);
        }
        context
    }

    /// S3 asks KMS, on behalf of the caller.
    fn of_key(&self, key: &str) -> Context {
        let mut context = self.context();
        context.set("aws:ViaAWSService", "true");
        if let Some(region) = key.split(':').nth(3) {
            context.set("kms:ViaService", format!("s3.{region}.amazonaws.com"));
        }
        context.set("kms:CallerAccount", self.role.account());
        context
    }

    fn needs(&self) -> Vec<Need<'_>> {
        let object = |part, action| Need {
            part,
            action,
            resource: format!("{}/{}2024/file.parquet", self.bucket_arn(), self.prefix),
            context: self.context(),
            wanted: self,
        };
        let mut needs = vec![
            Need {
                part: LIST,
                action: "s3:ListBucket",
                resource: self.bucket_arn(),
                context: self.listing(Some(&self.prefix)),
                wanted: self,
            },
            object(READ, "s3:GetObject"),
        ];
        if self.access == Access::Write {
            needs.push(object(WRITE, "s3:PutObject"));
            needs.push(object(DELETE, "s3:DeleteObject"));
            needs.push(object(ABORT, "s3:AbortMultipartUpload"));
        }
        if let Some(key) = &self.kms_key {
            let of_key = |part, action| Need {
                part,
                action,
                resource: key.clone(),
                context: self.of_key(key),
                wanted: self,
            };
            needs.push(of_key(DECRYPT, "kms:Decrypt"));
            if self.access == Access::Write {
                needs.push(of_key(DATA_KEY, "kms:GenerateDataKey"));
            }
        }
        needs
    }
}

/// Says right by right whether the pasted policy allows what a stage needs, and what to change.
pub fn review_role_policy(text: &str, wanted: &RoleWanted) -> Vec<ReviewStep> {
    let text = document::unwrap(text);
    let needs = wanted.needs();
    let document = match read(&text, PolicyKind::Identity, &wanted.right_document()) {
        Ok(document) => document,
        Err(step) => {
            let parts = needs.iter().map(|need| need.part).chain([REACH]);
            return std::iter::once(step).chain(parts.map(ReviewStep::not_reached)).collect();
        }
    };
    let count = document.statements().len();
    let plural = if count == 1 { "statement" } else { "statements" };
    let mut steps = vec![ReviewStep::ok(document::PART, format!("{count} {plural}"))];
    let named = NamedPolicy { name: "pasted".to_owned(), document };
    steps.extend(needs.iter().map(|need| need.review(&named)));
    let is_enough = steps.iter().all(|step| step.status != ReviewStatus::Failed);
    steps.push(if is_enough { reach(&named, wanted) } else { ReviewStep::not_reached(REACH) });
    steps
}

impl Need<'_> {
    fn review(&self, policy: &NamedPolicy) -> ReviewStep {
        match decide(policy, self.wanted, self.action, &self.resource, &self.context) {
            Reason::Allowed { statement, .. } => {
                ReviewStep::ok(self.part, format!("{statement} allows {}", self.action))
            }
            Reason::ExplicitDeny { statement, .. } => self.denied(policy, statement.index),
            _ => self.not_allowed(policy),
        }
    }

    fn fix(&self) -> String {
        match self.part {
            LIST => allow_statement(&[self.action], &self.wanted.bucket_arn(), Some(&self.wanted.prefix)),
            DECRYPT | DATA_KEY => allow_statement(&[self.action], &self.resource, None),
            _ => allow_statement(&[self.action], &self.wanted.objects_arn(), None),
        }
    }

    pub(super) fn is_of_key(&self) -> bool {
        matches!(self.part, DECRYPT | DATA_KEY)
    }

    fn denied(&self, policy: &NamedPolicy, index: usize) -> ReviewStep {
        let Some(statement) = policy.document.statements().get(index) else {
            return ReviewStep::not_reached(self.part);
        };
        let what = statement.shown();
        let depends = statement.conditions.iter().any(|condition| self.depends(condition));
        let finding = Finding::new(
            format!("{} denies {}: a Deny wins over every Allow ({what})", statement.id(), self.action),
            format!("take `{}` out of the Deny in {}", self.resource_pattern(), statement.id()),
        );
        if depends {
            return ReviewStep::warning(self.part, "Deny under a condition", finding);
        }
        ReviewStep::failed(self.part, format!("Deny in {}", statement.id()), finding)
    }

    fn resource_pattern(&self) -> String {
        match self.part {
            LIST => self.wanted.bucket_arn(),
            DECRYPT | DATA_KEY => self.resource.clone(),
            _ => self.wanted.objects_arn(),
        }
    }

    /// Looks for the Allow that was meant: the one that fits in most.
    fn not_allowed(&self, policy: &NamedPolicy) -> ReviewStep {
        let allows =
            || policy.document.statements().iter().filter(|statement| statement.effect() == Effect::Allow);
        let of_action: Vec<&PolicyStatement> =
            allows().filter(|statement| statement.speaks_of(self.action)).collect();
        // The resource fits: a condition keeps it from applying.
        if let Some(statement) = of_action.iter().find(|statement| self.fits_resource(statement)) {
            return self.condition(statement);
        }
        let nearest_resource = of_action.iter().filter_map(|statement| {
            let (rank, cause) = self.explain_resource(statement)?;
            Some((rank, cause, statement.shown()))
        });
        if let Some((_, cause, seen)) = nearest_resource.min_by_key(|(rank, ..)| *rank) {
            return ReviewStep::failed(self.part, seen, Finding::new(cause, self.fix()));
        }
        if let Some((written, cause)) = allows().find_map(|statement| self.explain_action(statement)) {
            return ReviewStep::failed(self.part, written, Finding::new(cause, self.fix()));
        }
        let cause = format!("no statement allows {}", self.action);
        ReviewStep::failed(self.part, "no such statement", Finding::new(cause, self.fix()))
    }

    fn fits_resource(&self, statement: &PolicyStatement) -> bool {
        let Some(resources) = &statement.resources else { return false };
        let Some(asked) = crate::document::RequestResource::read(&self.resource) else { return false };
        let any =
            resources.patterns.iter().any(|pattern| pattern.matches(&asked, &self.context) == Some(true));
        any != resources.is_negated
    }

    fn depends(&self, condition: &Condition) -> bool {
        let key = condition.key.to_lowercase();
        DEPENDS.contains(&key.as_str()) && self.context.get(&key).is_none()
    }

    fn condition(&self, statement: &PolicyStatement) -> ReviewStep {
        let failing: Vec<&Condition> = statement
            .conditions
            .iter()
            .filter(|condition| condition.evaluate(&self.context) != Truth::True)
            .collect();
        let Some(first) = failing.iter().find(|condition| !self.depends(condition)).or(failing.first())
        else {
            return ReviewStep::failed(
                self.part,
                statement.shown(),
                Finding::new(format!("{} does not allow {}", statement.id(), self.action), self.fix()),
            );
        };
        let seen = shown_condition(first);
        if self.depends(first) {
            let cause = format!(
                "{} allows {} under a condition on {}: this document does not tell whether it holds for the server",
                statement.id(),
                self.action,
                first.key
            );
            let fix = format!("leave the condition on {} out", first.key);
            return ReviewStep::warning(self.part, seen, Finding::new(cause, fix));
        }
        let cause = format!(
            "{} allows {} under a condition that does not hold: {}",
            statement.id(),
            self.action,
            self.explain_condition(first)
        );
        ReviewStep::failed(self.part, seen, Finding::new(cause, self.fix()))
    }
}

impl PolicyStatement {
    /// Whether its actions take this one in.
    pub(super) fn speaks_of(&self, action: &str) -> bool {
        let Some(action) = crate::document::RequestAction::read(action) else { return false };
        self.actions.patterns.iter().any(|pattern| pattern.matches(&action)) != self.actions.is_negated
    }

    /// Actions and resources, as pasted.
    fn shown(&self) -> String {
        let actions = self.actions().collect::<Vec<_>>().join(", ");
        let resources = self.resources().collect::<Vec<_>>().join(", ");
        format!("{actions} on {resources}")
    }
}

fn shown_condition(condition: &Condition) -> String {
    let wanted: Vec<String> = condition.wanted.iter().map(|value| format!("`{value}`")).collect();
    format!("{} {} {}", condition.key, condition.operator, wanted.join(", "))
}

fn decide(
    policy: &NamedPolicy,
    wanted: &RoleWanted,
    action: &str,
    resource: &str,
    context: &Context,
) -> Reason {
    let caller = wanted.caller();
    let request = Request {
        principal: &caller,
        action,
        resource,
        resource_account: Some(wanted.role.account()),
        context,
    };
    let policies = Policies { identity: std::slice::from_ref(policy), ..Policies::default() };
    evaluate(&request, &policies).reason
}

/// What the document allows beyond the stage.
fn reach(policy: &NamedPolicy, wanted: &RoleWanted) -> ReviewStep {
    let allowed = |action: &str, resource: &str, context: &Context| {
        matches!(decide(policy, wanted, action, resource, context), Reason::Allowed { .. })
    };
    let plain = wanted.context();
    let bucket = wanted.bucket_arn();
    let mut more = Vec::new();
    if !wanted.prefix.is_empty() {
        if allowed("s3:ListBucket", &bucket, &wanted.listing(None)) {
            more.push(format!("list all of bucket `{}`", wanted.bucket));
        }
        if allowed("s3:GetObject", &format!("{bucket}/another-folder/file"), &plain) {
            more.push(format!("read outside `{}`", wanted.prefix));
        }
    }
    if wanted.access == Access::Read
        && allowed("s3:PutObject", &format!("{bucket}/{}file", wanted.prefix), &plain)
    {
        more.push("write (the stage only reads)".to_owned());
    }
    if allowed("s3:GetObject", &format!("arn:{}:s3:::another-bucket/file", wanted.role.partition()), &plain) {
        more.push("read other buckets".to_owned());
    }
    if allowed("iam:CreateUser", "arn:aws:iam::123456789012:user/x", &plain) {
        more.push("act outside S3".to_owned());
    }
    if more.is_empty() {
        return ReviewStep::ok(REACH, "no more than the stage needs");
    }
    let finding = Finding::new("the role allows more than the stage needs", wanted.right_document());
    ReviewStep::warning(REACH, format!("the role may also {}", more.join(", ")), finding)
}
