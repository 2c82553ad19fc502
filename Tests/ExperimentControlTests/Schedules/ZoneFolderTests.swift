// SPDX-License-Identifier: Apache-2.0
import ChaosModel
import TestSupport
import Testing

@testable import ExperimentControl

@Suite("The zones of a machine")
struct ZoneFolderTests {
    @Test("a machine with tzdata knows its zones, old names too, and nothing else")
    func known() throws {
        let names = ZoneFolder().names
        for name in ["UTC", "Europe/Madrid", "America/Argentina/Ushuaia", "US/Eastern"] {
            #expect(names.isZone(name) == true, "\(name)")
        }
        for name in ["Europe", "Europe/Madird", "../../../etc/passwd", "tzdata.zi", ""] {
            #expect(names.isZone(name) == false, "\(name)")
        }
        let all = names.all()
        #expect(all.count > 300)
        #expect(all.contains("America/Argentina/Ushuaia") && !all.contains { $0.hasPrefix("posix") })
        #expect(all.allSatisfy { names.isZone($0) == true })
    }

    @Test("a machine without tzdata knows nothing of zones")
    func missing() {
        let names = ZoneFolder(path: "/nowhere").names
        #expect(names.isZone("Europe/Madrid") == nil)
        #expect(names.isZone("Europe/Madird") == nil)
        #expect(names.all().isEmpty)
    }
}
