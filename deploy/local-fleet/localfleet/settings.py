# SPDX-License-Identifier: Apache-2.0
"""What can be set on a fleet, from the command line and (those marked live) while it runs, by POST /fleet/set."""
import argparse
import dataclasses


def setting(default, help, live=True, metavar="SECONDS", **more):
    return dataclasses.field(default=default, metadata={"help": help, "live": live, "metavar": metavar, **more})


@dataclasses.dataclass
class Settings:
    ec2_delay: float = setting(0.3, "pending, stopping and shutting-down last this long")
    notice: float = setting(0.5, "until the group notices that a member is gone, stopped or unhealthy")
    launch: float = setting(0.5, "a new member stays Pending at least this long, and until its server answers")
    boot: float = setting(0.3, "from power on to the start of an instance's server")
    drain: float = setting(0.3, "deregistration delay: draining lasts this long")
    health_interval: float = setting(0.2, "between two health checks of the load balancer", live=False)
    server_timeout: float = setting(5.0, "the load balancer gives up on an answer after this", live=False)
    latency: float = setting(0.0, "every API answer is held this long")
    skew: float = setting(0.0, "AWS's clock is ahead by this (negative: behind); requests 5 min off are refused")
    grace: float = setting(0.0, "HealthCheckGracePeriod: no replacement for ELB health this soon after launch")
    activity_resolution: float = setting(
        1.0, "resolution of an activity's EndTime; AWS shows whole seconds, 0.001 shows all we know")
    jitter: float = setting(0.0, "each delay is up to this fraction longer or shorter, by chance", metavar="FRACTION")
    never: bool = setting(False, "the group never launches a replacement")
    throttle_rate: float = setting(0.0, "refuse a request when more than this many came in the last second; 0: never",
                                   metavar="PER_SECOND")
    seed: int = setting(0, "makes jitter and zone choices repeatable; 0: not repeatable", live=False, metavar="N")
    size: int = setting(3, "desired size of the group `web`", live=False, metavar="N")
    min_size: int = setting(1, "its MinSize", live=False, metavar="N")
    max_size: int = setting(6, "its MaxSize", live=False, metavar="N")
    standalone: int = setting(0, "instances with a server, in the target group but in no Auto Scaling group",
                              live=False, metavar="N")
    health_check_type: str = setting("EC2", "EC2, or ELB: unhealthy targets are replaced too", live=False,
                                     metavar="TYPE", choices=["EC2", "ELB"])
    warmup: int = setting(-1, "DefaultInstanceWarmup; -1: not set", live=False, metavar="SECONDS")
    fall: int = setting(2, "failed checks until the load balancer drops a server", live=False, metavar="N")
    rise: int = setting(2, "good checks until it takes one in", live=False, metavar="N")
    page_size: int = setting(0, "most reservations (groups, activities) in an answer; 0: moto's own", metavar="N")
    iam: str = setting("", "policy for the user, and moto's access checks on", live=False, metavar="FILE.json")
    port: int = setting(0, "port of the API; 0: any free one", live=False, metavar="PORT")


def add_arguments(parser: argparse.ArgumentParser):
    for field in dataclasses.fields(Settings):
        flag = "--" + field.name.replace("_", "-")
        about = f"{field.metadata['help']} (default: {field.default!r})"
        if field.type is bool:
            parser.add_argument(flag, action="store_true", help=about)
        else:
            parser.add_argument(flag, type=field.type, default=field.default, help=about,
                                metavar=field.metadata["metavar"], choices=field.metadata.get("choices"))
    parser.add_argument("--throttle", action="append", default=[], metavar="ACTION=N",
                        help="refuse the first N calls of ACTION as throttled; may be given again")
    parser.add_argument("--fail", action="append", default=[], metavar="ACTION[:page=N][:times=N][:code=C][:status=S]",
                        help="break calls of ACTION, or only those that ask for page N; may be given again")


def from_arguments(arguments) -> Settings:
    names = [field.name for field in dataclasses.fields(Settings)]
    return Settings(**{name: getattr(arguments, name) for name in names})


def as_arguments(settings, throttle, fail):
    """The command line that gives the same settings again."""
    line = []
    for field in dataclasses.fields(Settings):
        value, flag = getattr(settings, field.name), "--" + field.name.replace("_", "-")
        if field.type is bool:
            line += [flag] if value else []
        else:
            line.append(f"{flag}={value}")
    return line + [f"--throttle={t}" for t in throttle] + [f"--fail={f}" for f in fail]


def change(settings, wanted):
    """Applies {name: text} to the live settings; raises ValueError that names what cannot be."""
    live = {f.name: f for f in dataclasses.fields(Settings) if f.metadata["live"]}
    parsed = {}
    for name, text in wanted.items():
        field = live.get(name.replace("-", "_"))
        if field is None:
            raise ValueError(f"{name}: not a setting that can be changed while running; those are {', '.join(live)}")
        try:
            value = text.lower() in ("1", "true", "yes") if field.type is bool else field.type(text)
        except ValueError:
            raise ValueError(f"{name}: {text!r} is not a {field.type.__name__}") from None
        parsed[field.name] = value
    for name, value in parsed.items():
        setattr(settings, name, value)
