// SPDX-License-Identifier: Apache-2.0

/// Everything that can be asked of one account and region without changing it. A plan and a dry run hold this and no
/// `AWSActor`: they cannot act, by type. (A dry run's questions `ec2.can…` carry DryRun and change nothing.)
package struct AWSReader: Sendable {
    package let ec2: EC2Reader
    package let autoScaling: AutoScalingReader
    package let loadBalancing: ELBReader
    package let cloudWatch: CloudWatchReader
    package let topics: SNSReader
    package let functions: LambdaReader
    package let identity: STSClient

    /// All readers over one client.
    package init(client: AWSClient) {
        ec2 = EC2Reader(client: client)
        autoScaling = AutoScalingReader(client: client)
        loadBalancing = ELBReader(client: client)
        cloudWatch = CloudWatchReader(client: client)
        topics = SNSReader(client: client)
        functions = LambdaReader(client: client)
        identity = STSClient(client: client)
    }
}

/// Everything that can be done to the fleet of one account and region.
package struct AWSActor: Sendable {
    package let ec2: EC2Actor
    package let autoScaling: AutoScalingActor
    package let loadBalancing: ELBActor

    /// All actors over one client.
    package init(client: AWSClient) {
        ec2 = EC2Actor(client: client)
        autoScaling = AutoScalingActor(client: client)
        loadBalancing = ELBActor(client: client)
    }
}
