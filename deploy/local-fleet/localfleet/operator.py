# SPDX-License-Identifier: Apache-2.0
"""Sets the played AWS up through its own API, inside the process: requests go to moto without a socket."""
import base64
import io
import json
import re
import zipfile
from urllib.parse import urlencode

from werkzeug.test import Client

REGION = "eu-west-1"
GROUP = "web"
OPT_IN = "rebound:opt-in"
VERSIONS = {"elasticloadbalancing": "2015-12-01"}     # moto tells ELB's two APIs apart by it; others do not need one


class Operator:
    def __init__(self, app):
        self._client = Client(app)

    def _headers(self, service):
        return {"Authorization": f"AWS4-HMAC-SHA256 Credential=fleet/20200101/{REGION}/{service}/aws4_request, "
                                 "SignedHeaders=host, Signature=0",
                "Host": f"{service}.{REGION}.amazonaws.com"}

    def query(self, service, action, **fields):
        """A query-protocol call; `fields` name parameters with __ for the dots. Returns the answer's XML."""
        form = {"Action": action, "Version": VERSIONS.get(service, "")}
        form |= {k.replace("__", "."): str(v) for k, v in fields.items()}
        return self._checked(action, self._client.post(
            "/", data=urlencode(form), content_type="application/x-www-form-urlencoded",
            headers=self._headers(service))).get_data(as_text=True)

    def json(self, service, target, body):
        return json.loads(self._checked(target, self._client.post(
            "/", data=json.dumps(body), content_type="application/x-amz-json-1.0",
            headers={**self._headers(service), "X-Amz-Target": target})).get_data(as_text=True))

    def post(self, service, path, body, content_type="application/json"):
        data = body if isinstance(body, (str, bytes)) else json.dumps(body)
        return self._checked(path, self._client.post(path, data=data, content_type=content_type,
                                                     headers=self._headers(service) if service else {}))

    @staticmethod
    def _checked(what, answer):
        if answer.status_code >= 300:
            raise RuntimeError(f"setting up the fleet: {what}: {answer.status}: {answer.get_data(as_text=True)[:500]}")
        return answer


def text_of(xml, tag):
    found = re.search(rf"<{tag}>([^<]*)</{tag}>", xml)
    if not found:
        raise RuntimeError(f"setting up the fleet: no <{tag}> in {xml[:300]}")
    return found.group(1)


def provision(operator, network, settings, subscriber_url):
    """Makes the network, group, load balancer, topic, queue and function. Returns what a client needs to know."""
    op = operator
    vpc = text_of(op.query("ec2", "CreateVpc", CidrBlock=network.cidr), "vpcId")
    subnets = {
        zone: text_of(op.query("ec2", "CreateSubnet", VpcId=vpc, CidrBlock=network.subnet_cidr(zone),
                               AvailabilityZone=REGION + zone), "subnetId") for zone in "abc"}
    template = text_of(op.query(
        "ec2", "CreateLaunchTemplate", LaunchTemplateName="web", LaunchTemplateData__ImageId="ami-0f1ee7000000000a1",
        LaunchTemplateData__InstanceType="t3.micro"), "launchTemplateId")
    numbered = {f"Subnets__member__{n}": s for n, s in enumerate(subnets.values(), 1)}
    balancer = text_of(op.query("elasticloadbalancing", "CreateLoadBalancer", Name="web", **numbered),
                       "LoadBalancerArn")
    target_group = text_of(op.query(
        "elasticloadbalancing", "CreateTargetGroup", Name="web", Protocol="HTTP", Port=network.web_port, VpcId=vpc,
        HealthCheckPath="/health"), "TargetGroupArn")
    op.query("elasticloadbalancing", "CreateListener", LoadBalancerArn=balancer, Protocol="HTTP", Port=80,
             DefaultActions__member__1__Type="forward", DefaultActions__member__1__TargetGroupArn=target_group)
    topic = text_of(op.query("sns", "CreateTopic", Name="chaos"), "TopicArn")
    queue = op.json("sqs", "AmazonSQS.CreateQueue", {"QueueName": "chaos"})["QueueUrl"]
    account = topic.split(":")[4]
    queue_arn = f"arn:aws:sqs:{REGION}:{account}:chaos"
    op.query("sns", "Subscribe", TopicArn=topic, Protocol="sqs", Endpoint=queue_arn)
    op.query("sns", "Subscribe", TopicArn=topic, Protocol="http", Endpoint=subscriber_url)
    return {
        "region": REGION, "account": account, "autoScalingGroup": GROUP, "size": settings.size,
        "zones": [REGION + z for z in subnets], "vpc": vpc, "subnets": subnets, "launchTemplate": template,
        "tags": {"app": "web", OPT_IN: "true"}, "loadBalancerArn": balancer, "targetGroupArn": target_group,
        "topicArn": topic, "queueArn": queue_arn, "queueName": queue.rsplit("/", 1)[-1],
        "function": make_function(op, account),
    }


def make_group(operator, described, settings):
    tags = {}
    for n, (key, value) in enumerate({**described["tags"], "Name": "web"}.items(), 1):
        tags |= {f"Tags__member__{n}__Key": key, f"Tags__member__{n}__Value": value,
                 f"Tags__member__{n}__PropagateAtLaunch": "true"}
    warmup = {} if settings.warmup < 0 else {"DefaultInstanceWarmup": settings.warmup}
    operator.query(
        "autoscaling", "CreateAutoScalingGroup", AutoScalingGroupName=GROUP, DesiredCapacity=settings.size,
        MinSize=min(settings.min_size, settings.size), MaxSize=max(settings.max_size, settings.size),
        LaunchTemplate__LaunchTemplateId=described["launchTemplate"], LaunchTemplate__Version="$Default",
        VPCZoneIdentifier=",".join(described["subnets"].values()),
        TargetGroupARNs__member__1=described["targetGroupArn"],
        HealthCheckType=settings.health_check_type, HealthCheckGracePeriod=max(1, round(settings.grace)),
        **warmup, **tags)


def make_standalone(operator, described, count):
    """Instances with a server and in the target group, but in no Auto Scaling group. Returns their ids."""
    ids = []
    for n in range(count):
        xml = operator.query(
            "ec2", "RunInstances", ImageId="ami-0f1ee7000000000a1", InstanceType="t3.micro", MinCount=1, MaxCount=1,
            SubnetId=list(described["subnets"].values())[n % 3], TagSpecification__1__ResourceType="instance",
            TagSpecification__1__Tag__1__Key="app", TagSpecification__1__Tag__1__Value="standalone",
            TagSpecification__1__Tag__2__Key=OPT_IN, TagSpecification__1__Tag__2__Value="true",
            TagSpecification__1__Tag__3__Key="Name", TagSpecification__1__Tag__3__Value=f"standalone-{n + 1}")
        ids.append(text_of(xml, "instanceId"))
        operator.query("elasticloadbalancing", "RegisterTargets", TargetGroupArn=described["targetGroupArn"],
                       Targets__member__1__Id=ids[-1])
    return ids


def make_function(operator, account):
    operator.post(None, "/moto-api/config", {"lambda": {"use_docker": False}})
    trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole",
                                                     "Principal": {"Service": "lambda.amazonaws.com"}}]}
    operator.query("iam", "CreateRole", RoleName="record-recovery", AssumeRolePolicyDocument=json.dumps(trust))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("handler.py", "def handle(event, context):\n    return event\n")
    operator.post("lambda", "/2015-03-31/functions", {
        "FunctionName": "record-recovery", "Runtime": "python3.12", "Handler": "handler.handle",
        "Role": f"arn:aws:iam::{account}:role/record-recovery",
        "Code": {"ZipFile": base64.b64encode(packed.getvalue()).decode()}})
    return "record-recovery"


def make_user(operator, policy):
    """A user with exactly `policy` (None: everything is allowed). Returns its key id and secret."""
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    operator.query("iam", "CreateUser", UserName="rebound")
    operator.query("iam", "PutUserPolicy", UserName="rebound", PolicyName="given",
                   PolicyDocument=json.dumps(for_moto(policy) if policy else everything))
    xml = operator.query("iam", "CreateAccessKey", UserName="rebound")
    return text_of(xml, "AccessKeyId"), text_of(xml, "SecretAccessKey")


def for_moto(policy):
    """The policy as moto can judge it: moto looks at actions only, refuses any Allow that names a resource, and calls
    Lambda's action `lambda:Invoke`. Resources and conditions, and with them every Deny, are judged by policy.py."""
    statements = policy["Statement"] if isinstance(policy["Statement"], list) else [policy["Statement"]]
    kept = []
    for statement in statements:
        if statement["Effect"] != "Allow" or "Action" not in statement:
            kept += [{"Effect": "Allow", "Action": "*", "Resource": "*"}] if statement["Effect"] == "Allow" else []
            continue
        actions = statement.get("Action", [])
        actions = [actions] if isinstance(actions, str) else list(actions)
        if "lambda:InvokeFunction" in actions:
            actions.append("lambda:Invoke")
        kept.append({"Effect": statement["Effect"], "Action": actions, "Resource": "*"})
    return {"Version": policy.get("Version", "2012-10-17"), "Statement": kept}


def switch_access_checks_on(operator):
    operator.post(None, "/moto-api/reset-auth", "0", content_type="text/plain")
