// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import ChaosModel

@Suite("The instrument of the one-character test")
struct WideningInstrumentTests {
    @Test(
        "sees a manifest that reaches further",
        arguments: [
            ("several-faults.yaml", "tags: { app: web }\n", "warmUp: 1m\n"),
            ("several-faults.yaml", "ids: [i-0123456789abcdef0, i-0fedcba9876543210]\n          tags", "tags"),
            ("several-faults.yaml", "      after: no-launches\n", ""),
            ("several-faults.yaml", "minHealthy: 2", "minHealthy: 1"),
            ("several-faults.yaml", "processes: [Launch]", "processes: [Launch, Terminate]"),
            (
                "several-faults.yaml",
                "    - name: no-freeze\n      file: { path: /etc/chaos-freeze, must: notExist }\n", ""
            ),
            ("web-loses-an-instance.yaml", "app: web, ", ""),
            ("web-loses-an-instance.yaml", ", autoScalingGroup: web }", " }"),
            ("web-loses-an-instance.yaml", "ec2: { action: terminate }", "autoScaling: { action: terminate }"),
            ("web-loses-an-instance.yaml", "stopWhen:\n    - probe: storefront\n      failingFor: 30s\n  ", ""),
            (
                "stop-and-start.yaml", "            - eu-west-1b\n",
                "            - eu-west-1b\n            - eu-west-1c\n"
            ),
            ("stop-and-start.yaml", "          warmUp: 5m\n", ""),
            ("policy.yaml", "  maxTargetsPerDay: 8\n", ""),
            ("policy.yaml", "allowedRegions: [eu-west-1]", "allowedRegions: [eu-west-1, eu-west-2]"),
            ("policy.yaml", "required: true", "required: false"),
            ("schedule.yaml", "  holidays: [2026-12-25, 2027-01-06]\n", ""),
        ])
    func seesWidening(name: String, find: String, replacement: String) throws {
        let text = try ExampleFiles.text(name)
        let original = try #require(try ManifestReader.read(text).first)
        let range = try #require(text.range(of: find))
        let mutated = try #require(
            try ManifestReader.read(text.replacingCharacters(in: range, with: replacement)).first)
        #expect(Widening(original: original).ways(of: mutated, digit: false) != [])
    }

    @Test("sees nothing in a manifest that is the same", arguments: ExampleFiles.names)
    func sameIsNotWider(name: String) throws {
        let original = try #require(try ManifestReader.read(try ExampleFiles.text(name)).first)
        #expect(Widening(original: original).ways(of: original, digit: false) == [])
    }
}
