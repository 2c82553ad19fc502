# SPDX-License-Identifier: Apache-2.0
"""Stores answers to DescribeInstances: one real page from moto, made into PAGES pages of 1,000 instances.

usage: make_answers.py FOLDER PAGES

moto's time grows with the square of the instances, so it is asked for 100; every page repeats their ten blocks of
100 with ids, addresses and names of its own, and all bytes around those as moto wrote them.
"""
import http.client
import pathlib
import random
import re
import socket
import subprocess
import sys
import time

import boto3


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def start_moto(port):
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(300):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return server
        except OSError:
            time.sleep(0.1)
    server.kill()
    sys.exit("moto did not start")


def real_page(port):
    ec2 = boto3.client(
        "ec2", region_name="eu-west-1", endpoint_url=f"http://127.0.0.1:{port}",
        aws_access_key_id="benchmark", aws_secret_access_key="benchmark")
    tags = [{"Key": key, "Value": value} for key, value in (
        ("Name", "web"), ("app", "storefront"), ("rebound:opt-in", "true"), ("team", "Zürich"))]
    ec2.run_instances(
        ImageId="ami-12345678", MinCount=100, MaxCount=100, InstanceType="t3.micro",
        TagSpecifications=[{"ResourceType": "instance", "Tags": tags}])
    connection = http.client.HTTPConnection("127.0.0.1", port)
    scope = "Credential=x/20260101/eu-west-1/ec2/aws4_request"
    connection.request(
        "POST", "/", "Action=DescribeInstances&Version=2016-11-15",
        {"Content-Type": "application/x-www-form-urlencoded",
         "Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0"})
    return connection.getresponse().read().decode()


def renamed(block, chance):
    """The block with new ids and addresses: the same old one gets the same new one throughout."""
    new = {}

    def name(match):
        old = match.group(0)
        if old not in new:
            prefix = match.group(1)
            new[old] = f"{prefix}-{chance.getrandbits(68):017x}" if prefix else ".".join(
                ["10"] + [str(chance.randrange(1, 255)) for _ in range(3)])
        return new[old]
    return re.sub(r"\b(i|eni|vol|r|eni-attach)-[0-9a-f]{17}\b|\b10\.\d+\.\d+\.\d+\b", name, block)


def main(folder, pages):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    server = start_moto(port)
    try:
        page = real_page(port)
    finally:
        server.terminate()
        server.wait()
    match = re.search(r"(?s)(.*<reservationSet>)(.*)(</reservationSet>)", page)
    head, block = match.group(1), match.group(2)
    if page.count("<instanceState>") != 100:
        sys.exit("moto's page does not hold 100 instances")
    chance = random.Random(2)
    for number in range(pages):
        token = f"<nextToken>page-{number + 1}</nextToken>" if number + 1 < pages else ""
        body = head + "".join(renamed(block, chance) for _ in range(10)) + "</reservationSet>" + token
        (folder / f"page-{number}.xml").write_text(body + "</DescribeInstancesResponse>")
    print(f"{pages} pages of 1,000 instances, {len(block) // 100} bytes each", file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
