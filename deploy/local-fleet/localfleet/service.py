# SPDX-License-Identifier: Apache-2.0
"""The fleet program itself, as `fleet up` and `fleet run` start it: opens a World, says so, waits to be told to end."""
import json
import os
import shlex
import signal
import sys
import threading
import traceback

from . import settings as settings_module
from .keeper import die_with_parent, outlive_parent
from .network import USUAL_URL

ENDINGS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def serve(arguments):
    """Runs until SIGTERM, SIGINT or SIGHUP, or until a part of the fleet dies. Writes one JSON line to --ready-fd:
    the description, or {"error": ...}. Returns the exit status."""
    if arguments.parent:
        die_with_parent(arguments.parent, signal.SIGTERM)
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDINGS)      # in every thread: only the wait below hears them
    sys.setswitchinterval(0.001)                           # threads note instants: let none hold the others up long
    world = None
    try:
        from .world import World
        world = World(arguments.state, settings_module.from_arguments(arguments), arguments.throttle, arguments.fail)
        why = []

        def give_up(what):
            why.append(what)
            os.kill(os.getpid(), signal.SIGTERM)

        world.balancer.on_death = lambda: give_up("haproxy died")
        world.processes.on_keeper_death = lambda: give_up("the keeper died, and every server with it")
        described = open_unless_ended(world)
        if described is None:
            return 0
        write_files(arguments.state, described)
        write_experiments(arguments.state, described)
        if arguments.outlive:
            outlive_parent()             # before it is told: it ends as soon as it knows
        tell(arguments.ready_fd, described)
        signal.sigwait(ENDINGS)
        if why:
            print(f"fleet: {why[0]}", file=sys.stderr)
        return 1 if why else 0
    except Exception as error:
        traceback.print_exc()
        tell(arguments.ready_fd, {"error": f"{type(error).__name__}: {error}"})
        return 1
    finally:
        if world is not None:
            world.close()
        # moto's and our threads hold nothing worth waiting for, and one may sit in a blocking call.
        sys.stdout.flush()
        sys.stderr.flush()


def open_unless_ended(world):
    """Opens the world on a second thread, so that an ending signal during the start is heard. None: it was."""
    outcome = {}

    def work():
        try:
            outcome["described"] = world.open()
        except Exception as error:
            outcome["error"] = error
    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    while worker.is_alive():
        if signal.sigtimedwait(ENDINGS, 0.01) is not None:
            return None
    if "error" in outcome:
        raise outcome["error"]
    return outcome["described"]


def tell(fd, what):
    if fd is None:
        print(json.dumps(what), flush=True)
        return
    try:
        os.write(fd, json.dumps(what).encode() + b"\n")
        os.close(fd)
    except OSError:
        pass                         # whoever started us is gone; --parent says whether that ends us


def environment(described):
    """What a client needs in its environment to work on this fleet, and nothing of the caller's own account."""
    return {
        "AWS_ENDPOINT_URL": described["endpoint"], "AWS_ACCESS_KEY_ID": described["accessKeyID"],
        "AWS_SECRET_ACCESS_KEY": described["secretAccessKey"], "AWS_REGION": described["region"],
        "AWS_DEFAULT_REGION": described["region"], "AWS_EC2_METADATA_DISABLED": "true",
        "REBOUND_FLEET_STATE": described["state"], "REBOUND_FLEET_LB_URL": described["loadBalancerURL"],
        "REBOUND_FLEET_GROUP": described["autoScalingGroup"],
        "REBOUND_FLEET_TARGET_GROUP_ARN": described["targetGroupArn"],
        "REBOUND_FLEET_TOPIC_ARN": described["topicArn"], "REBOUND_FLEET_QUEUE_URL": described["queueURL"],
        "REBOUND_FLEET_FUNCTION": described["function"], "REBOUND_FLEET_TRUTH": described["truthLog"],
        "REBOUND_FLEET_SUBSCRIBER_LOG": described["subscriberLog"],
        "REBOUND_FLEET_SUBSCRIBER_URL": described["subscriberURL"],
        "REBOUND_FLEET_LAMBDA_LOG": described["lambdaLog"],
    }


def write_files(state, described):
    write(os.path.join(state, "fleet.json"), json.dumps(described, indent=2) + "\n")
    lines = [f"export {name}={shlex.quote(value)}\n" for name, value in environment(described).items()]
    write(os.path.join(state, "env"), "unset AWS_PROFILE AWS_SESSION_TOKEN\n" + "".join(lines))


def write_experiments(state, described):
    """Copies of the experiments beside this program, with the address this fleet really got."""
    source = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "experiments")
    os.makedirs(os.path.join(state, "experiments"), exist_ok=True)
    for name in sorted(os.listdir(source)):
        with open(os.path.join(source, name)) as file:
            text = file.read().replace(USUAL_URL, described["loadBalancerURL"])
        with open(os.path.join(state, "experiments", name), "w") as file:
            file.write(text)


def write(path, text):
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)   # it holds a secret key
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
