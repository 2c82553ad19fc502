# SPDX-License-Identifier: Apache-2.0
"""Judges calls by an IAM policy, resources and conditions included, which moto leaves out (with `--iam`).

Follows AWS's "Policy evaluation logic" for one identity policy: a Deny that matches wins; else an Allow must match;
each resource of a call is judged by itself. The resources known are those that Rebound acts on; a call that has none
there is judged for `*`, which only a policy that says `*` allows, as AWS does for the Describe calls.
"""
import fnmatch
import re

ALWAYS_ALLOWED = {"sts:GetCallerIdentity"}
PREFIXES = {"monitoring": "cloudwatch"}          # signing name -> prefix in policies, where they differ


class Denied(Exception):
    def __init__(self, action, resource, explicit):
        super().__init__(action)
        self.action, self.resource, self.explicit = action, resource, explicit

    def words(self, user):
        why = ("with an explicit deny in an identity-based policy" if self.explicit else
               f"because no identity-based policy allows the {self.action} action")
        where = "" if self.resource == "*" else f" on resource: {self.resource}"
        return f"User: {user} is not authorized to perform: {self.action}{where} {why}"


def as_list(value):
    return value if isinstance(value, list) else [value]


def matches(pattern, text, ignore_case=False):
    """IAM's wildcards: * and ? only, so brackets mean themselves."""
    pattern = re.sub(r"\[", "[[]", pattern)
    if ignore_case:
        pattern, text = pattern.lower(), text.lower()
    return fnmatch.fnmatchcase(text, pattern)


class Policy:
    def __init__(self, document):
        """Raises ValueError, naming the place, for a policy this cannot judge."""
        self.statements = as_list(document.get("Statement", []))
        if not self.statements:
            raise ValueError("the policy has no Statement")
        for number, statement in enumerate(self.statements):
            place = f"Statement[{number}]"
            if statement.get("Effect") not in ("Allow", "Deny"):
                raise ValueError(f"{place}.Effect: {statement.get('Effect')!r} is neither Allow nor Deny")
            if ("Action" in statement) == ("NotAction" in statement):
                raise ValueError(f"{place}: exactly one of Action and NotAction is needed")
            if ("Resource" in statement) == ("NotResource" in statement):
                raise ValueError(f"{place}: exactly one of Resource and NotResource is needed")
            for operator in statement.get("Condition", {}):
                if base_of(operator)[1] not in OPERATORS:
                    raise ValueError(f"{place}.Condition.{operator}: the local fleet cannot judge it; it knows "
                                     f"{', '.join(OPERATORS)}, IfExists, ForAllValues and ForAnyValue")

    def check(self, action, resources):
        """`resources`: (ARN, {condition key: [values]}) each. Raises Denied."""
        if action in ALWAYS_ALLOWED:
            return
        for arn, keys in resources:
            allowed = False
            for statement in self.statements:
                if not applies(statement, action, arn, keys):
                    continue
                if statement["Effect"] == "Deny":
                    raise Denied(action, arn, True)
                allowed = True
            if not allowed:
                raise Denied(action, arn, False)


def applies(statement, action, arn, keys):
    if "Action" in statement:
        if not any(matches(p, action, True) for p in as_list(statement["Action"])):
            return False
    elif any(matches(p, action, True) for p in as_list(statement["NotAction"])):
        return False
    if "Resource" in statement:
        if not any(matches(p, arn) for p in as_list(statement["Resource"])):
            return False
    elif any(matches(p, arn) for p in as_list(statement["NotResource"])):
        return False
    return all(holds(operator, key, as_list(wanted), keys)
               for operator, pairs in statement.get("Condition", {}).items() for key, wanted in pairs.items())


OPERATORS = {
    "StringEquals": lambda value, wanted: value == wanted,
    "StringEqualsIgnoreCase": lambda value, wanted: value.lower() == wanted.lower(),
    "StringLike": lambda value, wanted: matches(wanted, value),
    "ArnEquals": lambda value, wanted: matches(wanted, value),
    "ArnLike": lambda value, wanted: matches(wanted, value),
    "Bool": lambda value, wanted: value.lower() == str(wanted).lower(),
    "StringNotEquals": lambda value, wanted: value == wanted,
    "StringNotLike": lambda value, wanted: matches(wanted, value),
    "Null": lambda value, wanted: True,
}


def base_of(operator):
    """(ForAllValues, ForAnyValue or "", the operator itself, whether it ends in IfExists)."""
    scope, _, rest = operator.rpartition(":")
    return scope, rest.removesuffix("IfExists"), rest.endswith("IfExists")


def holds(operator, key, wanted, keys):
    scope, base, if_exists = base_of(operator)
    values = next((v for k, v in keys.items() if k.lower() == key.lower()), None)
    if base == "Null":
        return (values is None) == (str(wanted[0]).lower() == "true")
    negated = base.startswith("StringNot")
    if not values:
        return if_exists or negated or scope == "ForAllValues"
    hits = [any(OPERATORS[base](value, w) for w in wanted) != negated for value in values]
    return any(hits) if scope == "ForAnyValue" else all(hits)


# --- what a call acts on ---

def action_of(call):
    name = "InvokeFunction" if call.function is not None else call.action
    return f"{PREFIXES.get(call.service, call.service)}:{name}"


def numbered(parameters, prefix):
    """The values of InstanceId.1, InstanceId.2, ... in order; `prefix` may go on after the number, with a %."""
    before, _, after = prefix.partition("%")
    form = re.compile(rf"{re.escape(before)}(\d+){re.escape(after)}$")
    found = {int(m.group(1)): v for k, v in parameters.items() if (m := form.match(k))}
    return [found[n] for n in sorted(found)]


def resources_of(call, world):
    """(ARN, condition keys) of everything the call acts on."""
    common = {"aws:RequestedRegion": [call.region]}
    parameters, place = call.parameters, f"{call.region}:{world.account}"
    if call.function is not None or call.looked_at is not None:
        name = (call.function or call.looked_at).split(":function:")[-1].split(":")[0]
        return [(f"arn:aws:lambda:{place}:function:{name}", common)]
    if call.service == "ec2" and not call.action.startswith("Describe"):
        return of_ec2(call, world, common, place) or [("*", common)]
    if call.service == "autoscaling" and not call.action.startswith("Describe"):
        return of_autoscaling(call, world, common) or [("*", common)]
    named = parameters.get("TopicArn") if call.service == "sns" else None
    if call.service == "elasticloadbalancing" and not call.action.startswith("Describe"):
        named = parameters.get("TargetGroupArn")
    return [(named or "*", common)]


def of_ec2(call, world, common, place):
    ids = numbered(call.parameters, "InstanceId.%") + numbered(call.parameters, "ResourceId.%")
    tags = dict(zip(numbered(call.parameters, "Tag.%.Key"), numbered(call.parameters, "Tag.%.Value")))
    asked = {f"aws:RequestTag/{k}": [v] for k, v in tags.items()}
    asked |= {"aws:TagKeys": list(tags)} if tags else {}
    found = []
    for instance_id in ids:
        instance = world.backend("ec2").get_instance_by_id(instance_id)
        own = {tag["key"]: tag["value"] for tag in instance.get_tags()} if instance else {}
        keys = {**common, **asked}
        for key, value in own.items():
            keys[f"aws:ResourceTag/{key}"] = keys[f"ec2:ResourceTag/{key}"] = [value]
        found.append((f"arn:aws:ec2:{place}:instance/{instance_id}", keys))
    return found


def of_autoscaling(call, world, common):
    wanted, member = call.parameters.get("AutoScalingGroupName"), call.parameters.get("InstanceId")
    found = []
    for group in world.backend("autoscaling").autoscaling_groups.values():
        if group.name == wanted or member in [s.instance.id for s in group.instance_states]:
            keys = dict(common)
            for tag in group.tags:
                keys[f"aws:ResourceTag/{tag['Key']}"] = keys[f"autoscaling:ResourceTag/{tag['Key']}"] = [tag["Value"]]
            found.append((group.arn, keys))
    return found
