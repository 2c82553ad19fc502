// SPDX-License-Identifier: Apache-2.0
import CCurl
import Glibc

/// Owns one curl easy handle and its error buffer; frees both. One thread at a time
/// (https://curl.se/libcurl/c/threadsafe.html): here always its client's loop.
struct EasyHandle: ~Copyable {
    let raw: UnsafeMutableRawPointer
    private let errorBuffer: UnsafeMutablePointer<CChar>

    init() throws(TransportError) {
        guard curlIsReady, let raw = curl_easy_init() else { throw .outOfMemory }
        self.raw = raw
        errorBuffer = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorBuffer.pointee = 0
    }

    deinit {
        curl_easy_cleanup(raw)
        errorBuffer.deallocate()
    }

    /// Every option back to its default; live connections and caches stay with the multi handle.
    func reset() {
        curl_easy_reset(raw)
        errorBuffer.pointee = 0
    }

    /// libcurl's words for the last failure, or an empty text.
    var errorText: String { String(cString: errorBuffer) }

    func useErrorBuffer(_ errors: inout OptionErrors) {
        errors.note(ccurl_set_pointer(raw, CURLOPT_ERRORBUFFER, errorBuffer))
    }

    func set(_ option: CURLoption, _ value: Int, _ errors: inout OptionErrors) {
        errors.note(ccurl_set_long(raw, option, value))
    }

    /// libcurl copies the text.
    func set(_ option: CURLoption, _ value: String, _ errors: inout OptionErrors) {
        errors.note(ccurl_set_string(raw, option, value))
    }

    /// The list must live until the transfer has ended.
    func set(_ option: CURLoption, _ value: borrowing HeaderList, _ errors: inout OptionErrors) {
        errors.note(ccurl_set_list(raw, option, value.head))
    }

    /// libcurl copies the bytes.
    func set(_ option: CURLoption, _ bytes: [UInt8], _ errors: inout OptionErrors) {
        errors.note(bytes.withUnsafeBytes { ccurl_set_blob(raw, option, $0.baseAddress, $0.count) })
    }

    /// Takes away what the library has by default.
    func clear(_ option: CURLoption, _ errors: inout OptionErrors) {
        errors.note(ccurl_set_string(raw, option, nil))
    }

    func long(_ info: CURLINFO) -> Int {
        var value = 0
        return ccurl_get_long(raw, info, &value) == CURLE_OK ? value : 0
    }

    func microseconds(_ info: CURLINFO) -> Duration {
        var value: curl_off_t = 0
        return ccurl_get_offset(raw, info, &value) == CURLE_OK ? .microseconds(Int64(value)) : .zero
    }

    func text(_ info: CURLINFO) -> String? {
        var value: UnsafePointer<CChar>?
        guard ccurl_get_string(raw, info, &value) == CURLE_OK, let value else { return nil }
        return String(cString: value)
    }
}

/// The first option that libcurl refused; looked at once after setting them all.
struct OptionErrors {
    private(set) var first = CURLE_OK

    mutating func note(_ code: CURLcode) {
        if first == CURLE_OK { first = code }
    }
}

/// Owns a `curl_slist` (https://curl.se/libcurl/c/curl_slist_append.html); appending copies the text.
struct HeaderList: ~Copyable {
    private(set) var head: UnsafeMutablePointer<curl_slist>?
    private(set) var isComplete = true

    init() {}

    deinit { curl_slist_free_all(head) }

    mutating func append(_ text: String) {
        guard let longer = curl_slist_append(head, text) else {
            isComplete = false
            return
        }
        head = longer
    }
}

/// curl_global_init is called once, before the first handle; it is thread-safe in builds with the `threadsafe`
/// feature, and Swift's lazy globals make it so in any other (https://curl.se/libcurl/c/curl_global_init.html).
private let curlIsReady: Bool = curl_global_init(Int(CURL_GLOBAL_ALL)) == CURLE_OK
