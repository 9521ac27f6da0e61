//! A role is passed to a service, which then runs what the caller wants as the role.

use super::{Given, Kind, On, Step};

/// Needs `iam:PassRole` on the role, for a service that the role trusts.
#[derive(Clone, Copy, Debug)]
pub struct Pass {
    /// The path.
    pub id: &'static str,
    /// What the caller does, to be followed by the role.
    pub how: &'static str,
    /// The service that must be trusted and to which the role is passed: any one of them.
    pub services: &'static [&'static str],
    /// What else must be allowed.
    pub steps: &'static [Step],
    /// What else must exist.
    pub given: &'static [Given],
}

/// All of these actions, each on some resource of one form.
macro_rules! some {
    ($($action:literal on $form:literal),+ $(,)?) => {
        &[$(Step { any: &[$action], on: On::Some(&[$form]) }),+]
    };
}

const LAMBDA: &[&str] = &["lambda.amazonaws.com"];
const EC2: &[&str] = &["ec2.amazonaws.com"];
const TASKS: &[&str] = &["ecs-tasks.amazonaws.com"];
const GLUE: &[&str] = &["glue.amazonaws.com"];
const BUILD: &[&str] = &["codebuild.amazonaws.com"];
const FORMATION: &[&str] = &["cloudformation.amazonaws.com"];
const SAGEMAKER: &[&str] = &["sagemaker.amazonaws.com"];

/// What launching an instance touches, each of which must be allowed.
const LAUNCH: &[&str] = &[
    "arn:aws:ec2:*:{account}:instance/*",
    "arn:aws:ec2:*::image/*",
    "arn:aws:ec2:*:{account}:subnet/*",
    "arn:aws:ec2:*:{account}:network-interface/*",
    "arn:aws:ec2:*:{account}:security-group/*",
    "arn:aws:ec2:*:{account}:volume/*",
];

const CLUSTER: Given = Given::Exists(Kind::Cluster);
const TASK: Given = Given::Exists(Kind::TaskDefinition);
const HOSTED: Given = Given::Exists(Kind::ContainerInstance);

/// Every such path.
pub const PASSES: &[Pass] = &[
    Pass {
        id: "apprunner-001",
        how: "creates an App Runner service that runs as",
        services: &["tasks.apprunner.amazonaws.com"],
        steps: some!["apprunner:CreateService" on "arn:aws:apprunner:*:{account}:service/*"],
        given: &[],
    },
    Pass {
        id: "bedrock-001",
        how: "creates a code interpreter and runs code in it as",
        services: &["bedrock-agentcore.amazonaws.com"],
        steps: some![
            "bedrock-agentcore:CreateCodeInterpreter" on "arn:aws:bedrock-agentcore:*:{account}:code-interpreter-custom/*",
            "bedrock-agentcore:StartCodeInterpreterSession" on "arn:aws:bedrock-agentcore:*:{account}:code-interpreter-custom/*",
            "bedrock-agentcore:InvokeCodeInterpreter" on "arn:aws:bedrock-agentcore:*:{account}:code-interpreter-custom/*",
        ],
        given: &[],
    },
    Pass {
        id: "cloudformation-001",
        how: "creates a CloudFormation stack whose changes are made as",
        services: FORMATION,
        steps: some!["cloudformation:CreateStack" on "arn:aws:cloudformation:*:{account}:stack/*"],
        given: &[],
    },
    Pass {
        id: "cloudformation-003",
        how: "creates a CloudFormation stack set that is administered as",
        services: FORMATION,
        steps: some![
            "cloudformation:CreateStackSet" on "arn:aws:cloudformation:*:{account}:stackset/*",
            "cloudformation:CreateStackInstances" on "arn:aws:cloudformation:*:{account}:stackset/*",
        ],
        given: &[],
    },
    Pass {
        id: "cloudformation-004",
        how: "changes a CloudFormation stack set so that it is administered as",
        services: FORMATION,
        steps: some!["cloudformation:UpdateStackSet" on "arn:aws:cloudformation:*:{account}:stackset/*"],
        given: &[Given::Exists(Kind::StackSet)],
    },
    Pass {
        id: "codebuild-001",
        how: "creates a CodeBuild project and starts a build as",
        services: BUILD,
        steps: some![
            "codebuild:CreateProject" on "arn:aws:codebuild:*:{account}:project/*",
            "codebuild:StartBuild" on "arn:aws:codebuild:*:{account}:project/*",
        ],
        given: &[],
    },
    Pass {
        id: "codebuild-004",
        how: "creates a CodeBuild project and starts a batch of builds as",
        services: BUILD,
        steps: some![
            "codebuild:CreateProject" on "arn:aws:codebuild:*:{account}:project/*",
            "codebuild:StartBuildBatch" on "arn:aws:codebuild:*:{account}:project/*",
        ],
        given: &[],
    },
    Pass {
        id: "x-codebuild-update",
        how: "changes a CodeBuild project and starts a build as",
        services: BUILD,
        steps: some![
            "codebuild:UpdateProject" on "arn:aws:codebuild:*:{account}:project/*",
            "codebuild:StartBuild" on "arn:aws:codebuild:*:{account}:project/*",
        ],
        given: &[Given::Exists(Kind::Project)],
    },
    Pass {
        id: "datapipeline-001",
        how: "creates and activates a data pipeline that runs commands as",
        services: &["datapipeline.amazonaws.com", "elasticmapreduce.amazonaws.com"],
        steps: some![
            "datapipeline:CreatePipeline" on "*",
            "datapipeline:PutPipelineDefinition" on "arn:aws:datapipeline:*:{account}:pipeline/*",
            "datapipeline:ActivatePipeline" on "arn:aws:datapipeline:*:{account}:pipeline/*",
        ],
        given: &[],
    },
    Pass {
        id: "ec2-001",
        how: "launches an EC2 instance that runs as",
        services: EC2,
        steps: &[Step { any: &["ec2:RunInstances"], on: On::Some(LAUNCH) }],
        given: &[Given::InstanceProfile],
    },
    Pass {
        id: "ec2-003",
        how: "requests an EC2 Spot Instance that runs as",
        services: EC2,
        steps: some!["ec2:RequestSpotInstances" on "arn:aws:ec2:*:{account}:spot-instances-request/*"],
        given: &[Given::InstanceProfile],
    },
    Pass {
        id: "ecs-001",
        how: "creates an ECS cluster and a service in it whose tasks run as",
        services: TASKS,
        steps: some![
            "ecs:CreateCluster" on "*",
            "ecs:RegisterTaskDefinition" on "arn:aws:ecs:*:{account}:task-definition/*",
            "ecs:CreateService" on "arn:aws:ecs:*:{account}:service/*",
        ],
        given: &[],
    },
    Pass {
        id: "ecs-002",
        how: "creates an ECS cluster and runs a task in it as",
        services: TASKS,
        steps: some![
            "ecs:CreateCluster" on "*",
            "ecs:RegisterTaskDefinition" on "arn:aws:ecs:*:{account}:task-definition/*",
            "ecs:RunTask" on "arn:aws:ecs:*:{account}:task-definition/*",
        ],
        given: &[],
    },
    Pass {
        id: "ecs-003",
        how: "creates an ECS service whose tasks run as",
        services: TASKS,
        steps: some![
            "ecs:RegisterTaskDefinition" on "arn:aws:ecs:*:{account}:task-definition/*",
            "ecs:CreateService" on "arn:aws:ecs:*:{account}:service/*",
        ],
        given: &[CLUSTER],
    },
    Pass {
        id: "ecs-004",
        how: "runs an ECS task of its own as",
        services: TASKS,
        steps: some![
            "ecs:RegisterTaskDefinition" on "arn:aws:ecs:*:{account}:task-definition/*",
            "ecs:RunTask" on "arn:aws:ecs:*:{account}:task-definition/*",
        ],
        given: &[CLUSTER],
    },
    Pass {
        id: "ecs-005",
        how: "starts an ECS task of its own on a container instance as",
        services: TASKS,
        steps: some![
            "ecs:RegisterTaskDefinition" on "arn:aws:ecs:*:{account}:task-definition/*",
            "ecs:StartTask" on "arn:aws:ecs:*:{account}:task-definition/*",
        ],
        given: &[HOSTED],
    },
    Pass {
        id: "x-ecs-start-registered",
        how: "registers a container instance and starts a known ECS task on it with another role:",
        services: TASKS,
        steps: some![
            "ecs:RegisterContainerInstance" on "arn:aws:ecs:*:{account}:cluster/*",
            "ecs:StartTask" on "arn:aws:ecs:*:{account}:task-definition/*",
        ],
        given: &[CLUSTER, TASK],
    },
    Pass {
        id: "x-ecs-run-overridden",
        how: "runs a known ECS task with another command and role:",
        services: TASKS,
        steps: some!["ecs:RunTask" on "arn:aws:ecs:*:{account}:task-definition/*"],
        given: &[CLUSTER, TASK],
    },
    Pass {
        id: "x-ecs-start-overridden",
        how: "starts a known ECS task on a container instance with another command and role:",
        services: TASKS,
        steps: some!["ecs:StartTask" on "arn:aws:ecs:*:{account}:task-definition/*"],
        given: &[HOSTED, TASK],
    },
    Pass {
        id: "glue-001",
        how: "creates a Glue development endpoint that runs as",
        services: GLUE,
        steps: some!["glue:CreateDevEndpoint" on "arn:aws:glue:*:{account}:devEndpoint/*"],
        given: &[],
    },
    Pass {
        id: "glue-003",
        how: "creates and starts a Glue job that runs as",
        services: GLUE,
        steps: some![
            "glue:CreateJob" on "arn:aws:glue:*:{account}:job/*",
            "glue:StartJobRun" on "arn:aws:glue:*:{account}:job/*",
        ],
        given: &[],
    },
    Pass {
        id: "glue-004",
        how: "creates a Glue job, and a trigger that starts it as",
        services: GLUE,
        steps: some![
            "glue:CreateJob" on "arn:aws:glue:*:{account}:job/*",
            "glue:CreateTrigger" on "arn:aws:glue:*:{account}:trigger/*",
        ],
        given: &[],
    },
    Pass {
        id: "glue-005",
        how: "changes a Glue job and starts it as",
        services: GLUE,
        steps: some![
            "glue:UpdateJob" on "arn:aws:glue:*:{account}:job/*",
            "glue:StartJobRun" on "arn:aws:glue:*:{account}:job/*",
        ],
        given: &[Given::Exists(Kind::Job)],
    },
    Pass {
        id: "glue-006",
        how: "changes a Glue job and has a trigger start it as",
        services: GLUE,
        steps: some![
            "glue:UpdateJob" on "arn:aws:glue:*:{account}:job/*",
            "glue:CreateTrigger" on "arn:aws:glue:*:{account}:trigger/*",
        ],
        given: &[Given::Exists(Kind::Job)],
    },
    Pass {
        id: "x-glue-session",
        how: "opens an interactive Glue session and runs code in it as",
        services: GLUE,
        steps: some![
            "glue:CreateSession" on "arn:aws:glue:*:{account}:session/*",
            "glue:RunStatement" on "arn:aws:glue:*:{account}:session/*",
        ],
        given: &[],
    },
    Pass {
        id: "lambda-001",
        how: "creates and calls a Lambda function that runs as",
        services: LAMBDA,
        steps: some![
            "lambda:CreateFunction" on "arn:aws:lambda:*:{account}:function:*",
            "lambda:InvokeFunction" on "arn:aws:lambda:*:{account}:function:*",
        ],
        given: &[],
    },
    Pass {
        id: "lambda-002",
        how: "creates a Lambda function, and has a queue or stream call it, as",
        services: LAMBDA,
        steps: some![
            "lambda:CreateFunction" on "arn:aws:lambda:*:{account}:function:*",
            "lambda:CreateEventSourceMapping" on "*",
        ],
        given: &[],
    },
    Pass {
        id: "lambda-006",
        how: "creates a Lambda function, and lets others call it, as",
        services: LAMBDA,
        steps: some![
            "lambda:CreateFunction" on "arn:aws:lambda:*:{account}:function:*",
            "lambda:AddPermission" on "arn:aws:lambda:*:{account}:function:*",
        ],
        given: &[],
    },
    Pass {
        id: "sagemaker-001",
        how: "creates a SageMaker notebook that runs as",
        services: SAGEMAKER,
        steps: &[Step {
            any: &["sagemaker:CreateNotebookInstance"],
            on: On::Some(&["arn:aws:sagemaker:*:{account}:notebook-instance/*"]),
        }],
        given: &[],
    },
    Pass {
        id: "sagemaker-002",
        how: "starts a SageMaker training job that runs as",
        services: SAGEMAKER,
        steps: some!["sagemaker:CreateTrainingJob" on "arn:aws:sagemaker:*:{account}:training-job/*"],
        given: &[],
    },
    Pass {
        id: "sagemaker-003",
        how: "starts a SageMaker processing job that runs as",
        services: SAGEMAKER,
        steps: some!["sagemaker:CreateProcessingJob" on "arn:aws:sagemaker:*:{account}:processing-job/*"],
        given: &[],
    },
    Pass {
        id: "x-states",
        how: "creates and starts a state machine whose calls are made as",
        services: &["states.amazonaws.com"],
        steps: some![
            "states:CreateStateMachine" on "arn:aws:states:*:{account}:stateMachine:*",
            "states:StartExecution" on "arn:aws:states:*:{account}:stateMachine:*",
        ],
        given: &[],
    },
    Pass {
        id: "x-scheduler",
        how: "creates a schedule whose call is made as",
        services: &["scheduler.amazonaws.com"],
        steps: some!["scheduler:CreateSchedule" on "arn:aws:scheduler:*:{account}:schedule/*"],
        given: &[],
    },
    Pass {
        id: "x-ssm-automation",
        how: "starts an automation whose calls are made as",
        services: &["ssm.amazonaws.com"],
        steps: some!["ssm:StartAutomationExecution" on "arn:aws:ssm:*:{account}:automation-definition/*"],
        given: &[],
    },
    Pass {
        id: "x-batch",
        how: "registers a batch job and submits it as",
        services: TASKS,
        steps: some![
            "batch:RegisterJobDefinition" on "arn:aws:batch:*:{account}:job-definition/*",
            "batch:SubmitJob" on "arn:aws:batch:*:{account}:job-definition/*",
        ],
        given: &[Given::Unknown("a batch job queue exists")],
    },
];
