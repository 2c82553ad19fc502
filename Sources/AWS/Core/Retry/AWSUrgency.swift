// SPDX-License-Identifier: Apache-2.0

/// Calls that put something back do not stand in line behind our own looks: they are sent at once, and what they take
/// of our limit is missing for those that come after, up to a second's worth. AWS's own limits are obeyed as by every
/// call.
package enum AWSUrgency {
    /// Whether calls of this task are such calls; child tasks inherit it.
    @TaskLocal package static var isUndo = false
}
