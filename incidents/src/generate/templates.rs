//! Faults that invented incidents are made of. None is one of `evaluation/incidents/examples`.
//!
//! `{app}` is the name of an application, `{region}` a Region, `{account}` an account, `{id}` seventeen hexadecimal digits,
//! `{count}` a number.

/// A fault as it may come again and again, each time in other words.
pub(super) struct Template {
    /// The most important first.
    pub(super) services: &'static [&'static str],
    pub(super) titles: &'static [&'static str],
    pub(super) symptoms: &'static [&'static str],
    pub(super) codes: &'static [&'static str],
    pub(super) alarms: &'static [&'static str],
    pub(super) resource: &'static str,
    /// The most frequent first.
    pub(super) causes: &'static [Cause],
    /// What people try, and what does not help.
    pub(super) in_vain: &'static [&'static str],
}

/// Why it happens, and what ends it then.
pub(super) struct Cause {
    pub(super) name: &'static str,
    pub(super) why: &'static str,
    pub(super) fixes: &'static [&'static str],
    pub(super) prevention: &'static [&'static str],
}

#[rustfmt::skip]
pub(super) const TEMPLATES: &[Template] = &[
    Template {
        services: &["elbv2", "autoscaling"],
        titles: &["{app} load balancer answers 503, target group empty", "No targets behind the {app} load balancer", "503 from the {app} ALB right after the group was rebuilt"],
        symptoms: &["every page shows service temporarily unavailable", "the load balancer has no registered targets", "HealthyHostCount of {app} is zero although instances run", "the whole site is a white page with 503"],
        codes: &["503"], alarms: &["{app}-alb-healthy-hosts-low"], resource: "arn:aws:elasticloadbalancing:{region}:{account}:targetgroup/{app}/{id}",
        causes: &[
            Cause { name: "detached target group", why: "The new Auto Scaling group was created without the target group, so its instances were never registered.", fixes: &["Attached the target group to the Auto Scaling group of {app}", "Attach the Auto Scaling group to the target group again"], prevention: &["The module for groups demands a target group", "Alarm on HealthyHostCount below two"] },
            Cause { name: "listener rule", why: "A listener rule sent the host name to an empty target group after a blue/green switch.", fixes: &["Pointed the listener rule back at the serving target group"], prevention: &["The pipeline refuses to switch to a group without healthy targets"] },
        ],
        in_vain: &["Restarted the instances", "Raised the desired capacity of the group"],
    },
    Template {
        services: &["elbv2"],
        titles: &["Connections through the {app} network load balancer are reset", "Idle clients of {app} get resets from the NLB", "TCP resets on long-lived connections to {app}"],
        symptoms: &["clients report connection reset by peer after some quiet minutes", "long sessions die when nobody types", "TCP_ELB_Reset_Count climbs in steps", "device connections to {app} drop all at the same age"],
        codes: &["ECONNRESET"], alarms: &["{app}-nlb-resets"], resource: "arn:aws:elasticloadbalancing:{region}:{account}:loadbalancer/net/{app}/{id}",
        causes: &[
            Cause { name: "idle timeout", why: "Flows without traffic for 350 seconds are forgotten by the network load balancer, and the client sends no TCP keepalives.", fixes: &["Turned on TCP keepalives every 120 seconds in the client", "Set TCP keepalive to 120 s on the {app} clients"], prevention: &["The client library has keepalives on by default"] },
            Cause { name: "cross-zone routing", why: "Client address preservation made hairpin connections to the same host fail.", fixes: &["Switched off client IP preservation on the target group"], prevention: &["Hosts do not call themselves through the load balancer"] },
        ],
        in_vain: &["Replaced the targets one after another", "Doubled the number of targets"],
    },
    Template {
        services: &["cloudfront", "s3"],
        titles: &["Static site of {app} shows Access Denied XML", "CloudFront in front of {app} returns 403 from the bucket", "New pages of {app} are forbidden at the edge"],
        symptoms: &["visitors see an XML error with AccessDenied instead of the page", "deep links fail, the start page works", "freshly uploaded pages are forbidden for everyone", "the CDN answers 403 for objects that exist"],
        codes: &["AccessDenied", "403"], alarms: &["{app}-cdn-4xx-rate"], resource: "arn:aws:cloudfront::{account}:distribution/E{id}",
        causes: &[
            Cause { name: "origin access control", why: "The bucket policy still named the old origin access identity after the distribution moved to origin access control.", fixes: &["Allowed the distribution in the bucket policy by its SourceArn", "Bucket policy now lets the CloudFront service principal of {app} read"], prevention: &["Bucket policy and distribution are in one stack", "A canary fetches a deep link every minute"] },
            Cause { name: "object ownership", why: "Objects were uploaded by another account and belonged to it, so the policy did not apply to them.", fixes: &["Set object ownership to bucket owner enforced and copied the objects onto themselves"], prevention: &["Buckets are created with ownership enforced"] },
        ],
        in_vain: &["Invalidated the whole distribution", "Made the error page cacheable for less time"],
    },
    Template {
        services: &["cloudfront"],
        titles: &["Old assets of {app} served after the release", "Edge caches keep the previous {app} bundle", "Half of the visitors of {app} get yesterday's JavaScript"],
        symptoms: &["some visitors see the old version, others the new one", "blank page after release until the browser cache is emptied", "asset requests of {app} answer with the bundle of last week"],
        codes: &["404"], alarms: &["{app}-frontend-js-errors"], resource: "arn:aws:cloudfront::{account}:distribution/E{id}",
        causes: &[
            Cause { name: "missing invalidation", why: "index.html was cached for a day at the edge and pointed to bundles that the release had removed.", fixes: &["Invalidated /index.html and set its max-age to zero", "Invalidation of index.html, no-cache header for it"], prevention: &["Assets carry a hash in their name and stay for 30 days", "The pipeline invalidates index.html"] },
        ],
        in_vain: &["Rolled the release back and forth", "Asked visitors to clear their browser"],
    },
    Template {
        services: &["apigateway"],
        titles: &["{app} API answers 429 for partner traffic", "Partners of {app} are throttled by API Gateway", "Usage plan of {app} cuts off a partner"],
        symptoms: &["a partner gets too many requests from us all morning", "the same key works again at midnight", "only one API key of {app} is refused, others are fine"],
        codes: &["429", "TooManyRequestsException"], alarms: &["{app}-api-4xx"], resource: "arn:aws:apigateway:{region}::/restapis/{app}",
        causes: &[
            Cause { name: "usage plan quota", why: "The partner's usage plan allowed {count} calls a day and the new mobile application used them up by ten o'clock.", fixes: &["Raised the daily quota of the partner's usage plan", "Gave the partner a larger usage plan"], prevention: &["Partners see their remaining quota in a header", "Alarm at 80 percent of a usage plan"] },
            Cause { name: "stage throttling", why: "The stage's default method throttling was set to 50 requests per second during a test and stayed.", fixes: &["Removed the method throttling of the stage"], prevention: &["Stage settings come from the template only"] },
        ],
        in_vain: &["Redeployed the stage", "Gave the function behind it more memory"],
    },
    Template {
        services: &["apigateway", "acm"],
        titles: &["Custom domain of {app} answers Forbidden", "403 Forbidden on the new host name of the {app} API", "Missing base path mapping for {app}"],
        symptoms: &["the default endpoint works, our own name says forbidden", "after the domain was moved all calls to {app} fail with 403", "mobile application cannot log in since the host name changed"],
        codes: &["403", "ForbiddenException"], alarms: &["{app}-api-4xx"], resource: "arn:aws:apigateway:{region}::/domainnames/{app}",
        causes: &[
            Cause { name: "base path mapping", why: "The custom domain was created anew and its base path mapping to the stage was forgotten.", fixes: &["Created the base path mapping from the domain to the prod stage", "Mapped the empty base path of {app} to its stage again"], prevention: &["Domain and mapping are one module"] },
        ],
        in_vain: &["Waited for DNS to spread", "Issued a new certificate"],
    },
    Template {
        services: &["lambda", "sqs"],
        titles: &["{app} queue grows, event source mapping disabled", "No messages of {app} are picked up", "Consumer of {app} stopped without an error"],
        symptoms: &["messages pile up and nobody takes them", "the function has had no invocation since {count} minutes", "ApproximateAgeOfOldestMessage of {app} rises in a straight line", "orders arrive in the queue and stay there"],
        codes: &[], alarms: &["{app}-queue-age", "{app}-queue-depth"], resource: "arn:aws:sqs:{region}:{account}:{app}",
        causes: &[
            Cause { name: "disabled event source", why: "The event source mapping had been disabled by hand for maintenance and was not enabled again.", fixes: &["Enabled the event source mapping of {app}", "Switched the queue trigger on again"], prevention: &["Maintenance is a runbook with an end", "Alarm when a queue has messages and no receive"] },
            Cause { name: "function role permission", why: "The function's role lost sqs:ReceiveMessage in a clean-up, and the mapping gave up.", fixes: &["Gave the role sqs:ReceiveMessage and sqs:DeleteMessage back"], prevention: &["Policies are checked with the access analyzer before merge"] },
        ],
        in_vain: &["Raised the reserved concurrency", "Published a new version of the function"],
    },
    Template {
        services: &["lambda"],
        titles: &["{app} function fails at start: module not found", "Import error in all {app} invocations after the build changed", "Lambda {app} cannot load its handler"],
        symptoms: &["every invocation fails within milliseconds", "the function has a hundred percent errors since the deployment", "log says unable to import module", "works on the laptop, not in the cloud"],
        codes: &["Runtime.ImportModuleError"], alarms: &["{app}-function-errors"], resource: "arn:aws:lambda:{region}:{account}:function:{app}",
        causes: &[
            Cause { name: "wrong architecture", why: "The package was built on an x86 runner while the function runs on arm64, so native modules could not be loaded.", fixes: &["Built the package of {app} for arm64 in a container", "Package is built on the architecture of the function"], prevention: &["The pipeline invokes the new version once before traffic moves"] },
            Cause { name: "missing dependency", why: "A dependency was moved to the development group and left out of the package.", fixes: &["Moved the library back to the runtime dependencies and published again"], prevention: &["The package is tested in the runtime's own image"] },
        ],
        in_vain: &["Gave the function more memory", "Deleted and created the function again"],
    },
    Template {
        services: &["lambda", "sns"],
        titles: &["{app} notifications are sent over and over", "Recursive loop in {app}", "Function {app} triggers itself"],
        symptoms: &["customers get the same message hundreds of times", "invocations double every minute", "costs of {app} exploded within the hour", "a topic and a function call each other without end"],
        codes: &[], alarms: &["{app}-invocations-anomaly", "billing-daily-limit"], resource: "arn:aws:lambda:{region}:{account}:function:{app}",
        causes: &[
            Cause { name: "recursion", why: "The function published its result to the topic that invokes it.", fixes: &["Set reserved concurrency to zero, then published to a topic of its own", "Stopped {app} by concurrency zero and gave results a second topic"], prevention: &["Recursive loop detection stays on", "Input and output never share a topic or bucket prefix"] },
        ],
        in_vain: &["Purged the dead-letter queue", "Shortened the function's timeout"],
    },
    Template {
        services: &["ecs"],
        titles: &["{app} service never reaches steady state", "Tasks of {app} start and stop in a circle", "ECS deployment of {app} hangs for an hour"],
        symptoms: &["new tasks are killed after two minutes and started again", "the deployment stays in progress", "events say the service is unable to consistently start tasks", "task failed ELB health checks in the event log"],
        codes: &["Task failed ELB health checks"], alarms: &["{app}-ecs-running-tasks"], resource: "arn:aws:ecs:{region}:{account}:service/main/{app}",
        causes: &[
            Cause { name: "health check grace period", why: "The service takes 90 seconds to warm up and the health check grace period was 30 seconds.", fixes: &["Health check grace period set to 180 seconds", "Raised the grace period of {app} to 180 s"], prevention: &["Start-up time is measured in every build"] },
            Cause { name: "wrong port", why: "The container listened on 8081 after a framework update while the target group asks 8080.", fixes: &["Set the server port back to 8080"], prevention: &["Port is a parameter of image and target group alike"] },
            Cause { name: "missing parameter", why: "A new configuration key was not in the parameter store of this environment and the process exited.", fixes: &["Added the missing parameter and forced a new deployment"], prevention: &["The deployment checks that all keys exist first"] },
        ],
        in_vain: &["Forced a new deployment three times", "Doubled CPU and memory of the task"],
    },
    Template {
        services: &["ecs", "ec2"],
        titles: &["{app} tasks cannot be placed on the cluster", "No container instance has room for {app}", "Placement failures for {app}"],
        symptoms: &["tasks stay pending, the cluster looks half empty", "event log: no container instance met all of its requirements", "scale-out of {app} stops at {count} tasks"],
        codes: &["RESOURCE:MEMORY"], alarms: &["{app}-ecs-pending-tasks"], resource: "arn:aws:ecs:{region}:{account}:cluster/main",
        causes: &[
            Cause { name: "memory reservation", why: "The task reserves more memory than any single instance has free, although the sum would be enough.", fixes: &["Lowered the task's memory reservation to what it uses", "Memory reservation of {app} cut to its real use"], prevention: &["Capacity provider with managed scaling", "Reservations are compared with use each month"] },
            Cause { name: "network interfaces", why: "Tasks in awsvpc mode used up the network interfaces of the instance type.", fixes: &["Turned on ENI trunking for the account and replaced the instances"], prevention: &["New clusters have trunking on"] },
        ],
        in_vain: &["Restarted the ECS agent", "Drained one instance"],
    },
    Template {
        services: &["eks"],
        titles: &["Nodes of the {app} cluster are NotReady", "Worker nodes of {app} drop out of the cluster", "Kubelet stops reporting on {app} nodes"],
        symptoms: &["pods are evicted from nodes that look alive", "kubectl shows half of the nodes NotReady", "workloads of {app} move from node to node", "node heartbeat missing for {count} seconds"],
        codes: &["NodeNotReady"], alarms: &["{app}-eks-nodes-ready"], resource: "arn:aws:eks:{region}:{account}:cluster/{app}",
        causes: &[
            Cause { name: "disk pressure", why: "Container logs without rotation filled the root volume, and the kubelet could not write.", fixes: &["Rotated container logs at 50 MB and replaced the full nodes", "Log rotation for containers, nodes of {app} recycled"], prevention: &["Node disks are alarmed at 75 percent", "Log rotation is in the node image"] },
            Cause { name: "kubelet overload", why: "Pods without memory requests took the memory of the kubelet itself.", fixes: &["Reserved 1 GiB for the system on each node and set requests for all pods"], prevention: &["An admission policy demands requests and limits"] },
        ],
        in_vain: &["Rebooted the nodes", "Upgraded the network plug-in"],
    },
    Template {
        services: &["eks", "autoscaling"],
        titles: &["Horizontal autoscaler of {app} does nothing", "HPA for {app} shows unknown metrics", "{app} pods do not scale under load"],
        symptoms: &["the number of pods stays the same while latency rises", "targets column says unknown", "kubectl top gives an error", "traffic tripled and {app} still has two pods"],
        codes: &["FailedGetResourceMetric"], alarms: &["{app}-latency-p99"], resource: "arn:aws:eks:{region}:{account}:cluster/{app}",
        causes: &[
            Cause { name: "metrics server", why: "The metrics server could not reach the kubelets after port 10250 was closed between node groups.", fixes: &["Opened port 10250 from control plane and nodes to the nodes", "Allowed 10250 among the node security groups of {app}"], prevention: &["A synthetic check reads pod metrics"] },
            Cause { name: "missing requests", why: "The deployment lost its CPU requests in a chart upgrade, so no percentage can be computed.", fixes: &["Put CPU requests back into the chart of {app}"], prevention: &["Charts are rendered and checked in the build"] },
        ],
        in_vain: &["Deleted the autoscaler and applied it again", "Set the number of pods by hand"],
    },
    Template {
        services: &["eks", "elbv2"],
        titles: &["Ingress of {app} gets no load balancer", "Load balancer controller ignores the {app} ingress", "New host name of {app} has no address"],
        symptoms: &["the ingress has an empty address column", "no load balancer shows up after the apply", "controller log repeats unable to discover subnets"],
        codes: &["FailedBuildModel"], alarms: &["{app}-synthetic-failed"], resource: "arn:aws:eks:{region}:{account}:cluster/{app}",
        causes: &[
            Cause { name: "subnet tags", why: "The new subnets do not have the tag kubernetes.io/role/elb by which the controller finds them.", fixes: &["Tagged the public subnets for the load balancer controller", "Set kubernetes.io/role/elb on the subnets of {app}"], prevention: &["The network module tags subnets"] },
            Cause { name: "controller role", why: "The controller's role lacked permissions that its newer version needs.", fixes: &["Updated the controller's IAM policy to that of its version"], prevention: &["Policy and controller are upgraded together"] },
        ],
        in_vain: &["Restarted the controller", "Recreated the ingress"],
    },
    Template {
        services: &["rds"],
        titles: &["Deadlocks in the {app} database", "{app} transactions roll back with deadlock found", "Deadlock errors after the new {app} batch"],
        symptoms: &["some orders fail and succeed on the second try", "application log is full of deadlock found when trying to get lock", "saving in {app} fails for every tenth user", "nightly batch and web users block each other"],
        codes: &["1213", "40P01"], alarms: &["{app}-db-deadlocks"], resource: "arn:aws:rds:{region}:{account}:db:{app}",
        causes: &[
            Cause { name: "lock order", why: "The batch updates rows in the order of arrival, the web in the order of keys, so each waits for the other.", fixes: &["Both update in the order of the primary key, with a retry", "Sorted the rows before the update in the {app} batch"], prevention: &["Reviews ask for the order of locks", "Deadlock count is on the team's dashboard"] },
            Cause { name: "missing index", why: "An update without an index locked far more rows than it changed.", fixes: &["Added an index for the filter of the update"], prevention: &["Statements of a release are explained on a copy of production"] },
        ],
        in_vain: &["Moved to a larger instance class", "Raised innodb_lock_wait_timeout"],
    },
    Template {
        services: &["rds"],
        titles: &["Read replica of {app} falls behind by hours", "Replica lag on {app}-replica", "Reports of {app} show old data"],
        symptoms: &["reports do not have the orders of today", "ReplicaLag rises in a straight line", "users save something and the list does not show it", "reads from the replica of {app} are {count} seconds old"],
        codes: &[], alarms: &["{app}-replica-lag"], resource: "arn:aws:rds:{region}:{account}:db:{app}-replica",
        causes: &[
            Cause { name: "missing primary key", why: "A table without primary key is replicated row by row with a full scan each.", fixes: &["Added a primary key to the table and built the replica anew", "Primary key for the log table of {app}, new replica"], prevention: &["Tables without primary key are refused by the migration tool"] },
            Cause { name: "long transaction", why: "One delete of eighty million rows ran as a single transaction on the writer.", fixes: &["Deleted in chunks of ten thousand rows"], prevention: &["Retention runs daily in small chunks"] },
            Cause { name: "undersized replica", why: "The replica has half the IOPS of the primary and cannot keep up with the new import.", fixes: &["Gave the replica the instance class and IOPS of the primary"], prevention: &["Replica and primary share one parameter for size"] },
        ],
        in_vain: &["Rebooted the replica", "Pointed half of the readers to the primary"],
    },
    Template {
        services: &["rds"],
        titles: &["Aurora Serverless of {app} does not scale down", "{app} database stays at maximum capacity", "ACU of {app} pinned at the ceiling"],
        symptoms: &["capacity stays at its maximum all night", "the bill of the database tripled", "ServerlessDatabaseCapacity of {app} is a flat line at the top"],
        codes: &[], alarms: &["{app}-acu-high"], resource: "arn:aws:rds:{region}:{account}:cluster:{app}",
        causes: &[
            Cause { name: "idle transactions", why: "Sessions idle in transaction kept old row versions, and clean-up worked against them without end.", fixes: &["Set idle_in_transaction_session_timeout to 60 seconds", "Ended idle transactions of {app} and limited them to a minute"], prevention: &["Alarm on the age of the oldest transaction"] },
        ],
        in_vain: &["Rebooted the writer", "Lowered the maximum capacity"],
    },
    Template {
        services: &["rds", "kms"],
        titles: &["Snapshot copy of {app} to the other account fails", "Cross-account restore of {app} is refused", "Disaster recovery copy of {app} stopped"],
        symptoms: &["the nightly copy of the snapshot has failed for {count} days", "the target account cannot share the snapshot", "restore test of {app} ends with key not accessible"],
        codes: &["KMSKeyNotAccessibleFault"], alarms: &["{app}-snapshot-age"], resource: "arn:aws:rds:{region}:{account}:snapshot:{app}",
        causes: &[
            Cause { name: "aws managed key", why: "The snapshot is encrypted with the AWS managed key, which cannot be shared with another account.", fixes: &["Copied the snapshot with a customer managed key first, then shared it", "Re-encrypted the snapshots of {app} with our own key"], prevention: &["Databases are created with a customer managed key", "Restore test every month"] },
        ],
        in_vain: &["Gave the role all RDS permissions", "Made the snapshot anew"],
    },
    Template {
        services: &["dynamodb"],
        titles: &["Conditional writes of {app} fail in masses", "{app} updates lose against each other", "Optimistic locking of {app} under pressure"],
        symptoms: &["users are told that somebody else changed the record", "saving works on the fifth try", "the counter of {app} lags behind reality"],
        codes: &["ConditionalCheckFailedException", "TransactionConflictException"], alarms: &["{app}-table-user-errors"], resource: "arn:aws:dynamodb:{region}:{account}:table/{app}",
        causes: &[
            Cause { name: "contended item", why: "All workers update one counter item with a condition on its version.", fixes: &["Replaced the version check by an atomic ADD", "Counter of {app} is now added to without a condition"], prevention: &["Counters are sharded or added atomically"] },
        ],
        in_vain: &["Raised write capacity", "Retried up to twenty times"],
    },
    Template {
        services: &["dynamodb"],
        titles: &["Global table of {app} shows different data per Region", "Replication of the {app} table lags", "Writes to {app} disappear in the other Region"],
        symptoms: &["customers see another basket after failover", "an update made in {region} is gone a minute later", "ReplicationLatency of {app} is above {count} seconds"],
        codes: &[], alarms: &["{app}-replication-latency"], resource: "arn:aws:dynamodb:{region}:{account}:table/{app}",
        causes: &[
            Cause { name: "last writer wins", why: "Two Regions wrote the same item within a second, and the later write replaced the other.", fixes: &["Each customer has a home Region that takes the writes", "Writes of {app} go to the home Region of the record"], prevention: &["Design review for every table with two writers"] },
            Cause { name: "replica capacity", why: "The replica's auto scaling had a lower maximum than the source.", fixes: &["Raised the write maximum of the replica to that of the source"], prevention: &["Capacity of all replicas comes from one value"] },
        ],
        in_vain: &["Removed and added the replica", "Switched to consistent reads"],
    },
    Template {
        services: &["dynamodb", "lambda"],
        titles: &["Stream of the {app} table is processed hours late", "{app} search index misses changes", "Stuck shard in the {app} table stream"],
        symptoms: &["the search does not find new articles", "IteratorAge of the stream consumer rises", "one bad record is tried again and again", "projections of {app} are {count} minutes old"],
        codes: &["ValidationException"], alarms: &["{app}-stream-iterator-age"], resource: "arn:aws:dynamodb:{region}:{account}:table/{app}/stream/2026",
        causes: &[
            Cause { name: "no bisect on error", why: "A record with an empty attribute fails, and the mapping retries the whole batch until it expires.", fixes: &["Bisect on function error and an on-failure queue for {app}", "Turned on bisect batch, three retries and a destination for failures"], prevention: &["All stream mappings have a failure destination", "The consumer tests odd records"] },
        ],
        in_vain: &["Raised the batch size", "Raised the memory of the consumer"],
    },
    Template {
        services: &["s3"],
        titles: &["503 Slow Down on the {app} bucket", "Uploads of {app} are told to slow down", "Request rate of {app} too high for one prefix"],
        symptoms: &["uploads fail in bursts at the full hour", "the SDK retries and gives up", "batch of {app} is ten times slower than usual", "bucket answers please reduce your request rate"],
        codes: &["SlowDown", "503"], alarms: &["{app}-bucket-5xx"], resource: "arn:aws:s3:::{app}-data",
        causes: &[
            Cause { name: "hot prefix", why: "All objects of a day are under one prefix, and the job starts with two thousand workers at once.", fixes: &["Spread keys over 64 hash prefixes and ramped up the workers", "Hash prefix for the keys of {app}, workers start slowly"], prevention: &["Jobs ramp up over ten minutes", "Adaptive retry mode in all clients"] },
        ],
        in_vain: &["Used larger instances", "Switched to another storage class"],
    },
    Template {
        services: &["s3"],
        titles: &["Replication of the {app} bucket does not copy new objects", "Objects of {app} pending replication", "Replica bucket of {app} is incomplete"],
        symptoms: &["objects stay in replication status PENDING or FAILED", "the second Region lacks yesterday's files", "OperationsFailedReplication of {app} is above zero"],
        codes: &["FAILED"], alarms: &["{app}-replication-pending"], resource: "arn:aws:s3:::{app}-data",
        causes: &[
            Cause { name: "replication role", why: "The replication role may not use the destination's key to encrypt.", fixes: &["Allowed kms:Encrypt on the destination key for the replication role", "Replication role of {app} may use the key in the other Region"], prevention: &["Replication metrics are alarmed"] },
            Cause { name: "versioning suspended", why: "Versioning of the destination was suspended to save cost.", fixes: &["Enabled versioning on the destination and ran batch replication for the gap"], prevention: &["A policy forbids to suspend versioning"] },
        ],
        in_vain: &["Uploaded the files again", "Deleted the rule and made the same once more"],
    },
    Template {
        services: &["s3", "athena"],
        titles: &["Athena queries over {app} data cost ten times more", "Partition projection of {app} broken", "Reports of {app} scan the whole bucket"],
        symptoms: &["a query that took seconds takes minutes", "scanned data jumped to terabytes", "the daily report of {app} times out"],
        codes: &["QUERY_TIMEOUT_EXCEEDED"], alarms: &["{app}-athena-scanned"], resource: "arn:aws:athena:{region}:{account}:workgroup/{app}",
        causes: &[
            Cause { name: "missing partition filter", why: "The new dashboard filters on a timestamp column instead of the partition column.", fixes: &["Dashboard filters on the partition column dt", "Added dt to all queries of the {app} dashboard"], prevention: &["Work group has a limit of scanned bytes"] },
            Cause { name: "small files", why: "The delivery stream writes a file each second, so that listing takes longer than reading.", fixes: &["Compacted the files of each hour and buffered 128 MB"], prevention: &["Compaction runs every night"] },
        ],
        in_vain: &["Ran the queries at night", "Split the query in two"],
    },
    Template {
        services: &["kinesis"],
        titles: &["Producers of {app} exceed the stream's throughput", "PutRecords failures on the {app} stream", "Events of {app} are lost at peak"],
        symptoms: &["events of the evening are missing in the reports", "WriteProvisionedThroughputExceeded above zero", "the producer log of {app} tells of partial failures", "tracking pixels answer but nothing arrives"],
        codes: &["ProvisionedThroughputExceededException"], alarms: &["{app}-stream-write-throttled"], resource: "arn:aws:kinesis:{region}:{account}:stream/{app}",
        causes: &[
            Cause { name: "too few shards", why: "The stream has four shards and the campaign sends six megabytes a second.", fixes: &["Switched the stream to on-demand mode", "Stream of {app} is on-demand now"], prevention: &["Load forecast before campaigns", "Alarm at 70 percent of shard throughput"] },
            Cause { name: "ignored partial failures", why: "The producer looked only at the HTTP status and dropped records that PutRecords had refused.", fixes: &["Producer sends refused records again with backoff"], prevention: &["Producer library with retries is mandatory"] },
        ],
        in_vain: &["Restarted the producers", "Made the batches larger"],
    },
    Template {
        services: &["firehose", "s3"],
        titles: &["Delivery stream of {app} stopped delivering", "Firehose of {app} cannot write to its destination", "Log archive of {app} has a gap"],
        symptoms: &["no new files in the archive since the morning", "DeliveryToS3.DataFreshness grows without end", "auditors find a gap in the archive of {app}"],
        codes: &["S3.AccessDenied"], alarms: &["{app}-firehose-freshness"], resource: "arn:aws:firehose:{region}:{account}:deliverystream/{app}",
        causes: &[
            Cause { name: "bucket policy", why: "The bucket policy began to demand a certain encryption header that the delivery stream does not send.", fixes: &["Set the key in the delivery stream's encryption configuration", "Delivery stream of {app} encrypts with the demanded key"], prevention: &["Policy changes are tested with all writers"] },
            Cause { name: "transformation function", why: "The transformation function returned records without recordId, and everything went to the error prefix.", fixes: &["Returned recordId for each record and replayed the error prefix"], prevention: &["Alarm on the error prefix"] },
        ],
        in_vain: &["Created a second delivery stream", "Raised the buffer size"],
    },
    Template {
        services: &["kafka"],
        titles: &["Under-replicated partitions on the {app} MSK cluster", "Broker of {app} does not catch up", "Kafka of {app} loses in-sync replicas"],
        symptoms: &["producers of {app} wait for acknowledgements", "UnderReplicatedPartitions stays above zero", "one broker is at a hundred percent of disk throughput", "consumers jump back in their offsets"],
        codes: &["NotEnoughReplicasException"], alarms: &["{app}-msk-under-replicated"], resource: "arn:aws:kafka:{region}:{account}:cluster/{app}/{id}",
        causes: &[
            Cause { name: "partition skew", why: "Half of all leaders live on one broker since it was replaced first.", fixes: &["Ran a preferred leader election and moved partitions", "Rebalanced the partitions of {app} with Cruise Control"], prevention: &["Rebalance after each broker replacement"] },
            Cause { name: "broker storage", why: "A topic without retention filled the broker's volume.", fixes: &["Set retention to three days and enlarged the volumes"], prevention: &["Storage auto scaling is on", "Topics are created by the platform with a retention"] },
        ],
        in_vain: &["Rebooted the broker", "Raised the replication factor"],
    },
    Template {
        services: &["sqs"],
        titles: &["{app} cannot send to its queue after encryption", "Events for {app} vanish before the queue", "SNS does not deliver to the encrypted {app} queue"],
        symptoms: &["the topic counts failed deliveries", "the queue stays empty although events are published", "NumberOfNotificationsFailed of {app} rises"],
        codes: &["KMS.AccessDeniedException"], alarms: &["{app}-sns-failed"], resource: "arn:aws:sqs:{region}:{account}:{app}",
        causes: &[
            Cause { name: "queue key policy", why: "The queue got a customer managed key whose policy does not let the notification service generate data keys.", fixes: &["Allowed sns.amazonaws.com to use the queue's key", "Key policy of the {app} queue lets the topic encrypt"], prevention: &["Module for encrypted queues brings its key policy"] },
        ],
        in_vain: &["Subscribed the queue again", "Purged the queue"],
    },
    Template {
        services: &["sns", "ses"],
        titles: &["Text messages of {app} are not delivered", "One-time codes of {app} do not arrive", "SMS spend limit of {app} reached"],
        symptoms: &["users wait for their login code in vain", "only numbers of one country get no code", "delivery status says quota exceeded"],
        codes: &["QUOTA_EXCEEDED"], alarms: &["{app}-sms-failed"], resource: "arn:aws:sns:{region}:{account}:{app}",
        causes: &[
            Cause { name: "sms spend limit", why: "The monthly spend limit for text messages was used up by a bot that asked for codes.", fixes: &["Raised the monthly spend limit and put a captcha before the form", "Higher SMS limit for {app}, rate limit per number"], prevention: &["Alarm at 70 percent of the spend", "Rate limit for each telephone number"] },
            Cause { name: "sender registration", why: "The country began to demand registered sender names.", fixes: &["Registered the sender name with the carrier"], prevention: &["Country rules are reviewed each quarter"] },
        ],
        in_vain: &["Sent the codes twice", "Changed the text of the message"],
    },
    Template {
        services: &["eventbridge", "lambda"],
        titles: &["Scheduled job of {app} did not run", "Nightly {app} job missing since the change of clocks", "Rule of {app} fires without effect"],
        symptoms: &["the nightly export is not there", "nobody was told, the file is simply missing", "the rule has invocations, the function has none", "job of {app} ran an hour off"],
        codes: &[], alarms: &["{app}-job-missing"], resource: "arn:aws:events:{region}:{account}:rule/{app}",
        causes: &[
            Cause { name: "missing invoke permission", why: "The function was replaced and the permission for the rule to invoke it went with the old one.", fixes: &["Added the resource-based permission for the rule", "Rule of {app} may invoke the function again"], prevention: &["Each schedule has a dead man's switch", "Dead-letter queue on every rule target"] },
            Cause { name: "time zone", why: "The cron expression is in UTC and the business expects local time.", fixes: &["Moved the job to a schedule with a time zone"], prevention: &["Schedules state a time zone"] },
        ],
        in_vain: &["Disabled and enabled the rule", "Ran the job by hand every morning"],
    },
    Template {
        services: &["stepfunctions"],
        titles: &["Workflow of {app} waits for a callback that never comes", "Executions of {app} pile up as running", "{app} state machine hangs at a task token"],
        symptoms: &["executions of last week still run", "approvals were given and nothing goes on", "number of running executions of {app} only rises"],
        codes: &["States.Timeout"], alarms: &["{app}-executions-running"], resource: "arn:aws:states:{region}:{account}:stateMachine:{app}",
        causes: &[
            Cause { name: "lost task token", why: "The worker crashed after it took the message, and the state has no timeout or heartbeat.", fixes: &["Added HeartbeatSeconds and a retry to the callback state", "Heartbeat and timeout for the waiting state of {app}"], prevention: &["States with a task token need a timeout, checked in review"] },
        ],
        in_vain: &["Started the executions again", "Raised the worker's memory"],
    },
    Template {
        services: &["ec2"],
        titles: &["Instance status check failed on {app}", "{app} host unreachable, status check impaired", "Kernel panic after patching {app}"],
        symptoms: &["the host answers neither ping nor login", "instance reachability check failed", "screenshot of the console shows a kernel panic", "{app} host did not come back after its patch night"],
        codes: &["StatusCheckFailed_Instance"], alarms: &["{app}-status-check"], resource: "arn:aws:ec2:{region}:{account}:instance/i-{id}",
        causes: &[
            Cause { name: "broken boot", why: "The kernel update left an initramfs without the NVMe driver.", fixes: &["Booted the previous kernel from a rescue instance", "Mounted the root volume elsewhere and set the old kernel as default on {app}"], prevention: &["Patches go to one canary host first"] },
            Cause { name: "wrong fstab", why: "fstab names a volume that was detached, and the system waits for it at boot.", fixes: &["Added nofail to the mount and removed the dead entry"], prevention: &["Mounts of data volumes use nofail"] },
        ],
        in_vain: &["Rebooted the instance", "Stopped and started it on another host"],
    },
    Template {
        services: &["ec2", "ssm"],
        titles: &["{app} hosts disappeared from Session Manager", "No shell to {app} through Systems Manager", "Managed nodes of {app} show connection lost"],
        symptoms: &["the connect button is grey", "nodes are listed with connection lost", "run command of {app} ends as undeliverable", "nobody can log in to the hosts during the fault"],
        codes: &["TargetNotConnected"], alarms: &["{app}-ssm-offline"], resource: "arn:aws:ec2:{region}:{account}:instance/i-{id}",
        causes: &[
            Cause { name: "agent endpoints", why: "The security group of the interface endpoints does not allow 443 from the new subnets.", fixes: &["Allowed 443 from the new subnets on the endpoints for ssm and ssmmessages", "Opened the endpoint security group for the {app} subnets"], prevention: &["Endpoint security groups reference the whole VPC range"] },
            Cause { name: "instance profile", why: "The launch template lost its instance profile, so the agent has no credentials.", fixes: &["Put the instance profile back and restarted the agent"], prevention: &["Default host management is on"] },
        ],
        in_vain: &["Reinstalled the agent", "Rebooted the hosts"],
    },
    Template {
        services: &["ec2", "vpc"],
        titles: &["SSH to the {app} bastion times out", "Nobody reaches the {app} jump host", "Bastion of {app} unreachable from the office"],
        symptoms: &["login hangs and times out", "from home it works, from the office it does not", "port 22 of {app} is closed for the new office range"],
        codes: &["ETIMEDOUT"], alarms: &["{app}-bastion-probe"], resource: "arn:aws:ec2:{region}:{account}:security-group/sg-{id}",
        causes: &[
            Cause { name: "changed office address", why: "The office got a new provider, and the prefix list has the old addresses.", fixes: &["Updated the managed prefix list with the new office range", "New office addresses are in the prefix list of {app}"], prevention: &["Facility changes are announced to the platform team"] },
            Cause { name: "network acl", why: "A network ACL entry blocked the ephemeral ports of the answers.", fixes: &["Allowed the ephemeral ports outbound in the network ACL"], prevention: &["Network ACLs stay at their default"] },
        ],
        in_vain: &["Rebooted the bastion", "Created a new key pair"],
    },
    Template {
        services: &["ebs", "ec2"],
        titles: &["Root volume of {app} is full", "No space left on device on {app}", "{app} cannot write its log any more"],
        symptoms: &["the application answers with errors on every write", "df shows one hundred percent", "log files of {app} end in the middle of a line", "package manager says no space left on device"],
        codes: &["ENOSPC"], alarms: &["{app}-disk-used"], resource: "arn:aws:ec2:{region}:{account}:volume/vol-{id}",
        causes: &[
            Cause { name: "log growth", why: "Debug logging was left on after the last fault and logs are not rotated.", fixes: &["Deleted old logs, rotation at 100 MB, debug off", "Rotated and compressed the logs of {app}"], prevention: &["Log rotation in the image", "Alarm at 80 percent of disk"] },
            Cause { name: "deleted open file", why: "A process held a deleted file of forty gigabytes open.", fixes: &["Restarted the process that held the deleted file"], prevention: &["Rotation uses copytruncate or a signal"] },
            Cause { name: "volume too small", why: "Data simply grew beyond the 30 GiB that nobody had looked at for two years.", fixes: &["Grew the volume to 100 GiB and extended the file system"], prevention: &["Growth is reviewed each quarter"] },
        ],
        in_vain: &["Rebooted the host", "Removed old packages"],
    },
    Template {
        services: &["ebs", "kms"],
        titles: &["Volumes of {app} cannot be attached", "New {app} instances end at once, key disabled", "Client.InternalError when starting {app}"],
        symptoms: &["instances go from pending to terminated", "the group starts one instance after another in vain", "state transition reason names an internal error of the client"],
        codes: &["Client.InternalError"], alarms: &["{app}-asg-launch-failed"], resource: "arn:aws:ec2:{region}:{account}:volume/vol-{id}",
        causes: &[
            Cause { name: "pending key deletion", why: "The key of the volumes was scheduled for deletion in a clean-up of unused keys.", fixes: &["Cancelled the deletion of the key and enabled it", "Key of the {app} volumes restored and enabled"], prevention: &["Keys are only disabled, and deleted after 30 days of no use in the trail"] },
        ],
        in_vain: &["Changed the instance type", "Chose another Availability Zone"],
    },
    Template {
        services: &["efs"],
        titles: &["Shared files of {app} are very slow at noon", "EFS of {app} runs out of burst credits", "{app} waits on its file system"],
        symptoms: &["opening a document takes half a minute", "BurstCreditBalance fell to zero", "io wait on all hosts of {app}", "percent of IO limit is at a hundred"],
        codes: &[], alarms: &["{app}-efs-credits"], resource: "arn:aws:elasticfilesystem:{region}:{account}:file-system/fs-{id}",
        causes: &[
            Cause { name: "throughput mode", why: "The file system is small and in bursting mode, and a nightly copy eats all credits.", fixes: &["Switched to elastic throughput", "File system of {app} has elastic throughput now"], prevention: &["New file systems use elastic throughput", "Copy jobs are limited in rate"] },
        ],
        in_vain: &["Mounted with other options", "Added more hosts"],
    },
    Template {
        services: &["fsx", "directoryservice"],
        titles: &["Windows share of {app} misconfigured after password change", "FSx of {app} lost its domain", "Users of {app} cannot open the share"],
        symptoms: &["the drive letter is gone for all users", "file system is in state misconfigured", "the share of {app} asks for a password again and again"],
        codes: &["MISCONFIGURED"], alarms: &["{app}-fsx-lifecycle"], resource: "arn:aws:fsx:{region}:{account}:file-system/fs-{id}",
        causes: &[
            Cause { name: "service account password", why: "The directory's service account got a new password that the file system does not know.", fixes: &["Updated the service account's password in the file system", "New service account credentials for the share of {app}"], prevention: &["Service accounts are in the rotation list with their users"] },
            Cause { name: "domain controllers", why: "The addresses of the domain controllers changed.", fixes: &["Entered the new DNS addresses of the domain controllers"], prevention: &["Controllers keep static addresses"] },
        ],
        in_vain: &["Rebooted the clients", "Mapped the drive by address"],
    },
    Template {
        services: &["vpc", "transit-gateway"],
        titles: &["{app} VPC cannot reach shared services", "No route from {app} through the transit gateway", "Traffic between {app} and the hub disappears"],
        symptoms: &["calls to shared services time out", "one way works, the other does not", "flow logs of {app} show accepted packets without answer", "new VPC is attached and still alone"],
        codes: &["ETIMEDOUT"], alarms: &["{app}-hub-probe"], resource: "arn:aws:ec2:{region}:{account}:transit-gateway-attachment/tgw-attach-{id}",
        causes: &[
            Cause { name: "missing propagation", why: "The attachment is associated but its routes are not propagated to the table of the hub.", fixes: &["Enabled propagation of the attachment to the hub's route table", "Propagated the routes of {app} into the hub table"], prevention: &["Attachments are created with association and propagation"] },
            Cause { name: "overlapping ranges", why: "The new VPC has the same range as a branch office.", fixes: &["Gave the VPC a range from the address plan and moved the workload"], prevention: &["Ranges come from the address manager only"] },
            Cause { name: "appliance mode", why: "Answers returned through another zone's firewall, which did not know the connection.", fixes: &["Turned on appliance mode on the inspection attachment"], prevention: &["Inspection attachments always have appliance mode"] },
        ],
        in_vain: &["Opened all security groups", "Recreated the attachment"],
    },
    Template {
        services: &["vpc"],
        titles: &["Peering between {app} and the data VPC broken", "{app} lost its way to the data platform", "Peered VPC of {app} answers no more"],
        symptoms: &["the reports cannot reach the warehouse", "connections from {app} hang and time out", "half of the subnets work, the others do not"],
        codes: &["ETIMEDOUT"], alarms: &["{app}-data-probe"], resource: "arn:aws:ec2:{region}:{account}:vpc-peering-connection/pcx-{id}",
        causes: &[
            Cause { name: "missing return route", why: "New subnets got a route table without the route back over the peering connection.", fixes: &["Added the peering route to the new route tables", "Route back to {app} in all route tables"], prevention: &["Route tables are shared by subnets of one tier"] },
        ],
        in_vain: &["Accepted the peering again", "Opened the security group to everything"],
    },
    Template {
        services: &["network-firewall", "vpc"],
        titles: &["Outbound calls of {app} blocked by the firewall", "{app} cannot reach its payment provider", "Egress of {app} dropped after a rule update"],
        symptoms: &["calls to one partner time out, all others work", "TLS handshake with the partner never completes", "alert log of the firewall names {app}"],
        codes: &["ETIMEDOUT"], alarms: &["{app}-partner-errors"], resource: "arn:aws:network-firewall:{region}:{account}:firewall/egress",
        causes: &[
            Cause { name: "domain allow list", why: "The partner moved to a new host name that is not on the list of allowed domains.", fixes: &["Added the partner's new host name to the allow list", "New domain of the partner of {app} allowed"], prevention: &["Partners announce host names, the list has owners", "Blocked domains are reported daily"] },
            Cause { name: "rule order", why: "Strict order put the new drop rule in front of the pass rules.", fixes: &["Moved the pass rules in front of the drop rule"], prevention: &["Rule groups are tested in staging"] },
        ],
        in_vain: &["Raised the client's timeout", "Restarted the service"],
    },
    Template {
        services: &["vpc", "route53"],
        titles: &["Private names of {app} do not resolve in the new VPC", "{app} cannot find its database by name", "NXDOMAIN for internal names of {app}"],
        symptoms: &["the name is known in one VPC and unknown in the other", "dig returns NXDOMAIN", "{app} starts only with the address in its hosts file"],
        codes: &["NXDOMAIN", "ENOTFOUND"], alarms: &["{app}-dns-probe"], resource: "arn:aws:route53:::hostedzone/Z{id}",
        causes: &[
            Cause { name: "zone association", why: "The private hosted zone is not associated with the new VPC.", fixes: &["Associated the private hosted zone with the VPC", "Private zone associated with the VPC of {app}"], prevention: &["Route 53 profiles carry zones to all VPCs"] },
            Cause { name: "dns attributes", why: "enableDnsHostnames was off in the VPC.", fixes: &["Turned on DNS support and DNS host names of the VPC"], prevention: &["The VPC module sets both attributes"] },
        ],
        in_vain: &["Flushed the resolver cache", "Lowered the TTL of the record"],
    },
    Template {
        services: &["route53", "directconnect"],
        titles: &["On-premises names cannot be resolved from {app}", "Forwarding rule of {app} leads nowhere", "Resolver endpoint of {app} times out"],
        symptoms: &["names of the data centre are unknown since last night", "SERVFAIL for the company's own domain", "log-in of {app} against the directory fails"],
        codes: &["SERVFAIL"], alarms: &["{app}-resolver-outbound"], resource: "arn:aws:route53resolver:{region}:{account}:resolver-endpoint/rslvr-out-{id}",
        causes: &[
            Cause { name: "dns servers moved", why: "The data centre's DNS servers got new addresses and the forwarding rule has the old ones.", fixes: &["Entered the new DNS server addresses in the forwarding rule", "Forwarding rule of {app} points to the new servers"], prevention: &["Changes of DNS servers are on the shared calendar"] },
            Cause { name: "query limit", why: "A misbehaving service sent more queries than one endpoint address can take.", fixes: &["Added two more addresses to the outbound endpoint and a local cache"], prevention: &["Alarm on queries per address"] },
        ],
        in_vain: &["Restarted the domain controllers", "Recreated the rule"],
    },
    Template {
        services: &["directconnect"],
        titles: &["Direct Connect of {app} flaps", "BGP session to the data centre goes up and down", "Hybrid link of {app} unstable"],
        symptoms: &["the link to the data centre drops every few minutes", "virtual interface changes between up and down", "file transfers of {app} break off", "light level alarm on the port"],
        codes: &["BGP_DOWN"], alarms: &["{app}-dx-bgp"], resource: "arn:aws:directconnect:{region}:{account}:dxvif/dxvif-{id}",
        causes: &[
            Cause { name: "optical fault", why: "The optical level was below the limit because of a dirty connector in the meet-me room.", fixes: &["Colocation staff cleaned and reseated the optic", "Provider replaced the optic of the {app} link"], prevention: &["Light levels are graphed and alarmed"] },
            Cause { name: "prefix limit", why: "The router announced more than 100 routes, and the session was closed.", fixes: &["Summarized the announced routes to below 100"], prevention: &["The router's export policy has a limit"] },
        ],
        in_vain: &["Reset the BGP session", "Deleted and created the virtual interface"],
    },
    Template {
        services: &["vpn"],
        titles: &["VPN tunnel of the {app} branch does not come up", "Phase 1 fails on the {app} tunnel", "IKE negotiation with the {app} branch broken"],
        symptoms: &["both tunnels are down after the firewall was replaced", "the log says no proposal chosen", "branch of {app} has no connection at all"],
        codes: &["NO_PROPOSAL_CHOSEN"], alarms: &["{app}-vpn-tunnel-state"], resource: "arn:aws:ec2:{region}:{account}:vpn-connection/vpn-{id}",
        causes: &[
            Cause { name: "cipher mismatch", why: "The new firewall offers only IKEv1 with an old group, which the tunnel options do not allow.", fixes: &["Set IKEv2, AES-256 and group 20 on both sides", "Aligned the tunnel options of {app} with the firewall"], prevention: &["Template for customer gateways"] },
            Cause { name: "pre-shared key", why: "The pre-shared key was copied with a blank at its end.", fixes: &["Entered the pre-shared key anew on the firewall"], prevention: &["Keys are taken from the secret store by script"] },
        ],
        in_vain: &["Rebooted the firewall", "Opened UDP 4500 to all"],
    },
    Template {
        services: &["iam", "sts"],
        titles: &["{app} pipeline cannot assume its deploy role", "AssumeRole of {app} refused", "Trust policy stops the deployment of {app}"],
        symptoms: &["the pipeline fails in its first step", "not authorized to perform sts:AssumeRole", "deployments of {app} are red since the repository was renamed"],
        codes: &["AccessDenied"], alarms: &["{app}-deploy-failed"], resource: "arn:aws:iam::{account}:role/{app}-deploy",
        causes: &[
            Cause { name: "trust policy", why: "The trust policy names the old repository in its condition on the token's subject.", fixes: &["Changed the subject in the trust policy to the new repository", "Trust policy of {app} names the renamed repository"], prevention: &["Renaming a repository is a checklist"] },
            Cause { name: "external id", why: "The caller sends another external id since it moved to the new account.", fixes: &["Set the new external id in the condition"], prevention: &["External ids live in one parameter"] },
        ],
        in_vain: &["Attached AdministratorAccess to the role", "Rotated the access keys"],
    },
    Template {
        services: &["iam"],
        titles: &["Permissions boundary blocks {app}", "Team of {app} cannot create roles any more", "Implicit deny for {app} after the boundary was introduced"],
        symptoms: &["the simulator says allowed, the call says denied", "creating a role fails for the team of {app}", "policies look right and nothing works"],
        codes: &["AccessDenied", "UnauthorizedOperation"], alarms: &["{app}-access-denied-count"], resource: "arn:aws:iam::{account}:role/{app}",
        causes: &[
            Cause { name: "permissions boundary", why: "The boundary lacks the actions of the service that the team began to use.", fixes: &["Added the service to the permissions boundary", "Boundary of {app} allows the new service"], prevention: &["New services are added to boundary and policy in one change"] },
        ],
        in_vain: &["Attached one more policy", "Created the role anew"],
    },
    Template {
        services: &["sso", "iam"],
        titles: &["Nobody in the {app} team can log in to the console", "Identity Center sign-in of {app} fails", "SAML log-in loop for {app}"],
        symptoms: &["after the company login the page loads for ever", "users of {app} have no accounts in the portal", "a response was not valid after the certificate change"],
        codes: &["InvalidSamlAssertion"], alarms: &["{app}-login-failures"], resource: "arn:aws:sso:::instance/ssoins-{id}",
        causes: &[
            Cause { name: "saml certificate", why: "The identity provider rotated its signing certificate and the metadata was not updated.", fixes: &["Uploaded the new metadata of the identity provider", "New signing certificate of the provider entered for {app}"], prevention: &["Certificate expiry is in the calendar of two teams", "Break-glass users are tested each month"] },
            Cause { name: "group sync", why: "Provisioning stopped because its token had expired, so new users had no groups.", fixes: &["Made a new provisioning token and ran a full sync"], prevention: &["Token expiry is alarmed 30 days before"] },
        ],
        in_vain: &["Cleared browser cookies", "Reset the users' passwords"],
    },
    Template {
        services: &["cognito"],
        titles: &["Sign-up of {app} fails for new users", "Users of {app} get no confirmation mail", "Cognito of {app} over its daily mail limit"],
        symptoms: &["registration ends with an error", "no mail with the code comes", "existing users log in, new ones cannot", "sign-ups of {app} fell to zero after lunch"],
        codes: &["LimitExceededException", "CodeDeliveryFailureException"], alarms: &["{app}-signups-low"], resource: "arn:aws:cognito-idp:{region}:{account}:userpool/{region}_{app}",
        causes: &[
            Cause { name: "default mail sender", why: "The user pool sends with the built-in sender, which has a limit of 50 mails a day.", fixes: &["Moved the user pool to our own verified mail identity", "User pool of {app} sends with our own identity"], prevention: &["Load test includes sign-up"] },
            Cause { name: "trigger function", why: "The pre sign-up trigger throws for addresses with a plus sign.", fixes: &["Fixed the check of addresses in the trigger"], prevention: &["Trigger has tests for odd addresses"] },
        ],
        in_vain: &["Asked users to look into spam", "Raised the token lifetime"],
    },
    Template {
        services: &["organizations", "controltower"],
        titles: &["New account for {app} stuck in provisioning", "Account factory fails for {app}", "Enrolment of the {app} account broken"],
        symptoms: &["the account is there but has no baseline", "provisioned product is tainted", "the team of {app} waits {count} days for its account"],
        codes: &["CreateManagedAccount", "FAILED"], alarms: &["account-factory-failed"], resource: "arn:aws:organizations::{account}:account/o-example/{account}",
        causes: &[
            Cause { name: "landing zone drift", why: "The landing zone had drifted: somebody had moved the log account to another unit.", fixes: &["Repaired the landing zone and enrolled the account again", "Repair of the landing zone, then the account of {app}"], prevention: &["Drift is reported daily"] },
            Cause { name: "account quota", why: "The organization had reached its number of accounts.", fixes: &["Had the quota of accounts raised"], prevention: &["Closed accounts are counted, alarm at 90 percent"] },
        ],
        in_vain: &["Deleted the provisioned product", "Used another mail address"],
    },
    Template {
        services: &["cloudtrail", "s3"],
        titles: &["Trail of {app} delivers no logs", "Audit log gap in the {app} organization", "CloudTrail cannot write to its bucket"],
        symptoms: &["no new files in the audit bucket", "compliance check of {app} is red", "delivery error is shown on the trail"],
        codes: &["InsufficientS3BucketPolicyException"], alarms: &["audit-log-gap"], resource: "arn:aws:cloudtrail:{region}:{account}:trail/{app}",
        causes: &[
            Cause { name: "audit bucket policy", why: "The bucket's policy was replaced by a generic one that does not name the trail.", fixes: &["Restored the statement for cloudtrail.amazonaws.com with the trail's ARN", "Trail of {app} is in the bucket policy again"], prevention: &["Audit buckets are in an account where only the security team changes anything"] },
        ],
        in_vain: &["Stopped and started logging", "Created a second trail"],
    },
    Template {
        services: &["cloudwatch-logs"],
        titles: &["Logs of {app} are throttled and incomplete", "Agent on {app} drops log events", "Gaps in the logs of {app}"],
        symptoms: &["log lines of the fault are missing", "the agent reports throttling", "minutes without a single line in the group of {app}"],
        codes: &["ThrottlingException"], alarms: &["{app}-log-gap"], resource: "arn:aws:logs:{region}:{account}:log-group:/{app}",
        causes: &[
            Cause { name: "ingestion quota", why: "A debug release sent more log events than the account's PutLogEvents quota allows.", fixes: &["Lowered the log level and had the quota raised", "Log level of {app} back to info, higher quota"], prevention: &["Sampling for access logs", "Alarm on IncomingBytes by group"] },
            Cause { name: "retention missing role", why: "The agent's role may not create log streams since the policy was tightened.", fixes: &["Gave the role logs:CreateLogStream"], prevention: &["The role is tested with the agent's own check"] },
        ],
        in_vain: &["Restarted the agent", "Moved to another log group"],
    },
    Template {
        services: &["cloudwatch"],
        titles: &["Alarm of {app} stayed silent during an outage", "No page for the {app} fault", "Monitoring of {app} blind: insufficient data"],
        symptoms: &["customers called before any alarm did", "the alarm is in INSUFFICIENT_DATA", "dashboards of {app} are empty since the rename"],
        codes: &["INSUFFICIENT_DATA"], alarms: &["{app}-error-rate"], resource: "arn:aws:cloudwatch:{region}:{account}:alarm:{app}-error-rate",
        causes: &[
            Cause { name: "renamed dimension", why: "The release renamed a dimension, so the alarm looks at a metric that is no longer written.", fixes: &["Pointed the alarm at the new dimension", "Alarm of {app} follows the renamed metric"], prevention: &["Missing data is treated as breaching", "Alarms are tested by a monthly drill"] },
            Cause { name: "disabled actions", why: "Alarm actions were disabled for a maintenance in spring.", fixes: &["Enabled the alarm actions"], prevention: &["A daily job lists alarms without actions"] },
        ],
        in_vain: &["Lowered the threshold", "Added a second receiver"],
    },
    Template {
        services: &["cloudformation"],
        titles: &["Stack of {app} cannot be deleted", "DELETE_FAILED for the {app} environment", "Test environment of {app} stays for ever"],
        symptoms: &["the stack ends in DELETE_FAILED each night", "network interfaces are still in use", "cost of {app} test environments grows"],
        codes: &["DELETE_FAILED", "DependencyViolation"], alarms: &["{app}-cleanup-failed"], resource: "arn:aws:cloudformation:{region}:{account}:stack/{app}/{id}",
        causes: &[
            Cause { name: "non-empty bucket", why: "The stack's bucket has objects and old versions, so it cannot be removed.", fixes: &["Emptied the bucket with all versions and deleted the stack again", "Bucket of {app} emptied before the delete"], prevention: &["Clean-up job empties buckets first"] },
            Cause { name: "leftover interfaces", why: "A function's network interfaces in the VPC were released only after the stack had given up.", fixes: &["Deleted the stack again after the interfaces were gone"], prevention: &["The clean-up retries after an hour"] },
        ],
        in_vain: &["Deleted the stack once more at once", "Gave the role more rights"],
    },
    Template {
        services: &["codebuild", "codepipeline"],
        titles: &["Builds of {app} run out of disk", "CodeBuild of {app} fails while caching", "No space in the {app} build container"],
        symptoms: &["builds are red with no space left", "layers cannot be extracted", "only the integration build of {app} fails"],
        codes: &["ENOSPC"], alarms: &["{app}-build-failed"], resource: "arn:aws:codebuild:{region}:{account}:project/{app}",
        causes: &[
            Cause { name: "build image size", why: "Docker layers of three services no longer fit on the small compute type.", fixes: &["Moved the build to the large compute type and pruned layers", "Larger compute type for the builds of {app}"], prevention: &["Image size is checked in the build"] },
        ],
        in_vain: &["Started the build again", "Cleared the cache"],
    },
    Template {
        services: &["codedeploy", "autoscaling"],
        titles: &["Deployment of {app} fails on new instances", "Hooks of {app} time out during scale-out", "CodeDeploy agent of {app} missing"],
        symptoms: &["fresh instances are terminated after an hour", "lifecycle hook runs into its timeout", "scale-out of {app} makes no progress"],
        codes: &["HEALTH_CONSTRAINTS", "ScriptFailed"], alarms: &["{app}-deploy-hook"], resource: "arn:aws:codedeploy:{region}:{account}:deploymentgroup:{app}/prod",
        causes: &[
            Cause { name: "agent not installed", why: "The new image does not contain the deployment agent.", fixes: &["Installed the agent by user data and baked a new image", "Image of {app} has the deployment agent again"], prevention: &["The image pipeline tests for the agent"] },
            Cause { name: "failing script", why: "The ApplicationStop script of the previous revision fails on every host.", fixes: &["Deployed with ignore application stop failures"], prevention: &["Stop scripts always succeed"] },
        ],
        in_vain: &["Raised the hook's timeout", "Started the deployment again"],
    },
    Template {
        services: &["redshift"],
        titles: &["Warehouse of {app} is out of disk", "Redshift queries of {app} fail: disk full", "Loads into the {app} warehouse abort"],
        symptoms: &["the morning dashboards are empty", "COPY aborts with disk full", "PercentageDiskSpaceUsed of {app} is at 99", "a single query spills hundreds of gigabytes"],
        codes: &["1016"], alarms: &["{app}-redshift-disk"], resource: "arn:aws:redshift:{region}:{account}:cluster:{app}",
        causes: &[
            Cause { name: "cartesian join", why: "A new model joins without its key and writes a cartesian product to disk.", fixes: &["Cancelled the query and repaired the join", "Stopped the model of {app} and added the missing join key"], prevention: &["Query monitoring rule aborts spills over 100 GB", "Models are explained in the build"] },
            Cause { name: "unvacuumed tables", why: "Deleted rows were never vacuumed, so tables had five times their size.", fixes: &["Vacuumed the large tables and deep-copied two"], prevention: &["Weekly check of dead rows"] },
        ],
        in_vain: &["Rebooted the cluster", "Restarted the loads"],
    },
    Template {
        services: &["glue", "s3"],
        titles: &["Glue job of {app} runs out of memory", "ETL of {app} dies in the shuffle", "Executor lost in the nightly {app} job"],
        symptoms: &["the job ends after hours with container killed", "one task runs far longer than all others", "the data of {app} is not ready in the morning"],
        codes: &["exit code 137", "OutOfMemoryError"], alarms: &["{app}-glue-failed"], resource: "arn:aws:glue:{region}:{account}:job/{app}",
        causes: &[
            Cause { name: "data skew", why: "One key holds half of all rows, so one executor gets half of the data.", fixes: &["Salted the skewed key and broadcast the small side", "Salted the join key of {app}"], prevention: &["Key distribution is checked before the join"] },
            Cause { name: "small input files", why: "The driver listed four million small files in memory.", fixes: &["Grouped files and turned on bounded execution"], prevention: &["Files are compacted daily"] },
        ],
        in_vain: &["Doubled the workers", "Ran the job at another hour"],
    },
    Template {
        services: &["emr"],
        titles: &["EMR cluster of {app} terminated itself", "Spot loss ends the {app} cluster", "Core nodes of {app} reclaimed"],
        symptoms: &["the cluster is gone in the middle of the run", "HDFS blocks are missing", "steps of {app} are cancelled at random"],
        codes: &["SPOT_INTERRUPTED"], alarms: &["{app}-emr-terminated"], resource: "arn:aws:elasticmapreduce:{region}:{account}:cluster/j-{app}",
        causes: &[
            Cause { name: "spot core nodes", why: "Core nodes that hold HDFS ran on Spot and were reclaimed together.", fixes: &["Core nodes on demand, task nodes on Spot over six types", "Moved the core nodes of {app} to On-Demand"], prevention: &["Template forbids Spot for core nodes"] },
        ],
        in_vain: &["Bid a higher price", "Started the cluster in another zone"],
    },
    Template {
        services: &["batch", "ecs"],
        titles: &["Jobs of {app} stay RUNNABLE for hours", "Batch queue of {app} does not start anything", "Compute environment of {app} does not scale"],
        symptoms: &["hundreds of jobs wait and no instance starts", "the compute environment is INVALID", "renderings of {app} are a day late"],
        codes: &["INVALID"], alarms: &["{app}-batch-runnable"], resource: "arn:aws:batch:{region}:{account}:job-queue/{app}",
        causes: &[
            Cause { name: "vcpu maximum", why: "The job definition wants more memory than any allowed instance type has.", fixes: &["Allowed larger instance types in the compute environment", "Compute environment of {app} may use memory-optimized types"], prevention: &["Job definitions are checked against instance types"] },
            Cause { name: "missing instance role", why: "The instance role was deleted, so hosts start and never join.", fixes: &["Created the instance role again and replaced the environment"], prevention: &["Roles in use are protected by a guardrail"] },
        ],
        in_vain: &["Submitted the jobs again", "Raised the priority of the queue"],
    },
    Template {
        services: &["sagemaker"],
        titles: &["Inference endpoint of {app} answers with errors", "Model of {app} fails its ping", "SageMaker endpoint of {app} stuck in updating"],
        symptoms: &["predictions are missing in the shop", "the endpoint does not leave Updating", "the container of {app} did not pass the ping health check"],
        codes: &["ModelError", "424"], alarms: &["{app}-endpoint-5xx"], resource: "arn:aws:sagemaker:{region}:{account}:endpoint/{app}",
        causes: &[
            Cause { name: "model load time", why: "The model of nine gigabytes takes longer to load than the health check waits.", fixes: &["Raised the container start-up health check timeout to 600 seconds", "Longer start-up timeout for the {app} container"], prevention: &["Load time is part of model acceptance"] },
            Cause { name: "library mismatch", why: "The model was saved with a newer library than the serving image has.", fixes: &["Built the serving image with the library of the training"], prevention: &["Training and serving share one lock file"] },
        ],
        in_vain: &["Deleted and created the endpoint", "Chose a bigger GPU"],
    },
    Template {
        services: &["bedrock", "lambda"],
        titles: &["Assistant of {app} is throttled by the model", "Model invocations of {app} fail at peak", "{app} chat answers that it is busy"],
        symptoms: &["users of the chat get busy answers", "InvocationThrottles rises at nine in the morning", "summaries of {app} come without text"],
        codes: &["ThrottlingException", "ModelTimeoutException"], alarms: &["{app}-model-throttles"], resource: "arn:aws:bedrock:{region}:{account}:inference-profile/{app}",
        causes: &[
            Cause { name: "token quota", why: "Long documents use up the tokens per minute of the account.", fixes: &["Used a cross-Region inference profile and cut documents to what matters", "Inference profile over Regions for {app}"], prevention: &["Token budget for each tenant", "Alarm at 80 percent of the token quota"] },
        ],
        in_vain: &["Retried at once up to ten times", "Switched to a longer timeout"],
    },
    Template {
        services: &["opensearch"],
        titles: &["Search cluster of {app} is red", "Unassigned shards in the {app} domain", "Primary shards of {app} lost"],
        symptoms: &["the search of the shop finds nothing", "cluster status is red after a node failure", "indices of {app} without replica are gone"],
        codes: &["no_shard_available_action_exception"], alarms: &["{app}-search-red"], resource: "arn:aws:es:{region}:{account}:domain/{app}",
        causes: &[
            Cause { name: "missing replicas", why: "Indices were created with zero replicas and one node was replaced.", fixes: &["Restored the indices from the hourly snapshot and set one replica", "Snapshot restore for {app}, replicas set to one"], prevention: &["Index templates demand a replica"] },
            Cause { name: "too many shards", why: "Thousands of small shards overloaded the master nodes.", fixes: &["Deleted old indices and shrank the others to one shard"], prevention: &["Rollover by size, not by day"] },
        ],
        in_vain: &["Rebooted the domain", "Raised the number of data nodes"],
    },
    Template {
        services: &["elasticache"],
        titles: &["Cache failover of {app} leaves clients on the old node", "{app} writes to a read-only replica", "READONLY errors from the {app} cache"],
        symptoms: &["sessions cannot be saved after the failover", "the application says you can't write against a read only replica", "half of the hosts of {app} fail, half are fine"],
        codes: &["READONLY"], alarms: &["{app}-cache-errors"], resource: "arn:aws:elasticache:{region}:{account}:replicationgroup:{app}",
        causes: &[
            Cause { name: "node endpoint", why: "The application uses a node's endpoint instead of the primary endpoint.", fixes: &["Configured the primary endpoint and restarted the clients", "Clients of {app} use the primary endpoint"], prevention: &["Node endpoints are not given to teams", "Failover is tested each quarter"] },
        ],
        in_vain: &["Failed over once more", "Flushed the cache"],
    },
    Template {
        services: &["elasticache"],
        titles: &["One slow command blocks the {app} cache", "Engine CPU of the {app} cache at a hundred percent", "Latency spikes on the {app} Redis"],
        symptoms: &["pages hang for seconds, then all go on at once", "EngineCPUUtilization at a hundred percent", "slow log shows KEYS with a wildcard"],
        codes: &["ETIMEDOUT"], alarms: &["{app}-cache-engine-cpu"], resource: "arn:aws:elasticache:{region}:{account}:replicationgroup:{app}",
        causes: &[
            Cause { name: "blocking command", why: "A support tool lists all keys with a wildcard in production.", fixes: &["Replaced KEYS by SCAN in the tool and denied the command", "Denied KEYS to the users of {app}"], prevention: &["Users have access lists without dangerous commands"] },
            Cause { name: "hot key", why: "One feature flag key is read by every request of every host.", fixes: &["Cached the flag in the process for five seconds"], prevention: &["Hot keys are looked for before campaigns"] },
        ],
        in_vain: &["Added replicas", "Raised the client timeout"],
    },
    Template {
        services: &["docdb"],
        titles: &["DocumentDB of {app} is slow after the import", "Queries of {app} scan whole collections", "Index build blocks the {app} documents"],
        symptoms: &["lists take half a minute to load", "CPU of the cluster is at its limit without more traffic", "profiler of {app} shows collection scans"],
        codes: &["MaxTimeMSExpired"], alarms: &["{app}-docdb-cpu"], resource: "arn:aws:rds:{region}:{account}:cluster:{app}-docs",
        causes: &[
            Cause { name: "unused index", why: "The new filter uses an operator for which the index cannot be used.", fixes: &["Rewrote the filter and added a compound index", "Compound index for the list of {app}"], prevention: &["Profiler is on for queries above 100 ms"] },
        ],
        in_vain: &["Added a reader", "Restarted the application"],
    },
    Template {
        services: &["dms", "rds"],
        titles: &["Migration task of {app} stops with table errors", "Change data capture of {app} halted", "DMS of {app} cannot continue after restart"],
        symptoms: &["the target has no new rows", "the task is in state failed", "tables of {app} are in table error", "CDCLatencySource grows by the minute"],
        codes: &["Last Error Task error notification received"], alarms: &["{app}-dms-latency"], resource: "arn:aws:dms:{region}:{account}:task:{app}",
        causes: &[
            Cause { name: "binlog retention", why: "The source keeps its binary log for an hour, and the task was stopped for two.", fixes: &["Set binlog retention to 48 hours and reloaded the tables", "Longer binlog retention for {app}, tables reloaded"], prevention: &["Retention is checked before a task starts"] },
            Cause { name: "unsupported type", why: "A migration added a column of a type that cannot be replicated.", fixes: &["Excluded the column by a transformation rule"], prevention: &["Schema changes are tested with the task"] },
        ],
        in_vain: &["Resumed the task", "Used a larger replication instance"],
    },
    Template {
        services: &["backup"],
        titles: &["Backups of {app} have not run for days", "Backup plan skips the {app} resources", "No recovery point for {app}"],
        symptoms: &["the auditor finds no recovery point", "backup jobs of {app} are expired", "the vault holds nothing newer than {count} days"],
        codes: &["EXPIRED"], alarms: &["{app}-backup-missing"], resource: "arn:aws:backup:{region}:{account}:backup-vault:{app}",
        causes: &[
            Cause { name: "missing tag", why: "The plan selects by tag, and the resources were created without it.", fixes: &["Tagged the resources and started a backup on demand", "Backup tag on all resources of {app}"], prevention: &["Tag policy enforces the backup tag", "Restore test each month"] },
            Cause { name: "backup window", why: "The start window of one hour is too short while the nightly load runs.", fixes: &["Extended the start window to eight hours"], prevention: &["Windows are eight hours by default"] },
        ],
        in_vain: &["Started the plan again", "Made a second vault"],
    },
    Template {
        services: &["waf", "cloudfront"],
        titles: &["Web firewall blocks real customers of {app}", "False positives of the managed rules on {app}", "Uploads of {app} refused by the web ACL"],
        symptoms: &["customers with long forms get forbidden", "uploads above a few kilobytes are blocked", "one corporate network cannot use {app} at all"],
        codes: &["403"], alarms: &["{app}-waf-blocked"], resource: "arn:aws:wafv2:{region}:{account}:regional/webacl/{app}/{id}",
        causes: &[
            Cause { name: "managed rule update", why: "A new version of the managed rules treats the editor's markup as cross-site scripting.", fixes: &["Set the rule to count for that path and pinned the version", "Excluded the editor path of {app} from the rule"], prevention: &["Rule versions are pinned and tried in count mode first"] },
            Cause { name: "rate rule", why: "A whole company behind one address exceeds the rate limit per address.", fixes: &["Rate rule counts by session cookie, partner ranges are allowed"], prevention: &["Rate rules are sized from a week of logs"] },
        ],
        in_vain: &["Redeployed the web application", "Asked customers to use another network"],
    },
    Template {
        services: &["shield", "cloudfront"],
        titles: &["Flood of requests against {app}", "Layer 7 attack on the {app} login", "Bot traffic takes {app} down"],
        symptoms: &["requests rose by a factor of {count} within minutes", "login page does not answer", "traffic comes from thousands of addresses", "hosts of {app} are at their limit and sales are flat"],
        codes: &["503"], alarms: &["{app}-request-anomaly", "{app}-ddos-detected"], resource: "arn:aws:cloudfront::{account}:distribution/E{id}",
        causes: &[
            Cause { name: "request flood", why: "A botnet asked for the search page with random terms, so that nothing was cached.", fixes: &["Rate rule of 300 requests per address and a challenge on search", "Challenge and rate limit on the search of {app}"], prevention: &["Rate rules are on before the season", "Origin accepts only the CDN"] },
        ],
        in_vain: &["Scaled the hosts out", "Blocked addresses by hand"],
    },
    Template {
        services: &["guardduty", "ec2"],
        titles: &["Host of {app} talks to a known command server", "GuardDuty: suspicious traffic from {app}", "Malware suspected on {app}"],
        symptoms: &["finding about a command and control server", "unknown process with high CPU on the host", "outbound traffic of {app} at night to an unknown network"],
        codes: &[], alarms: &["Backdoor:EC2/C&CActivity.B!DNS"], resource: "arn:aws:ec2:{region}:{account}:instance/i-{id}",
        causes: &[
            Cause { name: "vulnerable library", why: "An outdated web library let an attacker run code in the container.", fixes: &["Isolated the host, took a snapshot, rebuilt from a clean image with the patched library", "Isolated and rebuilt {app} with the patched version"], prevention: &["Images are scanned and rebuilt weekly", "Egress of hosts is limited to known names"] },
        ],
        in_vain: &["Killed the process", "Rebooted the host"],
    },
    Template {
        services: &["secretsmanager"],
        titles: &["{app} is throttled while it reads its secret", "GetSecretValue limit reached by {app}", "Start of {app} fails when all hosts start at once"],
        symptoms: &["hosts that start together fail, later ones are fine", "the application reads its secret for every request", "rate exceeded in the log of {app}"],
        codes: &["ThrottlingException"], alarms: &["{app}-start-failures"], resource: "arn:aws:secretsmanager:{region}:{account}:secret:{app}-abcdef",
        causes: &[
            Cause { name: "uncached secret", why: "The library asks for the secret on each new database connection.", fixes: &["Cached the secret for five minutes in the process", "Secret of {app} is cached by the agent"], prevention: &["The shared library caches secrets"] },
        ],
        in_vain: &["Asked for a higher quota", "Rotated the secret"],
    },
    Template {
        services: &["ssm"],
        titles: &["Patch run of {app} leaves hosts non-compliant", "Maintenance window of {app} does nothing", "Hosts of {app} miss security patches"],
        symptoms: &["compliance of {app} fell below half", "the window ran and no host was patched", "reports list hosts with {count} missing patches"],
        codes: &["NON_COMPLIANT"], alarms: &["{app}-patch-compliance"], resource: "arn:aws:ssm:{region}:{account}:maintenancewindow/mw-{id}",
        causes: &[
            Cause { name: "patch group tag", why: "Hosts lack the patch group tag, so the window has no targets.", fixes: &["Tagged the hosts with their patch group", "Patch group tag on all hosts of {app}"], prevention: &["Launch templates set the tag"] },
            Cause { name: "unreachable repository", why: "The hosts cannot reach the package repository without a gateway endpoint.", fixes: &["Added the gateway endpoint to the route tables of the hosts"], prevention: &["Each VPC has the gateway endpoint"] },
        ],
        in_vain: &["Ran the window again", "Rebooted all hosts"],
    },
    Template {
        services: &["workspaces", "directoryservice"],
        titles: &["Virtual desktops of {app} users do not start", "WorkSpaces of {app} unhealthy", "Users of {app} cannot connect to their desktops"],
        symptoms: &["desktops stay in starting", "clients say that the desktop is not available", "half of the call centre of {app} cannot work"],
        codes: &["UNHEALTHY"], alarms: &["{app}-desktops-unhealthy"], resource: "arn:aws:workspaces:{region}:{account}:workspace/ws-{id}",
        causes: &[
            Cause { name: "directory connector", why: "The connector's service account was locked after too many failed log-ins.", fixes: &["Unlocked the service account and reset the connector", "Service account of the {app} connector unlocked"], prevention: &["Service accounts are excluded from lock-out"] },
            Cause { name: "group policy", why: "A new group policy switched on a firewall that blocks the management interface.", fixes: &["Removed the firewall policy and rebuilt the desktops"], prevention: &["Policies go to a pilot group first"] },
        ],
        in_vain: &["Rebooted the desktops", "Reinstalled the client"],
    },
    Template {
        services: &["mq"],
        titles: &["Broker of {app} refuses new connections", "ActiveMQ of {app} at its connection limit", "Messages of {app} blocked by producer flow control"],
        symptoms: &["consumers reconnect without end", "broker is up and nobody gets in", "producers of {app} hang in send"],
        codes: &["ExceededMaximumConnectionsException"], alarms: &["{app}-broker-connections"], resource: "arn:aws:mq:{region}:{account}:broker:{app}:b-{id}",
        causes: &[
            Cause { name: "unpooled connections", why: "Each message opens a connection of its own since the pool was removed.", fixes: &["Brought the pooled connection factory back", "Connection pool of {app} on again"], prevention: &["Connections per client are graphed"] },
            Cause { name: "store limit", why: "Undelivered messages of a dead consumer filled the broker's store.", fixes: &["Drained the queue of the dead consumer and set a time to live"], prevention: &["Messages have a time to live"] },
        ],
        in_vain: &["Rebooted the broker", "Raised the heap"],
    },
    Template {
        services: &["iot"],
        titles: &["Devices of {app} cannot connect", "IoT certificates of {app} not accepted", "Fleet of {app} offline after provisioning change"],
        symptoms: &["new devices stay offline", "connect is refused during the handshake", "number of connected devices of {app} fell by {count}"],
        codes: &["AUTHORIZATION_FAILURE"], alarms: &["{app}-devices-connected"], resource: "arn:aws:iot:{region}:{account}:thinggroup/{app}",
        causes: &[
            Cause { name: "device policy", why: "The policy allows a client id of the old naming scheme only.", fixes: &["Policy uses the thing name variable", "Device policy of {app} goes by thing name"], prevention: &["Provisioning is tested with one device of each generation"] },
            Cause { name: "inactive certificate", why: "Certificates were registered as inactive by the new provisioning template.", fixes: &["Activated the certificates and corrected the template"], prevention: &["The template is tested end to end"] },
        ],
        in_vain: &["Reset the devices", "Sent the firmware again"],
    },
    Template {
        services: &["appsync", "lambda"],
        titles: &["GraphQL of {app} returns nulls", "Resolver of {app} exceeds its depth", "AppSync of {app} answers with partial data"],
        symptoms: &["lists are empty although the data is there", "the mobile application shows placeholders", "errors array of {app} says that the resolver timed out"],
        codes: &["ExecutionTimeout"], alarms: &["{app}-graphql-errors"], resource: "arn:aws:appsync:{region}:{account}:apis/{app}",
        causes: &[
            Cause { name: "n plus one", why: "Each item of a list calls a resolver of its own, hundreds for one screen.", fixes: &["Batched the resolver and cached it for a minute", "Batch resolver for the lists of {app}"], prevention: &["Query depth and list size are limited"] },
        ],
        in_vain: &["Raised the function's memory", "Restarted the mobile application"],
    },
    Template {
        services: &["elasticbeanstalk", "ec2"],
        titles: &["Environment of {app} is severe after the platform update", "Beanstalk of {app} rolled back", "{app} environment degraded, immutable update failed"],
        symptoms: &["health of the environment is red", "the update times out and is undone", "new hosts of {app} answer with 500"],
        codes: &["500"], alarms: &["{app}-environment-health"], resource: "arn:aws:elasticbeanstalk:{region}:{account}:environment/{app}/prod",
        causes: &[
            Cause { name: "platform hook", why: "A hook script lost its executable bit in the new archive.", fixes: &["Made the hook executable and deployed again", "Executable bit for the hooks of {app}"], prevention: &["The archive is built by one script"] },
            Cause { name: "configuration file", why: "A file in .ebextensions uses a key that the new platform does not know.", fixes: &["Moved the setting to a platform hook"], prevention: &["Platform updates go through staging"] },
        ],
        in_vain: &["Rebuilt the environment", "Raised the deployment timeout"],
    },
    Template {
        services: &["autoscaling", "ec2"],
        titles: &["{app} group replaces healthy hosts in a loop", "Hosts of {app} live ten minutes", "Auto Scaling of {app} ends everything it starts"],
        symptoms: &["hosts come and go all day", "activity history is full of terminated for health", "capacity of {app} never reaches what is desired"],
        codes: &["Instance failed health checks"], alarms: &["{app}-asg-churn"], resource: "arn:aws:autoscaling:{region}:{account}:autoScalingGroup:{id}:autoScalingGroupName/{app}",
        causes: &[
            Cause { name: "short grace period", why: "Hosts need six minutes to install themselves and are checked after two.", fixes: &["Grace period of 600 seconds and a pre-baked image", "Longer grace period for {app}, packages in the image"], prevention: &["Boot time is alarmed"] },
            Cause { name: "failing user data", why: "A mirror that user data downloads from was switched off.", fixes: &["Took the package from our own bucket"], prevention: &["Images contain all packages"] },
        ],
        in_vain: &["Raised the maximum of the group", "Suspended health checks for the night"],
    },
    Template {
        services: &["acm", "elbv2"],
        titles: &["Browsers warn about the name of the {app} certificate", "Certificate of {app} does not cover the new host", "TLS name mismatch on {app}"],
        symptoms: &["visitors see a warning that the connection is not private", "only the name without www is affected", "the certificate of {app} is for another name"],
        codes: &["ERR_CERT_COMMON_NAME_INVALID"], alarms: &["{app}-tls-probe"], resource: "arn:aws:acm:{region}:{account}:certificate/{id}",
        causes: &[
            Cause { name: "uncovered name", why: "The new host name is two levels deep, which the wildcard does not cover.", fixes: &["Requested a certificate with the new name and added it to the listener", "Certificate with all names of {app} on the listener"], prevention: &["Probe for every public name", "Names and certificate come from one list"] },
        ],
        in_vain: &["Restarted the web servers", "Waited for DNS"],
    },
    Template {
        services: &["drs", "ec2"],
        titles: &["Recovery replication of {app} lags by hours", "Disaster recovery of {app} not ready", "Replication servers of {app} stalled"],
        symptoms: &["the lag of the source servers grows", "backlog of {app} is {count} gigabytes", "recovery drill cannot start from a fresh point"],
        codes: &["REPLICATION_STALLED"], alarms: &["{app}-drs-lag"], resource: "arn:aws:drs:{region}:{account}:source-server/s-{id}",
        causes: &[
            Cause { name: "replication bandwidth", why: "The replication goes through the same small line as the nightly backup.", fixes: &["Gave replication its own line and throttled the backup", "Backup of {app} is throttled while replication catches up"], prevention: &["Alarm on lag above 15 minutes"] },
            Cause { name: "replication server size", why: "One small replication server takes the disks of 30 source servers.", fixes: &["Dedicated replication servers for the busy disks"], prevention: &["Write rates are measured before enrolment"] },
        ],
        in_vain: &["Restarted the agent on the sources", "Deleted the backlog and started anew"],
    },
];
