// SPDX-License-Identifier: Apache-2.0
import AWS
import ChaosModel
import Logging
import ResourceStore

/// The tag is seen twice: by the looks at the groups and instances around what runs have taken, several times a second,
/// and by a slow look at everything in the places where runs are under way.
extension ExperimentController {
    /// Again does not hurt: a halt that holds is kept as it is.
    func haltByTag(on name: String) async {
        // The order in force is read first, so that a tag that stays does not write at every look.
        if let stored = try? await policies(), EffectivePolicy(stored).haltReason != nil { return }
        _ = await haltSafely("the tag \(HaltTag.key) is on \(name)", by: "tag:" + name)
    }

    func watchHaltTags() async {
        while !Task.isCancelled {
            do { try await clock.sleep(for: options.haltTagInterval) } catch { return }
            for scope in await placesUnderWay() {
                do throws(AWSError) {
                    if let name = try await haltTagged(in: scope) { await haltByTag(on: name) }
                } catch {
                    logger.warning(
                        "halt tag not looked for",
                        metadata: ["region": "\(scope.region ?? "")", "reason": "\(error.message)"])
                }
            }
        }
    }

    /// Where unfinished runs look for their targets.
    private func placesUnderWay() async -> [AWSScope] {
        do throws(ExperimentError) {
            let faults = try await unfinishedRuns().flatMap(\.spec.plan.faults)
            let scopes = faults.compactMap { $0.targets.instances?.scope ?? $0.targets.autoScalingGroup?.scope }
            return Set(scopes).sorted { ($0.region ?? "") < ($1.region ?? "") }
        } catch {
            logger.warning("halt tag not looked for", metadata: ["reason": "\(error.message)"])
            return []
        }
    }

    private func haltTagged(in scope: AWSScope) async throws(AWSError) -> String? {
        let reader = try connections.reader(for: scope)
        let groups = try await reader.autoScaling.describeEveryGroup(
            filters: [AutoScalingFilter(name: "tag-key", values: [HaltTag.key])])
        // Asked for by key and checked here, as an answer that ignores filters must not halt anything.
        if let group = groups.first(where: { $0.tags.contains { $0.key == HaltTag.key } }) {
            return group.name.rawValue
        }
        let instances = try await reader.ec2.describeInstances(
            filters: [EC2Filter(name: "tag-key", values: [HaltTag.key])])
        return instances.first { $0.tags.contains { $0.key == HaltTag.key } }?.id.rawValue
    }
}
