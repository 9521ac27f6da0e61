//! What AWS's own widely used policies allow, for exports that name them without their documents. Only their effect on
//! data, on identities and on what runs as a role is written down; what they allow besides leads nowhere.

use serde_json::{Value, json};

/// One statement: the actions, and on what.
type Grant = (&'static [&'static str], &'static str);

/// Policies that grant on everything, or on one pattern, without conditions.
const PLAIN: &[(&[&str], &[Grant])] = &[
    (&["AdministratorAccess"], &[(&["*"], "*")]),
    (&["IAMFullAccess"], &[(&["iam:*"], "*")]),
    (
        &["ReadOnlyAccess"],
        &[(
            &[
                "s3:Get*",
                "s3:List*",
                "dynamodb:BatchGet*",
                "dynamodb:Get*",
                "dynamodb:Query",
                "dynamodb:Scan",
                "ssm:Get*",
                "sqs:Get*",
                "sqs:Receive*",
                "kinesis:Get*",
                "ecr:BatchGet*",
                "lambda:Get*",
                "logs:Get*",
                "logs:FilterLogEvents",
                "athena:Get*",
                "rds:Describe*",
                "codecommit:BatchGet*",
                "codecommit:Get*",
                "codecommit:GitPull",
            ],
            "*",
        )],
    ),
    // Names and settings only, no data.
    (
        &[
            "ViewOnlyAccess",
            "SecurityAudit",
            "Billing",
            "AWSBillingReadOnlyAccess",
            "IAMReadOnlyAccess",
            "IAMUserChangePassword",
            "IAMAccessAdvisorReadOnly",
            "AmazonEC2ReadOnlyAccess",
            "AmazonVPCReadOnlyAccess",
            "AmazonVPCFullAccess",
            "AmazonRoute53FullAccess",
            "AmazonSNSFullAccess",
            "AmazonSESFullAccess",
            "AWSCloudFormationReadOnlyAccess",
            "AWSCloudTrail_ReadOnlyAccess",
            "AWSSupportAccess",
            "AWSOrganizationsFullAccess",
            "AWSLambdaBasicExecutionRole",
            "AWSLambdaVPCAccessExecutionRole",
            "AWSLambdaDynamoDBExecutionRole",
            "AWSXRayDaemonWriteAccess",
            "AWSXrayWriteOnlyAccess",
            "AmazonAPIGatewayAdministrator",
            "AmazonAPIGatewayPushToCloudWatchLogs",
            "AmazonEKSClusterPolicy",
            "AmazonEKSWorkerNodePolicy",
            "AmazonEKS_CNI_Policy",
            "AmazonSageMakerReadOnly",
            "AWSCodeDeployRole",
            "AWSServiceRoleForECS",
            "AWSTrustedAdvisorServiceRolePolicy",
            "AWSOrganizationsServiceTrustPolicy",
            "AmazonRDSEnhancedMonitoringRole",
        ],
        &[(&["iam:List*", "s3:ListAllMyBuckets", "ec2:Describe*"], "*")],
    ),
    (&["AmazonS3FullAccess"], &[(&["s3:*"], "*")]),
    (&["AmazonS3ReadOnlyAccess"], &[(&["s3:Get*", "s3:List*"], "*")]),
    (
        &["SecretsManagerReadWrite"],
        &[
            (&["secretsmanager:*", "cloudformation:CreateChangeSet", "cloudformation:ExecuteChangeSet"], "*"),
            (
                &[
                    "lambda:AddPermission",
                    "lambda:CreateFunction",
                    "lambda:GetFunction",
                    "lambda:InvokeFunction",
                    "lambda:UpdateFunctionConfiguration",
                ],
                "arn:aws:lambda:*:*:function:SecretsManager*",
            ),
        ],
    ),
    (&["AmazonDynamoDBFullAccess"], &[(&["dynamodb:*"], "*")]),
    (
        &["AmazonDynamoDBReadOnlyAccess"],
        &[(&["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:Scan"], "*")],
    ),
    (&["AmazonRDSFullAccess"], &[(&["rds:*", "logs:GetLogEvents"], "*")]),
    (&["AmazonRDSReadOnlyAccess"], &[(&["rds:Describe*", "logs:GetLogEvents"], "*")]),
    (&["AmazonSSMReadOnlyAccess"], &[(&["ssm:Get*"], "*")]),
    (&["AmazonSSMFullAccess"], &[(&["ssm:*", "logs:*"], "*")]),
    (&["AmazonSSMManagedInstanceCore"], &[(&["ssm:GetParameter", "ssm:GetParameters"], "*")]),
    (&["AmazonEC2RoleforSSM"], &[(&["ssm:GetParameters", "s3:GetObject"], "*")]),
    (&["CloudWatchAgentServerPolicy"], &[(&["ssm:GetParameter"], "arn:aws:ssm:*:*:parameter/AmazonCloudWatch-*")]),
    (&["CloudWatchFullAccess", "CloudWatchLogsFullAccess"], &[(&["logs:*"], "*")]),
    (&["CloudWatchLogsReadOnlyAccess", "CloudWatchReadOnlyAccess"], &[(&["logs:Get*", "logs:FilterLogEvents"], "*")]),
    (
        &[
            "AmazonECSTaskExecutionRolePolicy",
            "AmazonEC2ContainerRegistryReadOnly",
            "AmazonEC2ContainerRegistryPowerUser",
        ],
        &[(&["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], "*")],
    ),
    (&["AmazonEC2ContainerRegistryFullAccess"], &[(&["ecr:*"], "*")]),
    (
        &["AmazonEC2ContainerServiceforEC2Role"],
        &[(&["ecs:CreateCluster", "ecs:RegisterContainerInstance", "ecs:Poll", "ecr:BatchGetImage"], "*")],
    ),
    (&["AmazonEC2FullAccess"], &[(&["ec2:*"], "*")]),
    (&["AmazonSQSFullAccess"], &[(&["sqs:*"], "*")]),
    (&["AmazonKinesisFullAccess"], &[(&["kinesis:*"], "*")]),
    (&["AWSLambdaRole"], &[(&["lambda:InvokeFunction"], "*")]),
    (&["AWSLambda_ReadOnlyAccess"], &[(&["lambda:Get*"], "*")]),
    (&["AWSLambdaSQSQueueExecutionRole"], &[(&["sqs:ReceiveMessage"], "*")]),
    (&["AWSLambdaKinesisExecutionRole"], &[(&["kinesis:GetRecords"], "*")]),
    (
        &["AWSGlueServiceRole"],
        &[
            (&["glue:*"], "*"),
            (&["s3:GetObject"], "arn:aws:s3:::aws-glue-*"),
            (&["s3:GetObject"], "arn:aws:s3:::*/*aws-glue-*/*"),
            (&["s3:GetObject"], "arn:aws:s3:::crawler-public*"),
        ],
    ),
    (&["AWSCodeBuildAdminAccess"], &[(&["codebuild:*", "logs:GetLogEvents"], "*")]),
    (
        &["AWSCodeBuildDeveloperAccess"],
        &[(&["codebuild:StartBuild", "codebuild:StartBuildBatch", "logs:GetLogEvents"], "*")],
    ),
    (&["AWSCodeBuildReadOnlyAccess"], &[(&["logs:GetLogEvents"], "*")]),
    (&["AWSCloudFormationFullAccess"], &[(&["cloudformation:*"], "*")]),
    (&["AWSStepFunctionsFullAccess"], &[(&["states:*"], "*")]),
    (&["AWSCodeCommitFullAccess"], &[(&["codecommit:*"], "*")]),
    (&["AWSCodeCommitPowerUser", "AWSCodeCommitReadOnly"], &[(&["codecommit:Get*", "codecommit:GitPull"], "*")]),
    (&["AWS_ConfigRole", "AWSConfigServiceRolePolicy"], &[(&["lambda:GetFunction"], "*")]),
];

/// Policies that hand on roles: what else they grant, the roles, and the services to which they may be passed.
const PASSING: &[(&str, &[Grant], &str, &[&str])] = &[
    ("AWSLambda_FullAccess", &[(&["lambda:*"], "*")], "*", &["lambda.amazonaws.com"]),
    (
        "AmazonECS_FullAccess",
        &[(
            &[
                "ecs:*",
                "ec2:RunInstances",
                "cloudformation:CreateStack",
                "cloudformation:UpdateStack",
                "logs:FilterLogEvents",
            ],
            "*",
        )],
        "*",
        &["ecs-tasks.amazonaws.com"],
    ),
    (
        "AmazonSageMakerFullAccess",
        &[
            (&["sagemaker:*"], "*"),
            (&["glue:CreateJob", "glue:StartJobRun", "glue:UpdateJob", "logs:GetLogEvents", "ecr:BatchGetImage"], "*"),
            (&["s3:GetObject"], "arn:aws:s3:::*SageMaker*"),
            (&["s3:GetObject"], "arn:aws:s3:::*sagemaker*"),
        ],
        "arn:aws:iam::*:role/*",
        &["sagemaker.amazonaws.com"],
    ),
    (
        "AWSGlueConsoleFullAccess",
        &[(&["glue:*"], "*"), (&["s3:GetObject"], "arn:aws:s3:::aws-glue-*")],
        "arn:aws:iam::*:role/*AWSGlueServiceRole*",
        &["glue.amazonaws.com"],
    ),
    ("AWSAppRunnerFullAccess", &[(&["apprunner:*"], "*")], "*", &["apprunner.amazonaws.com"]),
    (
        "BedrockAgentCoreFullAccess",
        &[(&["bedrock-agentcore:*"], "arn:aws:bedrock-agentcore:*:*:*")],
        "arn:aws:iam::*:role/*BedrockAgentCore*",
        &["bedrock-agentcore.amazonaws.com"],
    ),
    ("AWSDataPipeline_FullAccess", &[(&["datapipeline:*"], "*")], "arn:aws:iam::*:role/DataPipelineDefault*", &[]),
    (
        "DataScientist",
        &[(
            &[
                "cloudformation:CreateStack",
                "dynamodb:*",
                "ec2:RunInstances",
                "ec2:RequestSpotInstances",
                "ec2:ModifyInstanceAttribute",
                "kinesis:*",
                "lambda:Create*",
                "lambda:Get*",
                "lambda:InvokeFunction",
                "lambda:Update*",
                "s3:Get*",
                "sagemaker:*",
            ],
            "*",
        )],
        "*",
        &["sagemaker.amazonaws.com"],
    ),
];

/// The document of the AWS managed policy with this ARN, where it is one of the well-known ones.
pub(super) fn document(arn: &str) -> Option<Value> {
    let path = arn.split_once(":iam::aws:policy/")?.1;
    let name = path.rsplit('/').next()?;
    let allow = |(actions, resource): &Grant| json!({"Effect": "Allow", "Action": actions, "Resource": resource});
    match name {
        "PowerUserAccess" => {
            let but = ["iam:*", "organizations:*", "account:*"];
            return Some(json!({"Statement": [{"Effect": "Allow", "NotAction": but, "Resource": "*"}]}));
        }
        "AWSDenyAll" => return Some(json!({"Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]})),
        _ => {}
    }
    if let Some((_, grants)) = PLAIN.iter().find(|(names, _)| names.contains(&name)) {
        return Some(json!({"Statement": grants.iter().map(allow).collect::<Vec<_>>()}));
    }
    let (_, grants, roles, services) = PASSING.iter().find(|(known, ..)| *known == name)?;
    let mut statements: Vec<Value> = grants.iter().map(allow).collect();
    let mut pass = json!({"Effect": "Allow", "Action": "iam:PassRole", "Resource": roles});
    if let (Some(pass), false) = (pass.as_object_mut(), services.is_empty()) {
        pass.insert("Condition".to_owned(), json!({"StringLike": {"iam:PassedToService": services}}));
    }
    statements.push(pass);
    Some(json!({"Statement": statements}))
}
