// SPDX-License-Identifier: Apache-2.0

/// Whoever reads or writes resources also speaks of times, trees, problems and host faults.
@_exported import FaultModel
