//! The known ways up: what each needs and what it gives, as data. How it is judged is in the sister modules.
//!
//! The ids are those under which the paths are known publicly (pathfinding.cloud); `x-…` are ours. A path that joins a
//! change of someone's policies with a way to become that one has no row: it follows from its two halves, whatever lies
//! between them ([`COMBINED`]).

mod altering;
mod passing;
mod running;

pub use altering::{ALTERATIONS, Alteration, Altered, CREATIONS, Creation, TAKEOVERS, Takeover};
pub use passing::{PASSES, Pass};
pub use running::{RUNS, Run};

/// One thing that must be allowed.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// Any one of these actions is enough.
    pub any: &'static [&'static str],
    /// On what.
    pub on: On,
}

/// On what an action must be allowed.
#[derive(Clone, Copy, Debug)]
pub enum On {
    /// On the thing that runs as the role.
    Thing,
    /// On some resource of each of these forms: the caller chooses its name. `{account}` stands for the account,
    /// `*` for what the caller chooses. `*` alone: the action knows no resources.
    Some(&'static [&'static str]),
}

/// Something that must exist beside the permissions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Given {
    /// The role is in an instance profile.
    InstanceProfile,
    /// Something of this kind exists, whatever it runs as.
    Exists(Kind),
    /// What no export tells; it is named as undecided.
    Unknown(&'static str),
}

/// Things of AWS that run as a role, or that are needed to run something.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Kind {
    /// A Lambda function.
    Function,
    /// An EC2 instance.
    Instance,
    /// An ECS cluster.
    Cluster,
    /// An EC2 instance that is registered in an ECS cluster.
    ContainerInstance,
    /// An ECS task definition.
    TaskDefinition,
    /// A CloudFormation stack with a service role.
    Stack,
    /// A CloudFormation stack set.
    StackSet,
    /// A CodeBuild project.
    Project,
    /// A Glue development endpoint.
    DevEndpoint,
    /// A Glue job.
    Job,
    /// A SageMaker notebook instance.
    Notebook,
    /// An App Runner service.
    AppService,
    /// A Bedrock AgentCore code interpreter.
    CodeInterpreter,
    /// An EC2 launch template.
    LaunchTemplate,
    /// An Auto Scaling group.
    ScalingGroup,
}

impl Kind {
    /// What people call one of them.
    pub const fn word(self) -> &'static str {
        match self {
            Kind::Function => "Lambda function",
            Kind::Instance => "EC2 instance",
            Kind::Cluster => "ECS cluster",
            Kind::ContainerInstance => "container instance in an ECS cluster",
            Kind::TaskDefinition => "ECS task definition",
            Kind::Stack => "CloudFormation stack",
            Kind::StackSet => "CloudFormation stack set",
            Kind::Project => "CodeBuild project",
            Kind::DevEndpoint => "Glue development endpoint",
            Kind::Job => "Glue job",
            Kind::Notebook => "SageMaker notebook instance",
            Kind::AppService => "App Runner service",
            Kind::CodeInterpreter => "Bedrock AgentCore code interpreter",
            Kind::LaunchTemplate => "launch template",
            Kind::ScalingGroup => "Auto Scaling group",
        }
    }

    /// The form of its ARN: `{account}` for the account, `{name}` for its name, `*` for the region and for ids.
    pub const fn form(self) -> &'static str {
        match self {
            Kind::Function => "arn:aws:lambda:*:{account}:function:{name}",
            Kind::Instance => "arn:aws:ec2:*:{account}:instance/{name}",
            Kind::Cluster => "arn:aws:ecs:*:{account}:cluster/{name}",
            Kind::ContainerInstance => "arn:aws:ecs:*:{account}:container-instance/{name}/*",
            Kind::TaskDefinition => "arn:aws:ecs:*:{account}:task-definition/{name}:*",
            Kind::Stack => "arn:aws:cloudformation:*:{account}:stack/{name}/*",
            Kind::StackSet => "arn:aws:cloudformation:*:{account}:stackset/{name}:*",
            Kind::Project => "arn:aws:codebuild:*:{account}:project/{name}",
            Kind::DevEndpoint => "arn:aws:glue:*:{account}:devEndpoint/{name}",
            Kind::Job => "arn:aws:glue:*:{account}:job/{name}",
            Kind::Notebook => "arn:aws:sagemaker:*:{account}:notebook-instance/{name}",
            Kind::AppService => "arn:aws:apprunner:*:{account}:service/{name}/*",
            Kind::CodeInterpreter => "arn:aws:bedrock-agentcore:*:{account}:code-interpreter-custom/{name}*",
            Kind::LaunchTemplate => "arn:aws:ec2:*:{account}:launch-template/*",
            Kind::ScalingGroup => "arn:aws:autoscaling:*:{account}:autoScalingGroup:*:autoScalingGroupName/{name}",
        }
    }
}

/// Paths that are two rows one after the other: a way to become someone, and a change of that one's policies.
pub const COMBINED: &[(&str, &str, &str)] = &[
    ("iam-014", "iam-009", "sts-001"),
    ("iam-015", "iam-008", "iam-002"),
    ("iam-016", "iam-001", "sts-001"),
    ("iam-017", "iam-005", "sts-001"),
    ("iam-018", "iam-007", "iam-002"),
    ("iam-019", "iam-009", "iam-012"),
    ("iam-020", "iam-001", "iam-012"),
    ("iam-021", "iam-005", "iam-012"),
];

/// A role assumed with the call that is made for it.
pub const ASSUME: &str = "sts-001";

/// Every id that a row or a combination of rows stands for.
pub fn ids() -> impl Iterator<Item = &'static str> {
    let rows = PASSES.iter().map(|row| row.id).chain(RUNS.iter().map(|row| row.id));
    let rows = rows.chain(TAKEOVERS.iter().map(|row| row.id)).chain(ALTERATIONS.iter().map(|row| row.id));
    rows.chain(COMBINED.iter().map(|(id, ..)| *id)).chain([ASSUME])
}

/// Every action that some row needs; an action may come twice.
pub fn actions() -> impl Iterator<Item = &'static str> {
    let steps = PASSES.iter().flat_map(|row| row.steps).chain(RUNS.iter().flat_map(|row| row.steps));
    let stepped = steps.flat_map(|step| step.any).copied();
    let taken = TAKEOVERS.iter().flat_map(|row| row.actions).copied();
    let created = CREATIONS.iter().flat_map(|row| row.all).copied().flatten().copied();
    stepped
        .chain(taken)
        .chain(ALTERATIONS.iter().map(|row| row.action))
        .chain(created)
        .chain(["iam:PassRole", "sts:AssumeRole"])
}
