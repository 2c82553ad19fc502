// SPDX-License-Identifier: Apache-2.0

/// The version of the programs that this is built into. An agent and a controller of neighbouring minor versions work
/// together.
package let programVersion = "0.1.0"
