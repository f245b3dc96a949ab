//! AWS services by their names, nicknames, ARNs and metric namespaces.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};
use rustc_hash::FxHashMap;

/// What people call services. In lower case it is found in any case; with a capital only as it is written, since the same
/// letters are another word ("Config", "Batch").
#[rustfmt::skip]
const NAMES: &[(&str, &[&str])] = &[
    ("acm", &["acm", "certificate manager"]),
    ("amplify", &["amplify"]),
    ("apigateway", &["api gateway", "apigateway", "api-gateway", "execute-api", "APIGW", "apigw", "rest api in aws"]),
    ("appsync", &["appsync"]),
    ("athena", &["athena"]),
    ("autoscaling", &["auto scaling", "autoscaling", "auto-scaling", "asg", "asgs", "scaling group", "autoscaler group"]),
    ("backup", &["AWS Backup", "aws backup", "backup vault", "Backup vault"]),
    ("batch", &["AWS Batch", "aws batch", "Batch job", "Batch compute environment"]),
    ("bedrock", &["bedrock"]),
    ("cloudformation", &["cloudformation", "cfn", "change set", "stack update"]),
    ("cloudfront", &["cloudfront"]),
    ("cloudtrail", &["cloudtrail"]),
    ("cloudwatch", &["cloudwatch"]),
    ("cloudwatch-logs", &["cloudwatch logs", "log group", "log groups", "logs insights"]),
    ("codebuild", &["codebuild"]),
    ("codedeploy", &["codedeploy"]),
    ("codepipeline", &["codepipeline"]),
    ("cognito", &["cognito", "user pool"]),
    ("config", &["AWS Config", "aws config"]),
    ("controltower", &["control tower"]),
    ("directconnect", &["direct connect", "directconnect", "dx connection", "virtual interface"]),
    ("directoryservice", &["directory service", "managed microsoft ad", "AWS Managed AD"]),
    ("dms", &["database migration service", "AWS DMS", "DMS task", "DMS"]),
    ("docdb", &["documentdb"]),
    ("drs", &["elastic disaster recovery", "AWS DRS", "DRS"]),
    ("dynamodb", &["dynamodb", "dynamo", "ddb"]),
    ("ebs", &["ebs", "gp2", "gp3", "elastic block store"]),
    ("ec2", &["ec2", "spot instance", "spot instances"]),
    ("ecr", &["ecr"]),
    ("ecs", &["ecs", "fargate"]),
    ("efs", &["efs", "elastic file system"]),
    ("eks", &["eks", "kubernetes", "k8s", "kubectl", "karpenter"]),
    ("elasticache", &["elasticache", "redis", "valkey", "memcached"]),
    ("elasticbeanstalk", &["beanstalk"]),
    ("elbv2", &["alb", "albs", "nlb", "nlbs", "elb", "load balancer", "load balancers", "target group", "target groups", "load-balancer"]),
    ("emr", &["emr"]),
    ("eventbridge", &["eventbridge", "event bridge", "cloudwatch events"]),
    ("firehose", &["firehose"]),
    ("fsx", &["fsx"]),
    ("glue", &["AWS Glue", "aws glue", "Glue job", "glue job", "Glue crawler", "glue crawler"]),
    ("guardduty", &["guardduty", "guard duty"]),
    ("health", &["AWS Health", "health dashboard"]),
    ("iam", &["iam", "instance profile"]),
    ("inspector", &["AWS Inspector", "Amazon Inspector"]),
    ("iot", &["iot core", "aws iot"]),
    ("kafka", &["msk", "managed kafka"]),
    ("kinesis", &["kinesis", "iterator age"]),
    ("kms", &["kms", "customer managed key", "cmk"]),
    ("lambda", &["lambda", "lambdas"]),
    ("macie", &["macie"]),
    ("mq", &["amazon mq", "Amazon MQ"]),
    ("network-firewall", &["network firewall"]),
    ("opensearch", &["opensearch", "elasticsearch"]),
    ("organizations", &["AWS Organizations", "service control policy", "SCP", "SCPs"]),
    ("ram", &["resource access manager"]),
    ("rds", &["rds", "aurora"]),
    ("redshift", &["redshift"]),
    ("route53", &["route 53", "route53", "hosted zone", "resolver endpoint"]),
    ("s3", &["s3"]),
    ("sagemaker", &["sagemaker"]),
    ("secretsmanager", &["secrets manager", "secretsmanager"]),
    ("securityhub", &["security hub", "securityhub"]),
    ("ses", &["SES", "Amazon SES", "simple email service"]),
    ("shield", &["AWS Shield", "Shield Advanced"]),
    ("sns", &["sns"]),
    ("sqs", &["sqs"]),
    ("ssm", &["ssm", "systems manager", "session manager", "parameter store", "patch manager"]),
    ("sso", &["identity center", "AWS SSO"]),
    ("stepfunctions", &["step functions", "stepfunctions", "step function", "state machine"]),
    ("sts", &["STS", "sts", "assumerole", "assume role"]),
    ("transit-gateway", &["transit gateway", "tgw"]),
    ("vpc", &["vpc", "vpcs", "nat gateway", "nat gateways", "subnet", "subnets", "route table", "network acl", "nacl", "vpc peering", "security group", "vpc endpoint"]),
    ("vpn", &["site-to-site vpn", "vpn tunnel", "vpn tunnels", "VPN"]),
    ("waf", &["waf", "web acl"]),
    ("workspaces", &["WorkSpaces", "amazon workspaces"]),
    ("xray", &["x-ray", "xray"]),
];

/// Services under another name in ARNs, permissions and on the command line.
#[rustfmt::skip]
const PREFIXES: &[(&str, &str)] = &[
    ("aoss", "opensearch"), ("application-autoscaling", "autoscaling"), ("appmesh", "appmesh"), ("apigatewayv2", "apigateway"),
    ("cognito-identity", "cognito"), ("cognito-idp", "cognito"), ("ds", "directoryservice"), ("elasticfilesystem", "efs"),
    ("elasticloadbalancing", "elbv2"), ("elasticmapreduce", "emr"), ("elb", "elbv2"), ("es", "opensearch"), ("events", "eventbridge"),
    ("execute-api", "apigateway"), ("logs", "cloudwatch-logs"), ("monitoring", "cloudwatch"), ("route53resolver", "route53"),
    ("s3api", "s3"), ("scheduler", "eventbridge"), ("ssmmessages", "ssm"), ("ec2messages", "ssm"), ("states", "stepfunctions"),
    ("sso-admin", "sso"), ("wafv2", "waf"), ("waf-regional", "waf"), ("sesv2", "ses"), ("email", "ses"), ("ecr-public", "ecr"),
    ("applicationelb", "elbv2"), ("networkelb", "elbv2"), ("natgateway", "vpc"), ("containerinsights", "ecs"),
    ("usage", "cloudwatch"), ("docdb", "docdb"), ("kafka", "kafka"), ("eks-auth", "eks"), ("stepfunctions", "stepfunctions"),
];

/// Two services of the same prefix in ARNs: the type of the resource decides.
const EC2_NETWORK: &[&str] = &[
    "vpc",
    "subnet",
    "security-group",
    "natgateway",
    "route-table",
    "network-acl",
    "vpc-endpoint",
    "internet-gateway",
];

struct Finder {
    automaton: AhoCorasick,
    /// Service of each pattern, and whether case matters.
    patterns: Vec<(&'static str, &'static str)>,
}

static FINDER: LazyLock<Finder> = LazyLock::new(|| {
    let patterns: Vec<(&str, &str)> =
        NAMES.iter().flat_map(|(service, names)| names.iter().map(|name| (*service, *name))).collect();
    #[expect(clippy::unwrap_used, reason = "the patterns are constants of bounded size")]
    let automaton = AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .match_kind(MatchKind::LeftmostLongest)
        .build(patterns.iter().map(|(_, name)| *name))
        .unwrap();
    Finder { automaton, patterns }
});

/// The short name of the service whose permissions, ARNs or commands begin with a prefix.
pub fn service_of_prefix(prefix: &str) -> String {
    let prefix = prefix.to_ascii_lowercase();
    PREFIXES.iter().find(|(known, _)| *known == prefix).map_or(prefix, |(_, service)| (*service).to_owned())
}

/// Services that a text names, the most often named first.
pub(super) fn services(text: &str, arns: &[String]) -> Vec<String> {
    let mut counts: FxHashMap<String, (usize, usize)> = FxHashMap::default();
    let mut count = |service: String, at: usize| {
        let entry = counts.entry(service).or_insert((0, at));
        entry.0 += 1;
    };
    for found in FINDER.automaton.find_iter(text) {
        let (service, name) = FINDER.patterns[found.pattern().as_usize()];
        let is_name = !name.contains(char::is_uppercase) || &text[found.start()..found.end()] == name;
        if is_name && stands_alone(text, found.start(), found.end()) {
            count(service.to_owned(), found.start());
        }
    }
    // Namespaces of metrics: `AWS/ApplicationELB`.
    for (at, namespace) in text.match_indices("AWS/") {
        let name = &text[at + namespace.len()..];
        let end = name.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(name.len());
        let service = service_of_prefix(&name[..end]);
        if end > 0 && NAMES.iter().any(|(known, _)| *known == service) {
            count(service, at);
        }
    }
    for arn in arns {
        let mut parts = arn.split(':').skip(2);
        let prefix = parts.next().unwrap_or_default();
        let resource = parts.nth(2).unwrap_or_default();
        let kind = resource.split(['/', ':']).next().unwrap_or_default();
        let service = if prefix == "ec2" && EC2_NETWORK.contains(&kind) {
            "vpc".to_owned()
        } else if prefix == "ec2" && kind == "volume" {
            "ebs".to_owned()
        } else {
            service_of_prefix(prefix)
        };
        count(service, usize::MAX);
    }
    let mut found: Vec<(String, (usize, usize))> = counts.into_iter().collect();
    found.sort_by(|a, b| b.1.0.cmp(&a.1.0).then(a.1.1.cmp(&b.1.1)).then_with(|| a.0.cmp(&b.0)));
    found.into_iter().map(|(service, _)| service).collect()
}

/// Not a part of a longer word, a file name or an ARN.
fn stands_alone(text: &str, start: usize, end: usize) -> bool {
    let before = text[..start].chars().next_back();
    let after = text[end..].chars().next();
    let joins = |c: char| c.is_alphanumeric() || c == '_';
    !before.is_some_and(|c| joins(c) || c == ':')
        && !after.is_some_and(|c| joins(c) || c == ':' && text[end + 1..].starts_with(':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_nicknames_and_namespaces() {
        let cases = [
            ("The ALB sent 502s; another ALB was fine. Lambda too.", vec!["elbv2", "lambda"]),
            ("AWS/ApplicationELB and AWS/Usage", vec!["elbv2", "cloudwatch"]),
            ("we read the CloudWatch Logs of the k8s cluster", vec!["cloudwatch-logs", "eks"]),
            ("config was wrong, a batch of backups", vec![]),
            ("AWS Config and an AWS Batch queue", vec!["config", "batch"]),
            ("elbow, s3cret, dynamometer", vec![]),
        ];
        for (text, expected) in cases {
            assert_eq!(services(text, &[]), expected, "{text}");
        }
    }

    #[test]
    fn arns_name_services() {
        let arns = ["arn:aws:elasticloadbalancing:eu-west-1:1:x", "arn:aws:ec2:eu-west-1:111122223333:volume/vol-1"];
        assert_eq!(services("", &arns.map(str::to_owned)), ["ebs", "elbv2"]);
    }

    #[test]
    fn names_are_in_order_and_belong_to_one_service() {
        assert!(NAMES.is_sorted_by(|a, b| a.0 < b.0));
        let mut seen = rustc_hash::FxHashSet::default();
        assert!(NAMES.iter().flat_map(|(_, names)| *names).all(|name| seen.insert(*name)));
        assert!(FINDER.automaton.patterns_len() > 100);
    }
}
