//! The files beside the export: what runs in the account (`resources.json`), which users have passwords and keys
//! (`credential-report.csv`), the organisation (`organization.json`), and resources' own policies
//! (`resource-policies.json`).

use super::{guards, organization, told};
use crate::collect::is_whole;
use crate::json::{list, parse, text};
use crate::report::{Report, shown};
use crate::scanner::{KnownResource, ScanInput};
use firebreak_model::{NodeKey, Text};
use firebreak_permission::aws::escalation::Running;
use firebreak_permission::aws::escalation::table::Kind;
use firebreak_permission::aws::organization::Organization;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// The names of the files that are read beside an export.
pub(super) const NAMES: [&str; 4] =
    ["resources.json", "credential-report.csv", "organization.json", "resource-policies.json"];

/// What the files beside an export say.
#[derive(Default)]
pub(super) struct Siblings {
    /// What runs. `None`: no file says it.
    pub(super) running: Option<Vec<Running>>,
    /// Access keys and whether there is a password, by the user's ARN.
    pub(super) credentials: BTreeMap<String, (u8, bool)>,
    /// The organisation.
    pub(super) organization: Option<Organization>,
    /// Resources that the files name.
    pub(super) resources: Vec<KnownResource>,
    /// Resources' own policies. `None`: no file says them.
    pub(super) guards: Option<Vec<guards::Guard>>,
    /// Some file is there and does not say all that it should.
    pub(super) lacking: bool,
}

/// Types of things, as Terraform names them, with the key under which each names its role.
const TYPES: [(&str, Kind, &str); 14] = [
    ("aws_lambda_function", Kind::Function, "role"),
    ("aws_instance", Kind::Instance, "iam_instance_profile"),
    ("aws_ecs_cluster", Kind::Cluster, ""),
    ("aws_ecs_container_instance", Kind::ContainerInstance, ""),
    ("aws_ecs_task_definition", Kind::TaskDefinition, "task_role_arn"),
    ("aws_cloudformation_stack", Kind::Stack, "iam_role_arn"),
    ("aws_cloudformation_stack_set", Kind::StackSet, "administration_role_arn"),
    ("aws_codebuild_project", Kind::Project, "service_role"),
    ("aws_glue_dev_endpoint", Kind::DevEndpoint, "role_arn"),
    ("aws_glue_job", Kind::Job, "role_arn"),
    ("aws_sagemaker_notebook_instance", Kind::Notebook, "role_arn"),
    ("aws_apprunner_service", Kind::AppService, "instance_role_arn"),
    ("aws_bedrockagentcore_code_interpreter", Kind::CodeInterpreter, "execution_role_arn"),
    ("aws_launch_template", Kind::LaunchTemplate, "iam_instance_profile"),
];

/// Reads the files beside the export at `input`.
pub(super) fn read(
    input: &ScanInput<'_>,
    account: &str,
    accounts: &[Text],
    document: &Value,
    report: &mut Report,
) -> Siblings {
    let mut siblings = Siblings::default();
    match file(input, "resources.json", report) {
        File::Absent => {}
        File::Unread => siblings.lacking = true,
        File::Here(bytes) => resources(&bytes, account, document, &mut siblings, report),
    }
    match file(input, "credential-report.csv", report) {
        File::Absent => {}
        File::Unread => siblings.lacking = true,
        File::Here(bytes) => credentials(&String::from_utf8_lossy(&bytes), &mut siblings, report),
    }
    match parsed(input, "organization.json", report) {
        File::Absent => {}
        File::Unread => {
            siblings.lacking = true;
            siblings.organization = Some(organization::unknown(None, account));
        }
        File::Here(document) => {
            siblings.lacking |= !is_whole(&document, report);
            siblings.organization = organization::read(&document, account, report);
        }
    }
    match parsed(input, "resource-policies.json", report) {
        File::Absent => {}
        // What may be there is not "none".
        File::Unread => (siblings.lacking, siblings.guards) = (true, Some(Vec::new())),
        File::Here(document) => {
            let told = told::read(&document, account, accounts, report);
            siblings.lacking |= !is_whole(&document, report) || told.lacking;
            let own = |key: NodeKey| KnownResource { key, account: Some(Text::new(account)) };
            siblings.resources.extend(told.resources.into_iter().map(own));
            siblings.guards = Some(told.guards);
        }
    }
    siblings
}

/// The organisation of another account, by the file in its folder, or by the one beside `input` if that lists it.
pub(super) fn organization_of(input: &ScanInput<'_>, folder: &Path, account: &str, report: &mut Report) -> Siblings {
    let own = input.path.parent().unwrap_or(Path::new(""));
    let mut found = None;
    for folder in [folder, own] {
        let bytes = input.sibling(&folder.join("organization.json"));
        let document = bytes.and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
        let organization = document.and_then(|document| organization::read(&document, account, report));
        let lists = |organization: &Organization| {
            organization.accounts.contains_key(account) || organization.management.as_deref() == Some(account)
        };
        match organization {
            Some(organization) if lists(&organization) || folder != own => {
                found = Some(organization);
                break;
            }
            _ => {}
        }
    }
    Siblings { organization: found, ..Siblings::default() }
}

/// A file beside the export.
enum File<T> {
    Absent,
    /// It is there and cannot be read; a problem says so.
    Unread,
    Here(T),
}

fn file(input: &ScanInput<'_>, name: &str, report: &mut Report) -> File<Vec<u8>> {
    let path = input.path.parent().unwrap_or(Path::new("")).join(name);
    match input.sibling(&path) {
        Some(bytes) => File::Here(bytes),
        None if input.world.disk.meta(&input.root.join(&path)).is_ok() => {
            report.add(format!("`{name}` beside it cannot be read, or is too large"), "check its permissions and size");
            File::Unread
        }
        None => File::Absent,
    }
}

fn parsed(input: &ScanInput<'_>, name: &str, report: &mut Report) -> File<Value> {
    match file(input, name, report) {
        File::Here(bytes) => parse(&bytes, report).map_or(File::Unread, File::Here),
        File::Unread => File::Unread,
        File::Absent => File::Absent,
    }
}

fn resources(bytes: &[u8], account: &str, document: &Value, siblings: &mut Siblings, report: &mut Report) {
    let Some(parsed) = parse(bytes, report) else {
        siblings.lacking = true;
        return;
    };
    let Some(items) = parsed.as_array() else {
        report.add("`resources.json` is not a list", "see the scanner's page for its form");
        siblings.lacking = true;
        return;
    };
    let profiles = profiles(document);
    let mut running = Vec::new();
    for item in items.iter().filter(|item| text(item, "account").is_none_or(|owner| owner == account)) {
        let kind = text(item, "type").unwrap_or_default();
        if kind == "aws_s3_bucket" {
            let name = text(item, "bucket").or_else(|| text(item, "name"));
            siblings.resources.extend(name.map(|name| KnownResource {
                key: NodeKey::resource("aws", &format!("arn:aws:s3:::{name}")),
                account: Some(Text::new(account)),
            }));
        }
        if kind == "aws_autoscaling_group" {
            running.extend(things(item, Kind::ScalingGroup, account, None));
        }
        let known = TYPES.iter().any(|(name, ..)| *name == kind);
        if let Some(arn) = text(item, "arn").filter(|_| !known && kind != "aws_autoscaling_group") {
            let key = crate::key::aws_resource(arn);
            siblings.resources.push(KnownResource { key, account: Some(Text::new(account)) });
        }
        if let Some((_, kind, key)) = TYPES.iter().find(|(name, ..)| *name == kind) {
            let named = text(item, key);
            let role = match *key {
                "iam_instance_profile" => named.and_then(|name| profiles.get(last(name)).copied()),
                _ => named,
            };
            running.extend(things(item, *kind, account, role));
        }
    }
    siblings.running = Some(running);
}

/// One thing. Where its name is only that of its block in Terraform, AWS's name for it is not known: policies from the
/// same source may name it so, too, or by any other name (an instance's id is known to no block).
fn things(item: &Value, kind: Kind, account: &str, role: Option<&str>) -> Vec<Running> {
    let form = kind.form().replace("{account}", account);
    let named = |name: &str| form.replace("{name}", name);
    let name = text(item, "name").unwrap_or("*");
    let arns = match text(item, "arn") {
        Some(arn) => vec![arn.to_owned()],
        None if text(item, "tf_name") == Some(name) && kind != Kind::Instance => vec![named(name), named("*")],
        None => vec![named(name)],
    };
    arns.into_iter().map(|arn| Running { kind, arn: Text::new(arn), role: role.map(Text::new) }).collect()
}

/// Which role each instance profile holds, by the profile's name.
fn profiles(document: &Value) -> BTreeMap<&str, &str> {
    let roles = list(document, "RoleDetailList").iter();
    let named = roles.flat_map(|role| {
        let profiles = list(role, "InstanceProfileList").iter();
        profiles.filter_map(|profile| Some((text(profile, "InstanceProfileName")?, text(role, "Arn")?)))
    });
    named.collect()
}

fn last(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// IAM's credential report, decoded: CSV with a header and no quotes.
fn credentials(report_text: &str, siblings: &mut Siblings, report: &mut Report) {
    let mut lines = report_text.lines();
    let header: Vec<&str> = lines.next().unwrap_or_default().split(',').collect();
    let column = |name: &str| header.iter().position(|have| *have == name);
    let columns = ["arn", "password_enabled", "access_key_1_last_rotated", "access_key_2_last_rotated"].map(column);
    let [Some(arn), Some(password), Some(first), Some(second)] = columns else {
        let reason = format!("`{}` is not the header of a credential report", shown(&header.join(",")));
        report.add(reason, "decode the answer of `aws iam get-credential-report`");
        siblings.lacking = true;
        return;
    };
    for line in lines.filter(|line| !line.trim().is_empty()) {
        let fields: Vec<&str> = line.split(',').collect();
        let field = |at: usize| fields.get(at).copied().unwrap_or_default();
        let exists = |at: usize| u8::from(!matches!(field(at), "" | "N/A"));
        siblings.credentials.insert(field(arn).to_owned(), (exists(first) + exists(second), field(password) == "true"));
    }
}
