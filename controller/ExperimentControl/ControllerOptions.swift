// SPDX-License-Identifier: Apache-2.0

/// The controller's own settings; what an experiment may do is not among them.
package struct ControllerOptions: Sendable {
    /// Instances that this controller runs on. They and their groups are never targets.
    package var ownInstances: Set<String>
    /// How long an accepted call may take to show an effect.
    package var effectDeadline: Duration
    /// How long an undo is tried before it is called failed, which a person must then put right; and how long an
    /// effect that nobody can look at is looked for.
    package var revertDeadline: Duration
    /// How often groups, instances, targets and activities are looked at while a run recovers.
    package var evidenceInterval: Duration
    /// How long a run waits for its reports to leave before it ends; the rest stays in the outbox.
    package var reportGrace: Duration
    /// How long a run waits for its notice before it acts, when the notice is not required.
    package var noticeGrace: Duration
    /// A lease not renewed for this long is free for another process.
    package var leaseDuration: Duration
    /// A file whose existence halts everything; its text is the reason. Nil: none is looked for.
    package var haltFile: String?
    /// How often the file is looked for.
    package var haltFileInterval: Duration
    /// How often instances and groups of every place where runs are under way are looked at for the tag that halts.
    package var haltTagInterval: Duration
    /// Orders to halt from outside, such as a signal; each says what it was. Asked for once by each who drives.
    package var haltSignals: (@Sendable () -> AsyncStream<String>)?
    /// The folder of the controller's store and keys, into which no report is written. Nil: there is none to keep.
    package var ownFolder: String?
    /// Reports that could not be delivered for this long are given up.
    package var reportRetention: Duration

    package init(ownInstances: Set<String>) {
        self.ownInstances = ownInstances
        effectDeadline = .seconds(15)
        revertDeadline = .seconds(900)
        evidenceInterval = .milliseconds(500)
        reportGrace = .seconds(15)
        noticeGrace = .seconds(5)
        leaseDuration = .seconds(15)
        haltFileInterval = .milliseconds(250)
        haltTagInterval = .seconds(30)
        reportRetention = .seconds(7 * 86_400)
    }
}
