// SPDX-License-Identifier: Apache-2.0

/// How the fields of one probe or gate fit together.
extension RuleProblems {
    /// More attempts than this are never under way at once.
    private static let maximumOutstanding = 10_000

    mutating func checkProbe(_ probe: ManifestNode, path: String, giveUpAfter: Duration?) {
        checkTimes(probe, path: path, giveUpAfter: giveUpAfter)
        if let http = probe["http"] { checkHTTP(http, path: "\(path).http") }
        if let metric = probe["cloudWatchMetric"] { checkMetric(metric, path: "\(path).cloudWatchMetric") }
        if let group = probe["targetGroup"] {
            checkRegion(of: group["targetGroup"], is: group["region"], path: "\(path).targetGroup.region")
        }
    }

    private mutating func checkTimes(_ probe: ManifestNode, path: String, giveUpAfter: Duration?) {
        for kind in ["http", "tcp", "dns"] {
            guard let settings = probe[kind] else { continue }
            let written = settings["timeout"]
            let timeout = written?.duration ?? .seconds(1)
            if let giveUpAfter, timeout >= giveUpAfter {
                report("\(path).\(kind).timeout", "must be shorter than recovery.giveUpAfter", written ?? settings)
            }
            let every = probe["every"]?.duration ?? .milliseconds(100)
            if every > .zero, timeout > every * Self.maximumOutstanding {
                report(
                    "\(path).\(kind).timeout",
                    "at most \(Self.maximumOutstanding) times `every`, as that many attempts can be under way at once",
                    written ?? settings)
            }
        }
    }

    private mutating func checkHTTP(_ http: ManifestNode, path: String) {
        let timeout = http["timeout"]?.duration ?? .seconds(1)
        if let connect = http["connectTimeout"], let length = connect.duration, length > timeout {
            report(
                "\(path).connectTimeout", "must not be longer than timeout, which is \(WrittenDuration(timeout))",
                connect)
        }
        guard let tls = http["tls"] else { return }
        if http["url"]?.text?.lowercased().hasPrefix("http://") == true {
            report("\(path).tls", "belongs to https URLs only", tls)
        }
        let pair = ["clientCertificateFile", "clientKeyFile"]
        for (name, other) in zip(pair, pair.reversed()) where tls[name] != nil && tls[other] == nil {
            report("\(path).tls.\(name)", "needs \(other) beside it", tls[name])
        }
    }

    private mutating func checkMetric(_ metric: ManifestNode, path: String) {
        if let low = metric["atLeast"]?.decimal, let high = metric["atMost"]?.decimal, low > high {
            report("\(path).atLeast", "must not be above atMost", metric["atLeast"])
        }
        guard let node = metric["period"], let period = node.duration else { return }
        let seconds = period.components.seconds
        let isWhole = period.components.attoseconds == 0
        if !isWhole || !([1, 5, 10, 20, 30].contains(seconds) || seconds % 60 == 0) {
            report("\(path).period", "must be 1s, 5s, 10s, 20s, 30s or whole minutes, as CloudWatch has it", node)
        }
    }
}
