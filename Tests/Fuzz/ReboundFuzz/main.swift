// SPDX-License-Identifier: Apache-2.0
/// Feeds one decoder with what libFuzzer makes up, or with files.
///
///     rebound-fuzz                       names the decoders, one a line
///     rebound-fuzz DECODER ARGUMENT …    libFuzzer's own arguments (https://llvm.org/docs/LibFuzzer.html)
internal import CFuzzer
internal import Glibc

guard let name = CommandLine.arguments.dropFirst().first else {
    for decoder in Decoder.all { print(decoder.name) }
    exit(0)
}
guard let decoder = Decoder.all.first(where: { $0.name == name }) else {
    print("rebound-fuzz: there is no decoder \(name)")
    exit(2)
}
Chosen.decoder = decoder
// libFuzzer starts itself anew for some tasks, and does so with the arguments it was given.
var count = CommandLine.argc - 1
var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv + 1
exit(LLVMFuzzerRunDriver(&count, &arguments) { start, count in Chosen.read(start, count) })

/// The decoder of this process: what libFuzzer calls knows no other state.
enum Chosen {
    /// Set once, before libFuzzer begins.
    nonisolated(unsafe) static var decoder: Decoder?

    static func read(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
        do { try decoder?.read(Array(UnsafeBufferPointer(start: start, count: count))) } catch {
            // Refused, as most inputs must be. The words of the refusal are made, as they would be for the operator.
            must(!"\(error)".isEmpty, "a refusal says why")
        }
        return 0
    }
}
