// SPDX-License-Identifier: Apache-2.0
import FaultJournal

enum Help {
    static var text: String {
        let codes = ExitCode.allCases.map { code in
            let number = "\(code.rawValue)"
            return "  " + String(repeating: " ", count: 3 - number.count) + number + "  " + code.meaning
        }
        return """
            rebound-inject: one fault on this host, from arm to revert

              rebound-inject run              the fault that standard input names, in JSON; hold the input open:
                                              its end is the fault's end. Lines `lease` renew the lease; `revert`
                                              ends the fault. Standard output tells all, one JSON object a line.
              rebound-inject status           every record of the journal
                             --verify         ... and what the host shows of it: present, absent or altered
              rebound-inject revert --all     take back all that is not reverted, from the journal alone
                             --id ID          ... or one
              --journal FOLDER                where the journal lies (\(Journal.usualFolder))

            It ends with
            \(codes.joined(separator: "\n"))

            """
    }
}
