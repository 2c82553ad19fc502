// SPDX-License-Identifier: Apache-2.0
// Decodes one stored page with XMLCoder into the fields that Rebound reads, and prints what that cost.
import Foundation
import XMLCoder

struct Answer: Decodable {
    struct List<Item: Decodable>: Decodable { var item: [Item]? }
    struct Reservation: Decodable { var instancesSet: List<Instance> }
    struct State: Decodable { var name: String }
    struct Reason: Decodable { var code: String?, message: String? }
    struct Place: Decodable { var availabilityZone: String? }
    struct Tag: Decodable { var key: String, value: String? }
    struct Instance: Decodable {
        var instanceId: String
        var instanceState: State
        var launchTime: String?, instanceType: String?, imageId: String?, subnetId: String?, vpcId: String?
        var privateIpAddress: String?, ipAddress: String?, privateDnsName: String?, dnsName: String?
        var reason: String?, instanceLifecycle: String?
        var stateReason: Reason?
        var placement: Place?
        var tagSet: List<Tag>?
    }
    var reservationSet: List<Reservation>
    var nextToken: String?
}

func usage() -> rusage {
    var usage = rusage()
    getrusage(numericCast(RUSAGE_SELF.rawValue), &usage)
    return usage
}

func cpu(_ usage: rusage) -> Double {
    [usage.ru_utime, usage.ru_stime].reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6 }
}

let data = try Data(contentsOf: URL(fileURLWithPath: CommandLine.arguments[1]))
let before = usage()
let answer = try XMLDecoder().decode(Answer.self, from: data)
let after = usage()
let count = answer.reservationSet.item?.reduce(0) { $0 + ($1.instancesSet.item?.count ?? 0) } ?? 0
print(
    "XMLCoder: \(count) instances, \((cpu(after) - cpu(before)) * 1000 / Double(max(1, count))) ms of CPU each,",
    "peak \(after.ru_maxrss / 1024) MiB, before \(before.ru_maxrss / 1024) MiB")
