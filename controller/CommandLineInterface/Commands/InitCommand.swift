// SPDX-License-Identifier: Apache-2.0
package import ArgumentParser
internal import ChaosModel
internal import Glibc

/// `rebound init`
package struct InitCommand: ContextCommand {
    package static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Write a first experiment, with comments, to begin from.",
        discussion: """
            Asks nothing, and looks at nothing but the place of the file. A file that is there is never overwritten. \
            What it writes is valid; `rebound plan` then shows what it would do.
            """)

    @Argument(help: "The file to write; - is standard output.", completion: .file(extensions: ["yaml", "yml"]))
    var file = "experiment.yaml"

    @Option(help: "The region of the group. Default: none is written; AWS_REGION or the profile then says it.")
    var region: String?

    @Option(help: "The Auto Scaling group that loses an instance.")
    var group = "web"

    @Option(help: "The address that tells whether the service answers.")
    var url = "https://shop.example/health"

    package init() {}

    package func run(in context: CommandContext) async throws -> CommandStatus {
        let text = try Starter(region: region, group: group, url: url).text()
        if file == "-" {
            try context.console.answer(text)
            return .pass
        }
        try Self.create(file, text)
        context.console.notice([
            StyledLine("\(file) written"),
            StyledLine([Span("hint: ", .accent), Span("Read it, set its address, then `rebound plan -f \(file)`.")]),
        ])
        return .pass
    }

    /// Makes a file that was not there, whole or not at all.
    private static func create(_ path: String, _ text: String) throws(CommandFailure) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        if descriptor < 0, errno == EEXIST {
            throw CommandFailure(
                .usage, "\(path) is there already", hint: "Name another file: `rebound init my-experiment.yaml`.")
        }
        guard descriptor >= 0 else {
            throw CommandFailure(
                .error, "\(path) cannot be made: \(String(cString: strerror(errno)))",
                hint: "Name a file in a folder that is there and that you may write to.")
        }
        let failure = write(text, to: descriptor)
        let closed = close(descriptor)
        let problem = failure != 0 ? failure : closed != 0 ? errno : 0
        guard problem == 0 else {
            unlink(path)
            throw CommandFailure(
                .error, "\(path) could not be written: \(String(cString: strerror(problem)))",
                hint: "Make room, or name a file elsewhere; nothing was left behind.")
        }
    }

    private static func write(_ text: String, to descriptor: Int32) -> Int32 {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            if count < 0 { return errno }
            rest = rest.dropFirst(count)
        }
        return 0
    }
}

/// The first experiment.
struct Starter {
    var region: String?
    var group: String
    var url: String

    /// Throws a usage failure when an option is no such thing: what was written is read back, and must say just what
    /// was asked for.
    func text() throws(CommandFailure) -> String {
        let text = Self.template(
            region: region.map { "region: \(Self.quoted($0))" }, group: Self.quoted(group), url: Self.quoted(url))
        do throws(ValidationFailure) {
            let documents = try ManifestReader.read(text)
            guard documents.count == 1, case .experiment(let experiment) = documents[0], says(experiment.spec) else {
                throw ValidationFailure(
                    problems: [Problem(path: "", message: "an option holds what ends a text in quotes")], file: "-")
            }
            return text
        } catch {
            let problems = error.problems.map { "\($0.path): \($0.message)\($0.value.map { " (got \($0))" } ?? "")" }
            throw CommandFailure(
                .usage,
                "--region \(region ?? "-"), --group \(group), --url \(url): \(problems.joined(separator: "; "))",
                hint: "Give a region such as eu-west-1, a group's name, and an address that begins with https://.")
        }
    }

    private func says(_ spec: ExperimentSpec) -> Bool {
        let instances = spec.faults.first?.targets.instances
        guard case .http(let http) = spec.steadyState.first?.kind else { return false }
        return http.url == url && instances?.autoScalingGroup == group && instances?.region == region
            && spec.faults.count == 1 && spec.limits.maxTargets == 1
    }

    /// In quotes, so that a name such as `on` stays a name.
    private static func quoted(_ text: String) -> String {
        "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
    }

    private static func template(region: String?, group: String, url: String) -> String {
        let last = region.map { ", " + $0 } ?? ""
        let first = region.map { $0 + ", " } ?? ""
        return """
            # Loses one instance of an Auto Scaling group, and times how the group and the service get whole again.
            # Nothing happens before `rebound run`. These show what would, and change nothing:
            #
            #   rebound validate -f FILE, rebound plan -f FILE
            #
            # Every field is explained by `rebound explain experiment.spec`.
            apiVersion: rebound.chaos/v1
            kind: Experiment
            metadata: { name: lose-one }
            spec:
              # What you believe. The run shows whether it holds.
              hypothesis: The service answers while one instance is lost, and is whole again within 5 minutes.

              # What must hold before anything is harmed, and again at the end. Probes are timed all the while.
              steadyState:
                - name: service
                  http: { url: \(url), status: 200, timeout: 500ms }
                  every: 100ms
                  # This many failures in a row begin an outage.
                  failureThreshold: 2
                - name: capacity
                  autoScalingGroup: { name: \(group), inService: desired\(last) }
                  every: 5s

              # What is harmed. Only instances that meet all of these are ever chosen. The tag is how a team allows it;
              # set rebound:opt-in=true on the instances, through the group, for it to find any.
              faults:
                - name: lose-one
                  ec2: { action: terminate }
                  targets:
                    instances: { \(first)tags: { "rebound:opt-in": "true" }, autoScalingGroup: \(group) }
                    pick: { count: 1 }

              # The most that may be harmed, and the least that must be left healthy in each group. A plan that would go
              # beyond is refused.
              limits: { maxTargets: 1, minHealthy: 2 }

              # Ends the run early: what can be put back is put back at once.
              stopWhen:
                - probe: service
                  failingFor: 30s

              # When it counts as whole again, and what is expected. Beyond the objective the verdict is fail.
              recovery:
                objective: { timeToRecover: 5m, availability: 99.5 }
                stableFor: 30s
                giveUpAfter: 15m

            """
    }
}
