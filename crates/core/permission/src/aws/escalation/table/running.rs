//! Something runs as a role already: whoever controls it acts as the role, without passing one.

use super::{Given, Kind, On, Step};

/// Control over a thing that runs as a role.
#[derive(Clone, Copy, Debug)]
pub struct Run {
    /// The path.
    pub id: &'static str,
    /// What the caller does, to be followed by the role.
    pub how: &'static str,
    /// What it is.
    pub kind: Kind,
    /// The service that its role trusts: where its role is not known, any such role may be it.
    pub service: &'static str,
    /// What must be allowed.
    pub steps: &'static [Step],
    /// What else must exist or hold.
    pub given: &'static [Given],
    /// The caller chooses the role: any role with an instance profile.
    pub chooses_role: bool,
}

/// Each action on the thing itself.
macro_rules! thing {
    ($($action:literal),+ $(,)?) => { &[$(Step { any: &[$action], on: On::Thing }),+] };
}

const fn run(id: &'static str, how: &'static str, kind: Kind, service: &'static str, steps: &'static [Step]) -> Run {
    Run { id, how, kind, service, steps, given: &[], chooses_role: false }
}

const LAMBDA: &str = "lambda.amazonaws.com";
const EC2: &str = "ec2.amazonaws.com";
const GLUE: &str = "glue.amazonaws.com";
const BUILD: &str = "codebuild.amazonaws.com";
const FORMATION: &str = "cloudformation.amazonaws.com";
const SAGEMAKER: &str = "sagemaker.amazonaws.com";

/// Every such path. Of several that lead from one principal to one role the first that is certain counts.
pub const RUNS: &[Run] = &[
    run(
        "apprunner-002",
        "changes what an App Runner service runs, which runs as",
        Kind::AppService,
        "tasks.apprunner.amazonaws.com",
        thing!["apprunner:UpdateService"],
    ),
    run(
        "bedrock-002",
        "runs code in a code interpreter, which runs as",
        Kind::CodeInterpreter,
        "bedrock-agentcore.amazonaws.com",
        thing!["bedrock-agentcore:StartCodeInterpreterSession", "bedrock-agentcore:InvokeCodeInterpreter"],
    ),
    run(
        "cloudformation-002",
        "changes a CloudFormation stack, whose changes are made as",
        Kind::Stack,
        FORMATION,
        thing!["cloudformation:UpdateStack"],
    ),
    run(
        "cloudformation-005",
        "has a change set carried out on a CloudFormation stack, whose changes are made as",
        Kind::Stack,
        FORMATION,
        thing!["cloudformation:CreateChangeSet", "cloudformation:ExecuteChangeSet"],
    ),
    run(
        "codebuild-002",
        "starts a build with commands of its own in a CodeBuild project, which runs as",
        Kind::Project,
        BUILD,
        thing!["codebuild:StartBuild"],
    ),
    run(
        "codebuild-003",
        "starts a batch of builds with commands of its own in a CodeBuild project, which runs as",
        Kind::Project,
        BUILD,
        thing!["codebuild:StartBuildBatch"],
    ),
    run(
        "ec2-002",
        "stops an EC2 instance, gives it a start script and starts it: it runs as",
        Kind::Instance,
        EC2,
        thing!["ec2:ModifyInstanceAttribute", "ec2:StopInstances", "ec2:StartInstances"],
    ),
    run(
        "ec2instanceconnect-003",
        "puts its own SSH key on an EC2 instance, which runs as",
        Kind::Instance,
        EC2,
        thing!["ec2-instance-connect:SendSSHPublicKey"],
    ),
    run(
        "ssm-001",
        "opens a session on an EC2 instance, which runs as",
        Kind::Instance,
        EC2,
        thing!["ssm:StartSession"],
    ),
    Run {
        steps: &[
            Step { any: &["ssm:SendCommand"], on: On::Thing },
            Step { any: &["ssm:SendCommand"], on: On::Some(&["arn:aws:ssm:*::document/AWS-Run*"]) },
        ],
        ..run("ssm-002", "sends a command to an EC2 instance, which runs as", Kind::Instance, EC2, &[])
    },
    Run {
        chooses_role: true,
        steps: &[
            Step { any: &["ec2:CreateLaunchTemplateVersion"], on: On::Thing },
            Step { any: &["ec2:ModifyLaunchTemplate"], on: On::Thing },
        ],
        given: &[Given::Exists(Kind::ScalingGroup), Given::InstanceProfile],
        ..run(
            "ec2-004",
            "changes the template that new EC2 instances are launched from, to run as",
            Kind::LaunchTemplate,
            EC2,
            &[],
        )
    },
    Run {
        steps: &[
            Step { any: &["ecs:ExecuteCommand"], on: On::Some(&["arn:aws:ecs:*:{account}:cluster/*"]) },
            Step { any: &["ecs:ExecuteCommand"], on: On::Some(&["arn:aws:ecs:*:{account}:task/*"]) },
        ],
        ..run(
            "x-ecs-exec",
            "runs a command inside an ECS task, which runs as",
            Kind::TaskDefinition,
            "ecs-tasks.amazonaws.com",
            &[],
        )
    },
    run(
        "glue-002",
        "puts its own SSH key on a Glue development endpoint, which runs as",
        Kind::DevEndpoint,
        GLUE,
        thing!["glue:UpdateDevEndpoint"],
    ),
    run(
        "lambda-004",
        "changes the code of a Lambda function and calls it: it runs as",
        Kind::Function,
        LAMBDA,
        thing!["lambda:UpdateFunctionCode", "lambda:InvokeFunction"],
    ),
    run(
        "lambda-005",
        "changes the code of a Lambda function and lets others call it: it runs as",
        Kind::Function,
        LAMBDA,
        thing!["lambda:UpdateFunctionCode", "lambda:AddPermission"],
    ),
    Run {
        given: &[Given::Unknown("something calls the function")],
        ..run(
            "lambda-003",
            "changes the code of a Lambda function, which runs as",
            Kind::Function,
            LAMBDA,
            thing!["lambda:UpdateFunctionCode"],
        )
    },
    Run {
        given: &[Given::Unknown("the function loads what its settings name")],
        ..run(
            "x-lambda-settings",
            "changes the settings of a Lambda function so that it loads other code, and calls it: it runs as",
            Kind::Function,
            LAMBDA,
            thing!["lambda:UpdateFunctionConfiguration", "lambda:InvokeFunction"],
        )
    },
    run(
        "sagemaker-004",
        "opens a SageMaker notebook, which runs as",
        Kind::Notebook,
        SAGEMAKER,
        thing!["sagemaker:CreatePresignedNotebookInstanceUrl"],
    ),
    Run {
        steps: &[
            Step {
                any: &["sagemaker:CreateNotebookInstanceLifecycleConfig"],
                on: On::Some(&["arn:aws:sagemaker:*:{account}:notebook-instance-lifecycle-config/*"]),
            },
            Step { any: &["sagemaker:StopNotebookInstance"], on: On::Thing },
            Step { any: &["sagemaker:UpdateNotebookInstance"], on: On::Thing },
            Step { any: &["sagemaker:StartNotebookInstance"], on: On::Thing },
        ],
        ..run("sagemaker-005", "gives a SageMaker notebook a start script: it runs as", Kind::Notebook, SAGEMAKER, &[])
    },
];
